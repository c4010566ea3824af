"""Networks of timm that look at one frame at a time."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from timm.data.config import resolve_model_data_config
from torch import Tensor
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
        network = load_network(settings).eval().requires_grad_(False)
        wanted: dict[str, Any] = resolve_model_data_config(network)  # type: ignore[no-untyped-call]
        weights = sha256_of_tensors(network)
        self._input_px = settings.input_px or int(wanted["input_size"][-1])
        self.view = View(self._input_px, "bilinear" if wanted["interpolation"] == "bilinear" else "bicubic")
        fit_to_input(network, self._input_px, settings)
        dimensions = count_dimensions(pooled(network, settings), (3, self._input_px, self._input_px), settings)
        network = fold_batch_norm(network, self._input_px)
        frozen = Frozen(network, pooled(network, settings), wanted["mean"], wanted["std"])
        example = torch.zeros(1, 3, self._input_px, self._input_px, dtype=torch.uint8)
        self.description: dict[str, Any] = {
            "weights_sha256": weights,
            "input_px": self._input_px,
            "mean": list(wanted["mean"]),
            "std": list(wanted["std"]),
            "interpolation": self.view.interpolation,
            "dimensions": dimensions,
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


def resized(frames: npt.NDArray[np.uint8], size: int, interpolation: str) -> Tensor:
    """Return frames (B, H, W, 3) as (B, 3, size, size), smoothed as they shrink; in bytes, as files keep them."""
    planes = torch.from_numpy(frames).permute(0, 3, 1, 2)
    if planes.shape[-2:] == (size, size):
        return planes
    return functional.interpolate(planes, (size, size), mode=interpolation, antialias=True)
