"""Frames as they come in, from a file or from standard input, each cut and scaled as the crop stage does, but never encoded."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from av.video.stream import VideoStream

from ethocache.common.errors import InputError
from ethocache.dataset.videos import FILM_FORMATS, first_video_stream, probe
from ethocache.vision.backbones.settings import View
from ethocache.vision.crop_plan import plan_crops
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.decode import RgbPlanes, matrix_of, picture_of
from ethocache.vision.encode import Scaler
from ethocache.vision.pictures import Picture, cut_square

Frame = VideoFrame
STANDARD_INPUT = "-"
_CHANNELS, _SMALLEST_SIDE_PX = 3, 16


@dataclass(frozen=True)
class Box:
    """A square that is cut out of every frame, in even pixels as crops are; checks itself."""

    left_px: int
    top_px: int
    side_px: int

    def __post_init__(self) -> None:
        if min(self.left_px, self.top_px) < 0 or self.side_px < _SMALLEST_SIDE_PX or any(n % 2 for n in astuple(self)):
            raise InputError(
                f"--box: expected left, top and side in even pixels of the frame, the side at least {_SMALLEST_SIDE_PX}, "
                f"found {self.left_px},{self.top_px},{self.side_px}"
            )


@dataclass(frozen=True)
class Live:
    """Frames that come in.

    Attributes
    ----------
    fps
        Frames per second, as they are said to come.
    frames
        Each frame with the second at which it is shown, counted from the first.
    """

    fps: float
    frames: Iterator[tuple[VideoFrame, float]]


@contextmanager
def open_film(source: str, fps: float | None) -> Iterator[Live]:
    """Open a video file, or with ``-`` what is written to standard input in a container that can be piped, such as matroska.

    Frames are decoded one after the other, without threads that would hold some back.

    Parameters
    ----------
    fps
        Goes before what the source says of itself. A file that is complete comes at the rate that the pipeline finds in it, 1 / the
        median interval of its time stamps; else what its header says counts.

    Raises
    ------
    InputError
        If it is no video, is damaged, or does not say its frame rate and `fps` does not either; while frames are taken, if their
        time stamps run backwards.
    """
    shown = "standard input" if source == STANDARD_INPUT else source
    options = {"format_whitelist": FILM_FORMATS}
    try:
        with av.open("pipe:0" if source == STANDARD_INPUT else source, options=options, metadata_errors="replace") as container:
            stream = first_video_stream(container)
            if stream is None:
                raise InputError(f"{shown}: expected a video, found a file without a video stream")
            stream.codec_context.thread_count = 1
            rate = fps or _rate_of_file(source) or float(stream.average_rate or stream.guessed_rate or 0)
            if not rate:
                raise InputError(f"{shown}: it does not say its frame rate; give --fps")
            yield Live(rate, _timed(container, stream, rate))
    except FileNotFoundError:
        raise InputError(f"{shown} is not there: name a video file, or - for standard input") from None
    except av.FFmpegError as error:
        remedy = "give --size and --fps if it is raw frames" if source == STANDARD_INPUT else "export it again as MP4"
        raise InputError(f"{shown}: expected a video, but it cannot be read as one ({error.strerror}); {remedy}") from None


def _rate_of_file(source: str) -> float | None:
    path = Path(source)
    if source == STANDARD_INPUT or not path.is_file():
        return None
    try:
        _, time_s = probe(path)
    except InputError:
        return None  # it breaks off somewhere, and is tagged up to there
    interval = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
    return 1 / interval if interval > 0 else None


def _timed(container: InputContainer, stream: VideoStream, rate: float) -> Iterator[tuple[VideoFrame, float]]:
    """Give each frame with its time: by its own stamp where the first frame has one, else by its number."""
    first, base, before = None, float(stream.time_base or 0), 0.0
    for number, frame in enumerate(container.decode(stream)):
        first = frame.pts if number == 0 else first
        time_s = number / rate if frame.pts is None or first is None else (frame.pts - first) * base
        if time_s < before:
            raise InputError(
                f"its time stamps run backwards at frame {number}, from {before:.3f} s to {time_s:.3f} s, as where a camera starts again: "
                "start another stream"
            )
        before = time_s
        yield frame, time_s


def raw_frames(source: BinaryIO, width: int, height: int, fps: float) -> Live:
    """Take raw frames, red, green and blue one byte each, row by row without gaps (``rgb24``).

    Raises
    ------
    InputError
        While frames are taken, if the last one is cut.
    """
    return Live(fps, _raw(source, width, height, fps))


def _raw(source: BinaryIO, width: int, height: int, fps: float) -> Iterator[tuple[VideoFrame, float]]:
    size, number = width * height * _CHANNELS, 0
    while data := source.read(size):
        if len(data) < size:
            raise InputError(
                f"standard input ends within frame {number}, after {len(data)} of {size} bytes: "
                f"are its frames {width} x {height} pixels of 3 bytes?"
            )
        rgb = np.frombuffer(data, np.uint8).reshape(height, width, _CHANNELS)
        yield VideoFrame.from_ndarray(rgb, format="rgb24"), number / fps
        number += 1


def standard_input() -> BinaryIO:
    """Return standard input as bytes."""
    return sys.stdin.buffer


class LiveCrop:
    """Cuts frames as the crop stage does where there is no track: the whole frame, padded to a square, at the crop's size; or a box.

    What a network sees differs from a crop file by what its encoding loses, and by one of 255 in about one pixel of a hundred: a
    decoder says where chroma samples lie, a frame that was never encoded does not, and colours are rounded accordingly.
    """

    def __init__(self, params: CropParams, box: Box | None = None) -> None:
        self._params, self._box, self._to_planes = params, box, VideoReformatter()
        self._scaler: Scaler | None = None
        self._matrix = 0
        self._size = (0, 0)

    def cut(self, frame: VideoFrame) -> VideoFrame:
        """Return the square of a frame, (size_px, size_px) in yuv420p.

        Raises
        ------
        InputError
            If the frame has another size than the first, or does not hold the box.
        """
        picture = picture_of(frame, self._to_planes)
        self._check_size((picture.width, picture.height))
        if self._scaler is None:
            self._matrix = matrix_of(frame)
            self._scaler = Scaler(self._params.size_px, self._params.size_px, self._matrix)
        square = self._scaler.scale(cut_square(picture, *self._place(picture)))
        square.colorspace, square.color_range = self._matrix, ColorRange.MPEG
        return square

    def _check_size(self, found: tuple[int, int]) -> None:
        """Animals of another size are others to the network; a video whose frames differ is refused by the pipeline, too."""
        self._size = expected = self._size if self._scaler else found
        if found != expected:
            raise InputError(
                f"expected {expected[0]}x{expected[1]} px in every frame, as the first has, found {found[0]}x{found[1]}: "
                "start another stream for them"
            )

    def _place(self, picture: Picture) -> tuple[int, int, int]:
        """Return left, top and side of what is cut, in pixels."""
        if self._box is None:
            plan = plan_crops(None, picture.width, picture.height, 1.0, self._params, frames=1)
            return int(plan.left_px[0]), int(plan.top_px[0]), plan.side_px
        left, top, side = astuple(self._box)
        if left + side > picture.width or top + side > picture.height:
            raise InputError(f"--box: {left},{top},{side} reaches beyond the picture of {picture.width} x {picture.height} pixels")
        return left, top, side


class LiveView:
    """Brings squares to the size and colours that a network wants: (1, size, size, 3) uint8 RGB."""

    def __init__(self, view: View) -> None:
        self._to_rgb = RgbPlanes(view)

    def of(self, square: VideoFrame) -> npt.NDArray[np.uint8]:
        return self._to_rgb.of(square)[None]
