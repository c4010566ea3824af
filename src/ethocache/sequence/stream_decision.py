"""From probabilities to tags while frames come in: the same numbers as of the whole video, as late as smoothing and rules look ahead."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.predictions import tags_of
from ethocache.sequence.calibration import with_none
from ethocache.sequence.decision import Decision
from ethocache.sequence.smoothing import Filter, bout_rules, half_box

Probabilities = npt.NDArray[np.float32]
Tags = npt.NDArray[np.int8]
Times = npt.NDArray[np.float64]
_SPARE = 2  # frames: how long the outermost frames of a piece last is only guessed


class DecisionStream:
    """A `Decision` for frames that come in one by one or several at once.

    Calibration and thresholds need no other frame. A box needs half of itself behind each frame; a gap is known to be short, and a
    bout to be long, once that time has gone by. So each frame waits for `delay_s`, and then has the probability and tags that
    `Decision.apply` gives it for the whole video, to the last bit where frames are evenly spaced.

    Parameters
    ----------
    step_s
        Seconds from frame to frame.

    Raises
    ------
    InputError
        If the decision looks at the whole video.
    """

    def __init__(self, decision: Decision, step_s: float) -> None:
        if any(chain is not None for chain in decision.chains):
            raise InputError(
                "this model decides by 'smoothing: hmm', which looks at the whole video and cannot tag a stream: "
                "train it with another decide.smoothing"
            )
        self._decision, self._step_s = decision, step_s
        self._smoothed = _SmoothStream(decision, step_s)
        self._rules = _RuleStream(decision, step_s)
        self._waiting = _empty(len(decision.behaviours))
        self._times: Times = np.zeros(0)

    @property
    def delay_frames(self) -> int:
        """How many frames later a frame's tags are known."""
        return self._smoothed.delay_frames + self._rules.delay_frames

    def push(self, probability: Probabilities, time_s: Times) -> tuple[Probabilities, Tags]:
        """Take the next n frames, (n, B) as networks gave them and (n,); return what is known now of the m frames that come first.

        Returns
        -------
        tuple
            Calibrated and smoothed probabilities (m, B) float32 and tags (m, B) int8.
        """
        calibration, exclusive = self._decision.calibration, self._decision.exclusive
        self._times = np.append(self._times, time_s)
        calibrated = calibration.apply(probability, exclusive) if calibration and len(probability) else probability
        return self._decided(self._smoothed.push(np.asarray(calibrated, np.float32)), last=False)

    def finish(self) -> tuple[Probabilities, Tags]:
        """Return the same of the frames that are still waiting: no other will come."""
        return self._decided(self._smoothed.finish(), last=True)

    def _decided(self, smoothed: Probabilities, last: bool) -> tuple[Probabilities, Tags]:
        times, self._times = self._times[: len(smoothed)], self._times[len(smoothed) :]
        tags = self._rules.push(tags_of(smoothed, self._decision.threshold, self._decision.exclusive), times, last)
        self._waiting = np.concatenate([self._waiting, smoothed])
        known, self._waiting = self._waiting[: len(tags)], self._waiting[len(tags) :]
        return known, tags


class _SmoothStream:
    """`smooth_each` for frames that come in; each waits for half of the longest box."""

    def __init__(self, decision: Decision, step_s: float) -> None:
        self._with_none = decision.exclusive and decision.filter == "median" and any(decision.box_s)
        boxes = (decision.box_s[0], *decision.box_s) if self._with_none else decision.box_s
        self._columns = _BoxStream([half_box(seconds, step_s) for seconds in boxes], decision.filter)
        self.delay_frames = self._columns.delay_frames

    def push(self, probability: Probabilities) -> Probabilities:
        columns = np.asarray(with_none(probability), np.float32) if self._with_none else probability
        return self._as_shares(self._columns.push(columns))

    def finish(self) -> Probabilities:
        return self._as_shares(self._columns.finish())

    def _as_shares(self, columns: Probabilities) -> Probabilities:
        if not self._with_none:
            return columns
        return np.asarray(columns[:, 1:] / np.maximum(columns.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny), np.float32)


class _BoxStream:
    """Moving means or medians of columns, each over its own number of frames to either side.

    Means are differences of a running sum from the first frame on, as they are of a whole video: the same bits.
    """

    def __init__(self, half: Sequence[int], kind: Filter) -> None:
        self._half, self._kind = half, kind
        self.delay_frames = max(half, default=0)
        self._values = _empty(len(half))  # frames [start, start + n)
        self._totals = np.zeros((1, len(half)))  # the sum before each of them, and behind the last
        self._start = self._next = 0

    def push(self, values: Probabilities) -> Probabilities:
        self._values = np.concatenate([self._values, values])
        self._totals = np.concatenate([self._totals[:-1], np.cumsum(np.concatenate([self._totals[-1:], values], dtype=np.float64), axis=0)])
        return self._known(self._start + len(self._values) - self.delay_frames)

    def finish(self) -> Probabilities:
        return self._known(self._start + len(self._values))

    def _known(self, stop: int) -> Probabilities:
        frames = np.arange(self._next, max(self._next, stop))
        columns = [self._column(number, frames, half) for number, half in enumerate(self._half)]
        self._next += len(frames)
        drop = max(0, self._next - self.delay_frames - self._start)
        self._values, self._totals, self._start = self._values[drop:], self._totals[drop:], self._start + drop
        return np.stack(columns, axis=1) if columns else _empty(0)

    def _column(self, number: int, frames: npt.NDArray[np.int64], half: int) -> Probabilities:
        values, end = self._values[:, number], self._start + len(self._values)
        first, behind = np.maximum(frames - half, 0) - self._start, np.minimum(frames + half + 1, end) - self._start
        if not half:
            return values[frames - self._start]
        if self._kind == "median":
            return np.array([np.median(values[a:b]) for a, b in zip(first.tolist(), behind.tolist(), strict=True)], np.float32)
        total = self._totals[:, number]
        return np.asarray(np.clip((total[behind] - total[first]) / (behind - first), 0.0, 1.0), np.float32)


class _RuleStream:
    """`bout_rules` for frames that come in: what they say of a frame follows from the seconds around it.

    A gap's closing depends on less than `max_gap_s` around it and, of exclusive behaviours, on those of the others within; a bout's
    dropping on `min_bout_s`; exclusive gaps are closed once more. What is farther away makes no difference.
    """

    def __init__(self, decision: Decision, step_s: float) -> None:
        self._decision = decision
        gaps, bouts = decision.max_gap_s, decision.min_bout_s
        far = 2 * sum(gaps) + max(bouts, default=0.0) if decision.exclusive else max(map(sum, zip(gaps, bouts, strict=True)), default=0.0)
        self.delay_frames = int(np.ceil(far / step_s)) + _SPARE if far else 0
        self._reach_s = self.delay_frames * step_s - step_s / 2
        self._tags, self._times, self._done = np.zeros((0, len(gaps)), np.int8), np.zeros(0), 0  # of those held, how many are told

    def push(self, tags: Tags, times: Times, last: bool) -> Tags:
        if not self.delay_frames:
            return tags
        self._tags, self._times = np.concatenate([self._tags, tags]), np.append(self._times, times)
        if not len(self._times):
            return self._tags
        stop = len(self._times) if last else int(np.searchsorted(self._times, self._times[-1] - self._reach_s))
        if stop <= self._done:
            return self._tags[:0]
        rules = self._decision
        known = bout_rules(self._tags, self._times, rules.max_gap_s, rules.min_bout_s, rules.exclusive)[self._done : stop]
        drop = int(np.searchsorted(self._times, self._times[stop - 1] - self._reach_s))
        self._tags, self._times, self._done = self._tags[drop:], self._times[drop:], stop - drop
        return known


def _empty(columns: int) -> Probabilities:
    return np.zeros((0, columns), np.float32)
