"""Follow each animal through a track whose columns swap animals: what two trackers call individual1 becomes the same one."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ethocache.vision.backbones.pose_motion import Complex, Floats

Order = npt.NDArray[np.intp]


def link_individuals(places: Complex, tokens: Floats) -> Order:
    """Return which column each animal is in, (T, I): animal k of frame t is in column ``order[t, k]``.

    Animals seen in the frame before go to the nearest places (the assignment with the least total distance); who was hidden
    gets what is left. Columns have no say, so swapping them, throughout or from any frame onwards, gives the same animals.

    Parameters
    ----------
    places
        (T, I) x + iy of each column; NaN where it holds nobody.
    tokens
        (T, I) any number that tells apart columns at the very same place.
    """
    order = np.tile(np.arange(places.shape[1]), (len(places), 1))
    if places.shape[1] > 1:
        follower = _Follower(places, tokens)
        for start, stop in _stretches(places):
            order[start:stop] = follower.assign(start)
            follower.leave(stop - 1)
    return order


class _Follower:
    """Where every animal was last seen, and which column it is in now."""

    def __init__(self, places: Complex, tokens: Floats) -> None:
        count = places.shape[1]
        found = places[np.isfinite(places)]
        self._places, self._tokens = places, tokens
        self._far = 1.0 + 10 * count * float(np.ptp(found.real) + np.ptp(found.imag)) if len(found) else 1.0
        self._columns = np.arange(count)
        self._last = np.zeros(count, np.complex128)
        self._hidden = np.full(count, 2)  # 0: seen in the frame before, 1: before that, 2: never

    def assign(self, frame: int) -> Order:
        from scipy.optimize import linear_sum_assignment

        here = self._places[frame]
        distance = np.where(self._hidden < 2, abs(self._last - here[:, None]), 0).T + self._far * self._hidden[:, None]
        cost = np.where(np.isfinite(here), distance, 0)
        by_place = np.lexsort((self._tokens[frame], here.imag, here.real))  # so that equally good assignments do not depend on columns
        self._columns = by_place[linear_sum_assignment(cost[:, by_place])[1]]
        return self._columns

    def leave(self, frame: int) -> None:
        here = self._places[frame, self._columns]
        seen = np.isfinite(here)
        self._last[seen] = here[seen]
        self._hidden = np.where(seen, 0, np.maximum(self._hidden, 1))


def _stretches(places: Complex) -> Iterator[tuple[int, int]]:
    """Give the runs of frames in which nobody comes, goes or comes as near to another's last place as its own animal."""
    seen = np.isfinite(places)
    changed = (seen[1:] != seen[:-1]).any(axis=1)
    count = places.shape[1]
    for column in range(count):
        own = abs(places[1:, column] - places[:-1, column])
        for other in range(count):
            if other != column:
                changed |= abs(places[1:, other] - places[:-1, column]) <= own  # False where either is NaN
    starts = [0, *(np.flatnonzero(changed) + 1).tolist(), len(places)]
    return pairwise(starts)
