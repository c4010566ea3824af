"""No track: the whole frame is taken."""

from pathlib import Path
from typing import Any

from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord
from ethocache.vision.tracking.settings import TrackerSettings
from ethocache.vision.tracking.tracked import Tracked


class NoTracks:
    """Gives no track, for any video."""

    def __init__(self, settings: TrackerSettings, store: Store) -> None:
        pass

    def places(self) -> list[tuple[Path, str]]:
        return []

    def individuals(self) -> tuple[str, ...]:
        return ()

    def description(self) -> dict[str, Any]:
        return {}

    def recipe(self, record: VideoRecord) -> dict[str, Any]:
        return {}

    def track(self, record: VideoRecord, folder: DataFolder) -> Tracked:
        return Tracked(None)
