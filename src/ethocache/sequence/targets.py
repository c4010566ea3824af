"""What labels ask of a network, and how much each class of them counts."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

NOT_KNOWN = -1  # takes no part in training
_MOST = 10.0  # the heaviest class of "sqrt" weighs so many times the lightest

Target = npt.NDArray[np.int8] | npt.NDArray[np.float32]  # labels or classes; or shares of them, where they change little by little
Weights = Literal["none", "balanced", "sqrt"]


def class_weights(counts: npt.NDArray[np.int64], kind: Weights) -> npt.NDArray[np.float32]:
    """Return the weight of each class from its number of frames.

    Parameters
    ----------
    counts
        (..., K) frames of each of K competing classes; a class without frames weighs 1.
    kind
        ``balanced``: N / (K N_class). ``sqrt``: the square root of that, the heaviest at most 10 times the lightest.
    """
    if kind == "none":
        return np.ones(counts.shape, np.float32)
    wanted = counts.sum(axis=-1, keepdims=True) / (counts.shape[-1] * np.maximum(counts, 1))
    if kind == "sqrt":
        wanted = np.sqrt(wanted)
        wanted = np.minimum(wanted, _MOST * wanted.min(axis=-1, keepdims=True, initial=np.inf, where=counts > 0))
    return np.where(counts > 0, wanted, 1.0).astype(np.float32)


def classes_of(label: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Return (T,) int8: 0 none, 1 + b the behaviour that is shown, -1 where that is not known.

    Parameters
    ----------
    label
        (T, B) with at most one 1 in a frame. A frame is "none" only if every behaviour is known not to be shown.
    """
    shown = (label == 1).any(axis=1)
    behaviour = (label == 1).argmax(axis=1) + 1
    return np.where(shown, behaviour, np.where((label == -1).any(axis=1), NOT_KNOWN, 0)).astype(np.int8)


def shares(classes: npt.NDArray[np.int8], count: int) -> npt.NDArray[np.float32]:
    """Return (T, count) 1 for the class of a frame and 0 for the others; -1 where classes (T,) are not known."""
    one = classes[:, None] == np.arange(count)
    return np.where((classes == NOT_KNOWN)[:, None], NOT_KNOWN, one).astype(np.float32)


def softened(classes: npt.NDArray[np.int8], count: int, reach: float) -> npt.NDArray[np.float32]:
    """Return shares (T, count) that go over linearly around each edge between known classes, where people disagree most.

    A frame goes by its nearer edge, on which both classes have one half: a bout shorter than twice the reach still is
    likelier in its middle than what surrounds it.

    Parameters
    ----------
    classes
        (T,) number of the class, -1 not known.
    reach
        Frames on either side of an edge that it has an effect on.
    """
    soft = shares(classes, count)
    edges = np.flatnonzero(np.diff(classes)) + 1
    bounds = [0, *edges.tolist(), len(classes)]
    for start, edge, stop in zip(bounds, bounds[1:], bounds[2:], strict=False):
        before, after = int(classes[edge - 1]), int(classes[edge])
        if NOT_KNOWN not in (before, after):
            _soften(soft, np.arange(edge - 1, start - 1, -1), before, after, reach)
            _soften(soft, np.arange(edge, stop), after, before, reach)
    return soft


def soft_target(target: npt.NDArray[np.int8], count: int, reach: float) -> npt.NDArray[np.float32]:
    """Return the shares of (T,) exclusive classes as (T, count), or of (T, B) overlapping labels as (T, B); -1 not known.

    Parameters
    ----------
    reach
        Frames on either side of an edge in which one goes over into the other; 0 for none.
    """
    if target.ndim == 1:
        return softened(target, count, reach) if reach else shares(target, count)
    return np.stack([soft_target(column, 2, reach)[:, 1] for column in target.T], axis=1)


def mean_target(targets: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """Return the mean of what several people say, as shares; of those who looked, and -1 where nobody did.

    Learning from the share of annotators rather than from their majority keeps how sure they were (Peterson et al. 2019,
    arXiv:1908.07086).

    Parameters
    ----------
    targets
        Of each person, shares of one shape.
    """
    said = np.stack(targets)
    known = said != NOT_KNOWN
    count = known.sum(axis=0)
    total = np.where(known, said, 0).sum(axis=0, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), NOT_KNOWN).astype(np.float32)


def _soften(soft: npt.NDArray[np.float32], frames: npt.NDArray[np.int64], own: int, other: int, reach: float) -> None:
    """Give frames, the one at the edge first, less of their own class and some of that beyond the edge."""
    share = 0.5 + 0.5 * (np.arange(len(frames)) + 0.5) / reach
    nearer = share < soft[frames, own]
    soft[frames[nearer]] = 0.0
    soft[frames[nearer], own] = share[nearer]
    soft[frames[nearer], other] = 1 - share[nearer]
