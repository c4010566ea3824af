"""What most studies take from the tags: how many bouts each video has, and how many seconds; and how right that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ethocache.dataset.predictions import Prediction
from ethocache.dataset.runs import runs
from ethocache.scoring.frames import Floats
from ethocache.scoring.measures import ScoredVideo, by_animal

FEWEST_VIDEOS = 3  # two points always lie on a line
_ROUNDING = 1e-9  # of sums of seconds

Pair = tuple[float, float]  # by the labels, and by the tags


@dataclass(frozen=True, eq=False)
class Amounts:
    """One number of each of V videos.

    Attributes
    ----------
    labelled, tagged
        (V,) by the labels, and by the tags.
    """

    labelled: Floats
    tagged: Floats

    @property
    def correlation(self) -> float:
        """Pearson's correlation over videos; NaN of fewer than three, or where either is the same in all of them."""
        if len(self.labelled) < FEWEST_VIDEOS or min(np.ptp(self.labelled), np.ptp(self.tagged)) <= _ROUNDING:
            return float("nan")
        return float(np.corrcoef(self.labelled, self.tagged)[0, 1])

    @property
    def error(self) -> float:
        """Mean absolute difference in a video; NaN without videos."""
        return float(np.abs(self.labelled - self.tagged).mean()) if len(self.labelled) else float("nan")


@dataclass(frozen=True)
class Totals:
    """How often and how long one video shows one behaviour, where somebody looked: by the labels, and by the tags."""

    video: str
    animal: str
    bouts: Pair
    seconds: Pair


def bouts_of(videos: Sequence[ScoredVideo]) -> Amounts:
    """Return the number of bouts in each video that somebody looked at."""
    return _amounts([_bouts(video) for video in videos if video.scored.any()])


def seconds_of(videos: Sequence[ScoredVideo]) -> Amounts:
    """Return the seconds with the behaviour in each video that somebody looked at."""
    return _amounts([_seconds(video) for video in videos if video.scored.any()])


def video_totals(predictions: Sequence[Prediction]) -> dict[str, list[Totals]]:
    """Return for each behaviour a total per video (sorted by name) in which somebody looked for it."""
    found: dict[str, list[Totals]] = {name: [] for prediction in predictions[:1] for name in prediction.behaviours}
    for prediction in sorted(predictions, key=lambda prediction: prediction.video):
        for name, animals in by_animal([prediction]).items():
            for seen in (video for videos in animals for video in videos if video.scored.any()):
                found[name].append(Totals(prediction.video, prediction.animal, _bouts(seen), _seconds(seen)))
    return found


def _bouts(video: ScoredVideo) -> Pair:
    return len(runs(video.labelled)), len(runs(video.tagged))


def _seconds(video: ScoredVideo) -> Pair:
    return float(video.duration_s[video.labelled].sum()), float(video.duration_s[video.tagged].sum())


def _amounts(pairs: Sequence[Pair]) -> Amounts:
    labelled, tagged = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    return Amounts(labelled, tagged)
