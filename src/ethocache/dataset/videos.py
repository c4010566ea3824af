"""What a video file says of itself, and when each of its frames was shown."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of, sha256_of_file
from ethocache.dataset.containers import missing_bytes

WHOLE_FILE_LIMIT = 64 * 2**20  # bytes; a longer file is fingerprinted by samples and its packets
SAMPLE_BYTES = 2**20

# FFmpeg's names of formats that are a whole film. Its others are playlists, which open further files and addresses, or no film at all.
FILM_FORMATS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,asf,flv,ogg,mxf,nut,ivf,dv,wtv,rm,gif,apng,yuv4mpegpipe,"
    "m4v,h264,hevc,obu,av1,vc1,mjpeg,h261,h263,dirac,cine,ser,dhav,hxvs"
)
_EVERY_FRAME_A_KEY_FRAME = {"mjpeg", "rawvideo", "ffv1", "huffyuv", "ffvhuff", "utvideo", "magicyuv", "png", "dvvideo"}
_ONE_PACKET_ONE_FRAME = _EVERY_FRAME_A_KEY_FRAME | {"h264", "hevc", "mpeg4", "vp9", "av1", "prores", "dnxhd"}


@dataclass(frozen=True)
class VideoFacts:
    """What a video file says of itself; nothing here depends on its name or place.

    Attributes
    ----------
    frames
        How many frames it shows.
    width, height
        Pixels as shown, after the turn that a phone may ask for.
    pixel_format, codec
        In FFmpeg's names.
    fps
        1 / the usual interval between frames, from the true time stamps.
    duration_s
        The last time stamp and one usual interval.
    variable_rate
        Whether an interval differs from the median by more than 2 ms and 10 %.
    notes
        What a person should know although nothing is wrong.
    fingerprint
        sha256 of the file's bytes; beyond 64 MiB of its size, three samples and all packet sizes and times.
    """

    frames: int
    width: int
    height: int
    pixel_format: str
    codec: str
    fps: float
    duration_s: float
    variable_rate: bool
    notes: tuple[str, ...]
    fingerprint: str


@dataclass
class _Reading:
    """One pass over a file."""

    codec: str
    time_base: Fraction
    rate: Fraction
    header_frames: int
    notes: list[str]
    first: VideoFrame | None = None
    packets: list[tuple[int, int | None]] = field(default_factory=list)  # size, pts; in file order
    decoded: list[int | None] | None = None  # pts of every frame, where all were decoded


def probe(path: Path) -> tuple[VideoFacts, npt.NDArray[np.float64]]:
    """Return a video's facts and the time stamp of each frame, (T,) seconds from the first.

    Frames are counted from the packets, which costs no decoding, where one packet is one frame and
    has its own time stamp: H.264, HEVC, MPEG-4, VP9, AV1 and the like in MP4, MOV or Matroska, and
    codecs of key frames only in AVI. Packets that an edit list hides do not count. Every other file
    is decoded once. The header's frame count is never believed.

    Raises
    ------
    InputError
        If the file is missing, empty, cut, damaged, no video, or has no frames, or if its time
        stamps do not advance.
    """
    _check_is_there(path)
    reading = _read(path, decode_all=False)
    if reading.decoded is None and not _each_has_its_time(reading.packets):
        reading = _read(path, decode_all=True)
    time_s = _time_stamps(reading, path)
    return _facts(reading, time_s, path), time_s


def frames_in(time_s: npt.NDArray[np.float64], start_s: float, stop_s: float) -> slice:
    """Return the frames shown in [start_s, stop_s), as a slice.

    A border may lie up to 1 ms, or a quarter of a frame if that is less, beside a time stamp: times typed or rounded by a
    labelling tool still meet their frame. Such a border counts as the time stamp that is nearest to it (the later of two
    equally near), so that one that lies on a time stamp is that frame's, however soon another frame comes.
    """
    interval = float(np.median(np.diff(time_s))) if len(time_s) > 1 else np.inf
    tolerance = min(1e-3, interval / 4)
    start, stop = (_first_from(time_s, border_s, tolerance) for border_s in (start_s, stop_s))
    return slice(start, max(start, stop))


def _first_from(time_s: npt.NDArray[np.float64], border_s: float, tolerance: float) -> int:
    """Return the first frame at or after a border that counts as a time stamp within the tolerance."""
    near = time_s[slice(*np.searchsorted(time_s, [border_s - tolerance, border_s + tolerance]))]
    if len(near):
        border_s = near[::-1][np.abs(near[::-1] - border_s).argmin()]
    return int(np.searchsorted(time_s, border_s))


def remedy(path: Path) -> str:
    """Return what to do about a video that is damaged or contradicts itself."""
    return f'export it again, or re-encode it with: ffmpeg -i "{path}" -fps_mode passthrough new.mp4'


def first_video_stream(container: "av.container.InputContainer") -> VideoStream | None:
    """Return the stream that holds the film: the first that is not a cover picture."""
    return next((stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic), None)


def frames_carry_their_time(container: "av.container.InputContainer", codec: str) -> bool:
    """Return whether a decoded frame's time stamp is its own: AVI numbers packets in the order of decoding only."""
    return container.format.name != "avi" or codec in _EVERY_FRAME_A_KEY_FRAME


def quarter_turns(frame: VideoFrame) -> int:
    """Return how many quarter turns counter-clockwise the file asks for when a frame is shown."""
    return round(frame.rotation / 90) % 4


def _check_is_there(path: Path) -> None:
    if not path.is_file():
        raise InputError(f"{path}: expected a video file, found {'a folder' if path.is_dir() else 'nothing'} there")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: expected a video, found an empty file (0 bytes); copy it again")
    if lacking := missing_bytes(path):
        raise InputError(
            f"{path}: expected a whole video, but {lacking} bytes are missing at its end; copy it again, "
            f'or try to save what is there with: ffmpeg -i "{path}" -c copy new.mkv'
        )


def _read(path: Path, decode_all: bool) -> _Reading:
    try:
        container = av.open(str(path.absolute()), options={"format_whitelist": FILM_FORMATS}, metadata_errors="replace")
    except av.ArgumentError:
        raise InputError(f"{path}: expected a video, found a playlist, a picture or another kind of file; export it as MP4") from None
    except av.FFmpegError as error:
        raise InputError(f"{path}: expected a video, but it cannot be opened as one ({error.strerror}); export it again as MP4") from None
    with container:
        stream = first_video_stream(container)
        if stream is None:
            raise InputError(f"{path}: expected a video, found a file without a video stream")
        stream.thread_type = "AUTO"
        reading = _begin(container, stream)
        if decode_all or not _packets_tell(container, reading.codec):
            reading.decoded = []
        try:
            _go_through(container, stream, reading)
        except av.FFmpegError as error:
            raise InputError(f"{path}: damaged after {len(reading.packets)} frames ({error.strerror}); {remedy(path)}") from None
    if reading.first is None:
        raise InputError(f"{path}: expected a video, found 0 frames in it; export it again")
    return reading


def _begin(container: "av.container.InputContainer", stream: VideoStream) -> _Reading:
    if stream.time_base is None:
        raise AssertionError("an opened stream has a time base")
    films = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
    notes = [f"the file holds {len(films)} video streams, the first is used"] if len(films) > 1 else []
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return _Reading(stream.codec_context.name, stream.time_base, rate, stream.frames, notes)


def _packets_tell(container: "av.container.InputContainer", codec: str) -> bool:
    """MPEG-4 in AVI hides frames in packets ("packed bitstream"); elsewhere fields or hidden frames have packets."""
    if container.format.name == "avi":
        return codec in _EVERY_FRAME_A_KEY_FRAME
    return codec in _ONE_PACKET_ONE_FRAME and container.format.name.split(",")[0] in ("mov", "matroska")


def _go_through(container: "av.container.InputContainer", stream: VideoStream, reading: _Reading) -> None:
    for packet in container.demux(stream):
        if packet.is_corrupt:
            raise av.InvalidDataError(0, "a frame is cut")
        if packet.size and not packet.is_discard:
            reading.packets.append((packet.size, packet.pts))
        if reading.decoded is None and reading.first is not None:
            continue
        for frame in packet.decode():
            reading.first = reading.first or frame
            if reading.decoded is not None:
                reading.decoded.append(frame.pts)
    if reading.decoded and None not in reading.decoded and not frames_carry_their_time(container, reading.codec):
        reading.decoded.sort(key=lambda pts: pts or 0)


def _each_has_its_time(packets: list[tuple[int, int | None]]) -> bool:
    times = {pts for _, pts in packets}
    return None not in times and len(times) == len(packets)


def _time_stamps(reading: _Reading, path: Path) -> npt.NDArray[np.float64]:
    stamps = reading.decoded if reading.decoded is not None else sorted(pts for _, pts in reading.packets if pts is not None)
    if None in stamps:
        reading.notes.append(f"the file does not say when each frame was shown; {float(reading.rate):g} frames per second are assumed")
        return seconds([frame * reading.rate.denominator for frame in range(len(stamps))], Fraction(1, reading.rate.numerator))
    time_s = seconds(stamps, reading.time_base)
    _check_they_advance(time_s, path)
    return time_s


def seconds(stamps: Sequence[int | None], time_base: Fraction) -> npt.NDArray[np.float64]:
    """Return time stamps as seconds from the first, (T,) float64, each rounded once."""
    ticks = np.asarray(stamps, dtype=np.int64)
    in_s: npt.NDArray[np.float64] = (ticks - ticks[0]) * time_base.numerator / time_base.denominator
    return in_s


def _check_they_advance(time_s: npt.NDArray[np.float64], path: Path) -> None:
    intervals = np.diff(time_s)
    if len(back := np.flatnonzero(intervals < 0)):
        raise InputError(f"{path}: its time stamps run backwards at frame {back[0] + 1}; {remedy(path)}")
    if len(intervals) and np.median(intervals) == 0:
        raise InputError(f"{path}: its time stamps do not advance, so nobody can tell when a frame was shown; {remedy(path)}")


def _facts(reading: _Reading, time_s: npt.NDArray[np.float64], path: Path) -> VideoFacts:
    first = reading.first
    assert first is not None
    interval, variable = _usual_interval(time_s, reading.rate)
    size = (first.width, first.height) if quarter_turns(first) % 2 == 0 else (first.height, first.width)
    return VideoFacts(
        frames=len(time_s),
        width=size[0],
        height=size[1],
        pixel_format=first.format.name,
        codec=reading.codec,
        fps=round(1 / interval, 6),
        duration_s=float(time_s[-1]) + interval,
        variable_rate=variable,
        notes=(*reading.notes, *_notes(reading, first, time_s)),
        fingerprint=_fingerprint(path, reading.packets),
    )


def _usual_interval(time_s: npt.NDArray[np.float64], rate: Fraction) -> tuple[float, bool]:
    """Return the interval in s and whether some differ from it.

    The mean of the intervals near the median: Matroska rounds times to 1 ms, so that the median of
    30 frames per second is 33 ms, which is 30.3 frames per second. Where none is near it, as in turns
    of 33 and 50 ms, the mean of all.
    """
    intervals = np.diff(time_s)
    if not len(intervals):
        return float(1 / rate), False
    median = np.median(intervals)
    regular = np.abs(intervals - median) <= max(2e-3, 0.1 * float(median)) + 1e-9
    advancing = intervals > 0
    regular &= advancing
    return float(intervals[regular if regular.any() else advancing].mean()), not bool(regular.all())


def _notes(reading: _Reading, first: VideoFrame, time_s: npt.NDArray[np.float64]) -> Iterator[str]:
    if reading.header_frames and reading.header_frames != len(time_s):
        yield f"the header says {reading.header_frames} frames, the file holds {len(time_s)}"
    if same := int(np.count_nonzero(np.diff(time_s) == 0)):
        yield f"frames with the same time stamp as the frame before: {same}"
    if turns := quarter_turns(first):
        yield f"the file asks to be shown turned by {turns * 90} degrees counter-clockwise, and is taken so"


def _fingerprint(path: Path, packets: list[tuple[int, int | None]]) -> str:
    size = path.stat().st_size
    if size <= WHOLE_FILE_LIMIT:
        return sha256_of_file(path)
    samples = []
    with path.open("rb") as file:
        for start in (0, (size - SAMPLE_BYTES) // 2, size - SAMPLE_BYTES):
            file.seek(start)
            samples.append(hashlib.sha256(file.read(SAMPLE_BYTES)).hexdigest())
    return sha256_of({"bytes": size, "samples": samples, "packets": sha256_of(packets)})
