"""How probabilities become tags: what is chosen for it, and how it is applied."""

import json
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, TypeAdapter, ValidationError

from ethocache.dataset.predictions import tags_of
from ethocache.sequence.calibration import Isotonic, Temperature, with_none
from ethocache.sequence.decision_settings import FALLBACK
from ethocache.sequence.markov import Chain
from ethocache.sequence.smoothing import Filter, bout_rules, frame_step_s, smooth

Probabilities = npt.NDArray[np.float32]
Tags = npt.NDArray[np.int8]
Times = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Decision:
    """Everything between a network's probabilities and the tags, in the order of its application.

    Attributes
    ----------
    behaviours
        The B behaviours, in the order of the probabilities' columns.
    exclusive
        Whether a frame has at most one of them.
    calibration
        What makes the probabilities true; None leaves them.
    filter, box_s
        The mean or median of how many seconds replaces each probability; one length for each behaviour.
    cut
        From which probability on a behaviour is tagged; of exclusive ones that with the largest multiple of its own (see `tags_of`).
    max_gap_s, min_bout_s
        Of each behaviour: shorter gaps are closed, then shorter bouts dropped.
    chains
        Of overlapping behaviours one each, of exclusive ones a single one that begins with "none". They tag instead of the
        threshold; None where there is none.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    behaviours: tuple[str, ...]
    exclusive: bool
    calibration: Temperature | Isotonic | None
    filter: Filter
    box_s: tuple[float, ...]
    cut: tuple[float, ...]
    max_gap_s: tuple[float, ...]
    min_bout_s: tuple[float, ...]
    chains: tuple[Chain | None, ...]

    def __post_init__(self) -> None:
        count, lengths = len(self.behaviours), {len(each) for each in (self.box_s, self.cut, self.max_gap_s, self.min_bout_s)}
        if lengths != {count}:
            raise ValueError(f"Expected {count} values for {count} behaviours, got {sorted(lengths)}")
        if min((*self.box_s, *self.cut, *self.max_gap_s, *self.min_bout_s), default=0.0) < 0:
            raise ValueError("Expected thresholds and seconds of 0 or more, got less")
        if self.exclusive and len(set(self.box_s)) > 1:
            raise ValueError(f"Expected one box for all exclusive behaviours, got {self.box_s}")
        if self.calibration is not None and self.calibration.columns != count + self.exclusive:
            raise ValueError(f"Expected a calibration of {count + self.exclusive} probabilities, got {self.calibration.columns}")
        states = [None if chain is None else chain.states for chain in self.chains]
        if states and (len(states) != (1 if self.exclusive else count) or not {*states} <= {None, 1 + count if self.exclusive else 2}):
            raise ValueError(f"Expected chains that fit {count} behaviours, got states {states}")

    @classmethod
    def plain(cls, behaviours: tuple[str, ...] | list[str], exclusive: bool) -> Self:
        """Return the decision that chooses nothing: a threshold of .5, which of exclusive behaviours tags the likeliest."""
        none = (0.0,) * len(behaviours)
        return cls(tuple(behaviours), exclusive, None, "mean", none, (FALLBACK,) * len(behaviours), none, none, ())

    @property
    def threshold(self) -> Probabilities:
        """(B,) float32, for the probabilities that `apply` returns."""
        return np.array(self.cut, np.float32)

    def apply(self, probability: Probabilities, time_s: Times) -> tuple[Probabilities, Tags]:
        """Return calibrated and smoothed probabilities (T, B), and tags (T, B) int8.

        Parameters
        ----------
        probability
            (T, B) float32, as the network gave them.
        time_s
            (T,) float64.
        """
        if probability.shape != (len(time_s), len(self.behaviours)):
            raise ValueError(f"Expected probabilities of shape {(len(time_s), len(self.behaviours))}, got {probability.shape}")
        calibrated = self.calibration.apply(probability, self.exclusive) if self.calibration else np.asarray(probability, np.float32)
        smoothed = smooth_each(calibrated, time_s, self.box_s, self.filter, self.exclusive)
        return smoothed, self._rules(self._decoded(smoothed, time_s), time_s)

    def _decoded(self, probability: Probabilities, time_s: Times) -> Tags:
        tags = tags_of(probability, self.threshold, self.exclusive)
        step_s = frame_step_s(time_s)
        for b, chain in enumerate(self.chains):
            if chain is None:
                continue
            if self.exclusive:
                states = chain.decode(with_none(probability), step_s)
                return np.asarray(states[:, None] == np.arange(1, 1 + len(self.behaviours)), np.int8)
            tags[:, b] = chain.decode(with_none(probability[:, [b]]), step_s)
        return tags

    def _rules(self, tags: Tags, time_s: Times) -> Tags:
        return bout_rules(tags, time_s, self.max_gap_s, self.min_bout_s, self.exclusive)

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON can hold and give back exactly."""
        values: dict[str, Any] = TypeAdapter(type(self)).dump_python(self, mode="json")
        return values

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """Return what `to_json` made these values of.

        Raises
        ------
        ValueError
            In one line, if anything is missing, unknown or does not fit.
        """
        try:
            return TypeAdapter(cls).validate_json(json.dumps(values))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "decision"
            raise ValueError(f"Expected a decision, got something else at {place}: {first['msg']}") from None


def smooth_each(probability: Probabilities, time_s: Times, box_s: tuple[float, ...], kind: Filter, exclusive: bool) -> Probabilities:
    """Smooth each column (T, B) by its own seconds (B,); medians of exclusive behaviours are made to sum up to 1 again."""
    if not any(box_s):
        return probability
    if exclusive and kind == "median":
        whole = smooth(np.asarray(with_none(probability), np.float32), time_s, box_s[0], kind)
        return np.asarray(whole[:, 1:] / np.maximum(whole.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny), np.float32)
    return np.concatenate([smooth(probability[:, [b]], time_s, seconds, kind) for b, seconds in enumerate(box_s)], axis=1)
