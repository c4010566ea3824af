"""Give a network its frames batch by batch, with the frames around that it needs to see."""

from collections.abc import Iterator
from itertools import chain, islice, repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.vision.backbones.settings import Context, View
from ethocache.vision.decode import decode_frames

Frames = npt.NDArray[np.uint8]


def batches_of(crop: Path, start: int, size: int, context: Context, view: View | None = None) -> Iterator[Frames]:
    """Give the frames of a crop from `start` on in batches of `size`, each with its context.

    A frame's neighbours are the same whether the video is read from its beginning or from `start`; every frame is decoded
    once, but for the `before` frames in front of `start`.

    Yields
    ------
    ndarray
        (before + B + after, side, side, 3) uint8 of the size that `view` says, B = `size` but for the last batch. Where the video
        has no such frames, its first or last one is repeated.
    """
    first = max(0, start - context.before)
    frames = _with_ends(decode_frames(crop, first, view=view), context.before - (start - first), context.after)
    around = list(islice(frames, context.before + context.after))
    while batch := list(islice(frames, size)):
        around += batch
        yield np.stack([frame.transpose(2, 0, 1) for frame in around]).transpose(0, 2, 3, 1)  # each frame stays three planes in memory
        around = around[len(batch) :]


def _with_ends(frames: Iterator[Frames], before: int, after: int) -> Iterator[Frames]:
    first = next(frames, None)
    if first is None:
        return
    last = first
    for frame in chain(repeat(first, before), [first], frames):
        last = frame
        yield frame
    yield from repeat(last, after)
