"""What labels ask of a network, and how much each class of them counts."""

from typing import Literal

import numpy as np
import numpy.typing as npt

NOT_KNOWN = -1  # takes no part in training
_MOST = 10.0  # the heaviest class of "sqrt" weighs so many times the lightest

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
