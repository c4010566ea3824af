"""The settings of networks that look at short pieces of video; importing them loads no network."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from ethocache.common.errors import did_you_mean
from ethocache.vision.backbones.running import Run
from ethocache.vision.backbones.settings import Context, Embedder, NetworkSettings

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class ClipLimits:
    """What a network can take: frames of a window, and the side of its picture in pixels; 0 is no limit."""

    shortest: int = 1
    longest: int = 0
    smallest_px: int = 0
    largest_px: int = 0


CLIP_NETWORKS: dict[str, ClipLimits] = {
    "r3d_18": ClipLimits(),
    "mc3_18": ClipLimits(),
    "r2plus1d_18": ClipLimits(),
    "s3d": ClipLimits(shortest=14, smallest_px=193),  # its last average is over 2 x 7 x 7 places, at an 8th of the time, a 32nd of the side
    "mvit_v2_s": ClipLimits(16, 16, 224, 224),  # its positions are learned for this size
    "swin3d_t": ClipLimits(),
}
"""torchvision's name of a network -> what it can take."""


_LONGEST_SPAN = 1024  # frames: all of them are in memory with every batch


class ClipSettings(NetworkSettings):
    """A network of torchvision that looks at a window of frames around each frame.

    Attributes
    ----------
    model
        One of `CLIP_NETWORKS`.
    weights
        ``hub`` (torchvision's, trained on Kinetics-400), ``random``, or a file.
    window
        Frames that it sees at once. They lie around the frame that is embedded; of an even number, the odd one comes after it.
    step
        From one frame of a window to the next: 2 takes every second one, so that the window spans twice the time.
    stride
        The network looks at every so many frames, counted from the video's first; those between get what lies between the two
        answers around them (linearly).
    mean, std
        By which red, green and blue (0 to 1) are normalised; None takes those of torchvision's weights.
    """

    library: ClassVar[str] = "torchvision"
    kind: Literal["clip"] = "clip"
    window: int = Field(default=16, ge=1, le=256)
    step: int = Field(default=1, ge=1, le=64)
    stride: int = Field(default=1, ge=1, le=256)
    mean: Colour | None = None
    std: Colour | None = None

    @field_validator("model")
    @classmethod
    def _is_known(cls, model: str) -> str:
        if model not in CLIP_NETWORKS:
            raise ValueError(f"'{model}' is not a clip network{did_you_mean(model, CLIP_NETWORKS)}; known: {', '.join(CLIP_NETWORKS)}")
        return model

    @field_validator("std")
    @classmethod
    def _divides(cls, std: Colour | None) -> Colour | None:
        if std and min(std) <= 0:
            raise ValueError("expected three numbers above 0, by which colours are divided")
        return std

    @model_validator(mode="after")
    def _fits_the_network(self) -> Self:
        limits = CLIP_NETWORKS[self.model]
        _check("window x step", self.window * self.step, 1, _LONGEST_SPAN, "a window may span %s frames")
        _check("window", self.window, limits.shortest, limits.longest, f"{self.model} takes %s frames")
        if self.input_px is not None:
            _check("input_px", self.input_px, limits.smallest_px, limits.largest_px, f"{self.model} takes pictures of %s px")
        return self

    @property
    def context(self) -> Context:
        """The frames around a batch: half a window on both sides, and up to the next frame that the network looks at."""
        before, after = (self.window - 1) // 2 * self.step, self.window // 2 * self.step
        return Context(before, after + self.stride - 1, self.stride)

    def build(self, run: Run | None = None) -> Embedder:
        """Load the network with its weights.

        Raises
        ------
        InputError
            If the weights cannot be had or do not fit, or the network cannot take the window.
        """
        from ethocache.vision.backbones.clip import ClipEmbedder

        return ClipEmbedder(self, run)


def _check(setting: str, found: int, least: int, most: int, what: str) -> None:
    if found < least or (most and found > most):
        limits = f"{least}" if least == most else f"at least {least}" if not most else f"{least} to {most}"
        raise ValueError(f"'{setting}': {what % limits}, found {found}")
