"""Convolution over time in which padding counts as zero."""

import torch
from torch import nn


class Convolution(nn.Conv1d):
    """Dilated convolution that keeps the number of frames; what stands beyond a window counts as zero, and so does padding.

    ``x: (B, T, inputs) float32, mask: (B, T) bool -> (B, T, outputs)``.

    Parameters
    ----------
    inputs, outputs
        Channels.
    kernel, dilation
        How many frames it takes in, and how far they are from each other.
    causal
        Take in no later frame.
    groups
        Channels are dealt into so many groups that do not see each other.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int, causal: bool, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, dilation=dilation, groups=groups)
        reach = (kernel - 1) * dilation
        self.before = reach if causal else reach // 2
        self.after = reach - self.before

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        real = x.masked_fill(~mask.unsqueeze(-1), 0.0).transpose(1, 2)
        return super().forward(nn.functional.pad(real, (self.before, self.after))).transpose(1, 2)
