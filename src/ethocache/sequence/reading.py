"""Read features again and again, epoch after epoch, without holding more of them than a stated budget."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.sequence.videos import Features, TrainingVideo

BUDGET_BYTES = 2**30  # float16 features kept in memory; what does not fit is read from disk in every epoch
_BLOCK = 4096  # frames read at once


@dataclass(frozen=True)
class Moments:
    """Sums over valid frames, from which the mean and standard deviation of any set of videos follow."""

    frames: int
    total: npt.NDArray[np.float64]
    squares: npt.NDArray[np.float64]

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(self.frames + other.frames, self.total + other.total, self.squares + other.squares)

    def mean_and_std(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return mean and standard deviation (D,); a feature that never changes gets a standard deviation of 1."""
        mean = self.total / self.frames
        std = np.sqrt(np.maximum(self.squares / self.frames - mean**2, 0.0))
        return mean, np.where(std > 1e-6, std, 1.0)


class Rows:
    """The features of one video, in memory or opened for each read; itself `Features`."""

    def __init__(self, video: TrainingVideo, kept: bool) -> None:
        self._video = video
        with video.open() as features:
            self.frames, self.dimensions = features.frames, features.dimensions
            self.time_s, self.valid = video.time_s, np.asarray(features.valid)
            self._check(features)
            self._kept = np.concatenate(list(_blocks(features))) if kept and self.frames else None

    def _check(self, features: Features) -> None:
        if features.frames != len(self._video.time_s):
            raise InputError(
                f"{self._video.id}: expected features of {len(self._video.time_s)} frames, as the labels have, found {features.frames}; "
                "run dvc repro -f extract"
            )

    def rows(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Return frames [start, stop) as (n, D) float32."""
        if self._kept is not None:
            return self._kept[start:stop].astype(np.float32)
        with self._video.open() as features:
            return features.rows(start, stop).astype(np.float16).astype(np.float32)

    @cached_property
    def moments(self) -> Moments:
        """The sums over this video's valid frames."""
        total, squares = np.zeros(self.dimensions), np.zeros(self.dimensions)
        for start in range(0, self.frames, _BLOCK):
            block = self.rows(start, start + _BLOCK)[self.valid[start : start + _BLOCK]].astype(np.float64)
            total += block.sum(axis=0)
            squares += (block**2).sum(axis=0)
        return Moments(int(self.valid.sum()), total, squares)


class Reader:
    """The features of all videos of a training, first come first kept.

    Parameters
    ----------
    budget_bytes
        How much may be kept in memory.
    """

    def __init__(self, budget_bytes: int = BUDGET_BYTES) -> None:
        self._budget = self._left = budget_bytes
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

    def _open(self, video: TrainingVideo) -> Rows:
        with video.open() as features:
            size = features.frames * features.dimensions * 2
            dimensions = features.dimensions
        if self._rows and dimensions != (expected := next(iter(self._rows.values())).dimensions):
            found = f"expected features of {expected} dimensions, as the other videos have, found {dimensions}"
            raise InputError(f"{video.id}: {found}; run dvc repro -f extract")
        kept = size <= self._left
        self._left -= size * kept
        return Rows(video, kept)


def _blocks(features: Features) -> list[npt.NDArray[np.float16]]:
    return [features.rows(start, min(start + _BLOCK, features.frames)).astype(np.float16) for start in range(0, features.frames, _BLOCK)]
