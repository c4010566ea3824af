"""Tracks without a network: the animal is the largest blob that differs from the video's empty scene.

The scene is the median of about 60 pictures spread over the video, so it is empty only where the animal moves about. Where
that does not hold the video is refused, as a wrong place would go unseen (`background_gate`).
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.common.progress import progress
from ethocache.dataset.tracks import Track
from ethocache.dataset.videos import VideoFacts
from ethocache.vision.decode import decode_pictures
from ethocache.vision.tracking.background_gate import CLEAR, check_look, check_path, likelihoods
from ethocache.vision.tracking.background_settings import BackgroundParams
from ethocache.vision.tracking.blobs import KEY_POINTS, Blob, Look, find_blob, learn_look
from ethocache.vision.tracking.scene import Image, Scene, camera_shift, learn_scene, shrinking, shrunk

REVISION = 1  # of how animals are found; raising it tracks every video again

SAMPLES = 60  # as in the videos that the thresholds were chosen on; more cost memory and change nothing


def track_background(video: Path, facts: VideoFacts, time_s: npt.NDArray[np.float64], params: BackgroundParams) -> Track:
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
    try:
        scene, look = _learn(video, facts, time_s, params, factor)
        blobs = _follow(video, facts, time_s, params, factor, scene, look)
        return _as_track(blobs, factor, params)
    except InputError as error:
        raise InputError(f"{error}" if str(video) in str(error) else f"{video}: {error}") from None


def _learn(
    video: Path, facts: VideoFacts, time_s: npt.NDArray[np.float64], params: BackgroundParams, factor: int
) -> tuple[Scene, Look]:
    wanted = set(np.linspace(0, facts.frames - 1, SAMPLES).round().astype(int).tolist())
    pictures = enumerate(decode_pictures(video, facts, time_s))
    samples = [shrunk(picture, factor) for frame, picture in pictures if frame in wanted]
    scene = learn_scene(samples)
    look = learn_look(scene, samples, params.polarity, params.threshold)
    check_look(scene, look, camera_shift(samples), params)
    return scene, look


def _follow(
    video: Path, facts: VideoFacts, time_s: npt.NDArray[np.float64], params: BackgroundParams, factor: int, scene: Scene, look: Look
) -> list[Blob | None]:
    blobs = []
    with progress(f"tracking {video.stem}", facts.frames) as bar:
        for picture in decode_pictures(video, facts, time_s):
            blobs.append(find_blob(scene.difference(shrunk(picture, factor)), look))
            bar.update()
    return blobs


def _as_track(blobs: list[Blob | None], factor: int, params: BackgroundParams) -> Track:
    area, second, depth = (np.array([getattr(blob, name) if blob else 0 for blob in blobs], float) for name in ("area", "second", "depth"))
    nowhere = np.full((len(KEY_POINTS), 2), np.nan)
    places = np.stack([blob.points if blob else nowhere for blob in blobs])
    likelihood, parts = likelihoods(area, second, depth)
    sides = np.ptp(places[:, 1:], axis=1).max(axis=1)
    clear = likelihood >= CLEAR
    length = float(np.percentile(sides[clear], 95)) if clear.any() else np.inf
    check_path(likelihood, parts, (places[:, 1:].min(axis=1) + places[:, 1:].max(axis=1)) / 2, length, params)
    points = np.empty((len(blobs), 1, len(KEY_POINTS), 3), np.float32)
    points[:, 0, :, :2] = (places + 0.5) * factor - 0.5
    points[:, 0, :, 2] = likelihood[:, None]
    return Track(points, KEY_POINTS)
