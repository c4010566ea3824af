"""The moments that somebody looks at in the time there is, the most useful first."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from ethocache.scoring.review.moments import Moment

NEAR_S = 10.0
NEARBY = 0.5
"""What a moment is worth beside another of its video and behaviour within `NEAR_S`: what is learned there is half learned already."""
SAME_VIDEO = 0.1
"""The n-th moment of a video is worth one over 1 + so many times n - 1: ten of one animal teach half as much as ten animals."""


@dataclass(frozen=True)
class Queue:
    """What to look at, and what it would likely bring.

    Attributes
    ----------
    moments
        In the order of their use.
    wrong
        Expected wrong frames in them, summed over behaviours.
    wrong_in_all
        The same of everything that the project has labels or tags for.
    watching_s
        What looking takes.
    """

    moments: tuple[Moment, ...]
    wrong: float
    wrong_in_all: float
    watching_s: float

    @property
    def share(self) -> float:
        """The part of all expected wrong frames."""
        return self.wrong / self.wrong_in_all if self.wrong_in_all else 0.0

    @property
    def new(self) -> float:
        """Expected frames in the moments that show the behaviour and that nobody labelled, in a queue for training."""
        return sum(moment.new for moment in self.moments)


def make_queue(moments: Iterable[Moment], budget_s: float, wrong_in_all: float, exclusive: bool = False) -> Queue:
    """Choose moments by expected gain per second of a person's time, until the time is spent.

    What is left of a moment's gain falls with what was chosen beside it and in its video, and never rises; so it is reckoned again
    only when the moment comes first (the lazy greedy choice of Minoux 1978).

    Parameters
    ----------
    moments
        Candidates; those of one video and behaviour do not overlap.
    budget_s
        Seconds that somebody has.
    wrong_in_all
        Expected wrong frames of all videos.
    exclusive
        Whether who looks for one behaviour sees which of all it is; what overlaps is then looked at once.
    """
    chosen = _Chosen(exclusive)
    waiting = [(-moment.gain, place, moment) for place, moment in enumerate(sorted(moments, key=_place)) if moment.gain > 0]
    heapq.heapify(waiting)
    left_s = budget_s
    while waiting:
        promised, place, moment = heapq.heappop(waiting)
        gain = moment.gain * chosen.worth(moment)
        if gain < -promised:
            if gain > 0:
                heapq.heappush(waiting, (-gain, place, moment))
        elif moment.watching_s <= left_s:
            chosen.add(moment)
            left_s -= moment.watching_s
    return Queue(tuple(chosen.moments), sum(moment.wrong for moment in chosen.moments), wrong_in_all, budget_s - left_s)


def _place(moment: Moment) -> tuple[str, int, str]:
    return moment.video, moment.start, moment.behaviour


class _Chosen:
    """What has been chosen so far, by video."""

    def __init__(self, exclusive: bool) -> None:
        self.exclusive = exclusive
        self.moments: list[Moment] = []
        self._of_video: dict[str, list[Moment]] = {}

    def add(self, moment: Moment) -> None:
        self.moments.append(moment)
        self._of_video.setdefault(moment.video, []).append(moment)

    def worth(self, moment: Moment) -> float:
        """Return which part of its gain is left."""
        others = self._of_video.get(moment.video, [])
        if self.exclusive and any(_gap_s(moment, other) < 0 for other in others):
            return 0.0
        near = sum(other.behaviour == moment.behaviour and _gap_s(moment, other) <= NEAR_S for other in others)
        return float(NEARBY**near / (1 + SAME_VIDEO * len(others)))


def _gap_s(one: Moment, other: Moment) -> float:
    """Return the time between two moments; negative if they overlap."""
    return max(one.start_s, other.start_s) - min(one.stop_s, other.stop_s)
