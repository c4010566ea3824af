"""A decoded frame as its planes, and the square that is cut out of it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """One frame in Y'CbCr, or in grey.

    Attributes
    ----------
    planes
        Y', Cb, Cr, each (rows, columns) uint8, or the grey plane alone. They may look into the
        decoder's memory and are good until the next frame is asked for.
    columns_per_chroma, rows_per_chroma
        How many columns and rows of Y' share one chroma sample: 2 and 2 in yuv420p.
    full_range
        Whether black is 0 and white 255 (JPEG, grey), not 16 and 235.
    """

    planes: tuple[Plane, ...]
    columns_per_chroma: int
    rows_per_chroma: int
    full_range: bool

    @property
    def height(self) -> int:
        return len(self.planes[0])

    @property
    def width(self) -> int:
        return len(self.planes[0][0])


def cut_square(picture: Picture, left_px: int, top_px: int, side_px: int) -> Picture:
    """Return a square of a picture; what lies outside the picture is black.

    The box is in even pixels, so that chroma is cut exactly where luma is. Nothing is copied where
    the square lies inside.
    """
    luma, *chroma = picture.planes
    columns, rows = picture.columns_per_chroma, picture.rows_per_chroma
    planes = [_cut(luma, left_px, top_px, side_px, side_px, fill=0 if picture.full_range else 16)]
    planes += [_cut(plane, left_px // columns, top_px // rows, side_px // columns, side_px // rows, fill=128) for plane in chroma]
    return Picture(tuple(planes), columns, rows, picture.full_range)


def turned(picture: Picture, quarter_turns: int) -> Picture:
    """Return a picture turned counter-clockwise by quarter turns."""
    if quarter_turns == 0:
        return picture
    columns, rows = picture.columns_per_chroma, picture.rows_per_chroma
    if quarter_turns % 2:
        columns, rows = rows, columns
    return Picture(tuple(np.rot90(plane, quarter_turns) for plane in picture.planes), columns, rows, picture.full_range)


def _cut(plane: Plane, left: int, top: int, width: int, height: int, fill: int) -> Plane:
    inside = plane[max(top, 0) : top + height, max(left, 0) : left + width]
    if inside.shape == (height, width):
        return inside
    padded = np.full((height, width), fill, np.uint8)
    first_row, first_column = max(-top, 0), max(-left, 0)
    padded[first_row : first_row + inside.shape[0], first_column : first_column + inside.shape[1]] = inside
    return padded
