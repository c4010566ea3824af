"""What DeepLabCut would say of the demo mouse: key points that jitter, drop out and get lost when hidden."""

import numpy as np
import numpy.typing as npt

from ethocache.endtoend.demo.body import KEY_POINTS, Body
from ethocache.endtoend.demo.render import Camera

SCORER = "DLC_resnet50_demoMay1shuffle1_50000"

_JITTER = 0.016  # standard deviation, body lengths: about a pixel
_LOST_PER_FRAME = 0.012  # chance that a key point gets lost
_STAYS_LOST = 0.6  # chance that a lost key point is lost in the next frame too
_HIDDEN_UPRIGHT = np.array([0.15, 0.25, 0.25, 0.1, 0.2])  # chance that an upright mouse hides it, as in KEY_POINTS


def observe(body: Body, camera: Camera, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return (T, 5, 3): x px, y px and likelihood of every key point, as a tracker would have them."""
    true, _ = camera.project(body.key_points)
    shape = true.shape[:2]
    upright = body.upright[:, None]
    points = true + camera.px_per_length * _JITTER * (1 + upright[..., None]) * rng.standard_normal(true.shape)
    likelihood = 1 - np.minimum(0.5, rng.gamma(1.0, 0.012 + 0.08 * upright, shape))
    lost = _lost(shape, rng) | (rng.uniform(size=shape) < _HIDDEN_UPRIGHT * upright)
    size = np.array([camera.width, camera.height])
    elsewhere = np.where(rng.uniform(size=(*shape, 1)) < 0.4, rng.uniform(size=true.shape) * size, points + rng.normal(0, 12, true.shape))
    points = np.where(lost[..., None], elsewhere, points)
    likelihood = np.where(lost, rng.beta(1, 6, shape) * 0.9, likelihood)
    return np.concatenate([points, likelihood[..., None]], axis=2)


def as_deeplabcut_csv(observed: npt.NDArray[np.float64]) -> str:
    """Write the key points as DeepLabCut does: three header rows, then one row per frame."""
    columns = [(name, coordinate) for name in KEY_POINTS for coordinate in ("x", "y", "likelihood")]
    header = [
        ["scorer", *(SCORER for _ in columns)],
        ["bodyparts", *(name for name, _ in columns)],
        ["coords", *(coordinate for _, coordinate in columns)],
    ]
    flat = observed.reshape(len(observed), -1)
    rows = [[str(t), *(f"{value:.3f}" for value in row)] for t, row in enumerate(flat.tolist())]
    return "".join(",".join(row) + "\n" for row in header + rows)


def _lost(shape: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return when each key point is lost, in runs of a few frames."""
    chance = rng.uniform(size=shape)
    lost = np.zeros(shape, dtype=bool)
    for t in range(1, shape[0]):
        lost[t] = chance[t] < np.where(lost[t - 1], _STAYS_LOST, _LOST_PER_FRAME)
    return lost
