"""Dilated convolutions over time."""

from typing import cast

import torch
from torch import nn

from ethocache.sequence.heads.convolution import Convolution
from ethocache.sequence.heads.entrance import Entrance, HideFeatures
from ethocache.sequence.heads.settings import TcnSettings


class Tcn(nn.Module):
    """Residual blocks of dilated convolutions (Bai, Kolter & Koltun 2018, arXiv:1803.01271).

    ``x: (B, T, D) float32, mask: (B, T) bool -> (B, T, C) logits``; what stands beyond a window counts as zero, and so does padding.
    """

    def __init__(self, inputs: int, outputs: int, settings: TcnSettings) -> None:
        super().__init__()
        self.entrance = Entrance(inputs, settings.project, settings)
        dilations = [2**level for _ in range(settings.stacks) for level in range(settings.levels)]
        widths = [self.entrance.outputs, *([settings.channels] * len(dilations))]
        self.blocks = nn.ModuleList(_Block(width, dilation, settings) for width, dilation in zip(widths, dilations, strict=False))
        self.read_out = nn.Linear(settings.channels, outputs)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        x = self.entrance(x)
        for block in self.blocks:
            x = block(x, mask)
        return cast(torch.Tensor, self.read_out(x))


class _Block(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, inputs: int, dilation: int, settings: TcnSettings) -> None:
        super().__init__()
        channels = settings.channels
        self.first = _Step(inputs, dilation, settings)
        self.second = _Step(channels, dilation, settings)
        self.around = nn.Linear(inputs, channels) if inputs != channels else nn.Identity()

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.around(x) + self.second(self.first(x, mask), mask))


class _Step(nn.Module):
    """Dilated convolution, norm, ReLU, dropout; input and output (B, T, channels)."""

    def __init__(self, inputs: int, dilation: int, settings: TcnSettings) -> None:
        super().__init__()
        self.convolution = Convolution(inputs, settings.channels, settings.kernel, dilation, settings.causal)
        self.norm = _norm(settings)
        self.hide = HideFeatures(settings.dropout, settings.hide)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return cast(torch.Tensor, self.hide(torch.relu(self.norm(self.convolution(x, mask), mask))))


class _LayerNorm(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return cast(torch.Tensor, self.norm(x))


class _BatchNorm(nn.Module):
    """Batch norm whose mean and variance are those of the real frames."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return cast(torch.Tensor, self.norm(x.transpose(1, 2))).transpose(1, 2)
        if int(mask.sum()) < 2:  # one frame has no variance
            return x
        out = torch.zeros_like(x)
        out[mask] = self.norm(x[mask])
        return out


class _NoNorm(nn.Module):
    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return x


def _norm(settings: TcnSettings) -> nn.Module:
    if settings.norm == "batch":
        return _BatchNorm(settings.channels)
    return _LayerNorm(settings.channels) if settings.norm == "layer" else _NoNorm()
