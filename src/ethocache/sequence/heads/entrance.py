"""How features enter a temporal network, and what training hides of them."""

from typing import Literal, cast

import torch
from torch import nn

from ethocache.sequence.heads.settings import HeadSettings


class HideFeatures(nn.Module):
    """Dropout of features (B, T, features), in training only.

    Neighbouring frames are nearly equal, so that a feature hidden in single frames is read from the next one; hidden for
    the whole window it cannot be leant on (Tompson et al. 2015, Gal & Ghahramani 2016), which also costs fewer random numbers.

    Parameters
    ----------
    part
        How many of the features to hide on average.
    whole
        ``window``: what is hidden stays so for the window. ``frame``: drawn anew in each frame.
    """

    def __init__(self, part: float, whole: Literal["window", "frame"]) -> None:
        super().__init__()
        self.part, self.whole = part, whole

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or not self.part:
            return x
        return x * nn.functional.dropout(torch.ones_like(x[:, :1] if self.whole == "window" else x), self.part)


class Entrance(nn.Module):
    """Hide some features while training, and project wide inputs once so that the layers behind are cheap.

    Parameters
    ----------
    inputs
        Dimensions of the features.
    project
        Dimensions to project to; 0 leaves the features as they are.
    settings
        Say what is hidden.
    """

    def __init__(self, inputs: int, project: int, settings: HeadSettings) -> None:
        super().__init__()
        self.outputs = project or inputs
        self.hide = HideFeatures(settings.input_dropout, settings.hide)
        self.projection = nn.Linear(inputs, project) if project else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return cast(torch.Tensor, self.projection(self.hide(x)))
