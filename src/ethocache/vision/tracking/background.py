"""Tracks without a network: the animal is the largest blob that differs from the video's empty scene.

The scene is the median of about 60 pictures spread over the video, so it is empty only where the animal moves about. Where
that does not hold the video is refused, as a wrong place would go unseen (`background_gate`).
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.common.progress import progress
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord, time_stamps
from ethocache.dataset.tracks import Track
from ethocache.dataset.videos import VideoFacts
from ethocache.vision.decode import decode_pictures
from ethocache.vision.tracking.background_gate import CLEAR, Found, check_found, check_look, weigh
from ethocache.vision.tracking.background_settings import BackgroundParams
from ethocache.vision.tracking.blobs import KEY_POINTS, Blob, Look, find_blob, learn_look
from ethocache.vision.tracking.deeplabcut import need_pictures
from ethocache.vision.tracking.scene import Scene, camera_shift, learn_scene, shrinking, shrunk
from ethocache.vision.tracking.settings import TrackerSettings
from ethocache.vision.tracking.tracked import Tracked

Floats = npt.NDArray[np.float64]

REVISION = 1  # of how animals are found; raising it tracks every video again

SAMPLES = 60  # as in the videos that the thresholds were chosen on


class BackgroundTracker:
    """Finds the animal of each video as what differs from its empty scene."""

    def __init__(self, settings: TrackerSettings, store: Store) -> None:
        self._params, self._store = settings.background, store

    def places(self) -> list[tuple[Path, str]]:
        return []

    def individuals(self) -> tuple[str, ...]:
        return ("",)

    def description(self) -> dict[str, Any]:
        return {}

    def recipe(self, record: VideoRecord) -> dict[str, Any]:
        """Return the settings; the video's own fingerprint is in every recipe."""
        return {"settings": self._params.model_dump(mode="json"), "code": REVISION}

    def track(self, record: VideoRecord, folder: DataFolder) -> Tracked:
        """Track a video (`track_background`).

        Raises
        ------
        InputError
            If there is no video, or the animal cannot be told from the background.
        """
        need_pictures(record, "background")
        time_s = time_stamps(record, folder, self._store)
        try:
            track = track_background(folder.path(record.file), record.facts, time_s, self._params)
        except InputError as error:
            raise InputError(f"{record.file}: {error}") from None
        unclear = int(np.count_nonzero(track.points[:, 0, 0, 2] < CLEAR))
        return Tracked(track, f"{unclear} of {track.frames} frames do not show one clear animal" if unclear else None)


def track_background(video: Path, facts: VideoFacts, time_s: Floats, params: BackgroundParams) -> Track:
    """Find the animal in every frame of a video as the largest blob that differs from the empty scene.

    The video is decoded twice, once for the scene and once for the blobs; nothing is held of it but the samples.

    Parameters
    ----------
    facts, time_s
        What `probe` returned for this video.

    Returns
    -------
    Track
        Of one animal with the key points `KEY_POINTS`: its middle and its extremes, without the tail; px of the video. Their
        likelihood is one number per frame, and from `CLEAR` on the frame shows one clear animal.

    Raises
    ------
    InputError
        If the animal cannot be told from the background: it sits still, the camera moves, the scene is cluttered or empty.
    """
    factor = shrinking(facts.width, facts.height)
    scene, look = _learn(video, facts, time_s, params, factor)
    blobs = _follow(video, facts, time_s, factor, scene, look)
    found = weigh(blobs)
    check_found(found, params)
    return _as_track(blobs, found, factor)


def _learn(video: Path, facts: VideoFacts, time_s: Floats, params: BackgroundParams, factor: int) -> tuple[Scene, Look]:
    wanted = set(np.linspace(0, facts.frames - 1, SAMPLES).round().astype(int).tolist())
    pictures = enumerate(decode_pictures(video, facts, time_s))
    samples = [shrunk(picture, factor) for frame, picture in pictures if frame in wanted]
    scene = learn_scene(samples)
    look = learn_look(scene, samples, params.polarity, params.threshold)
    check_look(scene, look, camera_shift(samples), params)
    return scene, look


def _follow(video: Path, facts: VideoFacts, time_s: Floats, factor: int, scene: Scene, look: Look) -> list[Blob | None]:
    blobs = []
    with progress(f"tracking {video.stem}", facts.frames) as bar:
        for picture in decode_pictures(video, facts, time_s):
            blobs.append(find_blob(scene.difference(shrunk(picture, factor)), look))
            bar.update()
    return blobs


def _as_track(blobs: list[Blob | None], found: Found, factor: int) -> Track:
    points = np.full((len(blobs), 1, len(KEY_POINTS), 3), np.nan, np.float32)
    for frame, blob in enumerate(blobs):
        if blob:
            points[frame, 0, :, :2] = (blob.points + 0.5) * factor - 0.5
    points[..., 2] = found.likelihood[:, None, None]
    return Track(points, KEY_POINTS, pcutoff=CLEAR)
