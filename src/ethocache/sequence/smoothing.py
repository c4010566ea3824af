"""Fewer flickers: moving averages of probabilities, short gaps closed and short bouts dropped."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ethocache.dataset.runs import frame_durations_s, runs

Filter = Literal["mean", "median"]

_ROUNDING_S = 1e-6


def frame_step_s(time_s: npt.NDArray[np.float64]) -> float:
    """Return the median time between two frames; 0 for a single one."""
    return float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0


def smooth(probability: npt.NDArray[np.float32], time_s: npt.NDArray[np.float64], box_s: float, kind: Filter) -> npt.NDArray[np.float32]:
    """Return probabilities (T, B), each frame replaced by the mean or median of `box_s` seconds around it.

    The box has an odd number of frames by the median time between two; at both ends only what there is of it counts.
    """
    half = min(half_box(box_s, frame_step_s(time_s)), len(probability))
    if half == 0:
        return probability
    return _means(probability, half) if kind == "mean" else _medians(probability, half)


def half_box(box_s: float, step_s: float) -> int:
    """Return how many frames a box of so many seconds has on either side of its middle."""
    return int(box_s / step_s / 2 + _ROUNDING_S) if step_s > 0 else 0


def _means(probability: npt.NDArray[np.float32], half: int) -> npt.NDArray[np.float32]:
    length = len(probability)
    total = np.concatenate([np.zeros((1, probability.shape[1])), np.cumsum(probability, axis=0, dtype=np.float64)])
    first = np.maximum(np.arange(length) - half, 0)
    behind = np.minimum(np.arange(length) + half + 1, length)
    mean = (total[behind] - total[first]) / (behind - first)[:, None]
    return np.asarray(np.clip(mean, 0.0, 1.0), np.float32)


def _medians(probability: npt.NDArray[np.float32], half: int) -> npt.NDArray[np.float32]:
    padded = np.pad(probability, ((half, half), (0, 0)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=0)
    result = np.empty_like(probability)
    inside = slice(half, max(len(probability) - half, half))
    result[inside] = np.median(windows[inside], axis=-1)
    for part in (slice(0, half), slice(max(len(probability) - half, half), None)):  # few frames: the slow median that skips what is missing
        result[part] = np.nanmedian(windows[part], axis=-1)
    return result


def bout_rules(
    tags: npt.NDArray[np.int8], time_s: npt.NDArray[np.float64], max_gap_s: Sequence[float], min_bout_s: Sequence[float], exclusive: bool
) -> npt.NDArray[np.int8]:
    """Return tags (T, B) without gaps shorter than `max_gap_s`, then without bouts shorter than `min_bout_s` (B each).

    A gap has a bout on both sides. Of exclusive behaviours only a gap without any other behaviour is closed; those that
    dropped bouts leave open are closed at the end.
    """
    if not any(max_gap_s) and not any(min_bout_s):
        return tags
    mask = tags.astype(bool)
    edges = np.append(0.0, np.cumsum(frame_durations_s(time_s)))
    _close(mask, edges, max_gap_s, exclusive)
    for b, shortest in enumerate(min_bout_s):
        bouts = runs(mask[:, b])
        for start, stop in bouts[_shorter(bouts, edges, shortest)].tolist():
            mask[start:stop, b] = False
    if exclusive:
        _close(mask, edges, max_gap_s, exclusive)
    return mask.astype(np.int8)


def _close(mask: npt.NDArray[np.bool_], edges: npt.NDArray[np.float64], max_gap_s: Sequence[float], exclusive: bool) -> None:
    for b, longest in enumerate(max_gap_s):
        bouts = runs(mask[:, b])
        gaps = np.stack([bouts[:-1, 1], bouts[1:, 0]], axis=1)
        for start, stop in gaps[_shorter(gaps, edges, longest)].tolist():
            if not (exclusive and mask[start:stop].any()):
                mask[start:stop, b] = True


def _shorter(ranges: npt.NDArray[Any], edges: npt.NDArray[np.float64], seconds: float) -> npt.NDArray[np.bool_]:
    shorter: npt.NDArray[np.bool_] = edges[ranges[:, 1]] - edges[ranges[:, 0]] < seconds - _ROUNDING_S
    return shorter
