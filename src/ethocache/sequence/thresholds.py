"""Where a probability becomes a tag, and how well probabilities rank frames."""

import numpy as np
import numpy.typing as npt

from ethocache.dataset.predictions import tags_of
from ethocache.scoring import ranking
from ethocache.sequence.decision_settings import FALLBACK
from ethocache.sequence.targets import classes_of

_ROUNDING = 1e-9
_CUTS = tuple(round(float(FALLBACK * 2 ** (step / 3)), 6) for step in range(-9, 4))  # of exclusive behaviours: 1/8 to 2 of "none"'s .5
_ROUNDS = 3
_KEPT_OF_WAY = (0.5, 0.75)  # of the way from .5 to the best thresholds of exclusive behaviours
_MAY_COST = 0.01  # of F1, to keep no more of it
_BETTER = 1e-3  # by so much F1 at least, or the threshold stays where it was

Thresholds = npt.NDArray[np.float32]


def average_precision(label: npt.NDArray[np.int8], probability: npt.NDArray[np.float32]) -> float | None:
    """Return the area under the precision-recall curve (a sum of steps, no interpolation), or None.

    Parameters
    ----------
    label
        (T,): 1 yes, 0 no, -1 is left out. Without a single 1 there is no answer.
    probability
        (T,).
    """
    known = label >= 0
    shown = label[known] == 1
    return ranking.average_precision(probability[known], shown) if shown.any() else None


def macro_average_precision(label: npt.NDArray[np.int8], probability: npt.NDArray[np.float32]) -> float | None:
    """Return the mean average precision of the behaviours (T, B) that are shown at least once, or None."""
    each = [average_precision(label[:, b], probability[:, b]) for b in range(label.shape[1])]
    shown = [value for value in each if value is not None]
    return sum(shown) / len(shown) if shown else None


def best_f1(label: npt.NDArray[np.int8], probability: npt.NDArray[np.float32]) -> float:
    """Return the threshold with the best F1 on frames (T,); .5 where none of them shows the behaviour.

    It lies half-way between the least likely tagged frame and the next one, and is the highest of equally good ones.
    """
    right, found, values = _curve(label, probability)
    if not len(right) or right[-1] == 0:
        return FALLBACK
    best = int(np.argmax(2 * right / (found + right[-1])))
    below = values[best + 1] if best + 1 < len(values) else 0.0
    middle = np.float32((float(values[best]) + float(below)) / 2)
    return float(middle if middle > below else values[best])


def reaching_recall(label: npt.NDArray[np.int8], probability: npt.NDArray[np.float32], recall: float) -> float:
    """Return the highest threshold that finds at least this fraction of the frames (T,) with the behaviour; .5 without any."""
    right, _, values = _curve(label, probability)
    if not len(right) or right[-1] == 0:
        return FALLBACK
    return float(values[int(np.argmax(right >= recall * right[-1] - _ROUNDING))])


def best_thresholds(label: npt.NDArray[np.int8], probability: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return (B,) the best threshold of each behaviour, from labels and probabilities (T, B)."""
    return np.array([best_f1(label[:, b], probability[:, b]) for b in range(label.shape[1])], np.float32)


def weighed_thresholds(label: npt.NDArray[np.int8], probability: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return (B,) thresholds of exclusive behaviours, between .5 and where the macro F1 on frames is best.

    Probabilities that are true favour what is frequent: where a rare behaviour is as likely as not, another is likelier still
    (Lipton, Elkan and Naryanaswamy 2014: the best F1 needs a threshold of half that F1). One threshold is moved after the other
    along a few steps, again and again until none of them moves. Of the way that it went (as a ratio) each goes back half, or a
    quarter, where that costs no more than .01 of F1: the best thresholds of a few animals are further from .5 than what is best
    for others, and animals that show less of a behaviour pay for it.

    Parameters
    ----------
    label, probability
        (T, B); frames count whose class is known.
    """
    classes = classes_of(label)
    known = classes >= 0
    truth, likely = classes[known].astype(np.intp), probability[known]
    chosen = np.full(label.shape[1], FALLBACK, np.float32)
    shown = [b for b in range(label.shape[1]) if (truth == b + 1).any()]
    best = _exclusive_f1(truth, likely, chosen, shown)
    for _ in range(_ROUNDS):
        before = chosen.copy()
        for b in shown:
            tried = [np.where(np.arange(len(chosen)) == b, np.float32(cut), chosen) for cut in _CUTS]
            scores = [_exclusive_f1(truth, likely, each, shown) for each in tried]
            if max(scores) > best + _BETTER:
                best, chosen = max(scores), tried[int(np.argmax(scores))]
        if (chosen == before).all():
            break
    milder = (np.asarray(FALLBACK * (chosen / FALLBACK) ** kept, np.float32) for kept in _KEPT_OF_WAY)
    return next((each for each in milder if _exclusive_f1(truth, likely, each, shown) >= best - _MAY_COST), chosen)


def _exclusive_f1(truth: npt.NDArray[np.intp], probability: npt.NDArray[np.float32], threshold: Thresholds, shown: list[int]) -> float:
    """Return the mean F1 of the behaviours that are shown, from classes (N,) and probabilities (N, B)."""
    tags = tags_of(probability, threshold, True)
    tagged = tags.argmax(axis=1) + tags.any(axis=1)
    size = probability.shape[1] + 1
    counts = np.bincount(truth * size + tagged, minlength=size * size).reshape(size, size)
    f1 = 2 * counts.diagonal() / np.maximum(counts.sum(axis=0) + counts.sum(axis=1), 1)
    return float(np.mean([f1[b + 1] for b in shown])) if shown else 0.0


_Curve = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]


def _curve(label: npt.NDArray[np.int8], probability: npt.NDArray[np.float32]) -> _Curve:
    """Return, for each distinct probability from the highest down: frames rightly tagged, frames tagged, the probability."""
    known = label >= 0
    order = np.argsort(-probability[known], kind="stable")
    values = probability[known][order]
    last_of_equals = np.flatnonzero(np.diff(values, append=np.float32(-1)))
    right = np.cumsum(label[known][order] == 1, dtype=np.int64)
    return right[last_of_equals], last_of_equals + 1, values[last_of_equals]
