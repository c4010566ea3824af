"""The settings of `decide` in params.yaml."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from ethocache.common.errors import did_you_mean
from ethocache.common.params import Section

FALLBACK = 0.5  # the threshold where nothing could be chosen
Each = float | dict[str, float]


class DecideParams(Section):
    """How probabilities become tags; what is not fixed here is chosen on animals that are neither learned from nor scored.

    Attributes
    ----------
    threshold
        ``f1``: from which probability on the frames' F1 is best; of exclusive behaviours their mean F1. ``recall``: the highest
        that finds as many frames as `recall` asks for. Or a number, for all behaviours; of exclusive ones .5 takes the likeliest.
    recall
        The fraction of a behaviour's frames to find; one number, or behaviour -> number, where others get the best F1.
    calibration
        ``temperature``: two numbers for each behaviour. ``isotonic``: any rising curve, which needs many animals. ``none``.
    smoothing
        ``auto``: moving average, then gaps and bouts. ``median``: moving median only. ``bouts``: gaps and bouts only.
        ``hmm``: the likeliest course, given how long bouts and pauses last. ``none``.
    box_s
        Seconds that are averaged over around each frame; None: chosen.
    max_gap_s, min_bout_s
        Seconds; shorter gaps are closed, then shorter bouts dropped. One number, or behaviour -> number; what is left out
        is chosen.
    """

    threshold: Literal["f1", "recall"] | float = "f1"
    recall: Each = 0.9
    calibration: Literal["none", "temperature", "isotonic"] = "temperature"
    smoothing: Literal["none", "auto", "median", "bouts", "hmm"] = "auto"
    box_s: float | None = Field(None, ge=0)
    max_gap_s: Each | None = None
    min_bout_s: Each | None = None

    @field_validator("threshold", mode="before")
    @classmethod
    def _rule_or_number(cls, value: Any) -> Any:
        if value in ("f1", "recall") or (_is_number(value) and 0 <= value <= 1):
            return value
        raise ValueError("expected f1, recall or a number from 0 to 1")

    @field_validator("recall", mode="before")
    @classmethod
    def _fractions(cls, value: Any) -> Any:
        if all(_is_number(number) and 0 < number <= 1 for number in _numbers(value)):
            return value
        raise ValueError("expected a number above 0 and up to 1, or 'behaviour: number' lines")

    @field_validator("max_gap_s", "min_bout_s", mode="before")
    @classmethod
    def _seconds(cls, value: Any) -> Any:
        if value is None or all(_is_number(number) and 0 <= number < float("inf") for number in _numbers(value)):
            return value
        raise ValueError("expected seconds, 'behaviour: seconds' lines, or nothing")

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        unused = [name for name in ("box_s", "max_gap_s", "min_bout_s") if getattr(self, name) is not None and not self.uses(name)]
        if unused:
            raise ValueError(f"'{unused[0]}' has no part in 'smoothing: {self.smoothing}'; leave it empty")
        if self.smoothing == "hmm" and self.threshold != "f1":
            raise ValueError("'smoothing: hmm' decides without a threshold; leave 'threshold: f1', or choose another smoothing")
        return self

    def uses(self, setting: str) -> bool:
        """Return whether the smoothing has this length (`box_s`, `max_gap_s` or `min_bout_s`) at all."""
        return self.smoothing in (("auto", "median") if setting == "box_s" else ("auto", "bouts"))

    def wanted(self, setting: str, behaviour: str) -> float | None:
        """Return what a setting (`recall`, `max_gap_s` or `min_bout_s`) says of one behaviour; None: nothing."""
        value = getattr(self, setting)
        return value.get(behaviour) if isinstance(value, dict) else value


def check_decide(params: DecideParams, behaviours: Sequence[str], exclusive: bool) -> list[str]:
    """Return what does not fit the project, one line each: unknown behaviours, and thresholds where none is used."""
    problems = []
    for setting in ("recall", "max_gap_s", "min_bout_s"):
        value = getattr(params, setting)
        for name in value if isinstance(value, dict) else ():
            if name not in behaviours:
                hint = did_you_mean(name, behaviours)
                problems.append(f"decide.{setting}: expected behaviours among {', '.join(behaviours)}, found {name!r}{hint}")
    if exclusive and params.threshold == "recall":
        problems.append(
            "decide.threshold: expected f1 or a number with 'train.task: exclusive', as each behaviour takes frames from the others, "
            "found 'recall'"
        )
    return problems


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(value: Any) -> Iterator[Any]:
    yield from value.values() if isinstance(value, Mapping) else (value,)
