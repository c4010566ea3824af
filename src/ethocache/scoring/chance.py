"""What a system scores that knows how often and how long a behaviour is shown, but not when."""

from collections.abc import Iterator, Sequence

import numpy as np

from ethocache.scoring.bouts import bout_counts, bout_f1
from ethocache.scoring.frames import Mask
from ethocache.scoring.measures import ScoredVideo

SHIFTS = 20
"""Places at which a video's bouts are laid; evenly apart, so that the same labels always give the same number."""


def bout_f1_random(videos: Sequence[ScoredVideo], iou: float = 0.5) -> float:
    """Return the bout F1 of the labelled bouts themselves at other times: as many, as long, as far apart, but blind.

    Each video's labels are turned round within the frames that somebody looked at, by 1/21, 2/21, ... of them. Single frames
    tagged at random would be no match: bouts of one frame overlap nothing by half. NaN where no bout is labelled.
    """
    counts = [bout_counts(video.labelled, elsewhere, iou) for video in videos for elsewhere in _turned(video)]
    return float(bout_f1(np.sum([np.zeros(3), *counts], axis=0)))


def _turned(video: ScoredVideo) -> Iterator[Mask]:
    seen = video.labelled[video.scored]
    if not len(seen):
        return
    places = {shift * len(seen) // (SHIFTS + 1) for shift in range(1, SHIFTS + 1)} - {0}  # of few frames there are fewer other times
    for place in sorted(places):
        turned = np.zeros_like(video.labelled)
        turned[video.scored] = np.roll(seen, place)
        yield turned
