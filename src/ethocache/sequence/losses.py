"""What training minimises; labels of -1 take no part."""

import torch
from torch.nn import functional

from ethocache.sequence.targets import NOT_KNOWN


def overlapping_loss(logits: torch.Tensor, label: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return the summed weighted cross-entropy of behaviours that may overlap.

    Parameters
    ----------
    logits
        (..., B).
    label
        (..., B) integers: 1 yes, 0 no, -1 takes no part.
    weights
        (B, 2): weight of "no" and of "yes".
    """
    weight = torch.where(label == 1, weights[:, 1], weights[:, 0]) * (label >= 0)
    return functional.binary_cross_entropy_with_logits(logits, (label == 1).to(logits.dtype), weight=weight, reduction="sum")


def exclusive_loss(logits: torch.Tensor, classes: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return the summed weighted cross-entropy of behaviours of which a frame has at most one.

    Parameters
    ----------
    logits
        (..., C), "none" first.
    classes
        (...) integers: number of the class, -1 takes no part.
    weights
        (C,) weight of each class.
    """
    return functional.cross_entropy(logits.flatten(0, -2), classes.flatten().long(), weights, ignore_index=NOT_KNOWN, reduction="sum")
