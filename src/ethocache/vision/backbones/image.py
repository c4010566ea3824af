"""Networks of timm that look at one frame at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from timm.data.config import resolve_model_data_config
from torch import Tensor, nn
from torch.nn import functional

from ethocache.common.errors import InputError
from ethocache.vision.backbones.folding import fold_batch_norm
from ethocache.vision.backbones.settings import ImageSettings, Precision
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

    def __init__(self, settings: ImageSettings, precision: Precision = "fp32", device: str = "cpu") -> None:
        network = load_network(settings).eval().requires_grad_(False)
        wanted: dict[str, Any] = resolve_model_data_config(network)  # type: ignore[no-untyped-call]
        weights = sha256_of_tensors(network)
        self.device = device
        self._settings = settings
        self._input_px = settings.input_px or int(wanted["input_size"][-1])
        self._interpolation = "bilinear" if wanted["interpolation"] == "bilinear" else "bicubic"
        self._dtype = _DTYPES[precision]
        _fit_to_input(network, self._input_px, settings)
        dimensions = _dimensions(_pooling(network, settings), self._input_px, settings)
        network = fold_batch_norm(network, self._input_px)
        self._pool = _pooling(network, settings)
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


@torch.inference_mode()
def _dimensions(pool: Callable[[Tensor], Tensor], input_px: int, settings: ImageSettings) -> int:
    """Return how many numbers a frame becomes, by sending a black one through."""
    try:
        shape = tuple(pool(torch.zeros(1, 3, input_px, input_px)).shape)
    except (AssertionError, RuntimeError, ValueError) as error:
        if settings.input_px is None:
            raise
        raise _cannot_take(settings, " ".join(str(error).split())) from error
    if len(shape) != 2 or not shape[1]:
        raise InputError(
            f"params.yaml: {settings.model} gives an answer of shape {shape[1:]} for a frame, expected one vector: "
            "choose another model, or 'pooling: avg'"
        )
    return int(shape[1])


def _fit_to_input(network: nn.Module, input_px: int, settings: ImageSettings) -> None:
    if settings.input_px is None:
        return
    patch = getattr(getattr(network, "patch_embed", None), "patch_size", (1, 1))[0]
    if input_px % patch:
        raise _cannot_take(
            settings, f"its patches are {patch} px, so {input_px // patch * patch} or {(input_px // patch + 1) * patch} would do"
        )
    resize: Callable[..., None] | None = getattr(network, "set_input_size", None)
    if resize is None:
        return  # convolutions take any size
    try:
        resize(img_size=(input_px, input_px))
    except (AssertionError, RuntimeError, ValueError) as error:
        raise _cannot_take(settings, " ".join(str(error).split())) from error


def _cannot_take(settings: ImageSettings, why: str) -> InputError:
    return InputError(f"params.yaml: {settings.model} cannot take 'input_px: {settings.input_px}' ({why}); correct it or leave it out")


def _pooling(network: nn.Module, settings: ImageSettings) -> Callable[[Tensor], Tensor]:
    if settings.pooling == "default":
        return network
    features: Callable[[Tensor], Tensor] = network.forward_features  # type: ignore[assignment]
    before = int(getattr(network, "num_prefix_tokens", 0))
    if settings.pooling == "avg":
        channels_last = getattr(network, "output_fmt", "NCHW") == "NHWC"
        return lambda pixels: _mean_over_places(features(pixels), before, channels_last)
    if getattr(network, "cls_token", None) is None:
        raise InputError(f"params.yaml: {settings.model} has no class token, so 'pooling: cls' is impossible: use default or avg")
    return lambda pixels: features(pixels)[:, 0]


def _mean_over_places(features: Tensor, before: int, channels_last: bool) -> Tensor:
    if features.ndim == 3:  # (B, tokens, D)
        return features[:, before:].mean(1)
    return features.mean((1, 2) if channels_last else (2, 3))
