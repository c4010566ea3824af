"""What a network of timm says of a picture, as one vector."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ethocache.common.errors import InputError
from ethocache.vision.backbones.settings import NetworkSettings, TimmSettings


@torch.inference_mode()
def count_dimensions(pool: Callable[[Tensor], Tensor], shape: tuple[int, ...], settings: NetworkSettings) -> int:
    """Return how many numbers an input of this shape becomes, by sending a black one through.

    Raises
    ------
    InputError
        If the network cannot take the size that was asked for, or its answer is no vector.
    """
    try:
        answer = tuple(pool(torch.zeros(1, *shape)).shape)
    except (AssertionError, RuntimeError, ValueError) as error:
        if settings.input_px is None:
            raise
        raise _cannot_take(settings, " ".join(str(error).split())) from error
    if len(answer) != 2 or not answer[1]:
        raise InputError(
            f"params.yaml: {settings.model} gives an answer of shape {answer[1:]} for a frame, expected one vector: "
            "choose another model, or 'pooling: avg'"
        )
    return int(answer[1])


def fit_to_input(network: nn.Module, input_px: int, settings: TimmSettings) -> None:
    """Tell the network the size of its input, if the recipe asks for one; raises `InputError` where it cannot take that."""
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


def _cannot_take(settings: NetworkSettings, why: str) -> InputError:
    return InputError(f"params.yaml: {settings.model} cannot take 'input_px: {settings.input_px}' ({why}); correct it or leave it out")


def pooled(network: nn.Module, settings: TimmSettings) -> Callable[[Tensor], Tensor]:
    """Return pictures -> vectors: the network, its answer pooled as the recipe says."""
    if settings.pooling == "default":
        return network
    features: Callable[[Tensor], Tensor] = network.forward_features  # type: ignore[assignment]
    before = int(getattr(network, "num_prefix_tokens", 0))
    if settings.pooling == "avg":
        channels_last = getattr(network, "output_fmt", "NCHW") == "NHWC"
        return lambda pixels: _mean_over_places(features(pixels), before, channels_last, settings)
    if getattr(network, "cls_token", None) is None:
        raise InputError(f"params.yaml: {settings.model} has no class token, so 'pooling: cls' is impossible: use default or avg")
    return lambda pixels: features(pixels)[:, 0]


def _mean_over_places(features: Tensor, before: int, channels_last: bool, settings: TimmSettings) -> Tensor:
    if not isinstance(features, Tensor):
        raise InputError(f"params.yaml: {settings.model} has several maps before its classifier, so only 'pooling: default' is possible")
    if features.ndim == 3:  # (B, tokens, D)
        return features[:, before:].mean(1)
    return features.mean((1, 2) if channels_last else (2, 3))
