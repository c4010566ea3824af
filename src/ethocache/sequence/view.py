"""What heads see of features: each normalised, and wide ones projected on their principal components."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ethocache.sequence.videos import Features

_FAR = 10.0  # standard deviations; beyond what training saw, how far out does not matter
_SAMPLE = 20_000  # frames that the components are computed from, at most
_BLOCK = 2048  # frames read at once


class View(nn.Module):
    """A fixed view of features, saved with the model: ``x: (..., D) float32 -> (..., width) float32``.

    Parameters
    ----------
    dimensions
        D of the features.
    components
        Features of more dimensions are projected on so many principal components; 0 leaves them as wide as they are.
    """

    mean: torch.Tensor
    std: torch.Tensor
    projection: torch.Tensor

    def __init__(self, dimensions: int, components: int) -> None:
        super().__init__()
        self.projects = 0 < components < dimensions
        self.width = components if self.projects else dimensions
        self.register_buffer("mean", torch.zeros(dimensions))
        self.register_buffer("std", torch.ones(dimensions))
        if self.projects:
            self.register_buffer("projection", torch.eye(dimensions, components))

    def normalise_by(self, mean: npt.NDArray[np.float64], std: npt.NDArray[np.float64]) -> None:
        """Set the mean and standard deviation (D,) that features are normalised with."""
        self.mean.copy_(torch.from_numpy(mean.astype(np.float32)))
        self.std.copy_(torch.from_numpy(std.astype(np.float32)))

    def learn_components(self, videos: Sequence[Features]) -> None:
        """Set the projection to the principal components of the normalised features of these videos' valid frames.

        All components are divided by one number, so that their mean variance is 1 as that of narrow features is. They are
        not whitened: that would raise the last ones, mostly noise, to the size of the first.
        """
        dimensions = len(self.mean)
        products, rows = torch.zeros(dimensions, dimensions, dtype=torch.float64), 0
        for block in _sample(videos):
            x = self._normalised(torch.from_numpy(block))
            products += (x.T @ x).double()
            rows += len(x)
        variances, axes = torch.linalg.eigh(products / rows)
        variances, axes = variances[-self.width :].flip(0), axes[:, -self.width :].flip(1)
        largest = axes.gather(0, axes.abs().argmax(dim=0, keepdim=True))
        scale = variances.clamp_min(0.0).mean().sqrt().clamp_min(1e-3)
        self.projection.copy_(axes * largest.sign() / scale)  # an axis has no sign of its own

    @torch.no_grad()
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self._normalised(x)
        if not self.projects:
            return x
        # exact sums, rounded: the same however many frames are projected at once, and as it is kept in memory
        exact = torch.float32 if x.device.type == "mps" else torch.float64
        return (x.to(exact) @ self.projection.to(exact)).half().float()

    def _normalised(self, x: torch.Tensor) -> torch.Tensor:
        return ((x - self.mean) / self.std).clamp(-_FAR, _FAR)


class Seen:
    """The features of one video as a head sees them; itself `Features`."""

    def __init__(self, source: Features, view: View) -> None:
        self._source, self._view = source, view
        self.frames, self.dimensions, self.time_s, self.valid = source.frames, view.width, source.time_s, source.valid

    def rows(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Return frames [start, stop) as (n, width) float32."""
        return np.asarray(self._view(torch.from_numpy(self._source.rows(start, stop))).numpy(), np.float32)


def _sample(videos: Sequence[Features]) -> Iterator[npt.NDArray[np.float32]]:
    """Read evenly spaced valid frames of all videos together, block after block."""
    apart = -(-sum(int(video.valid.sum()) for video in videos) // _SAMPLE)
    before = 0
    for video, start in _blocks(videos):
        valid = np.flatnonzero(video.valid[start : start + _BLOCK])
        chosen = valid[-before % apart :: apart]
        before += len(valid)
        if len(chosen):
            yield video.rows(start, min(start + _BLOCK, video.frames))[chosen]


def _blocks(videos: Iterable[Features]) -> Iterator[tuple[Features, int]]:
    return ((video, start) for video in videos for start in range(0, video.frames, _BLOCK))
