"""How sure a score is: the bootstrap over animals.

Frames of one animal, and videos of one animal, are alike; animals are what was drawn from the population.
So whole animals are drawn with replacement (Efron and Tibshirani 1993, percentile interval).
"""

from collections.abc import Iterator

import numpy as np

from ethocache.scoring.frames import Floats, ratio
from ethocache.scoring.measures import Tally

FEWEST_ANIMALS = 3
_DRAWS_AT_ONCE = 64


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
