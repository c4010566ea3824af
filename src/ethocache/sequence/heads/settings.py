"""The settings of each kind of head; nothing here loads torch."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from ethocache.common.params import Section

if TYPE_CHECKING:
    from torch import nn

CAUSAL_REVISION = 1  # raise it when trained heads that never look ahead would answer otherwise


class HeadSettings(Section, ABC):
    """What every head has.

    Attributes
    ----------
    train
        Settings of ``train`` that this head wants otherwise, such as its window.
    decide
        The same of ``decide``, such as its threshold.
    tuned_on
        Animals that these settings were searched on, so that no score of them is honest.
    input_dropout
        Part of the features that training hides at random.
    hide
        What is hidden stays so for the whole ``window``, or is drawn anew in each ``frame``.
    fusion
        Of several cameras: ``middle`` sees the features of all side by side; ``late`` is a head for each camera, and the mean of the
        probabilities of those that show the animal.
    """

    kind: str
    train: dict[str, Any] = Field(default_factory=dict)
    decide: dict[str, Any] = Field(default_factory=dict)
    tuned_on: tuple[str, ...] = ()
    input_dropout: float = Field(0.3, ge=0, lt=1)
    hide: Literal["window", "frame"] = "window"
    fusion: Literal["middle", "late"] = "middle"

    @model_serializer(mode="wrap")
    def _without_default_fusion(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what decides nothing: the recipes of networks stay what they were before there was a choice."""
        values: dict[str, Any] = handler(self)
        return {name: value for name, value in values.items() if (name, value) != ("fusion", "middle")}

    @property
    def is_causal(self) -> bool:
        """Whether no answer depends on later frames; such a head goes through a video without windows, and tags a stream.

        Its layers that look back must be `LooksBack`.
        """
        return False

    @abstractmethod
    def build(self, inputs: int, outputs: int) -> "nn.Module":
        """Return the untrained network: ``forward(x (B, T, inputs), mask (B, T)) -> logits (B, T, outputs)``.

        `mask` is True on real frames; padding stands behind them and does not change their answer.
        """


class LinearSettings(HeadSettings):
    """Each frame by itself: logistic regression."""

    kind: Literal["linear"]

    @property
    def is_causal(self) -> bool:
        return True

    def build(self, inputs: int, outputs: int) -> "nn.Module":
        from ethocache.sequence.heads.linear import Linear

        return Linear(inputs, outputs, self)


class MlpSettings(HeadSettings):
    """Each frame by itself, with a small network instead of one weight for each feature.

    Attributes
    ----------
    layers, units
        How many hidden layers, and how many units each has.
    dropout
        Part of each layer's output that training hides.
    """

    kind: Literal["mlp"]
    layers: int = Field(2, ge=1)
    units: int = Field(128, ge=1)
    dropout: float = Field(0.3, ge=0, lt=1)

    @property
    def is_causal(self) -> bool:
        return True

    def build(self, inputs: int, outputs: int) -> "nn.Module":
        from ethocache.sequence.heads.mlp import Mlp

        return Mlp(inputs, outputs, self)


class RecurrentSettings(HeadSettings):
    """A recurrent network, whatever its cells.

    Attributes
    ----------
    layers, units
        How many layers, and how many units each has in one direction.
    halve_units
        Each layer has half the units of the one before.
    bidirectional
        Also read the window backwards; ``false`` never looks ahead.
    dropout
        Part of each layer's output that training hides.
    project
        Learned linear projection of wide inputs to so many first; 0 for none.
    """

    layers: int = Field(2, ge=1)
    units: int = Field(64, ge=1)
    halve_units: bool = False
    bidirectional: bool = True
    dropout: float = Field(0.3, ge=0, lt=1)
    project: int = Field(64, ge=0)

    @property
    def is_causal(self) -> bool:
        return not self.bidirectional

    def widths(self) -> list[int]:
        """Return the units of each layer."""
        return [max(1, self.units >> layer) if self.halve_units else self.units for layer in range(self.layers)]


class LstmSettings(RecurrentSettings):
    """A recurrent network with long memory (Hochreiter & Schmidhuber 1997)."""

    kind: Literal["lstm"]

    def build(self, inputs: int, outputs: int) -> "nn.Module":
        from torch import nn

        from ethocache.sequence.heads.recurrent import Recurrent

        return Recurrent(inputs, outputs, self, nn.LSTM)


class GruSettings(RecurrentSettings):
    """A recurrent network of gated units, three quarters of the weights of an LSTM (Cho et al. 2014)."""

    kind: Literal["gru"]

    def build(self, inputs: int, outputs: int) -> "nn.Module":
        from torch import nn

        from ethocache.sequence.heads.recurrent import Recurrent

        return Recurrent(inputs, outputs, self, nn.GRU)


class TcnSettings(HeadSettings):
    """Dilated convolutions over time with residual connections (Bai, Kolter & Koltun 2018).

    Attributes
    ----------
    stacks, levels
        Each stack is `levels` blocks of two convolutions, dilated by 1, 2, 4, ... frames.
    channels, kernel
        Width of every convolution, and how many frames it takes in.
    causal
        Never look ahead.
    norm
        After each convolution: ``batch`` (over real frames only), ``layer`` or ``none``.
    dropout
        Part of each convolution's output that training hides.
    project
        Learned linear projection of wide inputs to so many first; 0 for none.
    """

    kind: Literal["tcn"]
    stacks: int = Field(1, ge=1)
    levels: int = Field(6, ge=1, le=16)
    channels: int = Field(64, ge=1)
    kernel: int = Field(3, ge=2)
    causal: bool = False
    norm: Literal["none", "batch", "layer"] = "layer"
    dropout: float = Field(0.3, ge=0, lt=1)
    project: int = Field(64, ge=0)

    @property
    def is_causal(self) -> bool:
        return self.causal

    def build(self, inputs: int, outputs: int) -> "nn.Module":
        from ethocache.sequence.heads.tcn import Tcn

        return Tcn(inputs, outputs, self)


class MsTcnSettings(HeadSettings):
    """Dilated convolutions whose answer further stages refine (Li et al. 2020, MS-TCN++).

    Attributes
    ----------
    stages
        How many stages refine the answer of the one before.
    levels
        Layers of each stage, dilated by 1, 2, 4, ... frames; in the first stage each also by ..., 4, 2, 1.
    channels, kernel
        Width of every convolution, and how many frames it takes in.
    causal
        Never look ahead.
    smoothing
        How much training minds jumps of the answer from frame to frame, beside the labels.
    dropout
        Part of each layer's output that training hides.
    """

    kind: Literal["mstcn"]
    stages: int = Field(2, ge=1)
    levels: int = Field(6, ge=1, le=16)
    channels: int = Field(48, ge=1)
    kernel: int = Field(3, ge=2)
    causal: bool = False
    smoothing: float = Field(0.15, ge=0)
    dropout: float = Field(0.3, ge=0, lt=1)

    @property
    def is_causal(self) -> bool:
        return self.causal

    def build(self, inputs: int, outputs: int) -> "nn.Module":
        from ethocache.sequence.heads.mstcn import MsTcn

        return MsTcn(inputs, outputs, self)


class TransformerSettings(HeadSettings):
    """Attention to the frames around (Vaswani et al. 2017), and a short convolution before it (Gulati et al. 2020).

    Attributes
    ----------
    layers, units
        How many blocks, and their width.
    attention_heads
        How many patterns of attention each block has; `units` is a multiple of it.
    reach
        Frames to each side that one block attends to; memory grows with it, and with the window only linearly.
    kernel
        Frames that the convolution of each block takes in.
    causal
        Never look ahead.
    dropout
        Part of the output of each part of a block that training hides.
    """

    kind: Literal["transformer"]
    layers: int = Field(2, ge=1)
    units: int = Field(96, ge=1)
    attention_heads: int = Field(4, ge=1)
    reach: int = Field(64, ge=1)
    kernel: int = Field(7, ge=1)
    causal: bool = False
    dropout: float = Field(0.3, ge=0, lt=1)

    @model_validator(mode="after")
    def _check_width(self) -> Self:
        if self.units % self.attention_heads:
            raise ValueError(f"'units' ({self.units}) must be a multiple of 'attention_heads' ({self.attention_heads})")
        return self

    @property
    def is_causal(self) -> bool:
        return self.causal

    def build(self, inputs: int, outputs: int) -> "nn.Module":
        from ethocache.sequence.heads.transformer import Transformer

        return Transformer(inputs, outputs, self)
