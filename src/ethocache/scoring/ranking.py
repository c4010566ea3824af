"""Scores of the probabilities themselves, over every threshold: precision-recall curve and average precision."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.scoring.frames import Floats, Mask, ratio

Scores = npt.NDArray[np.floating]

RESOLUTION = 4096


def thresholds_of(positive_scores: Scores, resolution: int | None = None) -> Scores:
    """Return the ascending thresholds at which a ranking can be told apart: the scores of the positives.

    Average precision changes only where recall does, so that nothing is lost by leaving out the scores
    of the negatives. With `resolution`, at most that many, equally many positives between two of them.
    """
    if resolution is None or len(positive_scores) <= resolution:
        return np.unique(positive_scores)
    step = -(-len(positive_scores) // resolution)
    return np.unique(np.sort(positive_scores)[::step])


def counts_between(thresholds: Scores, score: Scores, positive: Mask, weight: Floats | None = None) -> Floats:
    """Count (2, K) positives and negatives whose score reaches threshold k but not k + 1."""
    place = np.searchsorted(thresholds, score, side="right")  # 0: below them all, which no threshold asks for
    length = len(thresholds) + 1
    if weight is None:
        weight = np.ones(len(score))
    both = [np.bincount(place[side], weight[side], length)[1:] for side in (positive, ~positive)]
    return np.array(both, dtype=np.float64)


def average_precision_of(counts: Floats) -> Floats:
    """Return the average precision (...) of counts between thresholds (..., 2, K); NaN without positives."""
    from_the_top = counts[..., ::-1]
    reached = np.cumsum(from_the_top, axis=-1)
    true = reached[..., 0, :]
    steps = from_the_top[..., 0, :]
    area = (steps * true / np.maximum(true + reached[..., 1, :], 1)).sum(axis=-1)
    return ratio(area, steps.sum(axis=-1))


def average_precision(score: Scores, positive: Mask, weight: Floats | None = None) -> float:
    """Return the area under the precision-recall curve, summed in steps (``sum (R_n - R_n-1) P_n``).

    The same as ``sklearn.metrics.average_precision_score``, ties included. A ranking by chance scores the
    prevalence.

    Parameters
    ----------
    score, positive
        (T,) the frames' scores, and whether they show the behaviour.
    weight
        (T,) how often each frame counts (whole numbers); once if left out.
    """
    return float(average_precision_of(counts_between(thresholds_of(score[positive]), score, positive, weight)))


@dataclass(frozen=True)
class Curve:
    """A precision-recall curve: (K,) by falling threshold, so by rising recall."""

    recall: Floats
    precision: Floats
    threshold: Floats


def precision_recall_curve(score: Scores, positive: Mask, points: int = 200) -> Curve:
    """Return the precision-recall curve at no more than `points` thresholds; empty without positives."""
    thresholds = thresholds_of(score[positive], points)
    reached = np.cumsum(counts_between(thresholds, score, positive)[:, ::-1], axis=1)
    true, false = reached
    return Curve(true / max(np.count_nonzero(positive), 1), ratio(true, true + false), thresholds[::-1].astype(np.float64))
