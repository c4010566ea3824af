"""Who marks starts and ends early or late, against the others: the model is the clock that both are read from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ethocache.dataset.label_table import NOT_SCORED, YES
from ethocache.dataset.tags import frame_edges_s
from ethocache.scoring.edges import edge_errors_s
from ethocache.scoring.frames import Floats
from ethocache.scoring.review.doubts import Doubt
from ethocache.scoring.review.wrongness import Answers

FEWEST = 10
"""Edges of each side; the median of fewer says little."""
LEAST_S = 0.15
"""Smaller differences are within what one person does from day to day."""
STANDARD_ERRORS = 3.0
"""A difference of medians must be so many times its standard error: many raters, videos and sides are looked through."""
_ROUNDING_S = 1e-6  # time stamps are sums of fractions
SIDES = ("starts", "ends")


Edges = tuple[Floats, Floats]
"""By how much later than the model labels have starts (P,) and ends (Q,), seconds; negative is earlier."""


def later_than_model_s(answers: Answers, labels: npt.NDArray[np.int8]) -> Edges:
    """Measure the edges of labels (T, B) of one video against the model's, as `edge_errors_s` does the model's against labels."""
    sides: tuple[list[Floats], list[Floats]] = ([np.empty(0)], [np.empty(0)])
    edges_s = frame_edges_s(answers.time_s)
    for b in range(len(answers.behaviours)):
        scored = labels[:, b] != NOT_SCORED
        tagged = (answers.tag[:, b] == 1) & scored
        for side, errors in zip(sides, edge_errors_s(scored, labels[:, b] == YES, tagged, edges_s), strict=True):
            side.append(-errors)
    return np.concatenate(sides[0]), np.concatenate(sides[1])


def late_raters(videos: Mapping[str, Answers], raters: Mapping[str, Mapping[str, npt.NDArray[np.int8]]]) -> list[Doubt]:
    """Return the people whose starts or ends are systematically early or late against those of the others in the same videos.

    Of two people it is the one farther from the model, which learned from both.

    Parameters
    ----------
    videos
        Video -> what the model says.
    raters
        Video -> rater -> labels (T, B); videos that one person labelled say nothing.
    """
    edges = [
        {rater: later_than_model_s(videos[video], labels) for rater, labels in said.items()}
        for video, said in sorted(raters.items())
        if video in videos and len(said) > 1
    ]
    return [Doubt(kind, "", "", rater=name, detail=detail) for name, kind, detail in _odd_ones(edges, "others")]


def late_videos(videos: Iterable[Answers]) -> list[Doubt]:
    """Return the videos whose labelled starts or ends are systematically early or late against those of all other videos."""
    edges = {answers.video: later_than_model_s(answers, answers.label) for answers in videos}
    return [Doubt(kind, name, "", detail=detail) for name, kind, detail in _odd_ones([edges], "in other videos")]


def _odd_ones(edges: Sequence[Mapping[str, Edges]], whom: str) -> Iterator[tuple[str, str, str]]:
    """Yield who is early or late, at which side, and by how much in words: the farthest first, with whom nobody else is compared then.

    Else one who is late would make all others look early.

    Parameters
    ----------
    edges
        Within each of these, names are compared.
    """
    for side, name in enumerate(SIDES):
        left = {other for group in edges for other in group}
        while found := [odd for other in sorted(left) if (odd := _odd(edges, side, other, left))]:
            later, _, who, number = max(found, key=lambda odd: (abs(odd[0]), odd[1]))
            left.remove(who)
            kind, comparative = ("late", "later") if later > 0 else ("early", "earlier")
            yield who, f"{name} {kind}", f"{name} {abs(later):.2f} s {comparative} than {whom} (median of {number})"


def _odd(edges: Sequence[Mapping[str, Edges]], side: int, name: str, left: set[str]) -> tuple[float, float, str, int] | None:
    """Return by how much somebody is later than the others, how far from the model, who, and by how many edges; None within chance."""
    common = [group for group in edges if name in group and len(left & group.keys()) > 1]
    own = np.concatenate([np.empty(0), *(group[name][side] for group in common)])
    others = np.concatenate([np.empty(0), *(group[other][side] for group in common for other in sorted((left & group.keys()) - {name}))])
    if min(len(own), len(others)) < FEWEST:
        return None
    later = float(np.median(own) - np.median(others))
    error = float(np.hypot(_standard_error(own), _standard_error(others)))
    odd = abs(later) >= max(LEAST_S, STANDARD_ERRORS * error) - _ROUNDING_S
    return (round(later, 6), round(abs(float(np.median(own))), 6), name, len(own)) if odd else None


def _standard_error(values: Floats) -> float:
    """Return the standard error of a median: 1.2533 times that of a mean, the spread taken from the median absolute deviation."""
    return 1.2533 * 1.4826 * float(np.median(abs(values - np.median(values)))) / float(np.sqrt(len(values)))
