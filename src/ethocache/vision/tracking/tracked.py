"""What a source of tracks gives for a video."""

from collections.abc import Callable
from dataclasses import dataclass

from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.tracks import Track


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


Tracker = Callable[[VideoRecord, DataFolder], Tracked]
