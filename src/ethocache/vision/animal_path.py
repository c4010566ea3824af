"""From key points to the smooth path of the animal's middle."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError, did_you_mean
from ethocache.dataset.text import shown
from ethocache.dataset.tracks import Track

Floats = npt.NDArray[np.float64]

_MEDIAN_FRAMES = 5
_SMOOTHED_FRAMES, _SMOOTHED_ORDER = 11, 2
_BODY_PERCENTILE = 95


@dataclass(frozen=True)
class AnimalPath:
    """Where the animal is, in pixels of the frame.

    Attributes
    ----------
    x_px, y_px
        (T,) float64, finite: the middle of the box around the key points.
    seen
        (T,) bool; False where the place was filled in from the neighbours.
    long_side_px
        95th percentile of the long side of the box around the key points.
    kept
        Fraction of key points that reach the likelihood.
    step_px
        (T,) how far the middle, not smoothed, lies from where it was last seen, per frame since then; 0 where it is not seen.
    """

    x_px: Floats
    y_px: Floats
    seen: npt.NDArray[np.bool_]
    long_side_px: float
    kept: float
    step_px: Floats


def choose_points(track: Track, names: tuple[str, ...], individual: int | None) -> npt.NDArray[np.float32]:
    """Return the key points that count, (T, P, 3): by name (none: all), of one animal (None: all of them).

    Raises
    ------
    InputError
        If a name is not in the track.
    """
    if unknown := [name for name in names if name not in track.names]:
        hint = did_you_mean(unknown[0], track.names)
        raise InputError(f"crop.points: '{unknown[0]}' is no key point of the track{hint}; it has: {', '.join(track.names)}")
    points = track.points if individual is None else track.points[:, individual : individual + 1]
    chosen = points[:, :, [track.names.index(name) for name in names]] if names else points
    return chosen.reshape(len(chosen), -1, 3)


def find_individual(track: Track, name: str) -> int:
    """Return the number of the animal of this name.

    Raises
    ------
    InputError
        If the track has no such animal.
    """
    if name in track.individuals:
        return track.individuals.index(name)
    if track.individuals == ("",):
        raise InputError(f"crop.individual: '{name}' is asked for, but the track is of one animal without a name; leave it empty")
    hint = did_you_mean(name, track.individuals)
    raise InputError(f"crop.individual: '{name}' is no animal of the track{hint}; it has: {shown(', '.join(track.individuals))}")


def follow_animal(points: npt.NDArray[np.float32], fps: float, likelihood: float, max_gap_s: float) -> AnimalPath:
    """Return the smooth path of the middle of the key points' box.

    Mask by likelihood; interpolate gaps of each key point up to `max_gap_s`; rolling median of 5
    frames; where at least half of the key points are there, the midpoint of their box (their mean
    would be pulled to the head, where most of them are); fill the rest; Savitzky-Golay filter of
    11 frames and order 2 (Anal. Chem. 36 (1964) 1627).

    Parameters
    ----------
    points
        (T, P, 3) x px, y px, likelihood; NaN is a point that was not found.
    """
    good = np.isfinite(points).all(axis=2) & (points[:, :, 2] >= likelihood)
    xy = np.where(good[:, :, None], points[:, :, :2], np.nan).astype(np.float64)
    longest_gap = int(max_gap_s * fps + 1e-6)
    for point in range(xy.shape[1]):
        for axis in (0, 1):
            xy[:, point, axis] = rolling_median(interpolate(xy[:, point, axis], longest_gap))
    seen, low, high = _boxes(xy)
    middle = (low + high) / 2
    long_sides = (high - low).max(axis=1)[seen]
    return AnimalPath(
        x_px=_smoothed(_filled(middle[:, 0], seen)),
        y_px=_smoothed(_filled(middle[:, 1], seen)),
        seen=seen,
        long_side_px=float(np.percentile(long_sides, _BODY_PERCENTILE)) if seen.any() else 0.0,
        kept=float(good.mean()),
        step_px=_steps(middle, seen),
    )


def interpolate(series: Floats, longest_gap: int) -> Floats:
    """Fill runs of NaN of up to `longest_gap` frames on a straight line between their neighbours."""
    known = np.flatnonzero(np.isfinite(series))
    if not len(known):
        return series
    frames = np.arange(known[0], known[-1] + 1)
    following = np.searchsorted(known, frames)
    gap = known[following] - known[np.maximum(following - 1, 0)] - 1
    filled = series.copy()
    fillable = frames[gap <= longest_gap]
    filled[fillable] = np.interp(fillable, known, series[known])
    filled[known] = series[known]
    return filled


def rolling_median(series: Floats) -> Floats:
    """Return the median of each value and its two neighbours on each side; NaN counts for nothing and stays NaN."""
    half = _MEDIAN_FRAMES // 2
    padded = np.pad(series, half, constant_values=np.nan)
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, _MEDIAN_FRAMES), axis=1)  # NaN goes last
    count = np.isfinite(windows).sum(axis=1)
    frames = np.arange(len(series))
    median: Floats = (windows[frames, (count - 1) // 2] + windows[frames, count // 2]) / 2
    return np.where(np.isfinite(series), median, np.nan)


def _boxes(xy: Floats) -> tuple[npt.NDArray[np.bool_], Floats, Floats]:
    """Return in which frames half of the key points are there, and the corners of their box, (T, 2) each (else 0)."""
    there = np.isfinite(xy)
    seen = 2 * there[:, :, 0].sum(axis=1) >= xy.shape[1]
    low = np.where(there, xy, np.inf).min(axis=1)
    high = np.where(there, xy, -np.inf).max(axis=1)
    return seen, np.where(seen[:, None], low, 0), np.where(seen[:, None], high, 0)


def _steps(middle: Floats, seen: npt.NDArray[np.bool_]) -> Floats:
    """Return the way from where it was last seen, per frame, (T,)."""
    frames = np.flatnonzero(seen)
    steps = np.zeros(len(seen))
    steps[frames[1:]] = np.linalg.norm(np.diff(middle[frames], axis=0), axis=1) / np.diff(frames)
    return steps


def _filled(series: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """Fill unknown frames on a straight line; before the first and after the last known frame, with that one."""
    if not known.any():
        return np.zeros_like(series)
    frames = np.arange(len(series))
    return np.interp(frames, frames[known], series[known])


def _smoothed(series: Floats) -> Floats:
    from scipy.signal import savgol_filter

    window = min(_SMOOTHED_FRAMES, len(series) - 1 + len(series) % 2)
    if window <= _SMOOTHED_ORDER:
        return series
    smooth: Floats = savgol_filter(series, window, _SMOOTHED_ORDER)
    return smooth
