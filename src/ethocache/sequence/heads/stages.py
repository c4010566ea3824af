"""Heads that answer several times, each answer refining the one before."""

from abc import ABC, abstractmethod

import torch
from torch import nn


class MultiStage(nn.Module, ABC):
    """A head whose last stage gives the answer, and whose every stage is trained.

    ``x: (B, T, D) float32, mask: (B, T) bool -> (B, T, C) logits``.

    Attributes
    ----------
    smoothing
        How much `smoothing_loss` counts in training.
    exclusive
        Whether the C logits are classes of which a frame has one; the network that holds the head sets it.
    """

    smoothing: float = 0.0
    exclusive: bool = False

    @abstractmethod
    def stage_logits(self, x: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """Return the logits (B, T, C) of each stage, the first stage first."""

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.stage_logits(x, mask)[-1]


def stage_logits(head: nn.Module, x: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
    """Return the logits (B, T, C) of each stage of any head; of most there is one."""
    return head.stage_logits(x, mask) if isinstance(head, MultiStage) else [head(x, mask)]


def smoothing_of(head: nn.Module) -> float:
    """Return how much `smoothing_loss` counts in the training of any head; for most it does not."""
    return head.smoothing if isinstance(head, MultiStage) else 0.0
