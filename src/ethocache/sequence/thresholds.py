"""Where a probability becomes a tag, and how well probabilities rank frames."""

import numpy as np
import numpy.typing as npt

from ethocache.scoring import ranking

FALLBACK = 0.5
_ROUNDING = 1e-9


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


_Curve = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]


def _curve(label: npt.NDArray[np.int8], probability: npt.NDArray[np.float32]) -> _Curve:
    """Return, for each distinct probability from the highest down: frames rightly tagged, frames tagged, the probability."""
    known = label >= 0
    order = np.argsort(-probability[known], kind="stable")
    values = probability[known][order]
    last_of_equals = np.flatnonzero(np.diff(values, append=np.float32(-1)))
    right = np.cumsum(label[known][order] == 1, dtype=np.int64)
    return right[last_of_equals], last_of_equals + 1, values[last_of_equals]
