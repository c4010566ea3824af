"""Scores of single frames: how often a frame's tag agrees with its label.

All of them take the counts ``(..., 4)`` of true positives, false positives, false negatives and true
negatives, and answer NaN where the score does not exist: a behaviour that no labelled frame shows has
neither precision nor recall. A behaviour that is shown and never tagged has precision 0, and is not left out.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

CALIBRATION_BINS = 15


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, NaN where there is nothing to divide by."""
    result: Floats = np.full(np.broadcast(part, whole).shape, np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


def frame_counts(labelled: Mask, tagged: Mask) -> Floats:
    """Count scored frames (T,) as (4,): true positives, false positives, false negatives, true negatives."""
    tp = np.count_nonzero(labelled & tagged)
    fp = np.count_nonzero(tagged) - tp
    fn = np.count_nonzero(labelled) - tp
    return np.array([tp, fp, fn, len(labelled) - tp - fp - fn], dtype=np.float64)


def accuracy(counts: Floats) -> Floats:
    """Return the fraction of frames whose tag is right."""
    return ratio(counts[..., 0] + counts[..., 3], counts.sum(axis=-1))


def prevalence(counts: Floats) -> Floats:
    """Return the fraction of frames that show the behaviour."""
    return ratio(counts[..., 0] + counts[..., 2], counts.sum(axis=-1))


def precision(counts: Floats) -> Floats:
    """Return the fraction of tagged frames that show the behaviour; 0 if none is tagged."""
    tp, fp = counts[..., 0], counts[..., 1]
    return np.where(_shown(counts), tp / np.maximum(tp + fp, 1), np.nan)


def recall(counts: Floats) -> Floats:
    """Return the fraction of the behaviour's frames that are tagged."""
    return ratio(counts[..., 0], counts[..., 0] + counts[..., 2])


def f1(counts: Floats) -> Floats:
    """Return the harmonic mean of precision and recall."""
    tp, fp, fn = counts[..., 0], counts[..., 1], counts[..., 2]
    return np.where(_shown(counts), 2 * tp / np.maximum(2 * tp + fp + fn, 1), np.nan)


def f1_chance(counts: Floats) -> Floats:
    """Return the F1 of tagging every frame, 2 p / (1 + p) at prevalence p: what needs no eyes."""
    positives = counts[..., 0] + counts[..., 2]
    return np.where(_shown(counts), 2 * positives / (positives + np.maximum(counts.sum(axis=-1), 1)), np.nan)


def f1_random(counts: Floats) -> Floats:
    """Return the F1 of tagging frames at random as often as the behaviour is shown.

    Precision and recall are then both the prevalence, and so is their harmonic mean.
    """
    return np.where(_shown(counts), prevalence(counts), np.nan)


def calibration_error(probability: npt.NDArray[np.floating], labelled: Mask, bins: int = CALIBRATION_BINS) -> float:
    """Return how far the probabilities are from the observed frequencies (expected calibration error).

    The mean over frames of |mean probability - frequency| of the frame's bin, in `bins` bins of equal
    width (Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017). NaN without frames.
    """
    if not len(labelled):
        return float("nan")
    bin_of = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], probability)
    excess = np.bincount(bin_of, probability.astype(np.float64) - labelled, bins)
    return float(np.abs(excess).sum() / len(labelled))


def _shown(counts: Floats) -> Mask:
    shown: Mask = counts[..., 0] + counts[..., 2] > 0
    return shown
