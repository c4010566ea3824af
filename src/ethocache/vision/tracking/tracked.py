"""What a source of tracks is, and what it gives for a video."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.tracks import Track
from ethocache.vision.tracking.settings import TrackerSettings


@dataclass(frozen=True)
class Tracked:
    """A track with one row per frame of its video.

    Attributes
    ----------
    track
        The track; None where the source gives none and the whole frame is taken.
    note
        What a person should know of it.
    """

    track: Track | None
    note: str | None = None


class Tracker(Protocol):
    """A source of tracks that is set up; setting it up loads no network."""

    def places(self) -> list[tuple[Path, str]]:
        """Return folders and patterns of the files that decide its tracks, besides the data folder's; `index` watches them."""

    def individuals(self) -> tuple[str, ...] | None:
        """Return what its tracks call the animals of every video, ``("",)`` for a single one, none where it gives no track.

        None where only the track file of a video says it.
        """

    def description(self) -> dict[str, Any]:
        """Return what decides the tracks of all videos, so that `index` can tell DVC when a model is another one.

        Raises
        ------
        InputError
            If a file that it needs is not there.
        """

    def recipe(self, record: VideoRecord) -> dict[str, Any]:
        """Return everything that decides a video's track besides the pixels: part of its key in the store.

        Raises
        ------
        InputError
            If the source cannot track this video, or its weights cannot be had.
        """

    def track(self, record: VideoRecord, folder: DataFolder) -> Tracked:
        """Track a video.

        Raises
        ------
        InputError
            If that is not possible, in a way that its reader can mend.
        """


MakeTracker = Callable[[TrackerSettings, Store], Tracker]
