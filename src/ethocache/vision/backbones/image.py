"""Networks of timm that look at one frame at a time."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from timm.data.config import resolve_model_data_config
from torch import Tensor
from torch.nn import functional

from ethocache.common.errors import InputError
from ethocache.vision.backbones.folding import fold_batch_norm
from ethocache.vision.backbones.pooling import count_dimensions, fit_to_input, pooled
from ethocache.vision.backbones.settings import Context, ImageSettings, Precision
from ethocache.vision.backbones.weights import load_network, sha256_of_tensors

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


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

    def __init__(self, settings: ImageSettings, precision: Precision = "fp32", device: str = "cpu") -> None:
        network = load_network(settings).eval().requires_grad_(False)
        wanted: dict[str, Any] = resolve_model_data_config(network)  # type: ignore[no-untyped-call]
        weights = sha256_of_tensors(network)
        self.device = device
        self._settings = settings
        self._input_px = settings.input_px or int(wanted["input_size"][-1])
        self._interpolation = "bilinear" if wanted["interpolation"] == "bilinear" else "bicubic"
        self._dtype = _DTYPES[precision]
        fit_to_input(network, self._input_px, settings)
        dimensions = count_dimensions(pooled(network, settings), (3, self._input_px, self._input_px), settings)
        network = fold_batch_norm(network, self._input_px)
        self._pool = pooled(network, settings)
        network.to(device, self._dtype).to(memory_format=torch.channels_last)
        self._mean, self._std = (torch.tensor(wanted[name], device=device).view(1, 3, 1, 1) for name in ("mean", "std"))
        self.description: dict[str, Any] = {
            "weights_sha256": weights,
            "input_px": self._input_px,
            "mean": list(wanted["mean"]),
            "std": list(wanted["std"]),
            "interpolation": self._interpolation,
            "dimensions": dimensions,
        }

    @torch.inference_mode()
    def __call__(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the embeddings (B, D) of frames (B, H, W, 3)."""
        try:
            with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
                answer: npt.NDArray[np.float32] = self._pool(self.preprocess(frames)).float().cpu().numpy()
        except torch.OutOfMemoryError as error:
            raise InputError(
                f"{len(frames)} frames at once need more memory than the {self.device} has free: lower extract.batch_size"
            ) from error
        return answer

    def preprocess(self, frames: npt.NDArray[np.uint8]) -> Tensor:
        """Return what the network sees: (B, 3, input_px, input_px)."""
        pixels = torch.from_numpy(frames).to(self.device).permute(0, 3, 1, 2).float()
        size = (self._input_px, self._input_px)
        if pixels.shape[-2:] != size:
            pixels = functional.interpolate(pixels, size, mode=self._interpolation, antialias=True)
        normal = (pixels.clamp(0, 255) / 255 - self._mean) / self._std
        return normal.to(self._dtype, memory_format=torch.channels_last)
