"""Tracks whose animals move in known ways, for tests of pose features."""

import numpy as np

from ethocache.dataset.tracks import Track
from ethocache.vision.backbones.pose import PoseFeatures, pose_features
from ethocache.vision.backbones.settings import PoseSettings

FPS = 30.0
BODY = np.array([20, 12, 0, -20, -32], complex)  # nose, head, middle, rump, tail: along x, in px
NAMES = ("nose", "head", "middle", "rump", "tail")
ENDS = PoseSettings(front="nose", back="rump")
LOOSE = PoseSettings(min_kept=0)


def times(frames: int) -> np.ndarray:
    return np.arange(frames) / FPS


def bodies_along(middles: np.ndarray, headings: np.ndarray, body: np.ndarray = BODY) -> np.ndarray:
    """Places (T, I, K) of bodies at these middles (T, I), turned to these directions (T, I) of length 1."""
    return middles[..., None] + headings[..., None] * body


def a_track(places: np.ndarray, names: tuple[str, ...] = NAMES) -> Track:
    """A track of (T, I, K) places x + iy; NaN is a point that was not found."""
    found = np.isfinite(places)
    points = np.stack([places.real, places.imag, np.where(found, 0.9, 0)], axis=-1).astype(np.float32)
    points[~found, :2] = np.nan
    individuals = tuple(f"individual{number + 1}" for number in range(places.shape[1])) if places.shape[1] > 1 else ("",)
    return Track(points, names, individuals)


def wandering(frames: int, individuals: int = 2, points: int = 5, seed: int = 0, missing: float = 0.1) -> Track:
    """Animals that wander about with noise in every point, some of which are not found."""
    rng = np.random.default_rng(seed)
    turn = np.cumsum(rng.normal(0, 0.15, (frames, individuals)), axis=0) + rng.uniform(0, 6, individuals)
    headings = np.exp(1j * turn)
    start = 400 * (rng.uniform(0, 1, individuals) + 1j * rng.uniform(0, 1, individuals))
    middles = start + np.cumsum(headings * rng.gamma(2, 1.5, (frames, individuals)), axis=0)
    body = np.linspace(20, -30, points) + 1j * rng.normal(0, 5, points)
    places = bodies_along(middles, headings, body)
    places += rng.normal(0, 1, places.shape) + 1j * rng.normal(0, 1, places.shape)
    lost = rng.uniform(size=places.shape) < missing
    lost[0, 0, 0] = False  # a track without any point is none
    places[lost] = np.nan
    return a_track(places, tuple(f"point{number}" for number in range(points)))


def swapped(track: Track, start: int = 0) -> Track:
    """The track with its individuals in the opposite columns from a frame onwards."""
    points = track.points.copy()
    points[start:] = points[start:, ::-1]
    return Track(points, track.names, track.individuals)


def features(track: Track, settings: PoseSettings = LOOSE) -> PoseFeatures:
    return pose_features(track, times(track.frames), settings)


def column(pose: PoseFeatures, name: str) -> np.ndarray:
    return pose.values[:, pose.names.index(name)]
