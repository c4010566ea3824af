"""Changes of a clip's pictures that leave its label true: the same for all frames, so that movement stays movement."""

from dataclasses import dataclass
from math import ceil, cos, radians, sin

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ethocache.endtoend.finetuning.settings import FinetuneParams

_REACH = 3.0  # standard deviations to which a blur reaches


@dataclass(frozen=True)
class Change:
    """What is done to every frame of a clip.

    Attributes
    ----------
    mirrored
        Left and right are exchanged.
    turn_deg
        By how much it is turned; what comes in from outside mirrors the picture's edge.
    brighter
        Times its brightness.
    blur_px
        Standard deviation of its blur.
    """

    mirrored: bool = False
    turn_deg: float = 0.0
    brighter: float = 1.0
    blur_px: float = 0.0

    def of(self, pictures: Tensor) -> Tensor:
        """Return the pictures (N, 3, H, W) of 0 to 255, changed; float32, or as they came where nothing is to be done."""
        if self == AS_IT_IS:
            return pictures
        changed = pictures.float()
        if self.mirrored:
            changed = changed.flip(-1)
        if self.turn_deg:
            changed = _turned(changed, radians(self.turn_deg))
        if self.blur_px:
            changed = _blurred(changed, self.blur_px)
        return (changed * self.brighter).clamp(0, 255)


AS_IT_IS = Change()


def draw_change(params: FinetuneParams, rng: np.random.Generator) -> Change:
    """Draw the change of one clip."""
    mirrored = bool(rng.random() < 0.5)
    turn, part, blur = rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(0, 1)
    return Change(params.flip and mirrored, turn * params.rotate_deg, 1 + part * params.brightness, blur * params.blur_px)


def _turned(pictures: Tensor, angle: float) -> Tensor:
    matrix = torch.tensor([[cos(angle), -sin(angle), 0.0], [sin(angle), cos(angle), 0.0]], device=pictures.device)
    grid = functional.affine_grid(matrix.expand(1, 2, 3), [1, *pictures.shape[1:]], align_corners=False)
    flat = pictures.reshape(1, -1, *pictures.shape[2:])  # every frame and colour is turned alike
    return functional.grid_sample(flat, grid, padding_mode="reflection", align_corners=False).reshape(pictures.shape)


def _blurred(pictures: Tensor, deviation: float) -> Tensor:
    reach = max(1, ceil(_REACH * deviation))
    at = torch.arange(-reach, reach + 1, device=pictures.device, dtype=torch.float32)
    weights = torch.exp(-0.5 * (at / deviation) ** 2)
    weights = weights / weights.sum()
    flat = functional.pad(pictures.reshape(-1, 1, *pictures.shape[2:]), (reach,) * 4, mode="replicate")
    across = functional.conv2d(flat, weights.view(1, 1, 1, -1))
    return functional.conv2d(across, weights.view(1, 1, -1, 1)).reshape(pictures.shape)
