"""Could the groups differ as much by chance? Groups are dealt to the animals again, in every way or in many."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import factorial, prod

import numpy as np
import numpy.typing as npt

from ethocache.scoring.frames import Floats

Groups = npt.NDArray[np.int8]
_EQUAL = 1e-9  # of the values' spread: sums in another order differ in the last digits


@dataclass(frozen=True)
class ChanceOfDifference:
    """What a permutation test says.

    Attributes
    ----------
    p
        How often groups dealt at random differ as much.
    smallest
        The smallest p that so many animals can reach.
    f
        The F statistic; infinite where animals of a group are all alike and the groups are not, NaN where all are alike.
    """

    p: float
    smallest: float
    f: float


def permutation_test(values: Floats, groups: Groups, permutations: int = 25_000, seed: int = 0) -> ChanceOfDifference:
    """Test whether the means of two or more groups of animals differ.

    Every way of dealing the groups to the animals is taken where there are no more than `permutations`, else so many random ones,
    and p then counts the observed one too, so that it is never too small (Phipson and Smyth 2010). The statistic is F, which for
    two groups orders the ways as the absolute difference of the means does: the test has two sides (Fisher 1935; Good 2005).

    Parameters
    ----------
    values
        (N,) one of each animal.
    groups
        (N,) the group of each, 0 to K - 1, none empty.
    permutations
        How many ways at most.
    seed
        Of the random ones.

    References
    ----------
    Fisher, R. A. (1935). The Design of Experiments. Oliver and Boyd.
    Good, P. (2005). Permutation, Parametric, and Bootstrap Tests of Hypotheses, 3rd edition. Springer.
    Phipson, B. and Smyth, G. K. (2010). Permutation p-values should never be zero. Statistical Applications in Genetics and
    Molecular Biology 9, 39.
    """
    sizes = tuple(np.bincount(groups).tolist())
    exact = ways_of(sizes) <= permutations
    smallest = smallest_p(sizes) if exact else max(smallest_p(sizes), 1 / (permutations + 1))
    spread = values.std()
    if not spread > _EQUAL * max(float(np.abs(values).max()), 1e-300):
        return ChanceOfDifference(1.0, smallest, float("nan"))
    scaled = (values - values.mean()) / spread
    observed = float(_between(scaled, groups[None], sizes)[0])
    dealt = _every_way(sizes) if exact else np.random.default_rng(seed).permuted(np.tile(groups, (permutations, 1)), axis=1)
    as_large = int(np.count_nonzero(_between(scaled, dealt, sizes) >= observed - _EQUAL * len(values)))
    p = as_large / len(dealt) if exact else max((as_large + 1) / (permutations + 1), smallest)
    return ChanceOfDifference(p, smallest, _f(observed, len(values), len(sizes)))


def ways_of(sizes: tuple[int, ...]) -> int:
    """Return in how many ways groups of these sizes can be dealt."""
    return factorial(sum(sizes)) // prod(map(factorial, sizes))


def smallest_p(sizes: tuple[int, ...]) -> float:
    """Return the smallest p of an exact test: groups of one size can change places without changing the statistic."""
    return _mirror_images(sizes) / ways_of(sizes)


def _mirror_images(sizes: tuple[int, ...]) -> int:
    return prod(factorial(sizes.count(size)) for size in set(sizes))


def _between(values: Floats, dealt: Groups, sizes: tuple[int, ...]) -> Floats:
    """Return the sum of squares between groups (R,) of ways (R, N); values have mean 0, variance 1."""
    sums = ((dealt == group) @ values for group in range(len(sizes)))
    between: Floats = np.sum([of_group**2 / size for of_group, size in zip(sums, sizes, strict=True)], axis=0)
    return between


def _f(between: float, animals: int, groups: int) -> float:
    within = animals - between  # N animals of variance 1
    if within <= _EQUAL * animals:
        return float("inf")
    return float("nan") if animals == groups else (between / (groups - 1)) / (within / (animals - groups))


@lru_cache(maxsize=16)
def _every_way(sizes: tuple[int, ...]) -> Groups:
    """Return every way (R, N) of dealing groups of these sizes."""
    animals = sum(sizes)
    ways = np.full((1, animals), len(sizes) - 1, np.int8)
    for group, size in enumerate(sizes[:-1]):
        ways = np.concatenate([_deal(way, group, size, len(sizes) - 1) for way in ways])
    ways.flags.writeable = False
    return ways


def _deal(way: Groups, group: int, size: int, free: int) -> Groups:
    chosen = np.array([*combinations(np.flatnonzero(way == free).tolist(), size)], np.intp)
    dealt = np.tile(way, (len(chosen), 1))
    np.put_along_axis(dealt, chosen, np.int8(group), axis=1)
    return dealt
