"""Crops for tests, written as the crop stage writes them."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.vision.encode import CropStyle, join_segments, write_segment
from ethocache.vision.pictures import Picture


def write_crop(path: Path, pictures: Iterable[npt.NDArray[np.uint8]], keyframe_interval: int = 12) -> Path:
    """Write grey pictures (side, side) as a crop."""
    pictures = list(pictures)
    grey = (Picture((picture, np.full_like(picture, 128), np.full_like(picture, 128)), 1, 1, full_range=False) for picture in pictures)
    part = path.with_suffix(".part.mp4")
    write_segment(part, grey, CropStyle(len(pictures[0]), quality=10, keyframe_interval=keyframe_interval, matrix=6))
    join_segments(path, [part], np.arange(len(pictures)) * 100, 1000)
    return path


def wandering_square(frames: int, size: int = 64, seed: int = 0) -> npt.NDArray[np.uint8]:
    """A bright square that goes about on a floor with a pattern: (frames, size, size)."""
    rng = np.random.default_rng(seed)
    floor = rng.integers(40, 90, (size // 8, size // 8), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    pictures = np.repeat(floor[None], frames, axis=0)
    for number, picture in enumerate(pictures):
        at = 3 * number % (size - 16)
        picture[at : at + 16, 8:24] = 150 + number % 50
    return pictures
