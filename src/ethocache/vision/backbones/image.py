"""Networks of timm that look at one frame at a time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from timm.data.config import resolve_model_data_config
from torch import Tensor, nn
from torch.nn import functional

from ethocache.vision.backbones.engines import Frozen, engines_of, make_engine
from ethocache.vision.backbones.folding import fold_batch_norm
from ethocache.vision.backbones.pooling import count_dimensions, fit_to_input, pooled
from ethocache.vision.backbones.running import Run
from ethocache.vision.backbones.settings import Context, ImageSettings, View
from ethocache.vision.backbones.weights import load_network, sha256_of_tensors


class ImageEmbedder:
    """A frozen network behind its own preprocessing: frames (B, H, W, 3) uint8 RGB -> (B, D) float32.

    The whole crop is resized to the model's input (no centre crop: that could cut the animal),
    smoothed as it shrinks, scaled to 0..1 and normalised as the model was trained.

    Raises
    ------
    InputError
        If timm has no such model, it gives no features, or the weights cannot be had or do not fit.
    """

    context = Context()

    def __init__(self, settings: ImageSettings, run: Run | None = None) -> None:
        opened = open_network(settings)
        self.view = opened.view
        self._input_px = int(opened.view.size_px or 0)
        frozen = opened.with_preprocessing(fold_batch_norm(opened.network, self._input_px))
        example = torch.zeros(1, 3, self._input_px, self._input_px, dtype=torch.uint8)
        self.description: dict[str, Any] = {
            "weights_sha256": opened.weights_sha256,
            "input_px": self._input_px,
            "mean": list(opened.mean),
            "std": list(opened.std),
            "interpolation": self.view.interpolation,
            "dimensions": opened.dimensions,
        }
        if run is None:
            self.description["engines"] = engines_of(frozen, example)
        run = run or Run()
        self.engine = make_engine(frozen, example, run)
        self.at_once, self.device = self.engine.at_once, run.device

    @torch.inference_mode()
    def __call__(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the embeddings (B, D) of frames (B, H, W, 3)."""
        answer: npt.NDArray[np.float32] = self.engine(self.preprocess(frames)).numpy()
        return answer

    def preprocess(self, frames: npt.NDArray[np.uint8]) -> Tensor:
        """Return what the network sees before it is normalised: (B, 3, input_px, input_px) uint8."""
        return resized(frames, self._input_px, self.view.interpolation)


@dataclass(frozen=True)
class OpenNetwork:
    """A network of timm with its weights, and what its recipe and timm say of its input.

    Attributes
    ----------
    network
        In evaluation mode; nothing in it learns.
    view
        How it wants to see each frame; the size is always stated.
    mean, std
        By which pictures of 0 to 1 are normalised.
    dimensions
        How many numbers a picture becomes.
    weights_sha256
        Of its tensors.
    """

    settings: ImageSettings
    network: nn.Module
    view: View
    mean: tuple[float, ...]
    std: tuple[float, ...]
    dimensions: int
    weights_sha256: str

    def with_preprocessing(self, network: nn.Module) -> Frozen:
        """Return pictures (N, 3, size, size) of 0 to 255 -> vectors (N, D), through this network or another form of it."""
        return Frozen(network, pooled(network, self.settings), self.mean, self.std)


def open_network(settings: ImageSettings) -> OpenNetwork:
    """Load a network with its weights.

    Raises
    ------
    InputError
        If timm has no such model, it gives no features, or the weights cannot be had or do not fit.
    """
    network = load_network(settings).eval().requires_grad_(False)
    wanted: dict[str, Any] = resolve_model_data_config(network)  # type: ignore[no-untyped-call]
    weights = sha256_of_tensors(network)
    size = settings.input_px or int(wanted["input_size"][-1])
    fit_to_input(network, size, settings)
    dimensions = count_dimensions(pooled(network, settings), (3, size, size), settings)
    view = View(size, "bilinear" if wanted["interpolation"] == "bilinear" else "bicubic")
    return OpenNetwork(settings, network, view, tuple(wanted["mean"]), tuple(wanted["std"]), dimensions, weights)


def resized(frames: npt.NDArray[np.uint8], size: int, interpolation: str) -> Tensor:
    """Return frames (B, H, W, 3) as (B, 3, size, size), smoothed as they shrink; in bytes, as files keep them."""
    planes = torch.from_numpy(frames).permute(0, 3, 1, 2)
    if planes.shape[-2:] == (size, size):
        return planes
    return functional.interpolate(planes, (size, size), mode=interpolation, antialias=True)
