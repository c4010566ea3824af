"""Can a probability be taken at its word: of the frames "at 70 %", do 70 % show the behaviour?

The reliability diagram of forecasts (DeGroot and Fienberg, The comparison and evaluation of forecasters, The Statistician 32,
1983), with the bins of the expected calibration error (Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.scoring.frames import CALIBRATION_BINS, Floats, Mask


@dataclass(frozen=True, eq=False)
class Reliability:
    """A reliability curve: (K,) per bin that holds a frame, by rising probability.

    Attributes
    ----------
    probability
        Mean probability of the bin's frames, 0 to 1.
    frequency
        Share of them that show the behaviour. Where the probabilities are right, it equals `probability`.
    frames
        How many there are: a point of few frames says little.
    """

    probability: Floats
    frequency: Floats
    frames: npt.NDArray[np.int64]

    @property
    def error(self) -> float:
        """The expected calibration error: the mean over frames of |probability - frequency|; NaN without frames."""
        frames = self.frames.sum()
        return float((np.abs(self.probability - self.frequency) * self.frames).sum() / frames) if frames else float("nan")


def reliability(probability: npt.NDArray[np.floating], labelled: Mask, bins: int = CALIBRATION_BINS) -> Reliability:
    """Return the reliability curve of scored frames; empty without frames.

    Parameters
    ----------
    probability
        (N,) 0 to 1, of the frames that somebody looked at.
    labelled
        (N,) whether they show the behaviour.
    bins
        Of equal width; a bin holds its upper edge, the first one 0 too.

    Raises
    ------
    InputError
        If there are not as many probabilities as labels, or there is no bin.
    """
    if probability.shape != labelled.shape or probability.ndim != 1:
        raise InputError(f"expected as many probabilities as labels, found {probability.shape} and {labelled.shape}")
    if bins < 1:
        raise InputError(f"expected at least 1 bin of probabilities, found {bins}")
    bin_of = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], probability)
    frames = np.bincount(bin_of, minlength=bins)
    held = frames > 0
    sums = (np.bincount(bin_of, values.astype(np.float64), bins)[held] for values in (probability, labelled))
    mean, frequency = (part / frames[held] for part in sums)
    return Reliability(mean, frequency, frames[held].astype(np.int64))
