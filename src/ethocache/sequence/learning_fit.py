"""The curve through scores of few and of more animals, and its continuation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ethocache.scoring.frames import Floats
from ethocache.scoring.intervals import difference_interval, score_interval
from ethocache.sequence.learning_curve import Point

FEWEST_SIZES = 3
MORE = 10
_LOW, _HIGH = (0.0, 0.0, 0.05), (1.0, 2.0, 3.0)  # bounds of a, b, c
_NOBODY_KNOWS = (0.0, 1.0)  # the interval of a score, or of a gain, with too few scored animals


@dataclass(frozen=True)
class Outlook:
    """What a continued curve says; each as lower bound, middle, upper bound of a 95 % interval.

    Attributes
    ----------
    animals, curve
        (N,) numbers of animals, and the score there (N, 3).
    gain
        (3,) what ten more animals than the most would add.
    """

    animals: Floats
    curve: Floats
    gain: Floats


def fit_curve(sizes: Floats, scores: Floats) -> Floats:
    """Return a, b, c of ``score = a - b * n ** -c``, fitted by least squares within bounds.

    Learning curves fall like a power of the number of examples (Hestness et al. 2017, arXiv:1712.00409).

    Parameters
    ----------
    sizes, scores
        (S,) numbers of animals, and scores from 0 to 1.
    """
    from scipy.optimize import least_squares

    def missed(found: Floats) -> Floats:
        return np.asarray(at(found, sizes) - scores)

    start = (min(0.99, float(scores.max()) + 0.02), 0.3, 0.7)
    found: Floats = least_squares(missed, start, bounds=(_LOW, _HIGH)).x
    return found


def at(found: Floats, animals: Floats) -> Floats:
    """Return the score of a fitted curve at numbers of animals."""
    a, b, c = found
    return np.asarray(a - b * np.asarray(animals, np.float64) ** -c)


def bands(points: Sequence[Point], score: str) -> tuple[Floats, Floats]:
    """Return the sizes (S,), and (S, 3): the mean over the draws with its 95 % interval over draws and scored animals."""
    by_size = _by_size(points)
    rows = []
    for of_size in by_size.values():
        middle = float(np.mean([point.macro[score] for point in of_size]))
        rows.append(_with_interval(np.concatenate([point.resampled[score] for point in of_size]), middle, of_size[0].informative))
    return np.array([*by_size], np.float64), np.array(rows)


def look_ahead(points: Sequence[Point], score: str = "average_precision", seed: int = 0) -> Outlook | None:
    """Continue the curve to ten more animals; None with fewer than 3 sizes, through which any curve would go.

    The intervals are of curves through other draws: for each, one draw of every size and other scored animals are taken. They are as wide
    as so few scored animals ask for (`score_interval`, `difference_interval`).
    """
    by_size = _by_size(points)
    if len(by_size) < FEWEST_SIZES:
        return None
    sizes, band = bands(points, score)
    random = np.random.default_rng(seed)
    found = [fit_curve(sizes, band[:, 1])]
    for r in range(len(points[0].resampled[score])):
        drawn = np.array([of_size[random.integers(len(of_size))].resampled[score][r] for of_size in by_size.values()])
        if not np.isnan(drawn).any():
            found.append(fit_curve(sizes, drawn))
    animals = np.linspace(sizes[0], sizes[-1] + MORE, 60)
    curves = np.array([at(each, animals) for each in found])
    now, then = np.array([at(each, sizes[-1:])[0] for each in found]), curves[:, -1]
    scored = points[0].informative
    low, high = difference_interval(now[1:], then[1:], (now[0], then[0]), scored) or _NOBODY_KNOWS
    band_ahead = [_with_interval(column[1:], float(column[0]), scored) for column in curves.T]
    return Outlook(animals, np.array(band_ahead), np.array((max(low, 0.0), then[0] - now[0], high)))  # no such curve falls


def _with_interval(values: Floats, middle: float, animals: int) -> tuple[float, float, float]:
    """Return lower bound, middle and upper bound, from other draws (R,) of so many scored animals."""
    low, high = score_interval(values, middle, animals) or _NOBODY_KNOWS
    return low, middle, high


def _by_size(points: Sequence[Point]) -> Mapping[int, list[Point]]:
    return {size: [point for point in points if point.animals == size] for size in sorted({point.animals for point in points})}
