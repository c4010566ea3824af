"""One probability from those of several networks."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

Combine = Literal["mean", "stacked"]
Probabilities = npt.NDArray[np.float32]
_ROUNDS, _LEAST = 200, 1e-6


def mean_weights(members: int, behaviours: int) -> npt.NDArray[np.float64]:
    """Return (M, B) equal weights."""
    return np.full((members, behaviours), 1.0 / members)


def stacked_weights(
    members: Sequence[Probabilities], label: npt.NDArray[np.int8], exclusive: bool, there: Sequence[npt.NDArray[np.bool_]] | None = None
) -> npt.NDArray[np.float64]:
    """Return (M, B) weights under which the labels are likeliest; those of a behaviour sum to 1.

    The linear opinion pool (Stone 1961), fitted by expectation maximisation: it has one best answer, no step size, and cannot
    leave the range of its members, unlike a regression on a few animals.

    Parameters
    ----------
    members
        M arrays (N, B), of frames that no member was fitted on.
    label
        (N, B): 1 yes, 0 no, -1 is left out. A behaviour that is not shown gets equal weights.
    exclusive
        Of behaviours that exclude each other all have the same weights, so that they still leave room for "none".
    there
        As in `combined`, M arrays (N,): the likelihood of a frame is by the members alone that show it, as its probability will be.
        Frames that none shows are left out.
    """
    given = np.stack(members).astype(np.float64)
    shown = np.ones(given.shape[:2], bool)
    if there is not None:
        shown = np.asarray(np.stack(there) & ~np.isnan(given).any(axis=2), np.bool_)
        given, label = np.nan_to_num(given), np.where(shown.any(axis=0, keepdims=True).T, label, np.int8(-1))
    weights = mean_weights(len(members), label.shape[1])
    if exclusive:
        known = (label >= 0).all(axis=1)
        if (label[known] == 1).any():
            weights[:] = _pooled(_of_class(given[:, known], label[known]), shown[:, known])[:, None]
        return weights
    for b in range(label.shape[1]):
        known = label[:, b] >= 0
        yes = label[known, b] == 1
        if yes.any():
            weights[:, b] = _pooled(np.where(yes, given[:, known, b], 1.0 - given[:, known, b]), shown[:, known])
    return weights


def combined(
    members: Sequence[Probabilities], weights: npt.NDArray[np.float64], there: Sequence[npt.NDArray[np.bool_]] | None = None
) -> Probabilities:
    """Return the weighted mean (T, B) of M arrays (T, B); a single one comes back as it is.

    Parameters
    ----------
    there
        M arrays (T,), whether a member's cameras show the animal: the mean is of those members alone. Where none does, of all. With
        it, a member may say nothing, not a number, where it could not be trained; it is then left out.
    """
    if len(members) == 1:
        return members[0]
    if there is not None:
        return _mean_of_there(members, weights, np.stack(there))
    total = sum(weight * member for weight, member in zip(weights, members, strict=True))
    return np.asarray(np.clip(total, 0.0, 1.0), np.float32)


def _mean_of_there(members: Sequence[Probabilities], weights: npt.NDArray[np.float64], there: npt.NDArray[np.bool_]) -> Probabilities:
    given = np.stack(members)
    says = ~np.isnan(given).any(axis=2)
    there = there & says
    present = (np.where(there.any(axis=0), there, says))[..., None]
    counts = weights[:, None, :] * present
    counts = np.where(counts.sum(axis=0) > 0, counts, present)  # those that count are not there: the others, all alike
    total = (counts * np.where(present, given, 0.0)).sum(axis=0) / counts.sum(axis=0)
    return np.asarray(np.clip(total, 0.0, 1.0), np.float32)


def _of_class(given: npt.NDArray[np.float64], label: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
    """Return (M, N) what each member gave to what each frame shows, "none" included."""
    none = 1.0 - given.sum(axis=2, keepdims=True)
    shown = np.where((label == 1).any(axis=1), (label == 1).argmax(axis=1) + 1, 0)
    return np.asarray(np.take_along_axis(np.concatenate([none, given], axis=2), shown[None, :, None], axis=2)[..., 0])


def _pooled(likelihood: npt.NDArray[np.float64], shown: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the weights (M,) of the likeliest mixture, from the likelihood (M, N) of each member for each frame that it shows (M, N)."""
    likelihood = np.maximum(likelihood, _LEAST)
    weights = np.full(len(likelihood), 1.0 / len(likelihood))
    if not shown.all():
        return _pooled_of_shown(likelihood, shown, weights)
    for _ in range(_ROUNDS):
        share = weights[:, None] * likelihood
        weights = (share / share.sum(axis=0)).mean(axis=1)
    return weights


def _pooled_of_shown(
    likelihood: npt.NDArray[np.float64], shown: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the same where members lack in some frames, in which the weights of the others are raised to a sum of 1.

    Each round raises a lower bound of the likelihood that touches it (Hunter and Lange 2004): the logarithm of what divides a frame's
    weights is bounded by its tangent. With everybody there it is expectation maximisation. A frame with one member alone says nothing.
    """
    shown = shown & (shown.sum(axis=0) > 1)
    likelihood, shown = likelihood[:, shown.any(axis=0)], shown[:, shown.any(axis=0)]
    compared = shown.any(axis=1)
    for _ in range(_ROUNDS):
        share = weights[:, None] * likelihood * shown
        counts = (shown / (weights @ shown)).sum(axis=1)
        weights = np.where(compared, (share / share.sum(axis=0)).sum(axis=1) / np.maximum(counts, _LEAST), 0.0)
        weights = np.maximum(weights, _LEAST * compared)
        weights = weights / max(weights.sum(), _LEAST)
    return np.where(compared, weights * compared.mean(), 1.0 / len(weights))  # who never meets another keeps an equal weight
