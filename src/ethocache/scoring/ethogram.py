"""Labels above tags, video by video, as images of bounded size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.dataset.predictions import Prediction
from ethocache.dataset.runs import frame_durations_s

COLUMNS = 1600
MOST_VIDEOS, MOST_ROWS = 40, 120  # of one page; a row is one behaviour of one video

_HALF_ROW, _LINE, _GAP = 5, 1, 8
_BACKGROUND, _NOBODY_LOOKED, _OUTSIDE = (0.95, 0.95, 0.95), (0.72, 0.72, 0.72), (1.0, 1.0, 1.0)

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Raster:
    """A picture of some videos under each other.

    Attributes
    ----------
    image
        (rows, `COLUMNS`, 3) uint8; a row of a behaviour has the labels in its upper half, the tags in its lower.
    video_rows, behaviour_rows
        Where, in image rows, the middle of each video and of each of its behaviours is.
    """

    image: npt.NDArray[np.uint8]
    video_rows: tuple[float, ...]
    behaviour_rows: tuple[float, ...]


def pages_of(predictions: Sequence[Prediction]) -> list[list[Prediction]]:
    """Deal all videos, by name, on pages that a person can read; at least one video on each."""
    ordered = sorted(predictions, key=lambda prediction: prediction.video)
    most = max(1, min(MOST_VIDEOS, MOST_ROWS // max(1, len(ordered[0].behaviours))))
    pages = -(-len(ordered) // most)
    size = -(-len(ordered) // pages)  # equally full
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def longest_s(predictions: Sequence[Prediction]) -> float:
    """Return the length of the longest video in seconds; 1 if all are empty."""
    return max(float((p.time_s + frame_durations_s(p.time_s)).max(initial=0)) for p in predictions) or 1.0


def draw_ethogram(shown: Sequence[Prediction], colours: Sequence[Colour], duration_s: float) -> Raster:
    """Draw videos in this order; `colours` has one per behaviour, and the width stands for `duration_s`."""
    row = 2 * _HALF_ROW + _LINE
    block = len(colours) * row + _GAP
    image = np.full((len(shown) * block - _GAP, COLUMNS, 3), 255, dtype=np.uint8)
    for v, prediction in enumerate(shown):
        column = np.minimum((prediction.time_s / duration_s * COLUMNS).astype(np.intp), COLUMNS - 1)
        tags = prediction.tag
        for b, colour in enumerate(colours):
            top = v * block + b * row
            image[top : top + _HALF_ROW] = _strip(prediction.label[:, b], column, colour)
            image[top + _HALF_ROW : top + 2 * _HALF_ROW] = _strip(tags[:, b], column, _tint(colour))
    videos = tuple(v * block + (block - _GAP) / 2 for v in range(len(shown)))
    rows = tuple(v * block + b * row + _HALF_ROW for v in range(len(shown)) for b in range(len(colours)))
    return Raster(image, videos, rows)


def _strip(state: npt.NDArray[np.int8], column: npt.NDArray[np.intp], colour: Colour) -> npt.NDArray[np.uint8]:
    """Return the colours (COLUMNS, 3) of one behaviour over time; a short bout stays visible beside long pauses."""
    frames = np.bincount(column, minlength=COLUMNS)
    filled = np.maximum.accumulate(np.where(frames > 0, np.arange(COLUMNS), 0))  # fewer frames than columns: a frame lasts
    frames = np.maximum(frames[filled], 1)
    present = np.bincount(column, state > 0, COLUMNS)[filled] / frames
    unseen = (np.bincount(column, state < 0, COLUMNS)[filled] > 0)[:, None]
    ink = np.sqrt(present)[:, None]
    strip = np.where(unseen, _NOBODY_LOOKED, _BACKGROUND) * (1 - ink) + ink * np.array(colour)
    strip[column.max(initial=0) + 1 :] = _OUTSIDE
    pixels: npt.NDArray[np.uint8] = np.rint(255 * strip).astype(np.uint8)
    return pixels


def _tint(colour: Colour) -> Colour:
    red, green, blue = (0.62 * part + 0.38 for part in colour)
    return red, green, blue
