"""Where streams find what they look at: in a project's workspace, or wherever one video's crop and track are kept."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord


class Places(Protocol):
    """Where streams find what they look at, and keep what they make."""

    @property
    def folder(self) -> DataFolder: ...

    @property
    def store(self) -> Store: ...

    def crop(self, record: VideoRecord) -> Path:
        """Return the crop of a unit, with its ``.json`` beside it."""

    def track(self, record: VideoRecord) -> Path:
        """Return the track of a video."""


@dataclass(frozen=True)
class Inputs:
    """The places of a project's workspace.

    Attributes
    ----------
    folder
        The data folder, for time stamps.
    crops
        Folder of ``<video>.mp4`` with their ``.json``.
    tracks
        Folder of ``<video>.h5``.
    store
        Keeps the features.
    """

    folder: DataFolder
    crops: Path
    tracks: Path
    store: Store

    def crop(self, record: VideoRecord) -> Path:
        return self.crops / f"{record.id}.mp4"

    def track(self, record: VideoRecord) -> Path:
        return self.tracks / f"{record.video}.h5"
