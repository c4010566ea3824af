"""Sessions that have a track and labels, but no video: their frames are the track's rows, at a stated rate."""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from ethocache.common.files import sha256_of
from ethocache.common.store import Store
from ethocache.dataset.deeplabcut import is_named_after, is_track
from ethocache.dataset.folder import plain_name
from ethocache.dataset.tracks import read_track
from ethocache.dataset.videos import VideoFacts

NO_VIDEO = "none"
REVISION = 1  # of how a track's rows are counted
_SCORER = re.compile(r"(?<=.)(?=DLC|DeepCut)")


def sessions_without_video(tracks: Mapping[str, Path], videos: Collection[str]) -> list[str]:
    """Return the name of every session whose track belongs to no video: what stands before DeepLabCut's scorer.

    Parameters
    ----------
    tracks
        Name relative to the data folder -> path; files that hold no track are passed over.
    videos
        Ids of the videos.
    """
    named = {file: path for file, path in tracks.items() if not _belongs_to(path, videos)}
    return sorted({_session(file) for file, path in named.items() if is_track(path)})


def session_facts(track: Path, fingerprint: str, fps: float, store: Store) -> VideoFacts:
    """Return what stands for a video's facts: as many frames as the track has rows.

    Parameters
    ----------
    fingerprint
        sha256 of the track's bytes.
    fps
        Frames per second, `DataParams.fps`.
    """
    frames = track_rows(track, fingerprint, store)
    content = sha256_of({"track": fingerprint, "fps": fps})
    return VideoFacts(frames, 0, 0, NO_VIDEO, NO_VIDEO, fps, frames / fps, False, (), content)


def track_rows(track: Path, fingerprint: str, store: Store) -> int:
    """Return how many rows a track has, from memory where the same bytes were counted before."""
    question = {"what": "rows of a track", "sha256": fingerprint, "revision": REVISION}
    known = store.recall(question)
    if known is None:
        known = {"rows": read_track(track).frames}
        store.remember(question, known)
    return int(known["rows"])


def session_times(facts: VideoFacts) -> npt.NDArray[np.float64]:
    """Return the time stamps of a session without a video, (T,) seconds: evenly spaced."""
    times: npt.NDArray[np.float64] = np.arange(facts.frames) / facts.fps
    return times


def unused_tracks(tracks: Mapping[str, Path], videos: Iterable[str]) -> list[str]:
    """Return the files that are tracks and belong to no video."""
    known = set(videos)
    return [file for file, path in tracks.items() if not _belongs_to(path, known) and is_track(path)]


def _session(file: str) -> str:
    return _SCORER.split(plain_name(PurePosixPath(file).stem), maxsplit=1)[0]


def _belongs_to(path: Path, videos: Collection[str]) -> bool:
    name = plain_name(path.stem)
    return name in videos or _session(path.name) in videos or any(is_named_after(video, path) for video in videos if name.startswith(video))
