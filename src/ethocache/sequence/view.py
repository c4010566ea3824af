"""What heads see of features: each normalised, and wide ones projected on the principal components of each stream."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise

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

    Attributes
    ----------
    width
        How many numbers come out.
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

    def learn_components(self, videos: Sequence[Features], widths: Sequence[int] = ()) -> None:
        """Set the projection to the principal components of the normalised features of these videos' valid frames.

        Each stream has components of its own: a pose of 30 numbers would be lost in the variance of 2048 others. All
        components of a stream are divided by one number, so that their mean variance is 1 as that of narrow features is.
        They are not whitened: that would raise the last ones, mostly noise, to the size of the first.

        Parameters
        ----------
        widths
            Dimensions of each stream; one if not given.
        """
        widths = widths or [len(self.mean)]
        products, rows = [torch.zeros(width, width, dtype=torch.float64) for width in widths], [0] * len(widths)
        for block in _sample(videos):
            x = self._normalised(torch.from_numpy(block))
            for stream, (start, stop) in enumerate(pairwise(accumulate(widths, initial=0))):
                rows[stream] += int((~np.isnan(block[:, start:stop]).all(axis=1)).sum())  # a camera that lacks is no frame of no variance
                products[stream] += (x[:, start:stop].T @ x[:, start:stop]).double()
        covariances = [product / max(1, count) for product, count in zip(products, rows, strict=True)]
        axes = [_main_axes(covariance, count) for covariance, count in zip(covariances, self.parts(widths), strict=True)]
        self.projection.copy_(torch.block_diag(*axes))  # type: ignore[no-untyped-call]

    def parts(self, widths: Sequence[int]) -> list[int]:
        """Return how much of what comes out is of each stream: narrow ones are kept whole, the others share what is left."""
        if not self.projects or not widths:
            return list(widths) or [self.width]
        parts, left = [0] * len(widths), self.width
        for done, stream in enumerate(sorted(range(len(widths)), key=widths.__getitem__)):
            parts[stream] = min(widths[stream], left // (len(widths) - done))
            left -= parts[stream]
        return parts

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self._normalised(x)
        if not self.projects:
            return x
        # exact sums, rounded: the same however many frames are projected at once, and as it is kept in memory
        exact = torch.float32 if x.device.type == "mps" else torch.float64
        return (x.to(exact) @ self.projection.to(exact)).half().float()

    def _normalised(self, x: torch.Tensor) -> torch.Tensor:
        # of a camera that does not show the animal: not a number, and zero says nothing
        return torch.nan_to_num(((x - self.mean) / self.std).clamp(-_FAR, _FAR), nan=0.0)


class Seen:
    """The features of one video as a head sees them; itself `Features`."""

    def __init__(self, source: Features, view: View) -> None:
        self._source, self._view = source, view
        self.frames, self.dimensions, self.time_s, self.valid = source.frames, view.width, source.time_s, source.valid

    def rows(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Return frames [start, stop) as (n, width) float32."""
        return np.asarray(self._view(torch.from_numpy(self._source.rows(start, stop))).numpy(), np.float32)


def _main_axes(covariance: torch.Tensor, count: int) -> torch.Tensor:
    """Return (D, count) the axes of largest variance, as long as makes their mean variance 1."""
    variances, axes = torch.linalg.eigh(covariance)
    variances, axes = variances.flip(0)[:count], axes.flip(1)[:, :count]
    largest = axes.gather(0, axes.abs().argmax(dim=0, keepdim=True))
    scale = variances.clamp_min(0.0).mean().sqrt().clamp_min(1e-3)
    return torch.div(axes * largest.sign(), scale)  # an axis has no sign of its own


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
