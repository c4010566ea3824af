"""How large a difference between two groups of animals is, and how many such differences were looked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from scipy.special import stdtrit

from ethocache.scoring.frames import Floats
from ethocache.scoring.intervals import FEWEST_ANIMALS, interval

_Z = 1.959964  # of a normal distribution, 95 % two-sided
_EQUAL = 1e-9  # of the values: times that were summed in another order differ in the last digits


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; None where the animals are too few to tell."""

    value: float | None
    low: float | None = None
    high: float | None = None


UNKNOWN = Estimate(None)


def drawn_weights(sizes: Sequence[int], resamples: int, seed: int) -> list[Floats]:
    """Draw animals with replacement, each group for itself: per group (R, N) what each animal counts in the mean of a draw.

    References
    ----------
    Efron, B. and Tibshirani, R. J. (1993). An Introduction to the Bootstrap. Chapman and Hall.
    """
    random = np.random.default_rng(seed)
    return [random.multinomial(size, np.full(size, 1 / size), size=resamples) / size for size in sizes]


def widened(values: Floats, point: float, sizes: Sequence[int], least: float, most: float) -> tuple[float, float]:
    """Return the percentile interval of draws (R,) of groups of these sizes, as wide as that of a t distribution, cut to what can be.

    Draws of a few animals vary less than new animals would, and none lies beyond the most extreme animal. So both ends are moved
    away from the point by what a t distribution and the divisor n - 1 would add to a normal interval (compare the expanded
    percentile interval of Hesterberg 2015, which takes other percentiles, of which three animals have not enough).

    Parameters
    ----------
    values
        NaN says nothing.
    point
        The estimate itself.
    sizes
        Animals of each group, at least 2.
    least, most
        No interval goes beyond these.

    References
    ----------
    Hesterberg, T. C. (2015). What teachers should know about the bootstrap: resampling in the undergraduate statistics
    curriculum. The American Statistician 69, 371-386.
    """
    low, high = interval(values, point)
    fewest, freedom = min(sizes), sum(sizes) - len(sizes)
    wider = float(stdtrit(freedom, 0.975)) / _Z * sqrt(fewest / (fewest - 1))
    return max(least, point - wider * (point - low)), min(most, point + wider * (high - point))


def mean_of(values: Floats, most: float = inf) -> Estimate:
    """Return the mean of animals (N,) with its interval by Student's t; no interval for fewer than 3 animals.

    The interval is cut to 0 and `most`, as what is measured here is never negative.

    References
    ----------
    Student (1908). The probable error of a mean. Biometrika 6, 1-25.
    """
    if not len(values):
        return UNKNOWN
    mean, n = float(values.mean()), len(values)
    if n < FEWEST_ANIMALS:
        return Estimate(mean)
    reach = float(stdtrit(n - 1, 0.975)) * sqrt(values.var(ddof=1) / n)
    return Estimate(mean, max(0.0, mean - reach), min(most, mean + reach))


def difference_of(first: Floats, second: Floats) -> Estimate:
    """Return the second group's mean minus the first's, animals (N,) of each, with Welch's interval; none for fewer than 3 animals.

    The groups may vary differently. Of simulated studies with 3, 6 and 12 animals in each of two normal groups, the interval held
    the truth in 96, 96 and 95 %; with 3 against 12 in 93 %, and in 90 % where the values are skewed as well.

    References
    ----------
    Welch, B. L. (1947). The generalization of "Student's" problem when several different population variances are involved.
    Biometrika 34, 28-35.
    """
    if not (len(first) and len(second)):
        return UNKNOWN
    difference, n, m = float(second.mean() - first.mean()), len(first), len(second)
    if min(n, m) < FEWEST_ANIMALS:
        return Estimate(difference)
    of_first, of_second = first.var(ddof=1) / n, second.var(ddof=1) / m
    if not of_first + of_second > 0:
        return Estimate(difference, difference, difference)
    part = of_first / (of_first + of_second)
    freedom = 1 / (part**2 / (n - 1) + (1 - part) ** 2 / (m - 1))
    reach = float(stdtrit(freedom, 0.975)) * sqrt(of_first + of_second)
    return Estimate(difference, difference - reach, difference + reach)


def hedges_g(first: Floats, second: Floats) -> Estimate:
    """Return the difference of two means in pooled standard deviations, corrected for few animals.

    The interval is that of its large-sample variance (Hedges and Olkin 1985), which takes the values for normal. Nothing for
    fewer than two animals in a group, or where the animals of each group are all alike.

    References
    ----------
    Hedges, L. V. (1981). Distribution theory for Glass's estimator of effect size and related estimators. Journal of Educational
    Statistics 6, 107-128.
    Hedges, L. V. and Olkin, I. (1985). Statistical Methods for Meta-Analysis. Academic Press.
    """
    n, m = len(first), len(second)
    if min(n, m) < 2:
        return UNKNOWN
    freedom = n + m - 2
    spread = sqrt((first.var(ddof=1) * (n - 1) + second.var(ddof=1) * (m - 1)) / freedom)
    if spread <= 1e-12 * max(float(np.abs(first).max()), float(np.abs(second).max()), 1e-300):
        return UNKNOWN
    g = float(second.mean() - first.mean()) / spread * (1 - 3 / (4 * freedom - 1))
    half = _Z * sqrt((n + m) / (n * m) + g**2 / (2 * (n + m)))
    return Estimate(g, g - half, g + half)


def cliffs_delta(first: Floats, second: Floats) -> Estimate:
    """Return how much more often an animal of the second group is above one of the first than below it, from -1 to 1.

    The interval is Cliff's, which is not symmetric and stays within -1 to 1; where the groups do not overlap, it follows Feng and
    Cliff (2004). Nothing for fewer than two animals in a group.

    References
    ----------
    Cliff, N. (1993). Dominance statistics: ordinal analyses to answer ordinal questions. Psychological Bulletin 114, 494-509.
    Feng, D. and Cliff, N. (2004). Monte Carlo evaluation of ordinal d with improved confidence interval. Journal of Modern Applied
    Statistical Methods 3, 322-332.
    """
    n, m = len(first), len(second)
    if min(n, m) < 2:
        return UNKNOWN
    apart = second[:, None] - first[None, :]
    above = np.where(np.abs(apart) <= _EQUAL * max(np.abs(first).max(), np.abs(second).max()), 0, np.sign(apart))
    delta = float(above.mean())
    if abs(delta) == 1:
        near = (min(n, m) - _Z**2) / (min(n, m) + _Z**2)
        return Estimate(delta, *((near, 1.0) if delta > 0 else (-1.0, -near)))
    of_second, of_first = ((above.mean(axis=axis) - delta) ** 2 for axis in (1, 0))
    parts = n**2 * of_second.sum() + m**2 * of_first.sum() - ((above - delta) ** 2).sum()
    variance = max(parts / (n * m * (n - 1) * (m - 1)), (1 - delta**2) / (n * m - 1))
    half = _Z * sqrt(variance) * sqrt((1 - delta**2) ** 2 + _Z**2 * variance)
    middle, whole = delta - delta**3, 1 - delta**2 + _Z**2 * variance
    return Estimate(delta, max(-1.0, (middle - half) / whole), min(1.0, (middle + half) / whole))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected for having made all of these comparisons (Holm's step-down).

    The chance that any of them is below .05 where no group differs is then at most 5 %, whatever they have to do with each other.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6, 65-70.
    """
    p = np.array(p_values, np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    corrected = np.empty_like(p)
    corrected[order] = stepped
    return [float(value) for value in corrected]
