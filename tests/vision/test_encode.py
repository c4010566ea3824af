"""Segments and their joining."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ethocache.dataset.videos import probe
from ethocache.vision.decode import decode_frames, rows_of
from ethocache.vision.encode import CropStyle, Scaler, join_segments, write_segment, write_video
from ethocache.vision.pictures import Picture, cut_square

STYLE = CropStyle(size=64, quality=10, keyframe_interval=5, matrix=6)


def pictures(count: int, side: int = 40) -> Iterator[Picture]:
    rng = np.random.default_rng(0)
    for number in range(count):
        luma = np.full((side, side), 40 + number, np.uint8)
        luma[number % side] = rng.integers(60, 200, side)
        yield Picture((luma, np.full((side // 2,) * 2, 110, np.uint8), np.full((side // 2,) * 2, 140, np.uint8)), 2, 2, False)


def noise(count: int, side: int = 16) -> Iterator[Picture]:
    rng = np.random.default_rng([*b"m0"])
    grey = np.full((side, side), 128, np.uint8)
    for number in range(count):
        wave = np.tile(128 + 60 * np.sin(np.arange(side) * 1.2 + rng.uniform(0, 6)), (side, 1)) + rng.normal(0, 5, (side, side))
        yield Picture((np.ascontiguousarray(wave.T if number // 10 % 2 else wave).astype(np.uint8), grey, grey), 1, 1, False)


class TestASegment:
    def test_is_h264_that_browsers_play_with_a_constant_distance_of_key_frames(self, tmp_path: Path) -> None:
        write_segment(tmp_path / "0.mp4", pictures(13), STYLE)
        with av.open(str(tmp_path / "0.mp4")) as container:
            stream = container.streams.video[0]
            assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
            assert (stream.width, stream.height, stream.codec_context.has_b_frames) == (64, 64, False)
            assert (stream.codec_context.color_range, stream.codec_context.colorspace) == (1, 6)
            keys = [packet.is_keyframe for packet in container.demux(stream) if packet.size]
        assert np.flatnonzero(keys).tolist() == [0, 5, 10]

    def test_has_the_same_bytes_every_time(self, tmp_path: Path) -> None:
        for name in ("a.mp4", "b.mp4"):
            write_segment(tmp_path / name, pictures(7), STYLE)
        assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()

    def test_of_small_pictures_does_not_depend_on_what_lies_about_in_memory(self, tmp_path: Path) -> None:
        """x264's own code for AVX-512 takes what lies behind its motion vectors for more of them: most of these had other bytes."""
        small, rng, made = CropStyle(size=16, quality=8, keyframe_interval=10, matrix=6), np.random.default_rng(0), set()
        for _ in range(25):
            left = [rng.integers(-40, 40, length, np.int16) for length in rng.integers(500, 60_000, 60)]
            del left
            write_segment(tmp_path / "a.mp4", noise(26), small)
            made.add((tmp_path / "a.mp4").read_bytes())
        assert len(made) == 1

    @pytest.mark.parametrize("side", [40, 64])
    def test_is_made_of_frames_that_nobody_fills_again_while_they_are_encoded(self, side: int) -> None:
        """Also where the square has the crop's size, so that there is nothing to scale."""
        scaler = Scaler(STYLE.size, STYLE.size, STYLE.matrix)
        frames = [scaler.scale(picture) for picture in pictures(3, side)]
        assert [int(np.median(rows_of(frame.planes[0]))) for frame in frames] == [40, 41, 42]

    def test_is_smaller_when_worse(self, tmp_path: Path) -> None:
        write_segment(tmp_path / "a.mp4", pictures(7), STYLE)
        write_segment(tmp_path / "b.mp4", pictures(7), CropStyle(64, 30, 5, 6))
        assert (tmp_path / "b.mp4").stat().st_size < (tmp_path / "a.mp4").stat().st_size


class TestJoining:
    def test_gives_every_frame_its_own_time_and_keeps_the_pictures(self, tmp_path: Path) -> None:
        every = list(pictures(12))
        segments = [tmp_path / f"{number}.mp4" for number in range(3)]
        for segment, start in zip(segments, (0, 5, 10), strict=True):
            write_segment(segment, every[start : start + 5], STYLE)
        ticks = np.array([0, 1, 2, 500, 600, 700, 1000, 1003, 5000, 5001, 5002, 9000])
        join_segments(tmp_path / "crop.mp4", segments, ticks, 15_000)
        with av.open(str(tmp_path / "crop.mp4")) as container:
            stream = container.streams.video[0]
            assert stream.time_base == Fraction(1, 15_000)
            frames = list(container.decode(stream))
        assert [frame.pts for frame in frames] == ticks.tolist()
        assert [round(float(frame.to_ndarray()[30:34, 30:34].mean())) for frame in frames] == pytest.approx(range(40, 52), abs=2)

    def test_of_one_frame_lasts_a_moment(self, tmp_path: Path) -> None:
        write_segment(tmp_path / "0.mp4", pictures(1), STYLE)
        join_segments(tmp_path / "crop.mp4", [tmp_path / "0.mp4"], np.zeros(1, np.int64), 10_000)
        with av.open(str(tmp_path / "crop.mp4")) as container:
            assert container.streams.video[0].duration == 400

    def test_can_be_played_before_it_is_all_there(self, tmp_path: Path) -> None:
        write_segment(tmp_path / "0.mp4", pictures(3), STYLE)
        join_segments(tmp_path / "crop.mp4", [tmp_path / "0.mp4"], np.arange(3) * 400, 10_000)
        content = (tmp_path / "crop.mp4").read_bytes()
        assert content.index(b"moov") < content.index(b"mdat")

    def test_refuses_segments_that_do_not_hold_the_frames(self, tmp_path: Path) -> None:
        write_segment(tmp_path / "0.mp4", pictures(3), STYLE)
        with pytest.raises(RuntimeError, match="expected 4 frames in the segments, found 3"):
            join_segments(tmp_path / "crop.mp4", [tmp_path / "0.mp4"], np.arange(4), 10_000)


class TestAVideo:
    def test_shows_its_frames_at_a_constant_rate(self, tmp_path: Path) -> None:
        shades = range(20, 220, 20)
        for name in ("a.mp4", "b.mp4"):
            write_video(tmp_path / name, (np.full((48, 64, 3), shade, np.uint8) for shade in shades), 12.5, 18, 5)
        facts, time_s = probe(tmp_path / "a.mp4")
        assert (facts.frames, facts.width, facts.height, facts.fps) == (10, 64, 48, 12.5)
        np.testing.assert_allclose(time_s, np.arange(10) / 12.5)
        assert [frame.mean() for frame in decode_frames(tmp_path / "a.mp4")] == pytest.approx(shades, abs=3)
        assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


class TestTheSquare:
    def test_is_a_view_where_it_lies_inside(self) -> None:
        (picture,) = pictures(1)
        square = cut_square(picture, 10, 4, 20)
        assert all(np.shares_memory(part, whole) for part, whole in zip(square.planes, picture.planes, strict=True))
        assert [plane.shape for plane in square.planes] == [(20, 20), (10, 10), (10, 10)]

    @pytest.mark.parametrize(("full_range", "black"), [(False, 16), (True, 0)])
    def test_is_black_outside_of_the_picture(self, full_range: bool, black: int) -> None:
        (luma, *chroma) = next(pictures(1)).planes
        square = cut_square(Picture((luma, *chroma), 2, 2, full_range), -10, -4, 60)
        assert (square.planes[0][:4] == black).all() and (square.planes[0][:, :10] == black).all()
        assert (square.planes[0][44:] == black).all() and (square.planes[0][:, 50:] == black).all()
        np.testing.assert_array_equal(square.planes[0][4:44, 10:50], luma)
        assert (square.planes[1][:2] == 128).all()
        np.testing.assert_array_equal(square.planes[1][2:22, 5:25], chroma[0])
