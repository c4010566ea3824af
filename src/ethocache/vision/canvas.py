"""A picture with strips below it, as one frame of Y'CbCr: the picture's own values stay as they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from ethocache.vision.decode import rows_of
from ethocache.vision.encode import Scaler
from ethocache.vision.pictures import Picture

_NARROWEST_PX, _TALLEST_PX = 480, 1440  # text needs the one; enlarging for it ends at the other
_BLACK = (16, 128, 128)
_ROUNDED = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP | Interpolation.BITEXACT


@dataclass(frozen=True)
class Place:
    """Where a picture lies on its canvas.

    Attributes
    ----------
    width, height
        Of the part of the canvas for the picture, even.
    left
        Where the picture begins, even: a small one is in the middle.
    picture_width, picture_height
        Of the picture, which a small one is enlarged to.
    """

    width: int
    height: int
    left: int
    picture_width: int
    picture_height: int

    @classmethod
    def of(cls, width: int, height: int) -> "Place":
        """Return the place of a picture of this size: enlarged by a whole number where text would find no room below it."""
        times = max(1, min(-(-_NARROWEST_PX // width), _TALLEST_PX // height))
        wide, high = width * times, height * times
        canvas = max(_even(wide), _NARROWEST_PX)
        return cls(canvas, _even(high), (canvas - _even(wide)) // 4 * 2, wide, high)


class Canvas:
    """Puts pictures and strips together.

    Parameters
    ----------
    place
        Where the picture lies.
    strip_heights
        Of what lies below it, each even.
    matrix
        How Y'CbCr is made from RGB (``AVColorSpace``).
    """

    def __init__(self, place: Place, strip_heights: Sequence[int], matrix: int) -> None:
        self._place, self._matrix = place, matrix
        self._height = place.height + sum(strip_heights)
        self._scaler = Scaler(place.picture_width, place.picture_height, matrix)
        self._to_planes = VideoReformatter()

    def compose(self, picture: Picture, strips: Iterable[npt.NDArray[np.uint8]]) -> VideoFrame:
        """Return a frame with a picture and below it the strips, RGB (height, width, 3) each."""
        frame = VideoFrame(self._place.width, self._height, "yuv420p")
        frame.colorspace, frame.color_range = self._matrix, ColorRange.MPEG
        self._put_picture(frame, self._scaler.scale(picture))
        top = self._place.height
        for pixels in strips:
            self._put_strip(frame, pixels, top)
            top += len(pixels)
        return frame

    def _put_picture(self, frame: VideoFrame, scaled: VideoFrame) -> None:
        for number, (target, source) in enumerate(zip(frame.planes, scaled.planes, strict=True)):
            part = 2 if number else 1
            canvas, rows = rows_of(target)[: self._place.height // part], rows_of(source)
            left, (high, wide) = self._place.left // part, rows.shape
            if self._place.width // part > wide:
                canvas[:] = _BLACK[number]
            canvas[:high, left : left + wide] = rows
            if number == 0:  # the row and the column that make an odd size even repeat the last one
                canvas[high:, left : left + wide] = rows[-1]
                canvas[:, left + wide : left + _even(wide)] = canvas[:, left + wide - 1 : left + _even(wide) - 1]

    def _put_strip(self, frame: VideoFrame, pixels: npt.NDArray[np.uint8], top: int) -> None:
        rgb = VideoFrame.from_ndarray(pixels, format="rgb24")
        shown = self._to_planes.reformat(
            rgb, format="yuv420p", dst_colorspace=self._matrix, dst_color_range=ColorRange.MPEG, interpolation=_ROUNDED, threads=1
        )
        for number, (target, source) in enumerate(zip(frame.planes, shown.planes, strict=True)):
            part = 2 if number else 1
            rows_of(target)[top // part : (top + len(pixels)) // part] = rows_of(source)


def _even(pixels: int) -> int:
    return pixels + pixels % 2
