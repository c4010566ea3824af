"""The blocks of a network of timm in the order in which pictures go through them, of which the last ones can learn."""

from collections.abc import Sequence

import timm
import torch
from timm.models import group_parameters
from torch import nn

from ethocache.common.errors import InputError, did_you_mean
from ethocache.vision.backbones.weights import check_name


def unfreeze(network: nn.Module, wanted: int | Sequence[str], model: str) -> list[tuple[str, int]]:
    """Let the weights of some blocks learn, and return them.

    What makes up a block is timm's own grouping of each family; what stands behind the last block, such as a norm or the widening of
    its answer, counts as part of it.

    Parameters
    ----------
    wanted
        How many blocks at the end, or the names of modules such as ``blocks.6`` or ``layer4``.
    model
        What messages call the network.

    Returns
    -------
    list of tuple
        The name of each parameter that learns, and how many blocks lie between it and the network's end.

    Raises
    ------
    InputError
        If there are not so many blocks, none of a name, or timm cannot count those of this family.
    """
    blocks = _blocks(network)
    names = _at_the_end(network, blocks, wanted, model) if isinstance(wanted, int) else _named(network, wanted, model)
    depth = {name: len(blocks) - 1 - number for number, block in enumerate(blocks) for name in block}
    learning = [(name, depth[name]) for name, _ in network.named_parameters() if name in names]
    for name, _ in learning:
        network.get_parameter(name).requires_grad_(True)
    return learning


def check_unfreeze(wanted: int | Sequence[str], model: str) -> None:
    """Raise `InputError` as `unfreeze` would, for a model that is not loaded: without a weight, in no time."""
    check_name(model)
    with torch.device("meta"):
        unfreeze(timm.create_model(model, num_classes=0), wanted, model)


def _blocks(network: nn.Module) -> list[list[str]]:
    try:
        blocks: list[list[str]] = list(group_parameters(network, network.group_matcher(coarse=True)).values())  # type: ignore[operator]
    except (AttributeError, AssertionError):  # how timm says that a family has no such grouping, such as rdnet
        return [[name for name, _ in network.named_parameters()]]
    while len(blocks) > 1 and _is_no_block(network, blocks[-1]):
        blocks[-2:] = [blocks[-2] + blocks[-1]]
    return blocks


def _is_no_block(network: nn.Module, group: Sequence[str]) -> bool:
    """Tell what only follows blocks: families number these, in one of the outer two names, and a norm alone has no matrix."""
    numbered = any(letter.isdigit() for name in group for part in name.split(".")[:2] for letter in part)
    return not numbered or all(network.get_parameter(name).ndim < 2 for name in group)


def _at_the_end(network: nn.Module, blocks: list[list[str]], count: int, model: str) -> set[str]:
    if len(blocks) == 1:
        known = _modules([name for name, _ in network.named_parameters()])
        raise InputError(f"finetune.unfreeze: the blocks of {model} cannot be counted, name those that are to learn, of {', '.join(known)}")
    if count > len(blocks):
        raise InputError(f"finetune.unfreeze: {model} has {len(blocks)} blocks, expected at most so many, found {count}")
    return {name for block in blocks[len(blocks) - count :] for name in block}


def _named(network: nn.Module, wanted: Sequence[str], model: str) -> set[str]:
    parameters = [name for name, _ in network.named_parameters()]
    chosen = {block: {name for name in parameters if f"{name}.".startswith(f"{block}.")} for block in wanted}
    for block, found in chosen.items():
        if not found:
            known = _modules(parameters)
            raise InputError(
                f"finetune.unfreeze: {model} has no block '{block}' with weights{did_you_mean(block, known)}; known: {', '.join(known)}"
            )
    return set().union(*chosen.values())


def _modules(parameters: Sequence[str]) -> list[str]:
    """Return the names of the outer modules, and of the numbered ones in them, such as ``conv_stem`` and ``blocks.0``."""
    parts = [name.split(".") for name in parameters]
    return list(dict.fromkeys(".".join(part[: 2 if len(part) > 2 and part[1].isdigit() else 1]) for part in parts))
