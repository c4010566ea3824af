"""One network per behaviour."""

from collections.abc import Callable

import torch
from torch import nn


class SideBySide(nn.Module):
    """Networks of one output each that share nothing but their input.

    ``x: (B, T, D) float32, mask: (B, T) bool -> (B, T, C) logits``.

    Parameters
    ----------
    build
        Makes one network with one output.
    outputs
        How many there are.
    """

    def __init__(self, build: Callable[[], nn.Module], outputs: int) -> None:
        super().__init__()
        self.networks = nn.ModuleList(build() for _ in range(outputs))

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return torch.cat([network(x, mask) for network in self.networks], dim=-1)
