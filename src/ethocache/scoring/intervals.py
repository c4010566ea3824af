"""How sure a score is: the bootstrap over animals.

Frames of one animal, and videos of one animal, are alike; animals are what was drawn from the population.
So whole animals are drawn with replacement (Efron and Tibshirani 1993).

What the middle 95 % of such draws span is too narrow with few animals: it takes the animals that happen to be there for
all there are, and a score near 1 for one that can go as far up as down. So their spread is measured on the scale of
log odds, made larger by n / (n - 1), and multiplied by a quantile of Student's t (Hesterberg 2015, "What teachers should
know about the bootstrap", sections 4 and 5). ``benchmarks/coverage.py`` measures how often the truth lies within.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from ethocache.scoring.frames import Floats, ratio
from ethocache.scoring.measures import Animal, Tally

FEWEST_ANIMALS = 3
_DRAWS_AT_ONCE = 64
_EDGE = 0.001  # a score of 0 or 1 has no log odds: it counts as this far from the edge


def draws(animals: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Give draws of as many animals, with replacement: (R, A) how often each counts, a few rows at a time."""
    random = np.random.default_rng(seed)
    chances = np.full(animals, 1 / animals)
    for start in range(0, resamples, _DRAWS_AT_ONCE):
        rows = min(_DRAWS_AT_ONCE, resamples - start)
        yield random.multinomial(animals, chances, size=rows).astype(np.float64)


def resampled(tally: Tally, resamples: int, seed: int) -> Floats:
    """Return a score's values (R,) over draws of animals; the same seed draws the same animals for every score.

    NaN for a draw without any animal that shows the behaviour: it says nothing about the score.
    """
    return np.concatenate([tally.score(weights) for weights in draws(len(tally.parts), resamples, seed)])


def mean_over_behaviours(values: Floats) -> Floats:
    """Return the mean (R,) of (B, R) values, over the behaviours for which a draw says something."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0).sum(axis=0), known.sum(axis=0))


def interval(values: Floats, point: float, level: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of resampled values (R,), widened where needed to hold the score itself."""
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return min(float(low), point), max(float(high), point)


def informative_animals(animals: Sequence[Animal]) -> int:
    """Return how many animals a behaviour's interval stands on; 0 if fewer than three were looked at: then there is none.

    Those that show it count, and all the others together as one: they can add false alarms, and nothing else.
    """
    looked = sum(any(video.scored.any() for video in animal) for animal in animals)
    shown = sum(any(video.labelled.any() for video in animal) for animal in animals)
    return min(shown + 1, looked) if looked >= FEWEST_ANIMALS else 0


def score_interval(values: Floats, point: float, animals: int, level: float = 0.95) -> tuple[float, float] | None:
    """Return the interval of a score from 0 to 1; None where there are too few animals for any.

    Parameters
    ----------
    values
        (R,) the score over draws of animals (`resampled`); NaN says nothing.
    point
        The score itself.
    animals
        On how many animals it stands (`informative_animals`).
    level
        In how many of all experiments the interval shall hold the score of the population.
    """
    if animals < 2:
        return None
    middle, reach = _log_odds(point), _reach(_log_odds(values), animals, level)
    return min(float(_score_of(middle - reach)), point), max(float(_score_of(middle + reach)), point)


def difference_interval(
    first: Floats, second: Floats, points: tuple[float, float], animals: int, level: float = 0.95
) -> tuple[float, float] | None:
    """Return the interval of second - first, of two scores from 0 to 1 over the same draws of animals.

    It is made on two scales, and the farther ends are taken: of the difference itself, which is too narrow where both
    scores are near 1 and a single bad animal is yet to come; and of the log odds, put back around the middle of the two.

    Parameters
    ----------
    first, second
        (R,) each score over the same draws; NaN says nothing.
    points
        The two scores themselves.
    animals, level
        As for `score_interval`.
    """
    if animals < 2:
        return None
    difference, reach = points[1] - points[0], _reach(second - first, animals, level)
    odds = _log_odds(np.array(points))
    middle, step, steps = odds.mean(), odds[1] - odds[0], _reach(_log_odds(second) - _log_odds(first), animals, level)
    ends = [_score_of(middle + end / 2) - _score_of(middle - end / 2) for end in (step - steps, step + steps)]
    return max(min(difference - reach, float(ends[0])), -1.0), min(max(difference + reach, float(ends[1])), 1.0)


def _log_odds(score: Floats | float) -> Floats:
    score = np.clip(score, _EDGE, 1 - _EDGE)
    odds: Floats = np.log(score / (1 - score))
    return odds


def _score_of(odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-odds))


def _reach(values: Floats, animals: int, level: float) -> float:
    """Return how far from its middle an interval goes: Student's t times the standard error that the draws show."""
    from scipy.special import stdtrit  # loaded here, as no stage but evaluate needs it

    student = stdtrit(animals - 1, (1 + level) / 2)
    return float(student * np.nanstd(values) * np.sqrt(animals / (animals - 1)))
