"""The whole network from features to probabilities: normalisation, head, and what the task makes of its logits."""

from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ethocache.sequence.heads.settings import HeadSettings
from ethocache.sequence.heads.side_by_side import SideBySide
from ethocache.sequence.heads.stages import MultiStage, stage_logits
from ethocache.sequence.settings import TrainParams

_FAR = 10.0  # standard deviations; beyond what training saw, how far out does not matter


class TaggingNetwork(nn.Module):
    """Features as they were kept in, logits out.

    ``x: (B, T, D) float32, mask: (B, T) bool, padding behind -> (B, T, C) logits``, where C is one per behaviour, or for
    exclusive behaviours one for "none" and then one per behaviour.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, dimensions: int, behaviours: int, head: HeadSettings, params: TrainParams) -> None:
        super().__init__()
        self.exclusive = params.task == "exclusive"
        self.register_buffer("mean", torch.zeros(dimensions))
        self.register_buffer("std", torch.ones(dimensions))
        if params.per_behaviour:
            self.head: nn.Module = SideBySide(lambda: head.build(dimensions, 1), behaviours)
        else:
            self.head = head.build(dimensions, behaviours + self.exclusive)
        if isinstance(self.head, MultiStage):
            self.head.exclusive = self.exclusive

    def normalise_by(self, mean: npt.NDArray[np.float64], std: npt.NDArray[np.float64]) -> None:
        """Set the mean and standard deviation (D,) that features are normalised with."""
        self.mean.copy_(torch.from_numpy(mean.astype(np.float32)))
        self.std.copy_(torch.from_numpy(std.astype(np.float32)))

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.stages(x, mask)[-1]

    def stages(self, x: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """Return the logits (B, T, C) of each stage of the head; most heads have one, and the last is the answer."""
        x = ((x - self.mean) / self.std).clamp(-_FAR, _FAR)
        return stage_logits(self.head, x.masked_fill(~mask.unsqueeze(-1), 0.0), mask)

    def probability(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return (B, T, behaviours) probabilities."""
        logits = self(x, mask)
        return cast(torch.Tensor, logits.softmax(dim=-1)[..., 1:] if self.exclusive else logits.sigmoid())
