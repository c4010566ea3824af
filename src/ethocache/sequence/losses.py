"""What training minimises; labels of -1 take no part."""

import torch
from torch.nn import functional

_LEAST = 1e-6  # how far off an answer is at least, so that any power of it has a slope
_LARGEST_JUMP = 4.0  # of a log-probability; a real change of behaviour costs no more than this


def overlapping_loss(logits: torch.Tensor, label: torch.Tensor, weights: torch.Tensor, focal: float = 0.0) -> torch.Tensor:
    """Return the summed weighted cross-entropy of behaviours that may overlap.

    Parameters
    ----------
    logits
        (..., B).
    label
        (..., B) 1 yes, 0 no, or between them; -1 takes no part.
    weights
        (B, 2): weight of "no" and of "yes".
    focal
        Each term counts as its answer is off, to this power (Lin et al. 2017, arXiv:1708.02002; between 0 and 1 as in
        Li et al. 2020, arXiv:2006.04388), so that the many easy frames count little; 0 for cross-entropy.
    """
    yes = label.clamp(min=0).to(logits.dtype)
    terms = -weights[:, 1] * yes * functional.logsigmoid(logits) - weights[:, 0] * (1 - yes) * functional.logsigmoid(-logits)
    if focal:
        terms = terms * (yes - logits.sigmoid()).abs().clamp_min(_LEAST) ** focal
    return (terms * (label >= 0)).sum()


def exclusive_loss(logits: torch.Tensor, classes: torch.Tensor, weights: torch.Tensor, focal: float = 0.0) -> torch.Tensor:
    """Return the summed weighted cross-entropy of behaviours of which a frame has at most one.

    Parameters
    ----------
    logits
        (..., C), "none" first.
    classes
        (...) integers: number of the class, -1 takes no part; or (..., C) the share of each class, all -1 where not known.
    weights
        (C,) weight of each class.
    focal
        As in `overlapping_loss`; an answer is off by the probability that is not where it should be.
    """
    if classes.dim() < logits.dim():
        known = classes.unsqueeze(-1) >= 0
        share = (functional.one_hot(classes.clamp(min=0).long(), logits.shape[-1]) * known).to(logits.dtype)
    else:
        share = classes.clamp(min=0)
    terms = -(weights * share * functional.log_softmax(logits, dim=-1)).sum(dim=-1)
    if focal:
        terms = terms * (0.5 * (share - logits.softmax(dim=-1)).abs().sum(dim=-1)).clamp_min(_LEAST) ** focal
    return terms.sum()


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
