"""Get pictures out of video files: any file in order, our own crops from any frame."""

from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream

from ethocache.common.errors import InputError
from ethocache.dataset.videos import FILM_FORMATS, VideoFacts, first_video_stream, frames_carry_their_time, quarter_turns, remedy
from ethocache.vision.backbones.settings import View
from ethocache.vision.pictures import Picture, Plane, turned

# Layouts whose planes are cut as they are: columns and rows per chroma sample, and whether they are full range.
_PLANAR = {
    "yuv420p": (2, 2, False),
    "yuvj420p": (2, 2, True),
    "yuv422p": (2, 1, False),
    "yuvj422p": (2, 1, True),
    "yuv444p": (1, 1, False),
    "yuvj444p": (1, 1, True),
    "gray": (1, 1, True),  # libswscale takes grey as full range whatever its tag says, and so does everybody who uses it
}
_BT709, _BT601, _BT2020 = 1, 6, 9  # AVColorSpace
_COARSEST_TICKS, _FINEST_TICKS, _MPEG_TICKS = 10_000, 10_000_000, 90_000  # per second
_SAME_TIME_S = 1e-6
_FLAGS_COME_LATE = {"h264", "hevc"}  # threads may give a frame out before it is marked as damaged, so errors stop these decoders
_ROUNDED = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.BITEXACT
_EXACT = Interpolation.BILINEAR | _ROUNDED
_RESIZED = {"bilinear": _EXACT, "bicubic": Interpolation.BICUBIC | _ROUNDED}


def decode_frames(
    path: Path, start: int = 0, stop: int | None = None, threads: int = 1, view: View | None = None
) -> Iterator[npt.NDArray[np.uint8]]:
    """Give the frames [start, stop) of one of our crops as RGB, (size, size, 3) uint8 each.

    The frame asked for is found through the file's own index: its key frame is at most
    ``crop.keyframe_interval`` frames before it. Colours follow the tags that the crop carries
    (BT.601, or the source's BT.709 or BT.2020; limited range), chroma interpolated bilinearly, with
    libswscale's bit-exact arithmetic, so that features do not depend on the processor. In memory, a frame is three planes, which
    libswscale makes in half the time and networks take as they are. It also brings them to the size that a network sees, in the same
    step and before anything is rounded to bytes: that takes a third less time than to resize RGB, and loses half as much
    (benchmarks/crop_fidelity.py).

    Parameters
    ----------
    path
        A ``crop.mp4`` that `crop_video` wrote. Other files may have no constant order of frames.
    start, stop
        Half-open range; `stop` of None is the end.
    threads
        How many threads decode; 0 lets FFmpeg choose.
    view
        The size that is wanted; None is the crop as it is.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    to_rgb = RgbPlanes(view or View())
    with _opened(path, threads) as (container, stream):
        stamps = [entry.timestamp for entry in stream.index_entries]
        stop = len(stamps) if stop is None else min(stop, len(stamps))
        if start >= stop:
            return
        container.seek(stamps[start], stream=stream)
        for frame in container.decode(stream):
            if frame.pts is None or frame.pts < stamps[start]:
                continue
            yield to_rgb.of(frame)
            if frame.pts >= stamps[stop - 1]:
                return


class RgbPlanes:
    """Makes frames RGB, at the size of a view."""

    def __init__(self, view: View) -> None:
        self._size = view.size_px
        self._way = _RESIZED[view.interpolation]
        self._reformatter = VideoReformatter()

    def of(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        """Return (size, size, 3) uint8, a view of three planes."""
        way = _EXACT if self._size in (None, frame.width) else self._way
        shown = self._reformatter.reformat(
            frame, self._size, self._size, "gbrp", interpolation=way, dst_color_range=ColorRange.JPEG, threads=1
        )
        green, blue, red = map(rows_of, shown.planes)
        return np.stack([red, green, blue]).transpose(1, 2, 0)


@dataclass(frozen=True)
class SourceTags:
    """What a crop takes over from its source.

    Attributes
    ----------
    ticks_per_second
        Ticks in which every time stamp of the source is whole.
    matrix
        How Y'CbCr is made from RGB (``AVColorSpace``): BT.709 or BT.2020 where the source says so,
        else BT.601, which is what libswscale and OpenCV take a file without tags for.
    """

    ticks_per_second: int
    matrix: int


def read_tags(path: Path) -> SourceTags:
    """Return what a crop of this video takes over from it."""
    with _opened(path, threads=1) as (container, stream):
        frame = next(container.decode(stream))
        time_base = stream.time_base or Fraction(1, _MPEG_TICKS)
        return SourceTags(_ticks_per_second(time_base.denominator), matrix_of(frame))


def matrix_of(frame: VideoFrame) -> int:
    """Return how Y'CbCr is made from RGB for the crop of a frame; see `SourceTags`."""
    return frame.colorspace if frame.colorspace in (_BT709, _BT2020) and not frame.format.is_rgb else _BT601


def rows_of(plane: VideoPlane) -> Plane:
    """Return a plane of a frame as (rows, columns) uint8; it is the frame's own memory."""
    rows: Plane = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def decode_pictures(path: Path, facts: VideoFacts, time_s: npt.NDArray[np.float64], start: int = 0) -> Iterator[Picture]:
    """Give every frame of a video from `start` on; those before are decoded, but not converted.

    Seeking in files of unknown make is not to be trusted, and decoding is the cheap part.

    Raises
    ------
    InputError
        If the decoder gives other frames or times than `facts` and `time_s` promise, or ones
        that it found damaged (it does not notice every flipped bit).
    """
    to_planes = VideoReformatter()
    for number, frame in enumerate(_checked_frames(path, facts, time_s)):
        if number >= start:
            yield picture_of(frame, to_planes)


def decode_rgb(path: Path, facts: VideoFacts, time_s: npt.NDArray[np.float64]) -> Iterator[npt.NDArray[np.uint8]]:
    """Give every frame of a video as RGB, (height, width, 3) uint8, turned as it is shown.

    The pixels are those that OpenCV gives, through which DeepLabCut was trained and reads videos: libswscale's own
    conversion, without the finer arithmetic of `decode_frames`.

    Raises
    ------
    InputError
        As `decode_pictures`.
    """
    to_rgb = VideoReformatter()
    for frame in _checked_frames(path, facts, time_s):
        rgb = to_rgb.reformat(frame, format="rgb24", interpolation=Interpolation.BICUBIC).to_ndarray()
        yield np.ascontiguousarray(np.rot90(rgb, quarter_turns(frame)), dtype=np.uint8)


def pick_frames(
    path: Path, facts: VideoFacts, time_s: npt.NDArray[np.float64], frames: Container[int]
) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
    """Give the number and the RGB picture of some frames, in order; the others are decoded, but not converted.

    Raises
    ------
    InputError
        As `decode_pictures`.
    """
    to_rgb = VideoReformatter()
    for number, frame in enumerate(_checked_frames(path, facts, time_s)):
        if number in frames:
            rgb = to_rgb.reformat(frame, format="rgb24").to_ndarray()
            yield number, np.ascontiguousarray(np.rot90(rgb, quarter_turns(frame)), dtype=np.uint8)


def _checked_frames(path: Path, facts: VideoFacts, time_s: npt.NDArray[np.float64]) -> Iterator[VideoFrame]:
    number = 0
    with _opened(path, threads=0) as (container, stream):
        clock = _Clock(container, stream, time_s)
        for number, frame in enumerate(container.decode(stream), start=1):
            _check(frame, number - 1, facts, path)
            clock.check(frame, number - 1, path)
            yield frame
    if number != len(time_s):
        raise InputError(f"{path}: expected {len(time_s)} frames, as its packets say, the decoder gives {number}; {remedy(path)}")


@contextmanager
def _opened(path: Path, threads: int) -> Iterator[tuple[InputContainer, VideoStream]]:
    try:
        with av.open(str(path.absolute()), options={"format_whitelist": FILM_FORMATS}, metadata_errors="replace") as container:
            stream = first_video_stream(container)
            if stream is None:
                raise InputError(f"{path}: expected a video, found a file without a video stream")
            stream.thread_type = "AUTO"
            stream.codec_context.thread_count = threads
            if stream.codec_context.name in _FLAGS_COME_LATE:
                stream.codec_context.options = {"err_detect": "explode"}
            yield container, stream
    except av.FFmpegError as error:
        raise InputError(f"{path}: damaged, it cannot be decoded to its end ({error.strerror}); {remedy(path)}") from None


class _Clock:
    """Compares each decoded frame's time with what `probe` found."""

    def __init__(self, container: InputContainer, stream: VideoStream, time_s: npt.NDArray[np.float64]) -> None:
        self._can_tell = frames_carry_their_time(container, stream.codec_context.name)
        self._time_s = time_s
        self._time_base = float(stream.time_base or 0)
        self._rate = float(stream.average_rate or stream.guessed_rate or 25)
        self._first = 0

    def check(self, frame: VideoFrame, number: int, path: Path) -> None:
        if frame.pts is None or number >= len(self._time_s) or not self._can_tell:
            return  # then the count alone is compared, at the end
        self._first = frame.pts if number == 0 else self._first
        expected, found = self._time_s[number], (frame.pts - self._first) * self._time_base
        if abs(found - expected) > _SAME_TIME_S and abs(number / self._rate - expected) > _SAME_TIME_S:
            raise InputError(f"{path}: expected frame {number} at {expected:.6f} s, the decoder gives {found:.6f} s; {remedy(path)}")


def _check(frame: VideoFrame, number: int, facts: VideoFacts, path: Path) -> None:
    if frame.is_corrupt:
        raise InputError(f"{path}: frame {number} is damaged; {remedy(path)}")
    if sorted((frame.width, frame.height)) != sorted((facts.width, facts.height)):
        expected, found = f"{facts.width}x{facts.height}", f"{frame.width}x{frame.height}"
        raise InputError(f"{path}: expected {expected} px in every frame, frame {number} has {found}; {remedy(path)}")


def picture_of(frame: VideoFrame, to_planes: VideoReformatter) -> Picture:
    """Return the planes of a decoded frame, turned as it is shown; `to_planes` converts those that cannot be cut as they are."""
    turns = quarter_turns(frame)
    if not _can_be_cut(frame, turns):
        matrix = Colorspace.ITU601 if frame.format.is_rgb else None
        frame = to_planes.reformat(frame, format="yuv444p", dst_colorspace=matrix, dst_color_range=ColorRange.MPEG, interpolation=_EXACT)
    columns, rows, full = _PLANAR[frame.format.name]
    planes = tuple(rows_of(plane) for plane in frame.planes)
    return turned(Picture(planes, columns, rows, full or frame.color_range == ColorRange.JPEG), turns)


def _can_be_cut(frame: VideoFrame, turns: int) -> bool:
    if frame.format.name not in _PLANAR or any(plane.line_size <= 0 for plane in frame.planes):
        return False  # a negative line size is a picture kept upside down
    columns, rows, _ = _PLANAR[frame.format.name]
    return turns % 2 == 0 or columns == rows


def _ticks_per_second(denominator: int) -> int:
    if denominator > _FINEST_TICKS:
        return _MPEG_TICKS
    return denominator * -(-_COARSEST_TICKS // denominator)
