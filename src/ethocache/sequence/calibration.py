"""Probabilities that mean what they say: of the frames at .7, seven in ten show the behaviour.

Both kinds of map rise with what the network said, so that a behaviour's frames keep their order.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict

from ethocache.sequence.targets import classes_of

Floats = npt.NDArray[np.float64]

SMALLEST = 1e-7
MOST_KNOTS = 100
_PULL = 1e-4
_SLOPES = (0.05, 20.0)
_BIASES = (-20.0, 20.0)
_STRICT: Any = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def with_none(probability: npt.NDArray[Any]) -> Floats:
    """Return (T, 1 + B): the probability of "none" before those of exclusive behaviours (T, B)."""
    each = np.asarray(probability, np.float64)
    return np.concatenate([np.clip(1.0 - each.sum(axis=1, keepdims=True), 0.0, 1.0), each], axis=1)


def logit(probability: npt.NDArray[Any]) -> Floats:
    """Return log(p / (1 - p)), with p kept off 0 and 1."""
    inside = np.clip(np.asarray(probability, np.float64), SMALLEST, 1 - SMALLEST)
    result: Floats = np.log(inside) - np.log1p(-inside)
    return result


@dataclass(frozen=True)
class Temperature:
    """``sigmoid(slope * logit + bias)`` for each behaviour; ``softmax(slope * log p + bias)`` of exclusive ones.

    Platt (1999), and Guo et al. (2017) for several classes.

    Attributes
    ----------
    slope, bias
        Of each of B behaviours; of exclusive ones of "none" and the B, where the slopes are one number.
    """

    __pydantic_config__ = _STRICT
    slope: tuple[float, ...]
    bias: tuple[float, ...]

    @property
    def columns(self) -> int:
        """How many probabilities it maps."""
        if len(self.slope) != len(self.bias) or min(self.slope, default=1.0) <= 0:
            raise ValueError(f"Expected as many slopes above 0 as biases, got {self.slope} and {self.bias}")
        return len(self.slope)

    def apply(self, probability: npt.NDArray[np.float32], exclusive: bool) -> npt.NDArray[np.float32]:
        """Return calibrated probabilities (T, B)."""
        slope, bias = np.array(self.slope), np.array(self.bias)
        if exclusive:
            return np.asarray(_softmax(_log(with_none(probability)) * slope + bias)[:, 1:], np.float32)
        mapped = _sigmoid(logit(probability) * slope + bias)
        return np.where((slope == 1) & (bias == 0), probability, mapped).astype(np.float32)


@dataclass(frozen=True)
class Isotonic:
    """A rising curve through knots for each behaviour, straight in between (Zadrozny and Elkan 2002).

    Exclusive ones have a curve for "none", too, and are divided by their sum.

    Attributes
    ----------
    knots
        Of each curve the probabilities in, rising, and out.
    """

    __pydantic_config__ = _STRICT
    knots: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]

    @property
    def columns(self) -> int:
        """How many probabilities it maps."""
        for before, after in self.knots:
            if len(before) != len(after) or not before or (np.diff(before) <= 0).any() or (np.diff(after) < 0).any():
                raise ValueError(f"Expected curves that rise through as many values in as out, got {before} and {after}")
            if not all(0 <= value <= 1 for value in after):
                raise ValueError(f"Expected curves from 0 to 1, got {after}")
        return len(self.knots)

    def apply(self, probability: npt.NDArray[np.float32], exclusive: bool) -> npt.NDArray[np.float32]:
        """Return calibrated probabilities (T, B)."""
        before = with_none(probability) if exclusive else np.asarray(probability, np.float64)
        after = np.stack([np.interp(before[:, c], *curve) for c, curve in enumerate(self.knots)], axis=1)
        if exclusive:
            after = (after + SMALLEST) / (after + SMALLEST).sum(axis=1, keepdims=True)
            after = after[:, 1:]
        return np.asarray(after, np.float32)


Calibration = Temperature | Isotonic


def fit_calibration(
    kind: Literal["none", "temperature", "isotonic"], probability: npt.NDArray[np.float32], label: npt.NDArray[np.int8], exclusive: bool
) -> Calibration | None:
    """Fit a calibration on frames that somebody looked at; a behaviour that is never or always shown is left as it is.

    Parameters
    ----------
    kind
        ``none`` gives None.
    probability, label
        (T, B); labels of -1 are left out; of exclusive behaviours a frame counts whose class is known.
    """
    if kind == "none":
        return None
    if not exclusive:
        each = [_known(probability[:, b], label[:, b]) for b in range(label.shape[1])]
        if kind == "isotonic":
            return Isotonic(tuple(_curve(p, shown) for p, shown in each))
        scales = [_platt(p, shown) for p, shown in each]
        return Temperature(tuple(slope for slope, _ in scales), tuple(bias for _, bias in scales))
    known = classes_of(label) >= 0
    whole = with_none(probability[known])
    shown = np.concatenate([~(label[known] == 1).any(axis=1, keepdims=True), label[known] == 1], axis=1)
    if kind == "isotonic":
        return Isotonic(tuple(_curve(whole[:, c], shown[:, c]) for c in range(whole.shape[1])))
    return _joint(whole, shown)


def _known(probability: npt.NDArray[np.float32], label: npt.NDArray[np.int8]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    known = label >= 0
    return np.asarray(probability[known], np.float64), label[known] == 1


def _platt(probability: Floats, shown: npt.NDArray[np.bool_]) -> tuple[float, float]:
    if shown.all() or not shown.any():
        return 1.0, 0.0
    x, sign = logit(probability), np.where(shown, 1.0, -1.0)

    def loss(at: Floats) -> tuple[float, Floats]:
        z = at[0] * x + at[1]
        off = _sigmoid(z) - shown
        return float(np.logaddexp(0, -sign * z).mean()), np.array([(off * x).mean(), off.mean()])

    slope, bias = _least(loss, 1)
    return slope, bias


def _joint(whole: Floats, shown: npt.NDArray[np.bool_]) -> Temperature:
    """One slope for all; "none" and what is never shown have no bias."""
    seen = shown.any(axis=0) & (np.arange(whole.shape[1]) > 0)
    if not len(whole) or not seen.any():
        return Temperature((1.0,) * whole.shape[1], (0.0,) * whole.shape[1])
    x = _log(whole)

    def loss(at: Floats) -> tuple[float, Floats]:
        bias = np.zeros(len(seen))
        bias[seen] = at[1:]
        z = at[0] * x + bias
        top = z.max(axis=1, keepdims=True)
        total = np.log(np.exp(z - top).sum(axis=1, keepdims=True)) + top
        off = np.exp(z - total) - shown
        slope_gradient = (off * x).sum(axis=1).mean()
        return float((total - z)[shown].mean()), np.append(slope_gradient, off.mean(axis=0)[seen])

    slope, *biases = _least(loss, int(seen.sum()))
    bias = np.zeros(len(seen))
    bias[seen] = biases
    return Temperature((slope,) * len(seen), tuple(bias.tolist()))


def _least(loss: Any, biases: int) -> list[float]:
    """Minimise a loss of a slope and biases, pulled a little towards "as it was": labels may part without error."""
    from scipy.optimize import minimize

    start = np.array([1.0] + [0.0] * biases)

    def pulled(at: Floats) -> tuple[float, Floats]:
        value, gradient = loss(at)
        return value + _PULL * float(((at - start) ** 2).sum()), gradient + 2 * _PULL * (at - start)

    found = minimize(pulled, start, jac=True, method="L-BFGS-B", bounds=[_SLOPES] + [_BIASES] * biases)
    return [float(value) for value in found.x]


def _curve(probability: Floats, shown: npt.NDArray[np.bool_]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if not len(shown) or shown.all() or not shown.any():
        return (0.0, 1.0), (0.0, 1.0)
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0, y_max=1).fit(probability, shown)
    before = np.asarray(fitted.X_thresholds_, np.float64)
    after = np.clip(np.asarray(fitted.y_thresholds_, np.float64), 0, 1)
    if len(before) > MOST_KNOTS:
        kept = np.unique(np.linspace(0, len(before) - 1, MOST_KNOTS).round().astype(int))
        before, after = before[kept], after[kept]
    return tuple(before.tolist()), tuple(np.maximum.accumulate(after).tolist())


def _log(probability: Floats) -> Floats:
    result: Floats = np.log(np.maximum(probability, SMALLEST))
    return result


def _sigmoid(x: Floats) -> Floats:
    result: Floats = 0.5 * (1 + np.tanh(0.5 * x))
    return result


def _softmax(x: Floats) -> Floats:
    raised = np.exp(x - x.max(axis=1, keepdims=True))
    result: Floats = raised / raised.sum(axis=1, keepdims=True)
    return result
