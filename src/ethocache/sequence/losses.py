"""What training minimises; labels of -1 take no part."""

import torch
from torch.nn import functional

from ethocache.sequence.targets import NOT_KNOWN

_LARGEST_JUMP = 4.0  # of a log-probability; a real change of behaviour costs no more than this


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


def smoothing_loss(logits: torch.Tensor, mask: torch.Tensor, exclusive: bool) -> torch.Tensor:
    """Return the mean squared jump of the log-probabilities from frame to frame, jumps cut at 4 (Farha & Gall 2019).

    Only the later of two frames is drawn towards the other. Of behaviours that may overlap, "yes" and "no" both count.

    Parameters
    ----------
    logits
        (B, T, C).
    mask
        (B, T), True on real frames; jumps into padding do not count.
    exclusive
        Whether the C classes share one probability.
    """
    log = logits.log_softmax(dim=-1) if exclusive else functional.logsigmoid(torch.cat([logits, -logits], dim=-1))
    jumps = (log[:, 1:] - log[:, :-1].detach()).clamp(-_LARGEST_JUMP, _LARGEST_JUMP).square().mean(dim=-1)
    pairs = mask[:, 1:] & mask[:, :-1]
    return (jumps * pairs).sum() / pairs.sum().clamp(min=1)
