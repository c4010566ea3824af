"""Attention to the frames around."""

from typing import cast

import torch
from torch import nn

from ethocache.sequence.heads.convolution import Convolution
from ethocache.sequence.heads.entrance import Entrance, HideFeatures
from ethocache.sequence.heads.memory import LooksBack
from ethocache.sequence.heads.settings import TransformerSettings


class Transformer(nn.Module):
    """Blocks of a short convolution, attention to the frames within reach, and a small network on each frame.

    ``x: (B, T, D) float32, mask: (B, T) bool -> (B, T, C) logits``. Each part works on its normalised input and is added to
    it (Xiong et al. 2020, arXiv:2002.04745). No frame sees farther than layers x (reach + kernel // 2) to each side.
    """

    def __init__(self, inputs: int, outputs: int, settings: TransformerSettings) -> None:
        super().__init__()
        self.entrance = Entrance(inputs, settings.units, settings)
        self.blocks = nn.ModuleList(_Block(settings) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(settings.units)
        self.read_out = nn.Linear(settings.units, outputs)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        x = self.entrance(x)
        for block in self.blocks:
            x = block(x, mask)
        return cast(torch.Tensor, self.read_out(self.norm(x)))


class _Block(nn.Module):
    """Convolution of each channel (Gulati et al. 2020, arXiv:2005.08100), attention, and a network on each frame."""

    def __init__(self, settings: TransformerSettings) -> None:
        super().__init__()
        units = settings.units
        self.norms = nn.ModuleList(nn.LayerNorm(units) for _ in range(3))
        self.convolution = Convolution(units, units, settings.kernel, 1, settings.causal, groups=units)
        self.mix = nn.Sequential(nn.SiLU(), nn.Linear(units, units))
        self.attention = _Attention(settings)
        self.frame = nn.Sequential(nn.Linear(units, 2 * units), nn.SiLU(), nn.Linear(2 * units, units))
        self.hide = HideFeatures(settings.dropout, settings.hide)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        x = x + self.hide(self.mix(self.convolution(self.norms[0](x), mask)))
        x = x + self.hide(self.attention(self.norms[1](x), mask))
        return x + cast(torch.Tensor, self.hide(self.frame(self.norms[2](x))))


class _Attention(nn.Module, LooksBack):
    """Attention of each frame to those within reach (Beltagy et al. 2020, arXiv:2004.05150).

    What each distance counts is learned (Shaw et al. 2018, arXiv:1803.02155; here a number that is added to the scores).
    Frames are cut into blocks as long as the reach, and each block attends to itself and its neighbours: memory is linear in T.
    From `begin` on, keys and values of the last `reach` frames are kept, and a call costs its frames times those within reach.
    """

    def __init__(self, settings: TransformerSettings) -> None:
        super().__init__()
        self.heads, self.reach, self.ahead = settings.attention_heads, settings.reach, 0 if settings.causal else settings.reach
        self.project = nn.Linear(settings.units, 3 * settings.units)
        self.distance = nn.Parameter(torch.zeros(self.heads, self.reach + self.ahead + 1))
        self.mix = nn.Linear(settings.units, settings.units)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self._carry_on(x) if self.carried else self._within(x, mask)

    def _carry_on(self, x: torch.Tensor) -> torch.Tensor:
        query, new = self.project(x).split([x.shape[-1], 2 * x.shape[-1]], dim=-1)
        known = new if self.past is None else torch.cat([self.past, new], dim=1)
        self.past = known[:, max(0, known.shape[1] - self.reach) :].clone()
        query, key, value = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (query, *known.chunk(2, dim=-1)))
        ages = known.shape[1] - x.shape[1] + torch.arange(x.shape[1], device=x.device)[:, None]
        offset = torch.arange(known.shape[1], device=x.device) - ages
        scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5 + self.distance[:, (offset + self.reach).clamp(0, self.reach)]
        weights = scores.masked_fill((offset < -self.reach) | (offset > 0), float("-inf")).softmax(dim=-1)
        return cast(torch.Tensor, self.mix((weights @ value).transpose(1, 2).flatten(2)))

    def _within(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        frames = x.shape[1]
        block = min(self.reach, frames)
        query, key, value = self._blocks(x, block)
        offset = torch.arange(key.shape[-2], device=x.device) - block - torch.arange(block, device=x.device)[:, None]
        scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5
        scores = scores + self.distance[:, (offset + self.reach).clamp(0, self.reach + self.ahead)]
        weights = scores.masked_fill(~self._seen(offset, mask, block), float("-inf")).softmax(dim=-1)
        return cast(torch.Tensor, self.mix((weights @ value).transpose(2, 3).flatten(3).flatten(1, 2)[:, :frames]))

    def _blocks(self, x: torch.Tensor, block: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return queries (B, blocks, heads, block, units / heads), and keys and values of the blocks with their neighbours."""
        query, key, value = self.project(x).chunk(3, dim=-1)
        query = nn.functional.pad(query, (0, 0, 0, -x.shape[1] % block)).reshape(len(x), -1, block, x.shape[-1])
        around = (query, self._around(key, block), self._around(value, block))
        query, key, value = (part.reshape(*part.shape[:3], self.heads, -1).transpose(2, 3) for part in around)
        return query, key, value

    def _seen(self, offset: torch.Tensor, mask: torch.Tensor, block: int) -> torch.Tensor:
        """Return (B, blocks, 1, block, frames) whether a frame is attended to; padding sees itself, so that no mean is over nothing."""
        real = self._around(mask.unsqueeze(-1), block).transpose(-2, -1)
        return (((offset >= -self.reach) & (offset <= self.ahead) & real) | (offset == 0)).unsqueeze(2)

    def _around(self, x: torch.Tensor, block: int) -> torch.Tensor:
        """Return (B, blocks, frames, channels): each block behind the one before and, unless causal, before the one after."""
        later = block if self.ahead else 0
        padded = nn.functional.pad(x, (0, 0, block, -x.shape[1] % block + later))
        return padded.unfold(1, 2 * block + later, block).transpose(2, 3)
