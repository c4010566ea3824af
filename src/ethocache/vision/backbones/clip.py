"""Networks of torchvision that look at a window of frames around each frame.

Their kind began with C3D and I3D, a 3-D convolutional network of two streams [1]_. Those here are factorised ones that do as
well at less cost, R(2+1)D [2]_ and S3D [3]_, and transformers of video such as MViTv2 [4]_.

.. [1] Carreira & Zisserman, Quo vadis, action recognition? A new model and the Kinetics dataset, CVPR 2017.
.. [2] Tran et al., A closer look at spatiotemporal convolutions for action recognition, CVPR 2018 (also r3d_18, mc3_18).
.. [3] Xie et al., Rethinking spatiotemporal feature learning, ECCV 2018.
.. [4] Li et al., MViTv2: improved multiscale vision transformers for classification and detection, CVPR 2022.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torchvision.models import get_model_weights

from ethocache.vision.backbones.clip_settings import ClipSettings
from ethocache.vision.backbones.clip_weights import load_clip_network
from ethocache.vision.backbones.engines import Frozen, engines_of, make_engine
from ethocache.vision.backbones.folding import fold_batch_norm
from ethocache.vision.backbones.image import resized
from ethocache.vision.backbones.pooling import count_dimensions
from ethocache.vision.backbones.running import Run
from ethocache.vision.backbones.settings import View
from ethocache.vision.backbones.weights import sha256_of_tensors


class ClipEmbedder:
    """A frozen video network: frames (before + B + after, H, W, 3) uint8 RGB -> (B, D) float32.

    The whole crop is resized to the model's input and normalised as torchvision's transforms of its weights say. Each frame is
    prepared once, whatever the number of windows that hold it. As many windows go through the network at once as hold B frames.

    Raises
    ------
    InputError
        If the weights cannot be had or do not fit, or the network cannot take the window.
    """

    def __init__(self, settings: ClipSettings, run: Run | None = None) -> None:
        network = load_clip_network(settings).eval().requires_grad_(False)
        trained_with: Any = get_model_weights(settings.model).DEFAULT.transforms()
        weights = sha256_of_tensors(network)
        self.context, self._settings = settings.context, settings
        self._input_px = settings.input_px or int(trained_with.crop_size[0])
        self.view = View(self._input_px, "bilinear")
        dimensions = count_dimensions(network, (3, settings.window, self._input_px, self._input_px), settings)
        network = fold_batch_norm(network, self._input_px, settings.window)
        _average_in_float32(network)
        mean, std = settings.mean or trained_with.mean, settings.std or trained_with.std
        self._mean, self._std = (torch.tensor(values).view(1, 3, 1, 1) for values in (mean, std))
        frozen, example = Frozen(network), torch.zeros(1, 3, settings.window, self._input_px, self._input_px)
        self.description: dict[str, Any] = {
            "weights_sha256": weights,
            "input_px": self._input_px,
            "mean": list(mean),
            "std": list(std),
            "interpolation": self.view.interpolation,
            "dimensions": dimensions,
            "context": self.context.as_json() | {"between": "linear"},
        }
        if run is None:
            self.description["engines"] = engines_of(frozen, example)
        run = run or Run()
        self.engine = make_engine(frozen, example, run)
        self.at_once, self.device = self.engine.at_once, run.device

    @torch.inference_mode()
    def __call__(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the embeddings (B, D) of the frames that are no context."""
        count = len(frames) - self.context.before - self.context.after
        centres = self.context.before + torch.arange(0, count + self.context.stride - 1, self.context.stride)
        together = max(1, count // self._settings.window)
        pixels = self.preprocess(frames)
        answers = torch.cat([self.engine(self._windows(pixels, some)) for some in torch.split(centres, together)])
        answer: npt.NDArray[np.float32] = between(answers, count, self.context.stride).numpy()
        return answer

    def preprocess(self, frames: npt.NDArray[np.uint8]) -> Tensor:
        """Return what the network sees of each frame: (frames, 3, input_px, input_px)."""
        pixels = resized(frames, self._input_px, self.view.interpolation).float()
        return (pixels / 255 - self._mean) / self._std

    def _windows(self, pixels: Tensor, centres: Tensor) -> Tensor:
        """Return the windows around frames: (centres, 3, window, input_px, input_px)."""
        window, step = self._settings.window, self._settings.step
        offsets = step * (torch.arange(window) - (window - 1) // 2)
        return pixels[centres[:, None] + offsets].transpose(1, 2)


def between(answers: Tensor, count: int, stride: int) -> Tensor:
    """Return (count, D): the answers at frames 0, stride, 2 stride, ..., and on the line between two for the frames between."""
    if stride == 1:
        return answers
    places = torch.arange(count, device=answers.device)
    share = (places % stride / stride)[:, None]
    following = (places // stride + 1).clamp(max=len(answers) - 1)
    return torch.lerp(answers[places // stride], answers[following], share)


def _average_in_float32(network: nn.Module) -> None:
    """Let averages over space and time take and give float32: bfloat16 has none on processors."""
    for name, module in network.named_children():
        if isinstance(module, nn.AvgPool3d):
            setattr(network, name, _InFloat32(module))


class _InFloat32(nn.Module):
    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.module(x.float())
        return answer
