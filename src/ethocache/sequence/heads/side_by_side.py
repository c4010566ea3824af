"""One network per behaviour."""

from collections.abc import Callable

import torch
from torch import nn

from ethocache.sequence.heads.stages import MultiStage, smoothing_of, stage_logits


class SideBySide(MultiStage):
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
        self.smoothing = smoothing_of(self.networks[0])

    def stage_logits(self, x: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        each = [stage_logits(network, x, mask) for network in self.networks]
        return [torch.cat(stage, dim=-1) for stage in zip(*each, strict=True)]
