"""Frames of crops from anywhere, and pictures of any video as they were shown."""

import re
import struct
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.common.errors import InputError
from ethocache.dataset.videos import probe
from ethocache.vision.backbones.settings import View
from ethocache.vision.decode import decode_frames, decode_pictures, read_tags
from ethocache.vision.encode import CropStyle, join_segments, write_segment
from ethocache.vision.pictures import Picture

FRAMES, EVERY = 47, 10
TICK = Fraction(1, 25)


@pytest.fixture(scope="module")
def crop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crop of 47 frames with a key frame every 10, whose time stamps are uneven."""
    folder = tmp_path_factory.mktemp("crop")
    rng = np.random.default_rng(0)
    pictures = [Picture((rng.integers(0, 255, (32, 32), dtype=np.uint8),), 1, 1, True) for _ in range(FRAMES)]
    write_segment(folder / "0.mp4", pictures, CropStyle(32, 10, EVERY, 6))
    join_segments(folder / "crop.mp4", [folder / "0.mp4"], np.cumsum(rng.integers(1, 900, FRAMES)), 15_000)
    return folder / "crop.mp4"


@pytest.fixture(scope="module")
def in_order(crop: Path) -> npt.NDArray[np.uint8]:
    with av.open(str(crop)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def write_video(
    path: Path,
    frames: list[npt.NDArray[np.uint8]],
    pixel_format: str = "yuv420p",
    codec: str = "ffv1",
    time_base: Fraction = Fraction(1, 25),
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = time_base
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pixel_format)
            frame.pts, frame.time_base = number, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def stripes(number: int = 0) -> npt.NDArray[np.uint8]:
    """A picture that looks different from every side."""
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:12] = (200, 60, 40)
    pixels[:, :8] = (30, 40 + number, 220)
    return pixels


def one_colour_or_more(folder: Path, luma: npt.NDArray[Any], blue: int, red: int) -> Path:
    """A crop of three equal frames with this Y' of limited range, and one Cb and Cr everywhere."""
    grey = luma.astype(np.uint8)
    picture = Picture((grey, np.full_like(grey, blue), np.full_like(grey, red)), 1, 1, full_range=False)
    write_segment(folder / "0.mp4", [picture] * 3, CropStyle(len(luma), 2, EVERY, 6))
    join_segments(folder / "crop.mp4", [folder / "0.mp4"], np.arange(3), 25)
    return folder / "crop.mp4"


class TestFramesOfACrop:
    def test_are_all_there_in_order(self, crop: Path, in_order: npt.NDArray[np.uint8]) -> None:
        found = np.stack(list(decode_frames(crop)))
        assert (found.shape, found.dtype) == ((FRAMES, 32, 32, 3), np.uint8)
        assert np.abs(found.astype(int) - in_order).mean() < 2
        assert all((a != b).any() for a, b in pairwise(found))

    @pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
    @pytest.mark.parametrize("size_px", [64, 96, 128, 150, 224])
    def test_come_at_the_size_that_a_network_sees_each_pixel_in_its_place(self, tmp_path: Path, interpolation: Any, size_px: int) -> None:
        crop = one_colour_or_more(tmp_path, (np.arange(128) + 20).repeat(128).reshape(128, 128).T, 128, 128)
        *_, found = decode_frames(crop, view=View(size_px, interpolation))
        assert (found.shape, found.dtype) == ((size_px, size_px, 3), np.uint8)
        place = (np.arange(size_px) + 0.5) * 128 / size_px - 0.5
        inside = slice(size_px // 16, -size_px // 16)
        expected = (20 + place[inside] - 16) * 255 / 219  # white is 235 in the file
        np.testing.assert_allclose(found[inside, inside].mean(axis=(0, 2)), expected, atol=0.6)
        assert np.abs(found[inside, inside] - expected[None, :, None]).max() < 3

    def test_keep_their_colours_at_any_size(self, tmp_path: Path) -> None:
        crop = one_colour_or_more(tmp_path, np.full((64, 64), 90), 100, 190)
        as_kept, smaller, larger = (next(decode_frames(crop, view=View(size))) for size in (None, 36, 90))
        assert (smaller.shape, larger.shape) == ((36, 36, 3), (90, 90, 3))
        assert np.ptp(as_kept[0, 0].astype(int)) > 100  # it has a colour
        assert np.abs(smaller - as_kept[0, 0].astype(int)).max() <= 1
        assert np.abs(larger - as_kept[0, 0].astype(int)).max() <= 1

    def test_are_smoothed_as_they_shrink(self, tmp_path: Path) -> None:
        checks = np.indices((128, 128)).sum(axis=0) % 2 * 219 + 16
        found = next(decode_frames(one_colour_or_more(tmp_path, checks, 128, 128), view=View(48)))
        assert found.std() < 12
        assert found.mean() == pytest.approx(127.5, abs=4)

    @given(start=st.integers(0, FRAMES + 2), length=st.integers(0, 15), threads=st.integers(0, 2))
    @settings(max_examples=30, deadline=None)
    def test_are_the_same_from_an_arbitrary_start(self, crop: Path, start: int, length: int, threads: int) -> None:
        whole = list(decode_frames(crop))
        found = list(decode_frames(crop, start, start + length, threads))
        assert len(found) == len(whole[start : start + length])
        assert all((a == b).all() for a, b in zip(found, whole[start : start + length], strict=True))

    def test_of_a_file_that_is_none_say_so(self, tmp_path: Path) -> None:
        (tmp_path / "crop.mp4").write_text("not a crop")
        with pytest.raises(InputError, match=r"crop\.mp4: damaged, it cannot be decoded"):
            list(decode_frames(tmp_path / "crop.mp4"))

    def test_of_a_file_without_a_film_say_so(self, tmp_path: Path) -> None:
        with av.open(str(tmp_path / "a.mka"), "w") as container:
            sound = container.add_stream("pcm_s16le", rate=8000)
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
            silence.rate, silence.pts = 8000, 0
            container.mux(sound.encode(silence))
        with pytest.raises(InputError, match="found a file without a video stream"):
            list(decode_frames(tmp_path / "a.mka"))


class TestPicturesOfAVideo:
    @pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p", "gray", "bgr0", "yuv420p10le", "yuv411p"])
    def test_have_the_planes_of_the_frame_or_of_its_conversion(self, tmp_path: Path, pixel_format: str) -> None:
        path = write_video(tmp_path / "a.mkv", [stripes()], pixel_format)
        facts, time_s = probe(path)
        (picture,) = (copied(picture) for picture in decode_pictures(path, facts, time_s))
        assert (picture.width, picture.height) == (64, 48)
        assert len(picture.planes) == (1 if pixel_format == "gray" else 3)
        for plane in picture.planes[1:]:
            assert plane.shape == (48 // picture.rows_per_chroma, 64 // picture.columns_per_chroma)

    def test_that_are_kept_upside_down_are_turned(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.avi", [stripes()], "bgr24", "rawvideo")
        facts, time_s = probe(path)
        (picture,) = (copied(picture) for picture in decode_pictures(path, facts, time_s))
        assert picture.planes[0][0, 40] > picture.planes[0][40, 40] + 40  # the bright stripe is above

    @pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p"])
    def test_are_turned_as_a_phone_asks(self, tmp_path: Path, pixel_format: str) -> None:
        path = write_video(tmp_path / "a.mp4", [stripes()], pixel_format, "libx264")
        content = bytearray(path.read_bytes())
        start = content.index(b"tkhd") + 4 + 40
        content[start : start + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)  # shown turned clockwise
        path.write_bytes(content)
        facts, time_s = probe(path)
        (picture,) = (copied(picture) for picture in decode_pictures(path, facts, time_s))
        assert (picture.width, picture.height) == (facts.width, facts.height) == (48, 64)
        luma = picture.planes[0]
        assert luma[40, 40] > luma[40, 20] + 40  # what was above is now on the right
        assert luma[2, 20] > luma[40, 20] + 20  # what was on the left is now above

    def test_from_a_later_start_are_the_same(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.mkv", [stripes(3 * number) for number in range(6)])
        facts, time_s = probe(path)
        whole = [copied(picture).planes[0] for picture in decode_pictures(path, facts, time_s)]
        late = [copied(picture).planes[0] for picture in decode_pictures(path, facts, time_s, start=4)]
        np.testing.assert_array_equal(late, whole[4:])

    def test_need_as_many_frames_as_were_found_before(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.mkv", [stripes()] * 5)
        facts, time_s = probe(path)
        for promised in (np.arange(6) / 25, time_s[:4]):
            with pytest.raises(
                InputError, match=f"expected {len(promised)} frames, as its packets say, the decoder gives 5; export it again"
            ):
                list(decode_pictures(path, facts, promised))

    def test_need_the_times_that_were_found_before(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.mkv", [stripes()] * 5)
        facts, _ = probe(path)
        with pytest.raises(InputError, match=r"expected frame 1 at 0\.050000 s, the decoder gives 0\.040000 s"):
            list(decode_pictures(path, facts, np.arange(5) / 20))

    def test_of_b_frames_in_avi_come_in_the_order_shown(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.avi", [stripes(10 * number) for number in range(12)], codec="libx264")
        facts, time_s = probe(path)
        blue = [copied(picture).planes[0][30, 3] for picture in decode_pictures(path, facts, time_s)]
        assert (np.diff(np.asarray(blue, int)) > 0).all()

    def test_must_all_have_one_size(self, tmp_path: Path) -> None:
        first, second = (write_video(tmp_path / f"{n}.h264", [stripes()[:n]] * 3, codec="libx264") for n in (48, 32))
        both = tmp_path / "both.h264"
        both.write_bytes(first.read_bytes() + second.read_bytes())
        facts, time_s = probe(both)
        with pytest.raises(InputError, match="expected 64x48 px in every frame, frame 3 has 64x32"):
            list(decode_pictures(both, facts, time_s))

    def test_that_the_decoder_finds_damaged_are_named(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(0)
        noisy = [np.tile(stripes(number), (4, 4, 1)) // 2 + rng.integers(0, 40, (192, 256, 1), dtype=np.uint8) for number in range(12)]
        path = write_video(tmp_path / "a.mp4", noisy, codec="libx264")
        facts, time_s = probe(path)
        whole = path.read_bytes()
        messages = []
        for start in np.linspace(whole.index(b"mdat") + 5000, whole.index(b"moov") - 5000, 8).astype(int):
            path.write_bytes(whole[:start] + bytes(20) + whole[start + 20 :])
            try:
                list(decode_pictures(path, facts, time_s))
            except InputError as error:
                messages.append(str(error))
        assert len(messages) >= 5  # of 8: it does not notice everything
        assert all("; export it again, or re-encode it with: ffmpeg -i" in message for message in messages)
        assert any(re.search(r"a\.mp4: frame \d+ is damaged; ", message) for message in messages)


class TestTags:
    def test_keep_the_ticks_in_which_the_times_are_whole(self, tmp_path: Path) -> None:
        assert read_tags(write_video(tmp_path / "a.mkv", [stripes()])).ticks_per_second == 10_000
        assert read_tags(write_video(tmp_path / "a.mp4", [stripes()], codec="libx264")).ticks_per_second == 12_800
        assert read_tags(write_video(tmp_path / "a.nut", [stripes()], time_base=Fraction(1, 27_000_000))).ticks_per_second == 90_000
        assert read_tags(write_video(tmp_path / "a.ts", [stripes()] * 20, codec="mpeg2video")).ticks_per_second == 90_000

    def test_take_a_file_that_says_nothing_for_bt601(self, tmp_path: Path) -> None:
        assert read_tags(write_video(tmp_path / "a.mkv", [stripes()])).matrix == 6
        assert read_tags(write_video(tmp_path / "b.mkv", [stripes()], "bgr0")).matrix == 6


def copied(picture: Picture) -> Picture:
    planes = tuple(plane.copy() for plane in picture.planes)
    return Picture(planes, picture.columns_per_chroma, picture.rows_per_chroma, picture.full_range)
