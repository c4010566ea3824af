"""Whether a video is like those that a model learned from: by its frame rate, scale, light and embeddings.

Each measure of a new video is compared with the interval in which one more training video would lie, with a stated chance of a false
alarm: the prediction interval of a single future observation under a normal distribution [1]_, on logarithms, since all measures
are ratios. With n training videos of mean m and standard deviation s it is ``m +- t s sqrt(1 + 1/n)``, t from Student's distribution
with n - 1 degrees of freedom, so that few videos give a wide interval.

Embeddings are compared by the distance of a video's mean from the mean of the training videos, in standard deviations of single
frames within a training video, as a root mean square over the dimensions: a Mahalanobis distance [2]_ whose covariance is taken
as diagonal, because a few videos cannot tell more. No deviation counts as less than a tenth of the median one: a dimension that is nearly
constant in the training videos must not decide alone. What distances are usual is told by the training videos themselves, each
left out of the mean in turn.

.. [1] Hahn & Meeker, Statistical intervals, Wiley 1991, section 4.
.. [2] Lee et al., A simple unified framework for detecting out-of-distribution samples, NeurIPS 2018.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
import numpy.typing as npt
from scipy import stats

from ethocache.common.params import Section
from ethocache.endtoend.packs.portraits import Portrait

FALSE_ALARMS = 0.01  # of ordinary videos, over all measures together
DISTANCE = "embedding distance"
_AT_LEAST = {
    "frames/s": 1.1,
    "crop side px": 1.2,
    "crop share": 1.2,
    "width / height": 1.05,
    "brightness": 1.15,
    "contrast": 1.2,
    "centre / surround": 1.1,
}
"""Factors that never alarm: training videos of one camera may all be the same to the last digit."""
_LEAST_DISTANCE = 1.25  # the same, as a factor on the largest distance of a training video
_LEAST_STD = 0.1  # of the usual one: what hardly moves in the training videos counts no more than this
_FEWEST = 3  # training videos, from which a spread can be told
_SMALLEST = 1e-6


class TrainingWords(Section):
    """What a pack says of its training videos besides their embeddings.

    Attributes
    ----------
    videos
        How many.
    measures
        Measure -> its value in each video.
    """

    videos: int
    measures: dict[str, tuple[float, ...]]


@dataclass(frozen=True, eq=False)
class TrainingVideos:
    """What the training videos look like; checks itself.

    Attributes
    ----------
    words
        All but the embeddings.
    moments
        (2, V, D) float32: mean and standard deviation of each video's embeddings.
    """

    words: TrainingWords
    moments: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        videos, shape = self.words.videos, self.moments.shape
        if videos < 1 or self.moments.ndim != 3 or shape[:2] != (2, videos) or not np.isfinite(self.moments).all():
            raise ValueError(f"Expected finite moments of shape (2, {videos}, D), got {shape}")
        if any(len(values) != videos or min(values) < 0 for values in self.words.measures.values()):
            raise ValueError(f"Expected {videos} values of 0 or more of every measure")

    @classmethod
    def of(cls, portraits: Sequence[Portrait]) -> "TrainingVideos":
        """Return what some videos look like together."""
        names = [name for name in portraits[0].measures if all(name in portrait.measures for portrait in portraits)]
        measures = {name: tuple(round(portrait.measures[name], 6) for portrait in portraits) for name in names}
        moments = np.stack([[portrait.mean for portrait in portraits], [portrait.std for portrait in portraits]]).astype(np.float32)
        return cls(TrainingWords(videos=len(portraits), measures=measures), moments)

    @property
    def means(self) -> npt.NDArray[np.float64]:
        """(V, D) mean embedding of each video."""
        return np.asarray(self.moments[0], np.float64)

    @property
    def variances(self) -> npt.NDArray[np.float64]:
        """(V, D) variance of the embeddings within each video."""
        return np.square(np.asarray(self.moments[1], np.float64))

    def distance(self, mean: npt.NDArray[np.float64], without: int | None = None) -> float:
        """Return how far a video's mean embedding (D,) is from that of the training videos, one of them left out."""
        keep = np.arange(self.words.videos) != without
        centre, variance = self.means[keep].mean(axis=0), self.variances[keep].mean(axis=0)
        return float(np.sqrt(np.mean((mean - centre) ** 2 / np.maximum(variance, _least_variance(variance)))))

    def left_out(self) -> tuple[float, ...]:
        """Return the distance of each training video from the others."""
        return tuple(self.distance(mean, without=video) for video, mean in enumerate(self.means))


@dataclass(frozen=True)
class Finding:
    """One measure of a video beside the training videos.

    Attributes
    ----------
    measure, value
        What was measured, and how much it is.
    low, high
        Of the training videos.
    least, most
        Beyond which it alarms.
    """

    measure: str
    value: float
    low: float
    high: float
    least: float
    most: float

    @property
    def unlike(self) -> bool:
        return not self.least <= self.value <= self.most

    def in_words(self) -> str:
        """Return what is unlike, and how much."""
        if self.measure == DISTANCE:
            return f"{self.measure} {self.value:.2f}, training videos reach {self.high:.2f}"
        return f"{self.measure} {self.value:.4g}, training videos have {self.low:.4g} to {self.high:.4g}"


def compare(portrait: Portrait, training: TrainingVideos, false_alarms: float = FALSE_ALARMS) -> list[Finding]:
    """Return every measure of a video beside the training videos.

    Nothing alarms where there are too few of them to tell a spread.

    Parameters
    ----------
    false_alarms
        Of ordinary videos, over all measures together (by Bonferroni's bound).
    """
    known: Mapping[str, tuple[float, ...]] = training.words.measures
    shared = [name for name in portrait.measures if name in known]
    chance = false_alarms / (len(shared) + 1)
    findings = [_of_measure(name, portrait.measures[name], known[name], chance) for name in shared]
    if training.words.videos < 2:
        return findings
    usual = training.left_out()
    _, most = _interval(usual, 2 * chance)  # only a large distance alarms
    most = max(most, _LEAST_DISTANCE * max(usual)) if len(usual) >= _FEWEST else np.inf
    return [*findings, Finding(DISTANCE, training.distance(portrait.mean), min(usual), max(usual), 0.0, most)]


def _least_variance(variance: npt.NDArray[np.float64]) -> float:
    """Return what a dimension's variance counts at least, from that of all (D,).

    A dimension that is constant in the training videos, as a feature that nothing there showed, would outweigh all others as soon
    as it stirs.
    """
    moving = variance[variance > 0]
    return max(_SMALLEST, _LEAST_STD**2 * float(np.median(moving))) if len(moving) else _SMALLEST


def _of_measure(name: str, value: float, known: Sequence[float], chance: float) -> Finding:
    least, most = _interval(known, chance)
    factor = _AT_LEAST.get(name, 1.0)
    middle = exp(sum(log(max(each, _SMALLEST)) for each in known) / len(known))
    return Finding(name, value, min(known), max(known), min(least, middle / factor), max(most, middle * factor))


def _interval(known: Sequence[float], chance: float) -> tuple[float, float]:
    """Return between what one more value lies, but for this chance."""
    count = len(known)
    if count < _FEWEST:
        return 0.0, np.inf
    logs = np.log(np.maximum(known, _SMALLEST))
    reach = float(stats.t.ppf(1 - chance / 2, count - 1)) * float(logs.std(ddof=1)) * sqrt(1 + 1 / count)
    middle = float(logs.mean())
    return exp(middle - reach), exp(min(middle + reach, 700.0))
