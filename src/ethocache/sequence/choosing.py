"""Choose how probabilities become tags, on animals that are neither learned from nor scored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.predictions import tags_of
from ethocache.scoring.bouts import bout_counts, bout_f1
from ethocache.scoring.frames import f1, frame_counts, recall
from ethocache.sequence.calibration import fit_calibration
from ethocache.sequence.decision import Decision, smooth_each
from ethocache.sequence.decision_settings import DecideParams, check_decide
from ethocache.sequence.markov import Chain, fit_chain
from ethocache.sequence.smoothing import bout_rules
from ethocache.sequence.targets import classes_of
from ethocache.sequence.thresholds import best_f1, reaching_recall, weighed_thresholds

BOXES_S = (0.0, 0.3, 0.6, 1.0, 2.0)
LENGTHS_S = (0.0, 0.2, 0.5, 1.0)
IOU = 0.5
_AS_GOOD = 0.002


@dataclass(frozen=True)
class Scored:
    """One video's raw network output with its labels.

    Attributes
    ----------
    probability
        (T, B) float32.
    label
        (T, B) int8: 1 yes, 0 no, -1 nobody looked.
    time_s
        (T,) float64.
    """

    probability: npt.NDArray[np.float32]
    label: npt.NDArray[np.int8]
    time_s: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.probability.shape != self.label.shape or len(self.label) != len(self.time_s):
            raise ValueError(f"Expected as many probabilities as labels and times, got {self.probability.shape} and {self.label.shape}")


def choose(videos: Sequence[Scored], behaviours: Sequence[str], params: DecideParams, exclusive: bool) -> Decision:
    """Choose calibration, smoothing and thresholds on these videos.

    Of a behaviour that none of them shows nothing is chosen: see `written_down`. Frames at which nobody looked choose nothing;
    they are smoothed over all the same.

    Raises
    ------
    InputError
        If the settings name other behaviours, or a wanted recall of exclusive ones.
    """
    if problems := check_decide(params, behaviours, exclusive):
        raise InputError("\n".join(problems))
    fixed = written_down(behaviours, params, exclusive)
    shown = [any((video.label[:, b] == 1).any() for video in videos) for b in range(len(behaviours))]
    if not any(shown):
        return fixed
    label = np.concatenate([video.label for video in videos])
    calibration = fit_calibration(params.calibration, np.concatenate([video.probability for video in videos]), label, exclusive)
    start = replace(fixed, calibration=calibration)
    only = replace(Decision.plain(list(behaviours), exclusive), calibration=calibration)
    calibrated = [replace(video, probability=only.apply(video.probability, video.time_s)[0]) for video in videos]
    if params.smoothing == "hmm":
        return replace(start, chains=_chains(videos, shown, exclusive))
    choice = _Choice(calibrated, start, params)
    seen = [b for b, each in enumerate(shown) if each]
    for group in [seen] if exclusive else [[b] for b in seen]:
        choice.settle(group)
    return choice.decision


def written_down(behaviours: Sequence[str], params: DecideParams, exclusive: bool) -> Decision:
    """Return the decision where nobody can be asked: what the settings fix, and else a threshold of .5 without any smoothing."""
    plain = Decision.plain(list(behaviours), exclusive)
    every, threshold = range(len(behaviours)), params.threshold
    cut = {b: float(np.float32(threshold)) for b in every if isinstance(threshold, int | float)}
    lengths = {
        setting: {b: float(params.wanted(setting, behaviours[b]) or 0.0) for b in every if params.uses(setting)}
        for setting in ("box_s", "max_gap_s", "min_bout_s")
    }
    return replace(_changed(plain, cut=cut, **lengths), filter="median" if params.smoothing == "median" else "mean")


class _Choice:
    """Settles one length after the other, each the shortest of about equally good ones."""

    def __init__(self, videos: Sequence[Scored], start: Decision, params: DecideParams) -> None:
        self.videos, self.decision, self.params = videos, start, params

    def settle(self, group: list[int]) -> None:
        """Choose for these behaviours, by the mean of their F1 of frames and of bouts."""
        columns = list(range(len(self.decision.behaviours))) if self.decision.exclusive else group
        tags = self._settle_box(group, columns)
        for setting in ("max_gap_s", "min_bout_s"):
            for b in group:
                tried = [_changed(self.decision, **{setting: {b: length}}) for length in self._lengths(setting, b, LENGTHS_S)]
                self.decision = tried[_first_good([self._score(self._ruled(each, tags, columns), group, columns) for each in tried])]

    def _ruled(self, decision: Decision, tags: Sequence[npt.NDArray[np.int8]], columns: list[int]) -> list[npt.NDArray[np.int8]]:
        gaps, bouts = ([values[c] for c in columns] for values in (decision.max_gap_s, decision.min_bout_s))
        return [bout_rules(each, video.time_s, gaps, bouts, decision.exclusive) for each, video in zip(tags, self.videos, strict=True)]

    def _settle_box(self, group: list[int], columns: list[int]) -> list[npt.NDArray[np.int8]]:
        """Choose the box and, after it, the thresholds; return the tags of all videos (T, columns)."""
        tried = []
        for box_s in self._lengths("box_s", group[0], BOXES_S):
            smoothed = [
                smooth_each(v.probability[:, columns], v.time_s, (box_s,) * len(columns), self.decision.filter, self.decision.exclusive)
                for v in self.videos
            ]
            cuts = self._cuts(np.concatenate(smoothed), columns)
            tags = [tags_of(each, np.array(cuts, np.float32), self.decision.exclusive) for each in smoothed]
            tried.append((box_s, cuts, tags))
        box_s, cuts, tags = tried[_first_good([self._score(tags, group, columns) for _, _, tags in tried])]
        self.decision = _changed(self.decision, box_s=dict.fromkeys(columns, box_s), cut=dict(zip(columns, cuts, strict=True)))
        return tags

    def _cuts(self, probability: npt.NDArray[np.float32], columns: list[int]) -> list[float]:
        label = np.concatenate([video.label for video in self.videos])
        if self.decision.exclusive and self.params.threshold == "f1":
            return [float(cut) for cut in weighed_thresholds(label, probability)]
        return [self._cut(label[:, b], probability[:, c], self.decision.behaviours[b]) for c, b in enumerate(columns)]

    def _cut(self, label: npt.NDArray[np.int8], probability: npt.NDArray[np.float32], behaviour: str) -> float:
        if isinstance(self.params.threshold, int | float):
            return float(np.float32(self.params.threshold))
        wanted = self._recall(behaviour)
        return best_f1(label, probability) if wanted is None else reaching_recall(label, probability, wanted)

    def _recall(self, behaviour: str) -> float | None:
        return self.params.wanted("recall", behaviour) if self.params.threshold == "recall" else None

    def _lengths(self, setting: str, b: int, lengths: Sequence[float]) -> Sequence[float]:
        if not self.params.uses(setting):
            return (0.0,)
        fixed = self.params.wanted(setting, self.decision.behaviours[b])
        return lengths if fixed is None else (float(fixed),)

    def _score(self, tags: Sequence[npt.NDArray[np.int8]], group: list[int], columns: list[int]) -> float:
        return float(np.mean([self._score_of(b, [each[:, columns.index(b)] for each in tags]) for b in group]))

    def _score_of(self, b: int, tags: Sequence[npt.NDArray[np.int8]]) -> float:
        """Return the mean F1 of frames and bouts; below 0 where fewer frames are found than asked for."""
        frames, bouts = np.zeros(4), np.zeros(3)
        for video, tag in zip(self.videos, tags, strict=True):
            known, labelled = video.label[:, b] >= 0, video.label[:, b] == 1
            frames += frame_counts(labelled[known], tag[known] == 1)
            bouts += bout_counts(labelled, (tag == 1) & known, IOU)
        wanted = self._recall(self.decision.behaviours[b])
        if wanted is not None and recall(frames) < wanted - 1e-9:
            return -1.0
        return float(f1(frames) + bout_f1(bouts)) / 2


def _first_good(scores: list[float]) -> int:
    """Return the first of about the best, which smooths least."""
    return next(i for i, score in enumerate(scores) if score >= max(scores) - _AS_GOOD)


def _changed(decision: Decision, **settings: dict[int, float]) -> Decision:
    """Return the decision with other values of some behaviours, by their column."""
    new: dict[str, Any] = {
        name: tuple(values.get(b, old) for b, old in enumerate(getattr(decision, name))) for name, values in settings.items()
    }
    return replace(decision, **new)


def _chains(videos: Sequence[Scored], shown: list[bool], exclusive: bool) -> tuple[Chain | None, ...]:
    times = [video.time_s for video in videos]
    if exclusive:
        return (fit_chain([classes_of(video.label).astype(np.intp) for video in videos], times, 1 + len(shown)),)
    return tuple(
        fit_chain([video.label[:, b].astype(np.intp) for video in videos], times, 2) if seen else None for b, seen in enumerate(shown)
    )
