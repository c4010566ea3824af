"""One patch of known colour comes out of the whole chain of a crop as it went in, whatever the video's layout."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.video.reformatter import ColorRange, Colorspace

from ethocache.common.workbench import Workbench
from ethocache.dataset.videos import probe
from ethocache.vision.crop_plan import plan_crops
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.cropping import crop_video
from ethocache.vision.decode import decode_frames

PARAMS = CropParams(size_px=64, keyframe_interval=5)
COLOUR = (200, 90, 40)
KINDS = (
    ("yuv420p", "libx264", "mp4"),
    ("yuvj420p", "mjpeg", "avi"),
    ("yuvj444p", "mjpeg", "avi"),
    ("yuvj420p", "libx264", "mp4"),
    ("yuv444p", "libx264", "mp4"),
    ("yuv422p", "libx264", "mp4"),
    ("yuv422p", "ffv1", "mkv"),
    ("yuv420p10le", "libx264", "mp4"),
    ("rgb24", "png", "mov"),
    ("bgr0", "ffv1", "mkv"),
    ("bgr24", "rawvideo", "avi"),
    ("yuyv422", "rawvideo", "avi"),
    ("yuv411p", "ffv1", "mkv"),
)
KINDS_OF_ODD_SIZE = (("yuv420p", "ffv1"), ("yuv422p", "ffv1"), ("yuvj420p", "mjpeg"), ("yuv444p", "libx264"))


def write_video(
    path: Path,
    frames: Sequence[npt.NDArray[np.uint8]],
    pixel_format: str = "yuv420p",
    codec: str = "libx264",
    matrix: Colorspace | None = None,
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixel_format
        if matrix is not None:
            stream.codec_context.colorspace = matrix
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pixel_format, dst_colorspace=matrix)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def painted(width: int, height: int, colour: tuple[int, int, int] = COLOUR) -> npt.NDArray[np.uint8]:
    return np.full((height, width, 3), colour, np.uint8)


def colour_of_the_middle(video: Path, folder: Path) -> list[float]:
    facts, time_s = probe(video)
    plan = plan_crops(None, facts.width, facts.height, facts.fps, PARAMS, frames=facts.frames)
    bench = Workbench(folder / "output", folder / "segments")
    for place in (bench.output, bench.segments):
        place.mkdir(parents=True)
    crop_video(video, facts, time_s, plan, PARAMS, bench, "key")
    first = next(decode_frames(bench.output / "crop.mp4"))
    colour: list[float] = first[26:38, 26:38].mean((0, 1)).tolist()
    return colour


@pytest.mark.parametrize(("pixel_format", "codec", "container"), KINDS)
def test_colours_are_kept(tmp_path: Path, pixel_format: str, codec: str, container: str) -> None:
    video = write_video(tmp_path / f"a.{container}", [painted(96, 64)] * 2, pixel_format, codec)
    assert colour_of_the_middle(video, tmp_path) == pytest.approx(COLOUR, abs=3)


@pytest.mark.parametrize(
    ("pixel_format", "codec"), [("yuv420p", "ffv1"), ("yuv422p", "ffv1"), ("yuvj420p", "mjpeg"), ("yuv444p", "libx264")]
)
def test_colours_are_kept_at_odd_sizes(tmp_path: Path, pixel_format: str, codec: str) -> None:
    video = write_video(tmp_path / "a.mkv", [painted(321, 243)], pixel_format, codec)
    assert colour_of_the_middle(video, tmp_path) == pytest.approx(COLOUR, abs=3)


def test_colours_of_bt709_are_kept_and_tagged(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", [painted(96, 64)] * 2, matrix=Colorspace.ITU709)
    assert colour_of_the_middle(video, tmp_path) == pytest.approx(COLOUR, abs=3)
    with av.open(str(tmp_path / "output" / "crop.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (1, ColorRange.MPEG)


@pytest.mark.parametrize(("codec", "container"), [("ffv1", "mkv"), ("rawvideo", "avi"), ("png", "mov")])
def test_shades_of_grey_videos_are_kept(tmp_path: Path, codec: str, container: str) -> None:
    for shade in (5, 120, 250):
        video = write_video(tmp_path / f"{shade}.{container}", [painted(96, 64, (shade,) * 3)], "gray", codec)
        assert colour_of_the_middle(video, tmp_path / str(shade)) == pytest.approx((shade,) * 3, abs=3)
