"""Tracks that DeepLabCut has already made, lying in the data folder."""

from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.tracks import fit_track, read_track
from ethocache.vision.tracking.settings import TrackerSettings
from ethocache.vision.tracking.tracked import Tracked


class TrackFiles:
    """Reads the track file that `index` found for a video, and fits it to the video's frames."""

    def __init__(self, settings: TrackerSettings, store: Store) -> None:
        pass

    def places(self) -> list[tuple[Path, str]]:
        return []

    def individuals(self) -> None:
        return None

    def description(self) -> dict[str, Any]:
        return {}

    def recipe(self, record: VideoRecord) -> dict[str, Any]:
        """Return the content of the file."""
        return {"file": record.track.fingerprint if record.track else None}

    def track(self, record: VideoRecord, folder: DataFolder) -> Tracked:
        """Read the file.

        Raises
        ------
        InputError
            If `index` found none, or the file cannot be right or is of another video.
        """
        if record.track is None:
            raise InputError(f"{record.file}: it was indexed without a track file; run 'dvc repro' to index again")
        track = read_track(folder.path(record.track.file))
        return Tracked(*fit_track(track, record.facts.frames, record.track.file))
