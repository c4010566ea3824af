"""Features of the thesis's size with bouts planted in them, written through the project's own writer.

17 videos of 6600 frames at 10 frames/s, three behaviours with the prevalence and the mean bout of X. de Juan Pulido's open-field videos
(Universitat de Barcelona, 2022). A behaviour adds a faint pattern of its own to all features. Three things make it hard to find: movements
that come and go in a few strong patterns, bouts of every strength, and sham bouts that show half of a behaviour's pattern.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from ethocache.dataset.features import FeatureSet, assemble, file_name
from ethocache.dataset.tags import bouts_of
from ethocache.sequence.videos import TrainingVideo

FPS = 10.0
BEHAVIOURS = ("grooming", "mid_rearing", "wall_rearing")
PREVALENCE, BOUT_FRAMES = (0.108, 0.106, 0.132), (107, 24, 21)
STREAM = "planted"
_STRENGTH = 2.7  # length of a behaviour's pattern in standard deviations of the noise
_MOVEMENTS, _LASTING = 24, 0.9  # patterns that come and go, and how much of one is left in the next frame

Floats = npt.NDArray[np.float32]


def write_planted(folder: Path, videos: int, frames: int, dimensions: int, seed: int) -> list[TrainingVideo]:
    """Write the features of some videos, and return them with their labels; each is an animal of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    patterns = _unit(rng, len(BEHAVIOURS), dimensions) * _STRENGTH
    movements = _unit(rng, _MOVEMENTS, dimensions) * rng.uniform(2, 6, (_MOVEMENTS, 1))
    return [_write(folder, f"v{number:02d}", rng, frames, patterns, movements) for number in range(videos)]


def _write(
    folder: Path, name: str, rng: np.random.Generator, frames: int, patterns: npt.NDArray[np.float64], movements: npt.NDArray[np.float64]
) -> TrainingVideo:
    labels = planted_bouts(rng, frames)
    shams = planted_bouts(rng, frames) * (labels == 0)
    shown = _strengths(rng, labels) + 0.5 * _strengths(rng, shams)
    coming = lfilter([np.sqrt(1 - _LASTING**2)], [1, -_LASTING], rng.standard_normal((frames, len(movements))), axis=0)
    features = rng.standard_normal((frames, patterns.shape[1]), np.float32)
    features += (shown @ patterns + coming @ movements).astype(np.float32)
    time_s, segment = np.arange(frames) / FPS, folder / f"{name}.npy"
    np.save(segment, features.astype(np.float16))
    recipe = {"planted": name, "dimensions": patterns.shape[1]}
    assemble(folder / file_name(name, STREAM), [segment], time_s, np.ones(frames, bool), recipe, name)
    segment.unlink()
    return TrainingVideo(name, name, partial(FeatureSet.open, folder, name, (STREAM,)), (name,), labels, time_s)


def planted_bouts(rng: np.random.Generator, frames: int) -> npt.NDArray[np.int8]:
    """Return labels (T, B): bouts and pauses of random length, in the mean as long and as rare as in the thesis's videos."""
    labels = np.zeros((frames, len(BEHAVIOURS)), np.int8)
    for b, (prevalence, length) in enumerate(zip(PREVALENCE, BOUT_FRAMES, strict=True)):
        pause = length * (1 - prevalence) / prevalence
        start = int(rng.exponential(pause))
        while start < frames:
            stop = start + max(3, int(rng.gamma(2, length / 2)))
            labels[start:stop, b] = 1
            start = stop + max(1, int(rng.exponential(pause)))
    return labels


def _strengths(rng: np.random.Generator, labels: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
    strengths = labels.astype(np.float64)
    for start, b, stop in bouts_of(labels):
        strengths[start:stop, b] *= rng.uniform(0.5, 1.2)
    return strengths


def _unit(rng: np.random.Generator, patterns: int, dimensions: int) -> npt.NDArray[np.float64]:
    directions = rng.standard_normal((patterns, dimensions))
    return np.asarray(directions / np.linalg.norm(directions, axis=1, keepdims=True))


def frames_of(videos: Sequence[TrainingVideo]) -> int:
    return sum(len(video.time_s) for video in videos)
