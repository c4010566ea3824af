"""Movement instead of colour: a stack of optical flow through an image network.

The second stream of the two-stream networks [1]_. A network that was trained on photographs is given flow by changing its first
layer [2]_; of a single flow, its direction and length can as well be taken for the three colours [3]_.

.. [1] Simonyan & Zisserman, Two-stream convolutional networks for action recognition in videos, NeurIPS 2014.
.. [2] Wang et al., Temporal segment networks: towards good practices for deep action recognition, ECCV 2016.
.. [3] Gkioxari & Malik, Finding action tubes, CVPR 2015.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from timm.data.config import resolve_model_data_config
from torch import Tensor, nn
from torch.nn import functional

from ethocache.common.errors import InputError
from ethocache.vision.backbones.engines import Frozen, engines_of, make_engine
from ethocache.vision.backbones.flow_settings import FlowSettings, opencv_version
from ethocache.vision.backbones.folding import fold_batch_norm
from ethocache.vision.backbones.pooling import count_dimensions, fit_to_input, pooled
from ethocache.vision.backbones.running import Run
from ethocache.vision.backbones.settings import View
from ethocache.vision.backbones.weights import load_network, sha256_of_tensors
from ethocache.vision.optical_flow import measure_flow


class FlowEmbedder:
    """A frozen image network that sees flow: frames (before + B + after, H, W, 3) uint8 RGB -> (B, D) float32.

    Flow is measured on the crop as it is, in pixels of the crop per frame, cut at ``clip_px``, resized to the network's input, and
    scaled so that no movement is 0, and full movement is as far from it as white is from grey.

    Raises
    ------
    InputError
        If timm has no such model, it gives no features or looks at no colours, or the weights cannot be had or do not fit.
    """

    view = View()

    def __init__(self, settings: FlowSettings, run: Run | None = None) -> None:
        network = load_network(settings).eval().requires_grad_(False)
        wanted: dict[str, Any] = resolve_model_data_config(network)  # type: ignore[no-untyped-call]
        weights = sha256_of_tensors(network)
        self.context, self._settings = settings.context, settings
        self._input_px = settings.input_px or int(wanted["input_size"][-1])
        self._std = float(sum(wanted["std"])) / 3
        fit_to_input(network, self._input_px, settings)
        dimensions = count_dimensions(pooled(network, settings), (3, self._input_px, self._input_px), settings)
        network = fold_batch_norm(network, self._input_px)
        show_flow(network, self._input_px, settings)
        shape = (channels(settings), self._input_px, self._input_px)
        frozen, example = Frozen(network, pooled(network, settings)), torch.zeros(1, *shape)
        self.description: dict[str, Any] = {
            "weights_sha256": weights,
            "input_px": self._input_px,
            "mean": [0.5] * 3,
            "std": [self._std] * 3,
            "interpolation": "bilinear",
            "dimensions": dimensions,
            "context": self.context.as_json(),
            "flow": {"opencv": opencv_version(), "grey": "bt601"},
        }
        if run is None:
            self.description["engines"] = engines_of(frozen, example)
        run = run or Run()
        self.engine = make_engine(frozen, example, run)
        self.at_once, self.device = self.engine.at_once, run.device

    @torch.inference_mode()
    def __call__(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the embeddings (B, D) of the frames that are no context."""
        answer: npt.NDArray[np.float32] = self.engine(self.preprocess(frames)).numpy()
        return answer

    def preprocess(self, frames: npt.NDArray[np.uint8]) -> Tensor:
        """Return what the network sees of each frame: (B, channels, input_px, input_px), flow by flow."""
        flows = torch.from_numpy(measure_flow(frames, self._settings.method)).permute(0, 3, 1, 2)
        shown = self._shown(flows)
        size = (self._input_px, self._input_px)
        if shown.shape[-2:] != size:
            shown = functional.interpolate(shown, size, mode="bilinear", antialias=True)
        each = range(len(shown) - self._settings.stack + 1)
        return torch.stack([shown[first : first + self._settings.stack].flatten(0, 1) for first in each])

    def _shown(self, flows: Tensor) -> Tensor:
        """Return flows (N, 2, H, W) in pixels as the channels that the network sees, scaled to its input."""
        parts = (flows / self._settings.clip_px).clamp(-1, 1)
        if self._settings.first_layer == "colours":
            length = (flows.norm(dim=1, keepdim=True) / self._settings.clip_px).clamp(max=1)
            parts = torch.cat([parts, length], dim=1)
        scale: float = 2 * self._std
        return parts / scale


def channels(settings: FlowSettings) -> int:
    """Return how many channels the stack of flows has."""
    return settings.stack * (3 if settings.first_layer == "colours" else 2)


def show_flow(network: nn.Module, input_px: int, settings: FlowSettings) -> None:
    """Let a network see a stack of flows instead of red, green and blue: change the convolutions that see the picture.

    The kernels' sum stays what it was, since a frozen network does not learn to expect more. Where each flow is taken for a
    picture of three colours, the stack is seen as their mean; its lengths tell a tremble from a rest. One such flow needs no
    change.

    Raises
    ------
    InputError
        If the network does something else with the colours first.
    """
    if channels(settings) == 3 and settings.first_layer == "colours":
        return
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == 3 and module.groups == 1:
            _widen(module, settings)
    try:
        with torch.inference_mode():
            network(torch.zeros(1, channels(settings), input_px, input_px))
    except RuntimeError as error:
        raise InputError(
            f"params.yaml: {settings.model} does not start with a convolution over colours, so it cannot be shown a stack of flows: "
            "choose another model, or 'stack: 1' and 'first_layer: colours'"
        ) from error


def _widen(convolution: nn.Conv2d, settings: FlowSettings) -> None:
    kernels = convolution.weight
    if settings.first_layer == "average":
        kernels = nn.Parameter(kernels.mean(1, keepdim=True).expand(-1, 2, -1, -1))
    scale = 3 / channels(settings)
    convolution.weight = nn.Parameter((scale * kernels).repeat(1, settings.stack, 1, 1), requires_grad=False)
    convolution.in_channels = channels(settings)
