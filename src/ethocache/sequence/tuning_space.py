"""Which settings of a head and of its training are searched, and in which ranges."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from ethocache.sequence.heads.settings import HeadSettings
from ethocache.sequence.settings import TrainParams

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

SpaceName = Literal["own", "thesis"]
SPACE_NAMES: tuple[SpaceName, ...] = get_args(SpaceName)
TRAIN = "train."
_DIGITS = 3

Value = bool | int | float | str


@dataclass(frozen=True)
class Number:
    """A number between two others, both included; whole numbers if both are; `log`: by its order of magnitude."""

    low: float
    high: float
    log: bool = False

    def including(self, value: Value) -> "Number":
        """Return the range, widened where needed to hold a value."""
        number = float(value) if isinstance(self.low, float) else int(value)
        return Number(min(self.low, number), max(self.high, number), self.log and number > 0)

    def distribution(self) -> "BaseDistribution":
        from optuna.distributions import FloatDistribution, IntDistribution

        if isinstance(self.low, int) and isinstance(self.high, int):
            return IntDistribution(self.low, self.high, log=self.log)
        return FloatDistribution(self.low, self.high, log=self.log)


@dataclass(frozen=True)
class Choice:
    """One of a few values."""

    options: tuple[Value, ...]

    def including(self, value: Value) -> "Choice":
        """Return the options with a value among them."""
        return self if value in self.options else Choice((*self.options, value))

    def distribution(self) -> "BaseDistribution":
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self.options)


Range = Number | Choice


@dataclass(frozen=True)
class Space:
    """What a search may change: setting -> its range, and what all its trials set. Those of training are named ``train.window_s``."""

    ranges: Mapping[str, Range]
    fixed: Mapping[str, Value]

    def distributions(self) -> dict[str, "BaseDistribution"]:
        """Return the ranges as Optuna knows them."""
        return {name: span.distribution() for name, span in self.ranges.items()}


_HIDING: dict[str, Range] = {"dropout": Number(0.0, 0.6), "input_dropout": Number(0.0, 0.6)}
_PROJECT: dict[str, Range] = {"project": Choice((0, 32, 64, 128))}
_RECURRENT: dict[str, Range] = {"layers": Number(1, 3), "units": Number(32, 192, log=True), **_PROJECT, **_HIDING}

OWN: dict[str, dict[str, Range]] = {
    "linear": {"input_dropout": Number(0.0, 0.6)},
    "lstm": _RECURRENT,
    "gru": _RECURRENT,
    "tcn": {
        "levels": Number(4, 8),
        "channels": Number(32, 128, log=True),
        "kernel": Choice((3, 5)),
        "norm": Choice(("none", "batch", "layer")),
        **_PROJECT,
        **_HIDING,
    },
    "mlp": {"layers": Number(1, 3), "units": Number(32, 256, log=True), **_HIDING},
    "mstcn": {
        "stages": Number(1, 4),
        "levels": Number(4, 8),
        "channels": Number(24, 96, log=True),
        "smoothing": Number(0.0, 0.5),
        **_HIDING,
    },
    "transformer": {
        "layers": Number(1, 4),
        "units": Choice((48, 96, 144)),
        "reach": Number(16, 128, log=True),
        "kernel": Choice((1, 7, 15)),
        **_HIDING,
    },
}
"""Kind of head -> the ranges of its own settings; of a kind that is not named only the training is searched."""

OWN_TRAIN: dict[str, Range] = {
    "train.learning_rate": Number(3e-4, 1e-2, log=True),
    "train.weight_decay": Number(1e-4, 0.1, log=True),
    "train.window_s": Choice((10.0, 15.0, 20.0, 30.0, 45.0, 60.0)),
    "train.class_weights": Choice(("none", "sqrt", "balanced")),
    "train.batch_size": Number(2, 16, log=True),
}

THESIS: dict[str, Space] = {
    "lstm": Space(
        {"layers": Number(1, 3), "units": Choice((64, 128, 256))},
        {"halve_units": True, "bidirectional": False},
    ),
    "tcn": Space(
        {"stacks": Number(1, 3), "channels": Choice((256, 512, 1024)), "kernel": Choice((3, 5))},
        {"causal": True},
    ),
}
"""The grid of X. de Juan Pulido (2022), whose sequences of 300, 600 and 1650 frames are 30, 60 and 165 s."""

THESIS_TRAIN: dict[str, Range] = {"train.window_s": Choice((30.0, 60.0, 165.0)), "train.batch_size": Choice((8, 16, 32))}


def space_of(name: SpaceName, head: HeadSettings, train: TrainParams) -> Space:
    """Return the space of a kind of head, with the present settings in it.

    Parameters
    ----------
    train
        With what the head wants otherwise in it; options that do not agree with its other settings are left out.
    """
    if name == "thesis":
        thesis = THESIS.get(head.kind, Space({}, {}))
        space = Space({**thesis.ranges, **THESIS_TRAIN}, thesis.fixed)
    else:
        space = Space({**OWN.get(head.kind, {}), **OWN_TRAIN}, {})
    ranges = {setting: span.including(present(setting, head, train)) for setting, span in space.ranges.items()}
    return replace(space, ranges={setting: _possible(setting, span, head, train) for setting, span in ranges.items()})


def _possible(setting: str, span: Range, head: HeadSettings, train: TrainParams) -> Range:
    """Return a range without the options that do not agree with the other settings, such as a window shorter than its overlap."""
    if isinstance(span, Number):
        return span
    return Choice(tuple(sorted(value for value in span.options if _agrees({setting: value}, head, train))))


def _agrees(values: Mapping[str, Value], head: HeadSettings, train: TrainParams) -> bool:
    try:
        applied(values, head, train)
    except ValueError:  # pydantic's
        return False
    return True


def present(setting: str, head: HeadSettings, train: TrainParams) -> Value:
    """Return the value that a setting has now."""
    value: Value = getattr(train, setting.removeprefix(TRAIN)) if setting.startswith(TRAIN) else getattr(head, setting)
    return value


def applied(values: Mapping[str, Value], head: HeadSettings, train: TrainParams) -> tuple[HeadSettings, TrainParams]:
    """Return a head and its training with other values of some settings, checked as those of params.yaml are."""
    of_head = {name: value for name, value in values.items() if not name.startswith(TRAIN)}
    of_train = {name.removeprefix(TRAIN): value for name, value in values.items() if name.startswith(TRAIN)}
    return type(head).model_validate(head.model_dump() | of_head), TrainParams.model_validate(train.model_dump() | of_train)


def rounded(values: Mapping[str, Any]) -> dict[str, Value]:
    """Return values as people write them: numbers of three digits."""
    return {name: float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value for name, value in values.items()}
