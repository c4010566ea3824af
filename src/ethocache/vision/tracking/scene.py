"""The empty scene behind an animal: the median of pictures from the whole video, and how the animal stands out from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.vision.pictures import Picture

Image = npt.NDArray[np.float32]  # (rows, columns), 0 black to 255 white

WORKING_PX = 320  # about how long the long side is where blobs are looked for
_SOFT = 3  # px of the filter that takes the noise out
_DARKEST = 4.0  # grey levels; what is darker says nothing of the light
_EVERY = 4  # rows and columns: a 16th of the pixels tells how bright the light is
_CAMERA_PX = 2.0  # of the working picture; less may be the mouse's own doing
_EXPLAINED = 0.6  # of what differs is left when two pictures are laid upon each other as a moving camera asks


def shrinking(width: int, height: int) -> int:
    """Return how many rows and columns of a video become one where blobs are looked for."""
    return max(1, round(max(width, height) / WORKING_PX))


def shrunk(picture: Picture, factor: int) -> Image:
    """Return a picture's brightness with `factor` x `factor` pixels averaged into one; the rest at the right and bottom is left out."""
    luma = picture.planes[0]
    rows, columns = luma.shape[0] // factor * factor, luma.shape[1] // factor * factor
    tall = np.zeros((rows // factor, columns), np.uint16 if factor < 256 else np.uint32)
    for row in range(factor):
        tall += luma[row:rows:factor, :columns]
    small = np.zeros((rows // factor, columns // factor), np.float32)
    for column in range(factor):
        small += tall[:, column::factor]
    small /= factor * factor
    return small if picture.full_range else (small - 16) * np.float32(255 / 219)


@dataclass(frozen=True, eq=False)
class Scene:
    """A video's empty scene.

    Attributes
    ----------
    background
        (rows, columns) float32, the median of the samples, each brought to the same light.
    noise
        Grey levels by which a pixel of it usually differs from itself (a robust standard deviation).
    """

    background: Image
    noise: float

    def difference(self, picture: Image) -> Image:
        """Return by how many grey levels each pixel is brighter than the empty scene, in the scene's light, noise taken out."""
        from scipy import ndimage

        soft: Image = ndimage.uniform_filter(in_light_of(picture, self.background) - self.background, _SOFT)
        return soft


def learn_scene(samples: Sequence[Image]) -> Scene:
    """Return the empty scene of pictures from the whole video, (rows, columns) each: where the animal is in few of them at a time."""
    first = np.median(np.stack(samples), axis=0)
    level = np.stack([in_light_of(sample, first) for sample in samples])
    background = np.median(level, axis=0).astype(np.float32)
    spread = np.median(np.abs(level - background), axis=0)
    return Scene(background, 1.4826 * float(np.median(spread)))


def in_light_of(picture: Image, other: Image) -> Image:
    """Return a picture as if it had been lit like another: light that dims or brightens is taken out."""
    seen, there = picture[::_EVERY, ::_EVERY], other[::_EVERY, ::_EVERY]
    bright = (seen > _DARKEST) & (there > _DARKEST)
    if not bright.any():
        return picture
    return picture * np.float32(np.median(there[bright] / seen[bright]))


def camera_shift(samples: Sequence[Image]) -> float:
    """Return how far the camera moved at most between the middle sample and the others, px of the samples; 0 where it stood.

    A shift is believed where it explains what differs: laid upon each other by it, the pictures agree better, the animal
    left out. The shift is found by phase correlation (Kuglin and Hines, Proc. IEEE Int. Conf. Cybernetics and Society (1975) 163).
    """
    reference = samples[len(samples) // 2]
    shifts = sorted(_shift(reference, in_light_of(sample, reference)) for sample in samples)
    return shifts[int(0.9 * (len(shifts) - 1))]


def _shift(reference: Image, picture: Image) -> float:
    spectrum = np.fft.rfft2(reference - reference.mean()) * np.conj(np.fft.rfft2(picture - picture.mean()))
    peaks = np.fft.irfft2(spectrum / np.maximum(np.abs(spectrum), 1e-6), s=reference.shape)
    down, across = np.unravel_index(int(peaks.argmax()), peaks.shape)
    dy, dx = (int(step) if 2 * step <= size else int(step) - size for step, size in zip((down, across), reference.shape, strict=True))
    distance = float(np.hypot(dx, dy))
    if distance < _CAMERA_PX or abs(dy) > reference.shape[0] // 2 or abs(dx) > reference.shape[1] // 2:
        return 0.0
    before, after = _disagreement(reference, picture, 0, 0), _disagreement(reference, picture, dy, dx)
    return distance if after < _EXPLAINED * before else 0.0


def _disagreement(reference: Image, picture: Image, dy: int, dx: int) -> float:
    """Return the mean difference of the tenths 5 to 9 of the pixels: the flat floor and the animal itself are left out."""
    rows, columns = reference.shape
    ours = reference[max(dy, 0) : rows + min(dy, 0), max(dx, 0) : columns + min(dx, 0)]
    theirs = picture[max(-dy, 0) : rows + min(-dy, 0), max(-dx, 0) : columns + min(-dx, 0)]
    differences = np.sort(np.abs(ours - theirs), axis=None)
    return float(differences[differences.size // 2 : differences.size * 9 // 10].mean())
