"""Labels that look wrong: bouts of which a model that never saw the animal is sure of the opposite."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ethocache.dataset.label_table import NO, YES
from ethocache.dataset.runs import runs
from ethocache.dataset.tags import frame_edges_s
from ethocache.scoring.review.wrongness import Answers

SURE_NOT = 0.1
"""Of a labelled bout that likely is none nine frames in ten have a smaller probability."""
SURE = 0.9
"""The mean probability of a bout that somebody likely missed."""
RATHER = 0.5
"""Mean probability of the other behaviour in a bout that likely got the wrong name; its own is then nowhere near."""
SHORTEST_S = 0.3
"""Tagged bouts shorter than this are flicker rather than something that a person missed."""

NOTHING, MISSED, OTHER = "labelled, but the model sees nothing", "tagged, but nothing is labelled", "labelled as another behaviour"


@dataclass(frozen=True)
class Doubt:
    """A suspected labelling error.

    Attributes
    ----------
    kind
        `NOTHING`, `MISSED`, `OTHER`, or that somebody's starts or ends are early or late.
    video
        Where; empty if all of a rater's videos are meant.
    behaviour
        As labelled; of a missed bout, as tagged.
    instead
        What the model says of a bout with another name.
    start, stop
        Half-open frames of the bout; None if no single bout is meant.
    start_s, stop_s
        The same in seconds.
    sureness
        From 0 to 1: the model's mean probability of the opposite of the label.
    rater
        Whose edges are meant.
    detail
        In words.
    """

    kind: str
    video: str
    behaviour: str
    instead: str = ""
    start: int | None = None
    stop: int | None = None
    start_s: float | None = None
    stop_s: float | None = None
    sureness: float | None = None
    rater: str = ""
    detail: str = ""


def doubtful_bouts(answers: Answers) -> list[Doubt]:
    """Return the bouts of one video whose labels look wrong, in order of time.

    Looking at labels of which a model that was not trained on them is sure of the opposite is the idea of confident learning
    (Northcutt et al. 2021); here whole bouts are judged, as single frames at the edges of bouts always differ. How sure is sure
    depends, as there, on how sure the model is elsewhere: a bout that it merely finds hard still looks more like its behaviour than
    the frames of the same video that are labelled as not showing it do in the mean; one that shows something else does not.

    Parameters
    ----------
    answers
        Of a model that never saw the animal.
    """
    labelled = [doubt for b in range(len(answers.behaviours)) for doubt in _labelled(answers, b)]
    renamed = [(doubt.instead, doubt.start or 0, doubt.stop or 0) for doubt in labelled if doubt.kind == OTHER]
    missed = [doubt for b in range(len(answers.behaviours)) for doubt in _missed(answers, b, renamed)]
    return sorted([*labelled, *missed], key=lambda doubt: (doubt.start or 0, doubt.behaviour))


def _labelled(answers: Answers, b: int) -> Iterator[Doubt]:
    """Yield the labelled bouts of a behaviour that the model does not see."""
    as_without = _mean_without(answers, b)
    for start, stop in runs(answers.label[:, b] == YES).tolist():
        probability, part = answers.probability[start:stop, b], slice(start, stop)
        others = answers.probability[part].mean(axis=0, dtype=np.float64)
        others[(answers.label[part] == YES).mean(axis=0) > 0.5] = 0  # its own, and others that are labelled there as well
        likeliest = int(others.argmax())
        if others[likeliest] >= RATHER and probability.mean() < 1 - RATHER and others[likeliest] > 2 * probability.mean():
            yield _doubt(answers, OTHER, b, start, stop, float(others[likeliest]), answers.behaviours[likeliest])
        elif np.quantile(probability, 0.9) < SURE_NOT and probability.mean(dtype=np.float64) <= as_without:
            yield _doubt(answers, NOTHING, b, start, stop, 1 - float(probability.mean(dtype=np.float64)))


def _mean_without(answers: Answers, b: int) -> float:
    """Return the mean probability of a behaviour in the frames of the video that are labelled as not showing it; 1 without any."""
    without = answers.probability[answers.label[:, b] == NO, b]
    return float(without.mean(dtype=np.float64)) if len(without) else 1.0


def _missed(answers: Answers, b: int, renamed: list[tuple[str, int, int]]) -> Iterator[Doubt]:
    """Yield the tagged bouts of a behaviour that are labelled as not shown throughout, if no labelled bout there has a doubtful name."""
    edges_s = frame_edges_s(answers.time_s)
    for start, stop in runs(answers.tag[:, b] == 1).tolist():
        sure = float(answers.probability[start:stop, b].mean(dtype=np.float64))
        nobody_saw = (answers.label[start:stop, b] == NO).all() and edges_s[stop] - edges_s[start] >= SHORTEST_S
        told = any(name == answers.behaviours[b] and first < stop and start < after for name, first, after in renamed)
        if nobody_saw and sure >= SURE and not told:
            yield _doubt(answers, MISSED, b, start, stop, sure)


def _doubt(answers: Answers, kind: str, b: int, start: int, stop: int, sure: float, instead: str = "") -> Doubt:
    edges_s = frame_edges_s(answers.time_s)
    seconds = float(edges_s[start]), float(edges_s[stop])
    name = answers.behaviours[b]
    said = {
        NOTHING: f"labelled {name}; the model says no with {sure:.0%}",
        MISSED: f"not labelled; the model says {name} with {sure:.0%}",
        OTHER: f"labelled {name}; the model says {instead} with {sure:.0%}",
    }
    return Doubt(kind, answers.video, name, instead, start, stop, *seconds, sure, detail=said[kind])
