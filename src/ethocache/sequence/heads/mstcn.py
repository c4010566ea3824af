"""Dilated convolutions over time, whose answer further stages refine."""

from typing import cast

import torch
from torch import nn

from ethocache.sequence.heads.convolution import Convolution
from ethocache.sequence.heads.entrance import Entrance, HideFeatures
from ethocache.sequence.heads.settings import MsTcnSettings
from ethocache.sequence.heads.stages import MultiStage


class MsTcn(MultiStage):
    """A stage that predicts from the features, and stages that read nothing but the probabilities of the one before.

    ``x: (B, T, D) float32, mask: (B, T) bool -> (B, T, C) logits``. Reading only probabilities, the later stages learn how
    behaviours last and follow each other (Li et al. 2020, arXiv:2006.09220).
    """

    def __init__(self, inputs: int, outputs: int, settings: MsTcnSettings) -> None:
        super().__init__()
        self.smoothing = settings.smoothing
        self.entrance = Entrance(inputs, settings.channels, settings)
        far = [2**level for level in range(settings.levels)]
        self.predict = _Stage([[near, back] for near, back in zip(far, reversed(far), strict=True)], outputs, settings)
        self.enter = nn.ModuleList(nn.Linear(outputs, settings.channels) for _ in range(settings.stages))
        self.refine = nn.ModuleList(_Stage([[dilation] for dilation in far], outputs, settings) for _ in range(settings.stages))

    def stage_logits(self, x: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        logits = [self.predict(self.entrance(x), mask)]
        for enter, refine in zip(self.enter, self.refine, strict=True):
            logits.append(refine(enter(self._probability(logits[-1])), mask))
        return logits

    def _probability(self, logits: torch.Tensor) -> torch.Tensor:
        return logits.softmax(dim=-1) if self.exclusive else logits.sigmoid()


class _Stage(nn.Module):
    """Residual layers, then logits; each layer has one convolution for each of its dilations."""

    def __init__(self, dilations: list[list[int]], outputs: int, settings: MsTcnSettings) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_Layer(each, settings) for each in dilations)
        self.read_out = nn.Linear(settings.channels, outputs)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x, mask)
        return cast(torch.Tensor, self.read_out(x))


class _Layer(nn.Module):
    """What lies near and what lies far, side by side, added to what was there; input and output (B, T, channels)."""

    def __init__(self, dilations: list[int], settings: MsTcnSettings) -> None:
        super().__init__()
        channels = settings.channels
        self.convolutions = nn.ModuleList(
            Convolution(channels, channels, settings.kernel, dilation, settings.causal) for dilation in dilations
        )
        self.mix = nn.Linear(channels * len(dilations), channels)
        self.hide = HideFeatures(settings.dropout, settings.hide)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        seen = torch.cat([convolution(x, mask) for convolution in self.convolutions], dim=-1)
        return x + cast(torch.Tensor, self.hide(self.mix(torch.relu(seen))))
