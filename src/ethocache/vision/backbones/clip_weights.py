"""Give a video network of torchvision its weights, from wherever the recipe says."""

import urllib.error
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models import get_model, get_model_weights

from ethocache.common.errors import InputError
from ethocache.vision.backbones.clip_settings import ClipSettings
from ethocache.vision.backbones.weights import ask_hub, fit_weights, read_weights, reason

_CLASSIFIERS = ("fc", "classifier", "head")  # what a network calls its last part


def load_clip_network(settings: ClipSettings) -> nn.Module:
    """Return the network without its classifier, its weights loaded: clips (B, 3, T, side, side) -> (B, D).

    Raises
    ------
    InputError
        If its weights cannot be had or do not fit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network: nn.Module = get_model(settings.model, weights=None)
    classifier = next(name for name in _CLASSIFIERS if hasattr(network, name))
    setattr(network, classifier, nn.Identity())
    if settings.weights != "random":
        path = settings.weights_file or _download(settings.model)
        weights = _in_our_names(network.state_dict(), read_weights(path), settings)
        fit_weights(network, {name: tensor for name, tensor in weights.items() if not name.startswith(f"{classifier}.")}, settings)
    return network


def _in_our_names(wanted: dict[str, Tensor], found: dict[str, Tensor], settings: ClipSettings) -> dict[str, Tensor]:
    """Return the tensors under torchvision's names where another implementation of the network has others for the same.

    That is so where no name is the same, and in order all are of the same kind (weight, bias, running mean) and shape; what
    comes after them is the classifier. Others normalise colours otherwise, and nothing in the file says how.
    """
    first = list(found.items())[: len(wanted)]
    if wanted.keys() & found.keys() or [*map(_kind, wanted.items())] != [*map(_kind, first)]:
        return found
    if settings.mean is None or settings.std is None:
        raise InputError(
            f"{settings.weights_file}: these are weights of {settings.model} as another program names them, so it may have normalised "
            "colours otherwise: say how by 'mean' and 'std' of this backbone in params.yaml, often [0.5, 0.5, 0.5] both (-1 to 1)"
        )
    return {name: tensor for name, (_, tensor) in zip(wanted, first, strict=True)}


def _kind(item: tuple[str, Tensor]) -> tuple[str, tuple[int, ...]]:
    return item[0].rpartition(".")[2], tuple(item[1].shape)


def _download(model: str) -> Path:
    """Return torchvision's file of weights, downloaded where torch keeps such files unless it is there already."""
    url: str = get_model_weights(model).DEFAULT.url
    name = url.rpartition("/")[2]
    path = Path(str(torch.hub.get_dir())) / "checkpoints" / name
    if path.is_file():
        return path
    digest = name.removesuffix(".pth").rpartition("-")[2]
    try:
        ask_hub(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(path), digest, progress=False)
    except (urllib.error.URLError, TimeoutError) as error:
        raise InputError(
            f"the weights of {model} cannot be downloaded: the hub is unreachable, is there no internet? ({reason(error)}). Get "
            f"{url} on another computer, and name the file: 'weights: <path>/{name}' of this backbone in params.yaml"
        ) from error
    except RuntimeError as error:  # of another digest
        raise InputError(f"the weights of {model} were damaged on their way here ({reason(error)}): run again") from error
    return path
