"""Convolution over time in which padding counts as zero."""

import torch
from torch import nn

from ethocache.sequence.heads.memory import LooksBack


class Convolution(nn.Conv1d, LooksBack):
    """Dilated convolution that keeps the number of frames; what stands beyond a window counts as zero, and so does padding.

    ``x: (B, T, inputs) float32, mask: (B, T) bool -> (B, T, outputs)``. From `begin` on, a causal one keeps as many frames as it
    reaches back.

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
        longer = self._behind_the_past(real) if self.carried else nn.functional.pad(real, (self.before, self.after))
        return super().forward(longer).transpose(1, 2)

    def _behind_the_past(self, real: torch.Tensor) -> torch.Tensor:
        """Return (B, inputs, before + T), and keep the last `before` of it."""
        past = real.new_zeros(*real.shape[:2], self.before) if self.past is None else self.past
        longer = torch.cat([past, real], dim=2)
        self.past = longer[:, :, longer.shape[2] - self.before :].clone()
        return longer
