"""What training changes about what it sees, so that a network learns less of it by heart; all of it drawn from one seed."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ethocache.sequence.targets import NOT_KNOWN, Target

Rows = npt.NDArray[np.float32]


def warped(x: Rows, target: Target, most: float, rng: np.random.Generator) -> tuple[Rows, Target]:
    """Return a window as if the animal had moved up to `most` (such as 0.1) faster or slower.

    Parameters
    ----------
    x
        (T, D), resampled linearly.
    target
        (T, ...), of which the nearest frame is taken.
    """
    frames = len(x)
    at = np.linspace(0, frames - 1, max(1, round(frames / (1 + rng.uniform(-most, most)))))
    before = np.floor(at).astype(np.int64)
    part = (at - before).astype(np.float32)[:, None]
    between = x[before] * (1 - part) + x[np.minimum(before + 1, frames - 1)] * part
    return between, target[np.rint(at).astype(np.int64)]


def noisy(x: Rows, mask: npt.NDArray[np.bool_], deviation: float, rng: np.random.Generator) -> Rows:
    """Return (N, T, D) with normal noise of this standard deviation on real frames (N, T)."""
    return x + np.float32(deviation) * rng.standard_normal(x.shape, np.float32) * mask[..., None]


def mixed(x: Rows, target: Rows, mask: npt.NDArray[np.bool_], alpha: float, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Return a batch of which each window is a weighted mean with another one (mixup, Zhang et al. 2018, arXiv:1710.09412).

    Where the other one is padding a frame stays as it is; where either label is not known, neither is that of the mean.

    Parameters
    ----------
    x, target, mask
        (N, T, D), (N, T, ...) shares with -1 where not known, (N, T) True on real frames.
    alpha
        Of the beta distribution that the weight comes from; one weight for the batch.
    """
    part, other = np.float32(rng.beta(alpha, alpha)), rng.permutation(len(x))
    both = (mask & mask[other])[..., None]
    known = (target != NOT_KNOWN) & (target[other] != NOT_KNOWN)
    mean = np.where(known, part * target + (1 - part) * target[other], NOT_KNOWN).astype(np.float32)
    return np.where(both, part * x + (1 - part) * x[other], x).astype(np.float32), np.where(both, mean, target).astype(np.float32)


def without_a_stream(
    x: Rows,
    widths: Sequence[int],
    probability: float,
    rng: np.random.Generator,
    views: Sequence[str] = (),
    shown: npt.NDArray[np.bool_] | None = None,
) -> Rows:
    """Return (N, T, D) in which some windows lack one of several streams, so that none is leant on alone (Neverova et al. 2016).

    Parameters
    ----------
    x
        Normalised, so that zero says nothing.
    widths
        Columns of each stream; where there is only one, nothing is hidden.
    probability
        Of a window to lose one.
    views
        The camera of each stream, where there are several: one loses all its streams at once.
    shown
        (N, V) whether each camera shows the animal anywhere in a window (`views_shown`): none is hidden of which no other does.
    """
    of_stream = views or [str(stream) for stream in range(len(widths))]
    parts = list(dict.fromkeys(of_stream))
    if len(parts) < 2:
        return x
    lost = rng.integers(len(parts), size=len(x))
    lost[rng.random(len(x)) >= probability] = -1
    if shown is not None:
        lost[~(shown & (np.arange(len(parts)) != lost[:, None])).any(axis=1)] = -1
    stream = np.repeat([parts.index(part) for part in of_stream], widths)
    return np.where((stream == lost[:, None])[:, None], np.float32(0), x)


def views_shown(x: Rows, widths: Sequence[int], views: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return (N, V) whether each camera, in the order in which `views` first names it, shows the animal in a window of (N, T, D).

    Parameters
    ----------
    x
        Normalised, so that a camera that does not show the animal has zeros, and before noise is laid over these.
    widths, views
        Columns of each stream, and its camera.
    """
    of_column = np.repeat([list(dict.fromkeys(views)).index(view) for view in views], widths)
    anything = (x != 0).any(axis=1)
    return np.stack([anything[:, of_column == view].any(axis=1) for view in range(len(set(views)))], axis=1)
