"""Stretches of a video that are worth looking at, and why."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from ethocache.dataset.label_table import NOT_SCORED
from ethocache.dataset.runs import runs
from ethocache.dataset.tags import frame_edges_s
from ethocache.scoring.edges import TOLERANCE_S
from ethocache.scoring.frames import Floats, Mask
from ethocache.scoring.review.budget import watching_s
from ethocache.scoring.review.wrongness import Answers, new_shown, wrong_probability

Purpose = Literal["training", "results"]
"""What somebody looks for: labels that teach the next model, or tags and labels put right."""
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

LENGTHS_S = (2.0, 4.0, 8.0)
"""From about one bout to a few: longer moments are looked at as two."""
STEP_S = 0.5
LEAST = 0.5
"""Expected frames of a moment that count; with less than half a frame there is likely nothing to put right, or to learn."""
UNCERTAIN = 0.2
"""A moment is uncertain in which one frame in five is likely wrong."""


@dataclass(frozen=True)
class Moment:
    """A stretch of one video, to be looked at for one behaviour.

    Attributes
    ----------
    video, behaviour
        Where, and what is asked.
    start, stop
        Half-open range of frames.
    start_s, stop_s
        The same in seconds.
    wrong
        Expected number of wrong frames.
    weight
        What a wrong frame of this behaviour counts (`rare_weights`).
    why
        In words.
    new
        Expected number of frames with the behaviour that nobody labelled yet; 0 where tags and labels are only to be put right.
    """

    video: str
    behaviour: str
    start: int
    stop: int
    start_s: float
    stop_s: float
    wrong: float
    weight: float
    why: str
    new: float = 0.0

    @property
    def watching_s(self) -> float:
        """What it takes a person to look at it."""
        return watching_s(self.stop_s - self.start_s)

    @property
    def gain(self) -> float:
        """Weighted frames that are put right, or new to the model, per second of a person's time."""
        return self.weight * (self.wrong + self.new) / self.watching_s


def moments_of(answers: Answers, weights: Floats, budget_s: float, purpose: Purpose = "results") -> list[Moment]:
    """Return the moments of one video that do not overlap within a behaviour, the best of each first.

    Parameters
    ----------
    answers
        What is said of the video.
    weights
        (B,) what a wrong frame of each behaviour counts.
    budget_s
        No more moments of a behaviour are returned than could be looked at in so many seconds.
    purpose
        For training, likely frames of a behaviour that nobody labelled count besides those that are likely wrong.
    """
    wrong, edges_s = wrong_probability(answers), frame_edges_s(answers.time_s)
    new = new_shown(answers) if purpose == "training" else np.zeros_like(wrong)
    most, found = int(budget_s // watching_s(0)), list[Moment]()
    for b, name in enumerate(answers.behaviours):
        near = _near_edges(answers, b)
        for start, stop in best_stretches(wrong[:, b] + new[:, b], edges_s, most):
            place = (start, stop, float(edges_s[start]), float(edges_s[stop]))
            why = _why(answers, b, wrong[:, b], near, start, stop)
            expected = [float(of_frame[start:stop, b].sum()) for of_frame in (wrong, new)]
            found.append(Moment(answers.video, name, *place, expected[0], float(weights[b]), why, expected[1]))
    return found


def best_stretches(counts: Floats, edges_s: Floats, most: int) -> list[tuple[int, int]]:
    """Return half-open frame ranges that do not overlap, by falling expected frames that count per second of a person's time.

    Parameters
    ----------
    counts
        (T,) what looking at each frame likely brings, such as how likely it is wrong.
    edges_s
        (T + 1,) when each frame starts, and the end of the last.
    most
        At most so many.
    """
    start, stop = _candidates(edges_s)
    sums = np.append(0.0, np.cumsum(counts))
    expected = sums[stop] - sums[start]
    density = expected / watching_s(edges_s[stop] - edges_s[start])
    kept = np.flatnonzero((expected >= LEAST) & (stop > start))
    taken, found = np.zeros(len(counts), bool), list[tuple[int, int]]()
    for place in kept[np.argsort(-density[kept], kind="stable")].tolist():
        if len(found) == most:
            break
        if not taken[start[place] : stop[place]].any():
            taken[start[place] : stop[place]] = True
            found.append((int(start[place]), int(stop[place])))
    return found


def _candidates(edges_s: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the first frames, and the frames after the last, of stretches of every length from every place; a short video is one."""
    first_s, end_s = edges_s[0], edges_s[-1]
    begins = [first_s + np.arange(max(0.0, end_s - first_s - length) // STEP_S + 1) * STEP_S for length in LENGTHS_S]
    stops = [np.minimum(begin + length, end_s) for begin, length in zip(begins, LENGTHS_S, strict=True)]
    frames = [np.searchsorted(edges_s, np.concatenate(times) - 1e-6) for times in (begins, stops)]
    return frames[0], frames[1]


def _why(answers: Answers, b: int, wrong: Floats, near: Mask, start: int, stop: int) -> str:
    part = slice(start, stop)
    total = wrong[part].sum()
    unknown, tag = answers.label[part, b] == NOT_SCORED, answers.tag[part, b]
    against = np.where(tag > 0, 1 - answers.probability[part, b], answers.probability[part, b])
    disagree = ~unknown & (answers.label[part, b] != tag)
    reasons = {
        "labels and tags disagree": wrong[part][disagree].sum() > total / 4,
        "uncertain": against.mean() >= UNCERTAIN,
        "start or end of a tagged bout": wrong[part][near[part]].sum() > total / 2,
        "no labels": unknown.any(),
    }
    return "; ".join(reason for reason, holds in reasons.items() if holds) or "frames of little doubt each"


def _near_edges(answers: Answers, b: int) -> Mask:
    """Return (T,) the frames within `TOLERANCE_S` of where a tagged bout starts or ends."""
    time_s, near = answers.time_s, np.zeros(len(answers.time_s), bool)
    for frame in runs(answers.tag[:, b]).ravel().tolist():
        at_s = time_s[min(frame, len(time_s) - 1)]
        near[np.abs(time_s - at_s) <= TOLERANCE_S] = True
    return near
