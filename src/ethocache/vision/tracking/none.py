"""No track: the whole frame is taken."""

from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord
from ethocache.vision.tracking.tracked import Tracked


def no_track(record: VideoRecord, folder: DataFolder) -> Tracked:
    """Give no track, for any video."""
    return Tracked(None)
