"""The labelled videos of a training: labels at hand, features read when they are needed."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.groups import Fold, make_folds
from ethocache.dataset.views import view_of

_NAMED = 8  # animals that a message names


class Features(Protocol):
    """What is asked of the features of one video, such as an open ``FeatureSet``."""

    @property
    def frames(self) -> int: ...
    @property
    def dimensions(self) -> int: ...
    @property
    def time_s(self) -> npt.NDArray[np.float64]: ...
    @property
    def valid(self) -> npt.NDArray[np.bool_]: ...
    def rows(self, start: int, stop: int) -> npt.NDArray[np.float32]: ...


Opener = Callable[[], AbstractContextManager[Features]]


@dataclass(frozen=True)
class Tuned:
    """Weights of a network that were fine-tuned: their file, and the animals that they have seen."""

    file: str
    animals: frozenset[str]


@dataclass(frozen=True)
class TrainingVideo:
    """A labelled video.

    Attributes
    ----------
    id, animal
        Which video, and whose.
    open
        Opens its features; not called when nothing has to be trained.
    keys
        The keys of its feature files, one per stream: what stands in them.
    labels
        (T, B) int8: 1 yes, 0 no, -1 nobody looked.
    time_s
        (T,) float64 time stamps of its frames.
    streams
        Names of its streams, in the order of the keys.
    widths
        Dimensions of each stream of its features; not given where they are one.
    raters
        (T, B) as `labels`, what each of several people says, where the mean of that is learned; `labels` then decide all else.
    tuned
        For each stream the tuned weights that made it; not given, or without animals, where they were not tuned.
    valid
        (T,) of each stream, where there are several cameras: whether its camera shows the animal.
    """

    id: str
    animal: str
    open: Opener
    keys: tuple[str, ...]
    labels: npt.NDArray[np.int8]
    time_s: npt.NDArray[np.float64]
    streams: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    raters: tuple[npt.NDArray[np.int8], ...] = ()
    tuned: tuple[Tuned, ...] = ()
    valid: tuple[npt.NDArray[np.bool_], ...] = ()

    def __post_init__(self) -> None:
        if self.labels.ndim != 2 or len(self.labels) != len(self.time_s):
            raise ValueError(f"Expected labels of shape ({len(self.time_s)}, behaviours) for {self.id}, got {self.labels.shape}")
        if strange := [labels.shape for labels in self.raters if labels.shape != self.labels.shape]:
            raise ValueError(f"Expected each rater's labels of shape {self.labels.shape} for {self.id}, got {strange[0]}")

    def of_streams(self, streams: tuple[str, ...]) -> Self:
        """Return the same video with only these of its streams."""
        if streams == self.streams:
            return self
        opener: Any = self.open
        places = [self.streams.index(stream) for stream in streams]
        keys = tuple(self.keys[place] for place in places)
        widths = tuple(self.widths[place] for place in places if self.widths)
        tuned = tuple(self.tuned[place] for place in places if self.tuned)
        valid = tuple(self.valid[place] for place in places if self.valid)
        return replace(self, open=opener.of_streams(streams), keys=keys, streams=streams, widths=widths, tuned=tuned, valid=valid)

    def there(self, streams: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Return (T,) whether any camera among these streams shows the animal; where there is one camera, it is taken to."""
        if self.valid and (unknown := [stream for stream in streams if stream not in self.streams]):
            raise ValueError(f"Expected streams of {self.id} ({', '.join(self.streams)}), got {unknown[0]}")
        views: dict[str, npt.NDArray[np.bool_]] = {}
        for stream, valid in zip(self.streams, self.valid, strict=False):
            if stream in streams:
                views[view_of(stream)] = views.get(view_of(stream), valid) & valid
        return np.logical_or.reduce([*views.values()]) if views else np.ones(len(self.time_s), bool)

    def teaches(self, streams: Sequence[str]) -> bool:
        """Return whether a camera among these streams shows the animal in any frame in which somebody looked."""
        looked = np.logical_or.reduce([(labels >= 0).any(axis=1) for labels in (self.labels, *self.raters)])
        return bool((looked & self.there(streams)).any())

    def shows(self, behaviours: Sequence[str]) -> frozenset[str]:
        """Return the behaviours that are shown at least once."""
        return frozenset(name for name, shown in zip(behaviours, (self.labels == 1).any(axis=0), strict=True) if shown)


def folds_of(videos: Sequence[TrainingVideo], behaviours: Sequence[str], max_folds: int, groups: int, seed: int) -> list[Fold]:
    """Return the folds of these videos' animals, by what each animal shows; see `make_folds`.

    Raises
    ------
    InputError
        If the features are of weights that were tuned on one of these animals, all of which the folds score.
    """
    refuse_seen(videos)
    shown = dict[str, frozenset[str]]()
    for video in videos:
        shown[video.animal] = shown.get(video.animal, frozenset()) | video.shows(behaviours)
    return make_folds([video.animal for video in videos], max_folds, groups, shown, seed)


def refuse_seen(scored: Sequence[TrainingVideo]) -> None:
    """Raise `InputError` if features of videos that are to be scored come from weights that have seen their animals."""
    animals = {video.animal for video in scored}
    for tuned in dict.fromkeys(tuned for video in scored for tuned in video.tuned):
        if seen := sorted(animals & tuned.animals):
            named = ", ".join(seen[:_NAMED]) + (f" and {len(seen) - _NAMED} others" if len(seen) > _NAMED else "")
            raise InputError(
                f"{tuned.file}: these weights were tuned on the animals {named}, so no score of them would be honest; set "
                "train.score=false for a final model without a score (the metrics/finetune-... of that tuning are honest: it has "
                "other weights for each fold), or choose another backbone"
            )


def check_videos(videos: Sequence[TrainingVideo], behaviours: Sequence[str], exclusive: bool) -> None:
    """Check what training needs of its videos together.

    Raises
    ------
    InputError
        If there is none, or if behaviours that should exclude each other meet in a frame.
    """
    if not videos:
        raise InputError("training needs labelled videos, found none: put label files beside the videos, or see 'labels' in params.yaml")
    for video in videos:
        if video.labels.shape[1] != len(behaviours):
            raise ValueError(f"Expected labels of {len(behaviours)} behaviours for {video.id}, got {video.labels.shape[1]}")
        if exclusive:
            _check_exclusive(video, behaviours)


def _check_exclusive(video: TrainingVideo, behaviours: Sequence[str]) -> None:
    for labels in (video.labels, *video.raters):
        _refuse_overlaps(video, labels, behaviours)


def _refuse_overlaps(video: TrainingVideo, labels: npt.NDArray[np.int8], behaviours: Sequence[str]) -> None:
    together = np.flatnonzero((labels == 1).sum(axis=1) > 1)
    if len(together):
        names = " and ".join(name for name, label in zip(behaviours, labels[together[0]], strict=True) if label == 1)
        raise InputError(
            f"{video.id}: 'train.task: exclusive' expects at most one behaviour per frame, found {names} together at "
            f"{video.time_s[together[0]]:.2f} s ({len(together)} such frames); mend the labels, or set train.task=multilabel"
        )
