"""Make crop videos: H.264 that browsers play, in segments that are joined without encoding again."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from av.video.stream import VideoStream

from ethocache.vision.decode import rows_of
from ethocache.vision.pictures import Picture
from ethocache.vision.read_ahead import read_ahead

# Encoding is what cropping spends most time on. This takes a third of veryfast's time; at the default quality it costs a third more
# bytes than veryfast at crf 10, and keeps nearly as much for the networks (benchmarks/crop_fidelity.py).
_PRESET, _TOOLS = "ultrafast", "8x8dct=1:partitions=i4x4,i8x8:mbtree=1:rc-lookahead=10"
# x264 has code for mbtree that rounds as each kind of processor does, and its AVX-512 code takes what lies behind its motion vectors
# for more of them (at 32, 112 or 224 pixels; not at 256): the same pictures now and then gave other bytes. Its plain code costs 7 %.
_STEADY = "cpu-independent=1"
_ENCODED_AS_FPS = 25  # x264's quality depends on the frame rate; so one rate for all, and true times when segments are joined
# Bicubic (smoothed as it shrinks) and area averaging give embeddings equally near those of raw crops; near the crop's own size
# bicubic's worst frame is better, and from half of it down averaging takes 2/5 of its time.
_EXACT = Interpolation.ACCURATE_RND | Interpolation.BITEXACT
_NEAR, _SHRINKING = Interpolation.BICUBIC | _EXACT, Interpolation.AREA | _EXACT
# A film for people: at this quality nobody sees a difference, and the strips of colour below the picture keep sharp edges.
_FILM = {"preset": "ultrafast", "crf": "18", "x264-params": f"keyint=50:bframes=0:threads=4:{_TOOLS}:{_STEADY}"}
_OF_BROWSERS = {"Baseline", "Constrained Baseline", "Main", "High"}
_FORMATS = {(2, 2): "yuv420p", (2, 1): "yuv422p", (1, 1): "yuv444p"}


@dataclass(frozen=True)
class CropStyle:
    """How crops are encoded.

    Attributes
    ----------
    size
        Width and height of the crop in pixels, even.
    quality
        x264's constant rate factor: 0 is lossless, 51 the worst.
    keyframe_interval
        Every so many frames can be decoded without those before it.
    matrix
        How Y'CbCr is made from RGB (``AVColorSpace``).
    """

    size: int
    quality: float
    keyframe_interval: int
    matrix: int


def write_segment(path: Path, pictures: Iterable[Picture], style: CropStyle) -> None:
    """Scale square pictures to the crop's size and encode them as one segment.

    A thread takes and scales the next pictures while this one encodes. The encoder itself has one thread and does not
    depend on what was encoded before: the bytes do not depend on the machine or on where a run was interrupted.
    """
    with av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=_ENCODED_AS_FPS, options=_x264(style))
        stream.width = stream.height = style.size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.color_range = ColorRange.MPEG
        stream.codec_context.colorspace = style.matrix
        scaler = Scaler(style.size, style.size, style.matrix)
        with closing(read_ahead(map(scaler.scale, pictures))) as frames:
            for number, frame in enumerate(frames):
                frame.pts, frame.time_base = number, Fraction(1, _ENCODED_AS_FPS)
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def join_segments(path: Path, segments: Sequence[Path], ticks: npt.NDArray[np.int64], ticks_per_second: int) -> None:
    """Put segments together without encoding again, and give each frame its true time.

    Parameters
    ----------
    ticks
        (T,) time stamp of every frame, increasing.

    Raises
    ------
    RuntimeError
        If the segments do not hold exactly T frames.
    """
    options = {"movflags": "+faststart", "video_track_timescale": str(ticks_per_second), "fflags": "+bitexact"}
    clock = _Clock(ticks, ticks_per_second)
    with av.open(str(path), "w", format="mp4", options=options) as container:
        out: VideoStream | None = None
        for packet in _packets(segments):
            out = out or container.add_stream_from_template(packet.stream)
            packet.stream = out
            container.mux_one(clock.stamped(packet))
    clock.check_all_came("in the segments")


def ticks_of(time_s: npt.NDArray[np.float64], ticks_per_second: int) -> npt.NDArray[np.int64]:
    """Return each frame's time stamp in the container, where two frames cannot share one: the later comes one tick after."""
    ticks = np.round(time_s * ticks_per_second).astype(np.int64)
    order = np.arange(len(ticks))
    increasing: npt.NDArray[np.int64] = np.maximum.accumulate(ticks - order) + order
    return increasing


def write_film(path: Path, frames: Iterable[VideoFrame], ticks: npt.NDArray[np.int64], ticks_per_second: int) -> None:
    """Encode frames of yuv420p, all of one even size, for people to look at: each at its true time.

    A fixed number of threads and no B-frames: the bytes do not depend on the machine's cores, and players seek exactly.

    Parameters
    ----------
    ticks
        (T,) time stamp of every frame, increasing (`ticks_of`).

    Raises
    ------
    RuntimeError
        If there are not exactly T frames.
    """
    options = {"movflags": "+faststart", "video_track_timescale": str(ticks_per_second), "fflags": "+bitexact"}
    clock = _Clock(ticks, ticks_per_second)
    with av.open(str(path), "w", format="mp4", options=options) as container:
        stream = container.add_stream("libx264", rate=_ENCODED_AS_FPS, options=_FILM)
        stream.pix_fmt = "yuv420p"
        for number, frame in enumerate(frames):
            if number == 0:
                stream.width, stream.height = frame.width, frame.height
                stream.codec_context.color_range, stream.codec_context.colorspace = frame.color_range, frame.colorspace
            frame.pts, frame.time_base = number, Fraction(1, _ENCODED_AS_FPS)
            for packet in stream.encode(frame):
                container.mux_one(clock.stamped(packet))
        for packet in stream.encode(None):
            container.mux_one(clock.stamped(packet))
    clock.check_all_came("to encode")


def plays_in_browsers(path: Path) -> bool:
    """Return whether a film is H.264 of a profile that every browser plays; lossless H.264 and fuller colour are not."""
    with av.open(str(path)) as container:
        codec = container.streams.video[0].codec_context
        return codec.name == "h264" and codec.pix_fmt == "yuv420p" and codec.profile in _OF_BROWSERS


class _Clock:
    """Gives packets, which come in the order in which they are shown, the true times of their frames."""

    def __init__(self, ticks: npt.NDArray[np.int64], ticks_per_second: int) -> None:
        self._ticks, self._time_base, self._number = ticks, Fraction(1, ticks_per_second), 0
        self._durations = np.diff(ticks, append=ticks[-1] + _last_duration(ticks, ticks_per_second))

    def stamped(self, packet: "Packet[VideoStream]") -> "Packet[VideoStream]":
        packet.time_base = self._time_base
        packet.pts = packet.dts = int(self._ticks[self._number])
        packet.duration = int(self._durations[self._number])
        self._number += 1
        return packet

    def check_all_came(self, where: str) -> None:
        if self._number != len(self._ticks):
            raise RuntimeError(f"expected {len(self._ticks)} frames {where}, found {self._number}")


def write_video(path: Path, frames: Iterable[npt.NDArray[np.uint8]], fps: float, quality: float, keyframe_interval: int) -> None:
    """Encode RGB frames (H, W, 3), all of one even size, as a video of constant frame rate.

    One thread, no B-frames: the bytes do not depend on the machine's cores, and players seek exactly.

    Parameters
    ----------
    quality
        x264's constant rate factor: 0 is lossless, 51 the worst.
    keyframe_interval
        Every so many frames can be decoded without those before it.
    """
    options = {"preset": "slow", "crf": str(quality), "x264-params": f"keyint={keyframe_interval}:bframes=0:threads=1:{_STEADY}"}
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001), options=options)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for number, frame in enumerate(frames):
            if number == 0:
                stream.height, stream.width = frame.shape[:2]
            container.mux(stream.encode(VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))


def _packets(segments: Sequence[Path]) -> "Iterator[Packet[VideoStream]]":
    for segment in segments:
        with av.open(str(segment)) as container:
            for packet in container.demux(container.streams.video[0]):
                if packet.size:
                    yield packet


def _last_duration(ticks: npt.NDArray[np.int64], ticks_per_second: int) -> int:
    return int(np.median(np.diff(ticks))) if len(ticks) > 1 else ticks_per_second // _ENCODED_AS_FPS


def _x264(style: CropStyle) -> dict[str, str]:
    every = style.keyframe_interval
    params = f"keyint={every}:min-keyint={every}:scenecut=0:open-gop=0:bframes=0:threads=1:{_TOOLS}:{_STEADY}"
    return {"preset": _PRESET, "crf": str(style.quality), "x264-params": params}


class Scaler:
    """Scales pictures with libswscale. The frames that it gives are the caller's; what it scales from is filled again and again.

    Parameters
    ----------
    width, height
        What it scales to, in pixels.
    matrix
        How Y'CbCr is made from RGB (``AVColorSpace``).
    """

    def __init__(self, width: int, height: int, matrix: int) -> None:
        self._width, self._height, self._matrix = width, height, matrix
        self._reformatter = VideoReformatter()
        self._source: VideoFrame | None = None

    def scale(self, picture: Picture) -> VideoFrame:
        source = self._frame_like(picture)
        for target, plane in zip(source.planes, picture.planes, strict=False):
            rows_of(target)[:] = plane
        way = _SHRINKING if picture.width >= 2 * self._width else _NEAR
        scaled = self._reformatter.reformat(
            source, self._width, self._height, "yuv420p", interpolation=way, dst_color_range=ColorRange.MPEG, threads=1
        )
        if scaled is source:  # nothing was to be done: it is the caller's now
            self._source = None
        return scaled

    def _frame_like(self, picture: Picture) -> VideoFrame:
        """Grey gets the neutral chroma of yuv420p, which stays as it is."""
        layout = _FORMATS[picture.columns_per_chroma, picture.rows_per_chroma] if len(picture.planes) == 3 else "yuv420p"
        source = self._source
        if source is None or (source.width, source.height, source.format.name) != (picture.width, picture.height, layout):
            source = self._source = VideoFrame(picture.width, picture.height, layout)
            source.colorspace = self._matrix
            for plane in source.planes:
                rows_of(plane)[:] = 128
        source.color_range = ColorRange.JPEG if picture.full_range else ColorRange.MPEG
        return source
