"""Videos of many frames per second in fewer steps: what heads see, what their labels are, and the way back to frames."""

import numpy as np
import numpy.typing as npt

from ethocache.sequence.targets import NOT_KNOWN
from ethocache.sequence.videos import Features
from ethocache.sequence.windows import frames_per_second


def frames_per_step(time_s: npt.NDArray[np.float64], max_fps: float | None) -> int:
    """Return how many frames make a step, at least 1; as near to `max_fps` steps a second as whole frames allow.

    Parameters
    ----------
    time_s
        (T,) time stamps of the frames.
    max_fps
        Steps per second; None or 0 for one step a frame.
    """
    return step_of_rate(frames_per_second(time_s), max_fps)


def step_of_rate(fps: float, max_fps: float | None) -> int:
    """Return the same for so many frames per second."""
    return max(1, round(fps / max_fps)) if max_fps else 1


class Steps:
    """The mean of every `size` consecutive frames of one video; itself `Features`, whose "frames" are the steps.

    The last step has the frames that are left. Only valid frames count where a step has some; a step is valid if it has.
    Means are rounded to float16, as features are kept, so that it makes no difference whether they are kept.
    """

    def __init__(self, source: Features, size: int) -> None:
        self._source, self.size = source, size
        self._valid, self._starts = np.asarray(source.valid), np.arange(0, source.frames, size)
        self.frames, self.dimensions = len(self._starts), source.dimensions
        self.time_s = _means(source.time_s, self._starts)
        self.valid = np.logical_or.reduceat(self._valid, self._starts) if self.frames else self._valid

    def rows(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Return steps [start, stop) as (n, D) float32."""
        starts = self._starts[start:stop]
        if not len(starts):
            return np.zeros((0, self.dimensions), np.float32)
        first, last = int(starts[0]), min(int(starts[-1]) + self.size, len(self._valid))
        x, counts = self._source.rows(first, last), self._valid[first:last].astype(np.float32)
        places = starts - first
        counts[np.repeat(~self.valid[start:stop], np.diff(places, append=last - first))] = 1.0
        if (missing := np.isnan(x)).any():  # of a camera that does not show the animal
            return _means_of_there(x, ~missing & (counts > 0)[:, None], places)
        total = np.add.reduceat(x * counts[:, None], places, axis=0)
        mean = total / np.add.reduceat(counts, places)[:, None]
        return np.asarray(mean.astype(np.float16), np.float32)


def target_of_steps(target: npt.NDArray[np.int8], size: int, exclusive: bool) -> npt.NDArray[np.int8]:
    """Return what most known frames of each step say; -1 where none is known, and yes where as many say yes as no.

    Parameters
    ----------
    target
        (T, B) of 1, 0, -1; or (T,) classes of exclusive behaviours, 0 none, -1 not known.
    size
        Frames of a step.
    """
    if size == 1 or not len(target):
        return target
    starts = np.arange(0, len(target), size)
    known = np.add.reduceat(target != NOT_KNOWN, starts, axis=0, dtype=np.int64)
    if exclusive:
        classes = np.arange(max(1, int(target.max()) + 1))
        counts = np.add.reduceat(target[:, None] == classes, starts, axis=0, dtype=np.int64)
        most = (2 * counts + (classes > 0)).argmax(axis=1)  # of equally frequent ones, a behaviour goes before none
    else:
        most = 2 * np.add.reduceat(target == 1, starts, axis=0, dtype=np.int64) >= known
    return np.where(known > 0, most, NOT_KNOWN).astype(np.int8)


def frames_of_steps(values: npt.NDArray[np.float32], size: int, frames: int) -> npt.NDArray[np.float32]:
    """Return (T, B) of all frames from (steps, B): linear between the steps' centres, constant beyond the outer ones."""
    if size == 1 or not frames:
        return values
    centres = _means(np.arange(frames, dtype=np.float64), np.arange(0, frames, size))
    columns = [np.interp(np.arange(frames), centres, values[:, b]) for b in range(values.shape[1])]
    return np.stack(columns, axis=1).astype(np.float32)


def _means_of_there(x: npt.NDArray[np.float32], there: npt.NDArray[np.bool_], places: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Return the means of the numbers that are there in each step; NaN where there is none."""
    counts = np.add.reduceat(there.astype(np.float32), places, axis=0)
    total = np.add.reduceat(np.where(there, x, np.float32(0)), places, axis=0)
    mean = np.where(counts > 0, total / np.maximum(counts, 1), np.nan)
    return np.asarray(mean.astype(np.float16), np.float32)


def _means(values: npt.NDArray[np.float64], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    if not len(starts):
        return values
    return np.asarray(np.add.reduceat(values, starts) / np.diff(starts, append=len(values)), np.float64)
