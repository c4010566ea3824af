"""Each frame by itself, through hidden layers."""

from typing import cast

import torch
from torch import nn

from ethocache.sequence.heads.entrance import HideFeatures
from ethocache.sequence.heads.settings import MlpSettings


class Mlp(nn.Module):
    """A small network on every frame.

    ``x: (B, T, D) float32, mask: (B, T) bool -> (B, T, C) logits``; no frame looks at another.
    """

    def __init__(self, inputs: int, outputs: int, settings: MlpSettings) -> None:
        super().__init__()
        self.layers = nn.Sequential(HideFeatures(settings.input_dropout, settings.hide))
        for width in [inputs] + [settings.units] * (settings.layers - 1):
            self.layers.extend([nn.Linear(width, settings.units), nn.LayerNorm(settings.units), nn.ReLU()])
            self.layers.append(HideFeatures(settings.dropout, settings.hide))
        self.read_out = nn.Linear(settings.units, outputs)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return cast(torch.Tensor, self.read_out(self.layers(x)))
