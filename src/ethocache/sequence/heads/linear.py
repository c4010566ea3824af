"""Each frame by itself: what the features know without any time."""

from typing import cast

import torch
from torch import nn

from ethocache.sequence.heads.entrance import HideFeatures
from ethocache.sequence.heads.settings import LinearSettings


class Linear(nn.Module):
    """Logistic regression on every frame.

    ``x: (B, T, D) float32, mask: (B, T) bool -> (B, T, C) logits``; no frame looks at another.
    """

    def __init__(self, inputs: int, outputs: int, settings: LinearSettings) -> None:
        super().__init__()
        self.hide = HideFeatures(settings.input_dropout, settings.hide)
        self.read_out = nn.Linear(inputs, outputs)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return cast(torch.Tensor, self.read_out(self.hide(x)))
