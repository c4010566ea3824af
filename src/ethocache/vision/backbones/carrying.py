"""The weights of a network as they can be carried elsewhere, and under which terms."""

from collections.abc import Mapping
from typing import Any

from safetensors.torch import save

from ethocache.vision.backbones import parse_recipe
from ethocache.vision.backbones.clip_settings import ClipSettings
from ethocache.vision.backbones.settings import PACKAGED, NetworkSettings, TimmSettings
from ethocache.vision.backbones.tuned import metadata_of

_UNKNOWN = "not stated; ask who published them"


def save_weights(settings: Mapping[str, Any]) -> bytes:
    """Return a network's weights as a .safetensors file; a recipe that names it as its weights gives the same network.

    Weights that were tuned go on saying on which animals.

    Raises
    ------
    InputError
        If they cannot be had.
    """
    recipe = parse_recipe(settings)
    if isinstance(recipe, ClipSettings):
        from ethocache.vision.backbones.clip_weights import load_clip_network

        network = load_clip_network(recipe)
    elif isinstance(recipe, TimmSettings):
        from ethocache.vision.backbones.weights import load_network

        network = load_network(recipe)
    else:
        raise TypeError(f"Expected a network with weights, got a recipe of kind '{recipe.kind}'")
    return save({name: tensor.contiguous() for name, tensor in sorted(network.state_dict().items())}, metadata_of(recipe) or None)


def licence_of(settings: Mapping[str, Any]) -> str:
    """Return the licence of a network's weights, as far as their publisher states it where we can see it; no network is loaded."""
    recipe = parse_recipe(settings)
    if not isinstance(recipe, NetworkSettings):
        return "none needed: there are no weights"
    if recipe.weights == "random":
        return "none needed: random numbers"
    if recipe.weights == "package":
        return f"that of the Python package {PACKAGED[recipe.model]}"
    if recipe.weights != "hub" or not isinstance(recipe, TimmSettings):
        return _UNKNOWN
    import timm

    published = timm.get_pretrained_cfg(recipe.model)
    return str(getattr(published, "license", None) or _UNKNOWN)
