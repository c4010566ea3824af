"""Read features again and again, epoch after epoch, without holding more of them than a stated budget."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.sequence.steps import Steps
from ethocache.sequence.videos import Features, TrainingVideo

BUDGET_BYTES = 2**30  # float16 features kept in memory; what does not fit is read from disk in every epoch
_BLOCK = 512  # frames read at once; of a long video no more are in memory than of a short one


@dataclass(frozen=True)
class Moments:
    """Sums over valid frames, from which the mean and standard deviation of any set of videos follow.

    `frames` is (D,): a camera that does not show the animal in a frame has no numbers there (NaN), and they do not count.
    """

    frames: npt.NDArray[np.int64]
    total: npt.NDArray[np.float64]
    squares: npt.NDArray[np.float64]

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(self.frames + other.frames, self.total + other.total, self.squares + other.squares)

    def mean_and_std(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return mean and standard deviation (D,); a feature that never changes gets a standard deviation of 1.

        One that no frame shows, of a camera that all these videos lack, gets an infinite one: whatever another video shows of it
        is then normalised to zero, since nothing has learned from it.
        """
        frames = np.maximum(self.frames, 1)
        mean = self.total / frames
        std = np.sqrt(np.maximum(self.squares / frames - mean**2, 0.0))
        return mean, np.where(self.frames == 0, np.inf, np.where(std > 1e-6, std, 1.0))


class Rows:
    """The features of one video, kept in memory from the first reading on where they fit; itself `Features`.

    Parameters
    ----------
    source
        Read in blocks.
    memory
        Says whether they fit.
    first
        They go before rows that can be dropped.
    """

    def __init__(self, source: Features, memory: "Memory", first: bool = False) -> None:
        self._source, self._memory, self.first = source, memory, first
        self.frames, self.dimensions, self.time_s, self.valid = source.frames, source.dimensions, source.time_s, source.valid
        self.bytes = self.frames * self.dimensions * 2
        self._kept: npt.NDArray[np.float16] | None = None
        self._in_steps: dict[int, Rows] = {}

    def rows(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Return frames [start, stop) as (n, D) float32."""
        if self._kept is None and self.frames and self._memory.take(self):
            self._kept = np.concatenate(_blocks(self._source))
        if self._kept is not None:
            return self._kept[start:stop].astype(np.float32)
        return self._source.rows(start, stop).astype(np.float16).astype(np.float32)

    def steps(self, size: int) -> "Rows":
        """Return the means of every `size` consecutive frames, which are kept instead of the frames."""
        if size == 1:
            return self
        if size not in self._in_steps:
            self._in_steps[size] = Rows(Steps(self._source, size), self._memory)
        return self._in_steps[size]

    def drop(self) -> None:
        """Give back the memory."""
        if self._kept is not None:
            self._memory.give_back(self)
            self._kept = None

    @cached_property
    def moments(self) -> Moments:
        """The sums over this video's valid frames."""
        total, squares, frames = np.zeros(self.dimensions), np.zeros(self.dimensions), np.zeros(self.dimensions, np.int64)
        for start in range(0, self.frames, _BLOCK):
            block = self.rows(start, min(start + _BLOCK, self.frames))[self.valid[start : start + _BLOCK]].astype(np.float64)
            there = ~np.isnan(block)
            block[~there] = 0.0
            frames += there.sum(axis=0)
            total += block.sum(axis=0)
            squares += np.square(block, out=block).sum(axis=0)
        return Moments(frames, total, squares)


class Memory:
    """How many bytes may still be kept, and whose can be given back."""

    def __init__(self, budget_bytes: int) -> None:
        self._left = budget_bytes
        self._droppable: list[Rows] = []

    def take(self, rows: Rows) -> bool:
        """Return whether these rows may be kept from now on; what goes first makes others drop theirs, the latest first."""
        while rows.first and rows.bytes > self._left and self._droppable:
            self._droppable[-1].drop()
        if rows.bytes > self._left:
            return False
        self._left -= rows.bytes
        if not rows.first:
            self._droppable.append(rows)
        return True

    def give_back(self, rows: Rows) -> None:
        """Rows that were kept no longer are."""
        self._left += rows.bytes
        if not rows.first:
            self._droppable.remove(rows)


class Reader:
    """The features of all videos of a training, first come first kept.

    Parameters
    ----------
    budget_bytes
        How much may be kept in memory.
    """

    def __init__(self, budget_bytes: int = BUDGET_BYTES) -> None:
        self._budget, self._memory = budget_bytes, Memory(budget_bytes)
        self._rows: dict[str, Rows] = {}

    def __reduce__(self) -> tuple[type["Reader"], tuple[int]]:
        """Another process reads for itself."""
        return Reader, (self._budget,)

    def of(self, video: TrainingVideo) -> Rows:
        """Return the features of a video; every video must have as many dimensions as the first.

        Raises
        ------
        InputError
            If the features have another number of frames than the labels, or of dimensions than the other videos.
        """
        if video.id not in self._rows:
            self._rows[video.id] = self._open(video)
        return self._rows[video.id]

    @contextmanager
    def lend(self) -> Iterator[Callable[[Features], Rows]]:
        """Give a function that keeps other rows, such as those that one fold projects, before the features, until the end."""
        lent: list[Rows] = []

        def keep(features: Features) -> Rows:
            lent.append(Rows(features, self._memory, first=True))
            return lent[-1]

        try:
            yield keep
        finally:
            for rows in lent:
                rows.drop()

    def _open(self, video: TrainingVideo) -> Rows:
        rows = Rows(_OnDisk(video), self._memory)
        if self._rows and rows.dimensions != (expected := next(iter(self._rows.values())).dimensions):
            found = f"expected features of {expected} dimensions, as the other videos have, found {rows.dimensions}"
            raise InputError(f"{video.id}: {found}; run dvc repro -f extract")
        return rows


class _OnDisk:
    """Features opened for each read, so that no file stays open."""

    def __init__(self, video: TrainingVideo) -> None:
        self._video, self.time_s = video, video.time_s
        with video.open() as features:
            self.frames, self.dimensions, self.valid = features.frames, features.dimensions, np.asarray(features.valid)
        if self.frames != len(video.time_s):
            raise InputError(
                f"{video.id}: expected features of {len(video.time_s)} frames, as the labels have, found {self.frames}; "
                "run dvc repro -f extract"
            )

    def rows(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        with self._video.open() as features:
            return features.rows(start, stop)


def _blocks(features: Features) -> list[npt.NDArray[np.float16]]:
    return [features.rows(start, min(start + _BLOCK, features.frames)).astype(np.float16) for start in range(0, features.frames, _BLOCK)]
