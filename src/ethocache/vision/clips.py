"""Clips of crops: any stretch of frames, read by jumping to the key frame before it."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.vision.backbones.settings import View
from ethocache.vision.decode import decode_frames


def read_clip(crop: Path, start: int, stop: int, view: View | None = None) -> npt.NDArray[np.uint8]:
    """Return the frames [start, stop) of a crop, (stop - start, size, size, 3) uint8 RGB, with the very pixels of decoding in order.

    Only the frames from the key frame before `start` on are decoded (`crop.keyframe_interval`), and nothing of the rest of the
    video is held in memory, however long it is.

    Parameters
    ----------
    crop
        A ``crop.mp4`` that `crop_video` wrote.
    start, stop
        Half-open range, not empty.
    view
        The size that is wanted; None is the crop as it is.

    Raises
    ------
    InputError
        If the crop is not there, damaged, or ends before `stop`.
    """
    if not 0 <= start < stop:
        raise ValueError(f"Expected a range of frames such as 0 to 16, got {start} to {stop}")
    if not crop.is_file():
        raise InputError(f"{crop} is missing: run 'dvc repro crop'")
    frames = list(decode_frames(crop, start, stop, view=view))
    if len(frames) != stop - start:
        raise InputError(
            f"{crop}: expected frames {start} to {stop}, found only {start + len(frames)} in it: it is damaged; "
            "run `ethocache store verify`, then `dvc repro`"
        )
    return np.stack(frames)
