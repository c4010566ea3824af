"""Movement over a time scale: how far everything goes from half of it before a frame to half of it after."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Complex = npt.NDArray[np.complex128]
Floats = npt.NDArray[np.floating]
Numbers = TypeVar("Numbers", bound=np.inexact)

FASTEST = 20.0  # body lengths per second, or radians: beyond it the track jumped


@dataclass(frozen=True, eq=False)
class Motion:
    """Movement of the animals over one time scale.

    Attributes
    ----------
    scale_s
        The time scale.
    half
        Half of it in frames.
    seconds
        (T,) between the two frames that are compared; fewer at the ends of the session.
    velocity
        (T, I) body lengths per second of each body's middle, in the picture's own directions.
    """

    scale_s: float
    half: int
    seconds: Floats
    velocity: Complex

    def __str__(self) -> str:
        return f"{self.scale_s:g} s"


def measure_motion(middle: Complex, length_px: float, time_s: Floats, scale_s: float) -> Motion:
    """Return the movement over a time scale; where a middle is missing for less than that, it went straight on."""
    half = half_window(scale_s, time_s)
    seconds = moved(time_s, half)
    seconds = np.where(seconds > 0, seconds, 1.0)
    step = moved(fill_gaps(middle, 2 * half), half)
    return Motion(scale_s, half, seconds, capped(step / (length_px * seconds[:, None])))


def capped(rate: Complex) -> Complex:
    """Return velocities, not faster than an animal can be."""
    size = np.abs(rate)
    return np.where(size > FASTEST, rate * (FASTEST / np.maximum(size, FASTEST)), rate)


def moved(values: npt.NDArray[Numbers], half: int) -> npt.NDArray[Numbers]:
    """Return how much values changed from `half` frames before each frame to `half` frames after it."""
    before, after = around(len(values), half)
    return np.asarray(values.take(after, axis=0) - values.take(before, axis=0), values.dtype)


def around(frames: int, half: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return, for each frame, the frames that lie `half` before and after it; the first and the last stand in for those outside."""
    numbers = np.arange(frames)
    return np.maximum(numbers - half, 0), np.minimum(numbers + half, frames - 1)


def usual_step(time_s: Floats) -> float:
    """Return the usual seconds between two frames; 1 where there is only one."""
    return float(np.median(np.diff(time_s))) if len(time_s) > 1 else 1.0


def half_window(scale_s: float, time_s: Floats) -> int:
    """Return half a time scale in frames, at least one."""
    return max(1, round(scale_s / usual_step(time_s) / 2))


def fill_gaps(values: Complex, longest: int) -> Complex:
    """Fill runs of NaN of up to `longest` frames on a straight line between their neighbours, along the first axis."""
    known = np.isfinite(values)
    if known.all():
        return values
    frames = np.arange(len(values)).reshape(-1, *[1] * (values.ndim - 1))
    before = np.maximum.accumulate(np.where(known, frames, -1), axis=0)
    after = np.minimum.accumulate(np.where(known, frames, len(values))[::-1], axis=0)[::-1]
    where = np.nonzero(~known & (before >= 0) & (after < len(values)) & (after - before - 1 <= longest))
    left, right = before[where], after[where]
    part = (where[0] - left) / (right - left)
    filled = values.copy()
    filled[where] = values[left, *where[1:]] * (1 - part) + values[right, *where[1:]] * part
    return filled
