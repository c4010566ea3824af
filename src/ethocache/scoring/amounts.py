"""What most studies take from the tags: how many bouts each video has, and how many seconds; and how right that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ethocache.dataset.runs import runs
from ethocache.scoring.frames import Floats
from ethocache.scoring.measures import ScoredVideo

FEWEST_VIDEOS = 3  # two points always lie on a line
_ROUNDING = 1e-9  # of sums of seconds


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


def bouts_of(videos: Sequence[ScoredVideo]) -> Amounts:
    """Return the number of bouts in each video that somebody looked at."""
    looked_at = [video for video in videos if video.scored.any()]
    return _amounts([(len(runs(video.labelled)), len(runs(video.tagged))) for video in looked_at])


def seconds_of(videos: Sequence[ScoredVideo]) -> Amounts:
    """Return the seconds with the behaviour in each video that somebody looked at."""
    looked_at = [video for video in videos if video.scored.any()]
    return _amounts([(video.duration_s[video.labelled].sum(), video.duration_s[video.tagged].sum()) for video in looked_at])


def _amounts(pairs: Sequence[tuple[float, float]]) -> Amounts:
    labelled, tagged = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    return Amounts(labelled, tagged)
