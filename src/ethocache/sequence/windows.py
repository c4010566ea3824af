"""Cut videos into windows of which every frame belongs to exactly one."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Window:
    """Frames [start, stop) are read; the answer counts for [keep_start, keep_stop)."""

    start: int
    stop: int
    keep_start: int
    keep_stop: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.keep_start < self.keep_stop <= self.stop:
            raise ValueError(f"Expected kept frames inside the window, got {self}")

    @property
    def frames(self) -> int:
        return self.stop - self.start


def frames_per_second(time_s: npt.NDArray[np.float64]) -> float:
    """Return 1 / the median interval of the time stamps (T,), or 1 where there is only one."""
    return float(1.0 / np.median(np.diff(time_s))) if len(time_s) > 1 else 1.0


def window_frames(window_s: float, overlap_s: float, fps: float) -> tuple[int, int]:
    """Return the length of a window and of an overlap in frames; at least 1, and less than the length."""
    length = max(1, round(window_s * fps))
    return length, min(round(overlap_s * fps), length - 1)


def windows(frames: int, length: int, overlap: int) -> list[Window]:
    """Return the windows of a video; their kept ranges partition its frames [0, frames).

    Neighbours share at least `overlap` frames and cut them in the middle, so that kept frames have context on both
    sides. All have the same length; the last one begins earlier for it.
    """
    if not 0 <= overlap < length:
        raise ValueError(f"Expected 0 <= overlap < length, got {overlap} and {length}")
    if frames <= length:
        return [Window(0, frames, 0, frames)] if frames else []
    starts = [*range(0, frames - length, length - overlap), frames - length]
    cuts = [0, *((following + start + length) // 2 for start, following in pairwise(starts)), frames]
    return [Window(start, start + length, *kept) for start, kept in zip(starts, pairwise(cuts), strict=True)]


def shifted_windows(frames: int, length: int, rng: np.random.Generator) -> list[Window]:
    """Return windows for one epoch of training, cut elsewhere in every epoch; they partition the frames without overlap."""
    first = int(rng.integers(1, length + 1))
    cuts = [0, *range(first, frames, length), frames] if frames > length else [0, frames][: 1 + (frames > 0)]
    return [Window(start, stop, start, stop) for start, stop in pairwise(cuts)]


def batches(sizes: list[int], batch_size: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Give the numbers of the items of each batch, in random order, items of like size together (little padding)."""
    shuffled = rng.permutation(len(sizes))
    by_size = shuffled[np.argsort(np.asarray(sizes)[shuffled], kind="stable")]
    parts = [by_size[start : start + batch_size] for start in range(0, len(sizes), batch_size)]
    for part in rng.permutation(len(parts)):
        yield [int(item) for item in parts[part]]
