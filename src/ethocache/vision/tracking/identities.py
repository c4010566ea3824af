"""Keep each animal in its own columns, from frame to frame."""

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float32]

_NOBODY = 1e6  # px, farther than anything in a picture: an animal that was not seen goes where none was


def keep_identities(points: Points) -> Points:
    """Return the same points with the individuals in an order that holds from frame to frame.

    A network gives the animals of a frame in any order. Each is given the columns of the one that was last seen nearest
    to it, all at once (the smallest sum of distances; Kuhn, Naval Res. Logist. Q. 2 (1955) 83). Animals that touch may
    be exchanged: nothing here knows who they are.

    Parameters
    ----------
    points
        (T, I, K, 3) x px, y px, likelihood; NaN where nothing was found.
    """
    from scipy.optimize import linear_sum_assignment

    if points.shape[1] == 1:
        return points
    ordered = points.copy()
    last = np.full((points.shape[1], 2), np.nan)
    for frame, individuals in enumerate(points):
        middles = _middles(individuals)
        distance = np.linalg.norm(last[:, None] - middles[None], axis=2)
        _, order = linear_sum_assignment(np.where(np.isfinite(distance), distance, _NOBODY))
        ordered[frame] = individuals[order]
        last = np.where(np.isfinite(middles[order]), middles[order], last)
    return ordered


def _middles(individuals: Points) -> npt.NDArray[np.float64]:
    """Return (I, 2) the mean of each animal's points, NaN where it has none."""
    there = np.isfinite(individuals[..., :2]).all(axis=-1, keepdims=True)
    count = there.sum(axis=1)
    total = np.where(there, individuals[..., :2], 0).sum(axis=1, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
