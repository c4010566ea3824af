"""Stretches of equal frames, and how long a frame lasts."""

from typing import Any

import numpy as np
import numpy.typing as npt


def runs(mask: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return where a behaviour starts and stops: (N, 2) half-open frame ranges, in order, of a (T,) mask."""
    flips = np.diff(np.asarray(mask, dtype=bool).astype(np.int8), prepend=0, append=0)
    return np.flatnonzero(flips).reshape(-1, 2)


def frame_durations_s(time_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how long each frame is shown, in seconds: until the next one, the last for the median interval.

    A video of a single frame does not say how long it lasts; it counts as 0 s.
    """
    intervals = np.diff(time_s)
    last = np.median(intervals) if len(intervals) else 0.0
    return np.append(intervals, last)[: len(time_s)]
