"""The whole network from features to probabilities: a fixed view of them, a head, and what the task makes of its logits."""

import torch
from torch import nn

from ethocache.sequence.heads.settings import HeadSettings
from ethocache.sequence.heads.side_by_side import SideBySide
from ethocache.sequence.heads.stages import MultiStage, stage_logits
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.view import View


class TaggingNetwork(nn.Module):
    """Features as they were kept in, logits out.

    ``x: (B, T, D) float32, mask: (B, T) bool, padding behind -> (B, T, C) logits``, where C is one per behaviour, or for
    exclusive behaviours one for "none" and then one per behaviour. `causal` says whether no frame looks at a later one.
    """

    def __init__(self, dimensions: int, behaviours: int, head: HeadSettings, params: TrainParams) -> None:
        super().__init__()
        self.behaviours, self.exclusive = behaviours, params.task == "exclusive"
        self.causal = head.is_causal
        self.view = View(dimensions, params.components)
        if params.per_behaviour:
            self.head: nn.Module = SideBySide(lambda: head.build(self.view.width, 1), behaviours)
        else:
            self.head = head.build(self.view.width, behaviours + self.exclusive)
        if isinstance(self.head, MultiStage):
            self.head.exclusive = self.exclusive

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.tag(self.view(x), mask)

    def tag(self, seen: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the logits of what `view` made of features, (B, T, view.width)."""
        return self.stages(seen, mask)[-1]

    def stages(self, seen: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """Return the same of each stage of the head; most heads have one, and the last is the answer."""
        return stage_logits(self.head, seen.masked_fill(~mask.unsqueeze(-1), 0.0), mask)

    def probability(self, x: torch.Tensor, mask: torch.Tensor, seen: bool = False) -> torch.Tensor:
        """Return (B, T, behaviours) probabilities of features, or of what `view` made of them already."""
        return probability_of(self.tag(x, mask) if seen else self(x, mask), self.exclusive)


def probability_of(logits: torch.Tensor, exclusive: bool) -> torch.Tensor:
    """Return the probabilities (..., behaviours) of logits; of exclusive behaviours those of "none", the first, are left out."""
    return logits.softmax(dim=-1)[..., 1:] if exclusive else logits.sigmoid()
