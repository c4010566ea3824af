"""The likeliest course of behaviour, given how long bouts and pauses last: a hidden Markov model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict

Floats = npt.NDArray[np.float64]

_LOWEST = 1e-7


@dataclass(frozen=True)
class Chain:
    """Of K states, how often one follows another, and how much of the time each takes.

    Attributes
    ----------
    rate_hz
        (K, K): changes from a state to another per second that it lasts; those from a state to itself are not read.
    prevalence
        (K,): the share of a state, 1 for one that no label shows: its probability is taken as it is.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    rate_hz: tuple[tuple[float, ...], ...]
    prevalence: tuple[float, ...]

    @property
    def states(self) -> int:
        """K."""
        count = len(self.prevalence)
        if [len(row) for row in self.rate_hz] != [count] * count or min(map(min, self.rate_hz)) < 0 or min(self.prevalence) <= 0:
            raise ValueError(
                f"Expected as many rates from 0 to and from each state as shares above 0, got {self.rate_hz} and {self.prevalence}"
            )
        return count

    def decode(self, probability: Floats, step_s: float) -> npt.NDArray[np.intp]:
        """Return the likeliest states (T,), from probabilities of the states (T, K) at frames `step_s` seconds apart.

        A network's probability divided by the state's share takes the place of the likelihood (Bourlard and Morgan 1994).
        """
        share = np.array(self.prevalence)
        evidence = np.log(np.maximum(probability, _LOWEST)) - np.log(share)
        return viterbi(evidence, np.log(self._steps(step_s)), np.log(share))

    def _steps(self, step_s: float) -> Floats:
        rate = np.array(self.rate_hz)
        np.fill_diagonal(rate, 0.0)
        leaving = rate.sum(axis=1, keepdims=True)
        step = -np.expm1(-leaving * step_s) * rate / np.maximum(leaving, _LOWEST)
        np.fill_diagonal(step, np.exp(-leaving[:, 0] * step_s))
        kept: Floats = np.maximum(step, 1e-300)
        return kept


def viterbi(evidence: Floats, transition: Floats, start: Floats) -> npt.NDArray[np.intp]:
    """Return the states (T,) with the largest sum of evidence (T, K), transitions (K, K) and start (K,), all logarithms."""
    if not len(evidence):
        return np.zeros(0, np.intp)
    into = np.ascontiguousarray(transition.T)  # row: state that is entered
    came_from = np.empty(evidence.shape, np.intp)
    every = np.arange(len(start))
    best = start + evidence[0]
    for t in range(1, len(evidence)):
        paths = into + best
        source = paths.argmax(axis=1)
        came_from[t] = source
        best = paths[every, source] + evidence[t]
    state = int(best.argmax())
    course = [state]
    for sources in came_from[:0:-1].tolist():
        state = sources[state]
        course.append(state)
    return np.array(course[::-1], np.intp)


def fit_chain(states: Sequence[npt.NDArray[np.intp]], time_s: Sequence[npt.NDArray[np.float64]], count: int) -> Chain:
    """Count changes of state in labelled videos, each once more than seen and in one second more.

    Parameters
    ----------
    states
        (T,) of each video: 0 to `count` - 1, or -1 where nobody looked.
    time_s
        (T,) of each video.
    """
    changes, seconds, frames = np.ones((count, count)), np.ones(count), np.zeros(count)
    for state, times in zip(states, time_s, strict=True):
        known = (state[:-1] >= 0) & (state[1:] >= 0)
        before, after = state[:-1][known], state[1:][known]
        np.add.at(changes, (before, after), 1)
        seconds += np.bincount(before, np.diff(times)[known], count)
        frames += np.bincount(state[state >= 0], minlength=count)
    np.fill_diagonal(changes, 0)
    share = np.where(frames > 0, frames / max(frames.sum(), 1), 1.0)
    return Chain(tuple(map(tuple, (changes / seconds[:, None]).tolist())), tuple(share.tolist()))
