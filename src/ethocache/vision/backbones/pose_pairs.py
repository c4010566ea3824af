"""What two animals or more do to each other: distance, facing, approach; the same whoever is called the first."""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import combinations, permutations

import numpy as np

from ethocache.vision.backbones.pose_animal import Named
from ethocache.vision.backbones.pose_body import Bodies
from ethocache.vision.backbones.pose_motion import FASTEST, Complex, Floats, Motion, capped, moved


def pair_features(bodies: Bodies, motions: Sequence[Motion], focal: bool = False) -> Iterator[Named]:
    """Give the name and the (T,) values of every feature of the animals together; NaN where fewer than two are known.

    Parameters
    ----------
    focal
        Only pairs with the first animal count: what it does to the others, then what they do to it.
    """
    count = bodies.middle.shape[1]
    if count < 2:
        return
    both, each = list(combinations(range(count), 2)), list(permutations(range(count), 2))
    for name, values in _of_both(bodies, both[: count - 1] if focal else both, motions):
        yield from extremes(name, values)
    directions = (("", each[: count - 1]), ("other: ", [(b, a) for a, b in each[: count - 1]])) if focal else (("", each),)
    for who, pairs in directions:
        for name, values in _of_each(bodies, pairs, motions):
            yield from extremes(f"{who}{name}", values)


def extremes(name: str, values: Sequence[Floats]) -> Iterator[Named]:
    """Give the largest and the smallest of (T,) values, those that are NaN left out; a single one as it is."""
    if len(values) == 1:
        yield name, values[0]
        return
    yield f"{name} (more)", reduce(np.fmax, values)
    yield f"{name} (less)", reduce(np.fmin, values)


Pairs = Sequence[tuple[int, int]]
Many = tuple[str, Sequence[Floats]]


def _of_both(bodies: Bodies, pairs: Pairs, motions: Sequence[Motion]) -> Iterator[Many]:
    """Give what is one and the same for both of a pair."""
    middle, heading, length = bodies.middle, bodies.heading, bodies.length_px
    distances = [np.abs(middle[:, a] - middle[:, b]) / length for a, b in pairs]
    yield "apart", distances
    yield "nearest points apart", [_nearest(bodies.points[:, a], bodies.points[:, b]) / length for a, b in pairs]
    yield "headings alike", [(heading[:, a] * np.conj(heading[:, b])).real for a, b in pairs]
    for motion in motions:
        rate = motion.velocity
        yield f"relative speed {motion}", [np.abs(capped(rate[:, a] - rate[:, b])) for a, b in pairs]
        yield f"parting {motion}", [np.clip(moved(distance, motion.half) / motion.seconds, -FASTEST, FASTEST) for distance in distances]


def _of_each(bodies: Bodies, pairs: Pairs, motions: Sequence[Motion]) -> Iterator[Many]:
    """Give what one of a pair does towards the other."""
    towards = [_direction(bodies.middle[:, b] - bodies.middle[:, a]) for a, b in pairs]
    yield "facing", [_along(way, bodies.heading[:, a]) for way, (a, _) in zip(towards, pairs, strict=True)]
    for motion in motions:
        yield f"approaching {motion}", [_along(motion.velocity[:, a], way) for way, (a, _) in zip(towards, pairs, strict=True)]
    for end, place in _ends(bodies).items():
        yield f"{end} to the other", [_nearest(place[:, a, None], bodies.points[:, b]) / bodies.length_px for a, b in pairs]


def _ends(bodies: Bodies) -> dict[str, Complex]:
    if not bodies.axis:  # as many features as for those that have one
        unknown = np.full(bodies.middle.shape, complex(np.nan, np.nan))
        return {"front": unknown, "back": unknown}
    back, front = (bodies.points[:, :, bodies.names.index(name)] for name in bodies.axis)
    return {"front": front, "back": back}


def _nearest(ones: Complex, others: Complex) -> Floats:
    """Return (T,) the smallest distance between any point of one and any point of the other."""
    columns: Iterable[tuple[int, int]] = ((one, other) for one in range(ones.shape[1]) for other in range(others.shape[1]))
    squares = (_square(ones[:, one] - others[:, other]) for one, other in columns)
    return np.sqrt(reduce(np.fmin, squares))


def _square(values: Complex) -> Floats:
    square: Floats = values.real**2 + values.imag**2
    return square


def _direction(values: Complex) -> Complex:
    size = np.abs(values)
    return np.where(size > 0, values / np.where(size > 0, size, 1), complex(np.nan, np.nan))


def _along(values: Complex, direction: Complex) -> Floats:
    """Return how much of a vector points in a direction."""
    along: Floats = (values * np.conj(direction)).real
    return along
