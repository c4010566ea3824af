"""Tracks that DeepLabCut has already made, lying in the data folder."""

from ethocache.common.errors import InputError
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.tracks import fit_track, read_track
from ethocache.vision.tracking.tracked import Tracked


def read_file(record: VideoRecord, folder: DataFolder) -> Tracked:
    """Read the track file that `index` found for a video, and fit it to the video's frames.

    Raises
    ------
    InputError
        If `index` found none, or the file cannot be right or is of another video.
    """
    if record.track is None:
        raise InputError(f"{record.file}: it was indexed without a track file; run 'dvc repro' to index again")
    track = read_track(folder.path(record.track.file))
    return Tracked(*fit_track(track, record.facts.frames, record.track.file))
