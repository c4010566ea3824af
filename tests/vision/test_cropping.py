"""A whole crop: every frame, at its time, in its colours, from the right place, whatever happens in between."""

import shutil
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.common.workbench import Workbench
from ethocache.dataset.tracks import Track, read_track
from ethocache.dataset.videos import probe
from ethocache.vision import crop_settings
from ethocache.vision.crop_plan import CropPlan, plan_crops, read_plan
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.cropping import crop_video
from ethocache.vision.decode import decode_frames

SHARED = Path(__file__).parents[2].parent / "shared"
OPENFIELD = SHARED / "data" / "openfield"
PARAMS = CropParams(size_px=64, keyframe_interval=5)
COLOUR = (200, 90, 40)


def write_video(
    path: Path,
    frames: Sequence[npt.NDArray[np.uint8]],
    pixel_format: str = "yuv420p",
    codec: str = "libx264",
    pts: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 30),
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30, options={"crf": "0"} if codec == "libx264" else {})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = time_base
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pixel_format)
            frame.pts, frame.time_base = number if pts is None else pts[number], time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def painted(width: int, height: int, colour: tuple[int, int, int] = COLOUR) -> npt.NDArray[np.uint8]:
    return np.full((height, width, 3), colour, np.uint8)


def moving_square(frames: int, width: int = 160, height: int = 120) -> tuple[list[npt.NDArray[np.uint8]], Track]:
    """A red square of 20 px on grey that moves to the right by 2 px a frame, and its four corners as key points."""
    pictures = []
    points = np.ones((frames, 1, 4, 3), np.float32)
    for frame in range(frames):
        left, top = 30 + 2 * frame, 50
        picture = painted(width, height, (120, 120, 120))
        picture[top : top + 20, left : left + 20] = (220, 30, 30)
        pictures.append(picture)
        points[frame, 0, :, 0] = left + np.array([0, 19, 0, 19])
        points[frame, 0, :, 1] = top + np.array([0, 0, 19, 19])
    return pictures, Track(points, ("a", "b", "c", "d"), ("",))


def bench_in(folder: Path) -> Workbench:
    bench = Workbench(folder / "output", folder / "segments")
    for place in (bench.output, bench.segments):
        place.mkdir(parents=True, exist_ok=True)
    return bench


def crop(video: Path, folder: Path, params: CropParams = PARAMS, track: Track | None = None) -> dict[str, Any]:
    facts, time_s = probe(video)
    plan = plan_crops(track, facts.width, facts.height, facts.fps, params, frames=facts.frames)
    return crop_video(video, facts, time_s, plan, params, bench_in(folder), "key")


def crop_of(folder: Path) -> npt.NDArray[np.uint8]:
    return np.stack(list(decode_frames(folder / "output" / "crop.mp4")))


class TestACrop:
    def test_holds_every_frame_at_its_time(self, tmp_path: Path) -> None:
        pictures, track = moving_square(23)
        pts = np.cumsum(np.random.default_rng(0).integers(20, 60, 23)).tolist()
        video = write_video(tmp_path / "a.mkv", pictures, pts=pts, time_base=Fraction(1, 1000))
        cost = crop(video, tmp_path, track=track)
        facts, time_s = probe(tmp_path / "output" / "crop.mp4")
        planned_s = read_plan(tmp_path / "output" / "crop.json").time_s
        np.testing.assert_array_equal(time_s, probe(video)[1])
        np.testing.assert_array_equal(planned_s, probe(video)[1])
        assert (facts.frames, facts.width, facts.height, facts.pixel_format, facts.codec) == (23, 64, 64, "yuv420p", "h264")
        assert (cost["frames"], cost["device"], cost["resumed_at"]) == (23, "cpu", 0)
        assert cost["bytes"] == (tmp_path / "output" / "crop.mp4").stat().st_size
        assert cost["seconds"] > 0 and cost["peak_memory_mb"] >= 0

    def test_follows_the_animal(self, tmp_path: Path) -> None:
        pictures, track = moving_square(40)
        crop(write_video(tmp_path / "a.mp4", pictures, "yuv444p"), tmp_path, track=track)
        found = crop_of(tmp_path).astype(int)
        red = found[..., 0] - found[..., 1] > 95
        plan = read_plan(tmp_path / "output" / "crop.json").plan
        assert plan.side_px == 38
        for frame in range(40):
            y, x = (places.mean() for places in np.nonzero(red[frame]))
            x_of_frame = plan.left_px[frame] + (x + 0.5) * plan.side_px / 64 - 0.5
            y_of_frame = plan.top_px[frame] + (y + 0.5) * plan.side_px / 64 - 0.5
            assert (x_of_frame, y_of_frame) == pytest.approx((30 + 2 * frame + 9.5, 59.5), abs=0.5)

    @given(left=st.integers(0, 40), top=st.integers(0, 30), side=st.integers(20, 30))
    @settings(max_examples=12, deadline=None)
    def test_maps_its_pixels_back_to_those_of_the_frame(
        self, tmp_path_factory: pytest.TempPathFactory, left: int, top: int, side: int
    ) -> None:
        folder = tmp_path_factory.mktemp("grid")
        slope = np.zeros((120, 160, 3), np.uint8)
        slope[..., 0] = slope[..., 1] = slope[..., 2] = np.arange(160) + np.arange(120)[:, None] // 2
        video = write_video(folder / "a.mkv", [slope], "yuv444p", "ffv1")
        facts, time_s = probe(video)
        plan = CropPlan(np.array([2 * left]), np.array([2 * top]), 2 * side, np.ones(1, bool), "track", 1.0)
        crop_video(video, facts, time_s, plan, PARAMS.model_copy(update={"quality": 1}), bench_in(folder), "key")
        x, y = np.meshgrid(np.arange(64), np.arange(64))
        expected = (2 * left + (x + 0.5) * 2 * side / 64 - 0.5) + (2 * top + (y + 0.5) * 2 * side / 64 - 0.5) / 2
        error = crop_of(folder)[0, ..., 1] - expected
        assert np.abs(error[4:-4, 4:-4]).mean() < 2
        assert abs(error.mean() + 0.25) < 1  # the slope was rounded down

    def test_of_the_whole_frame_is_padded_with_black(self, tmp_path: Path) -> None:
        crop(write_video(tmp_path / "a.mp4", [painted(160, 80)] * 3), tmp_path)
        found = crop_of(tmp_path)[1]
        assert found[:14].max() < 12 and found[-14:].max() < 12
        np.testing.assert_allclose(found[20:44].mean((0, 1)), COLOUR, atol=3)

    def test_drops_sound(self, tmp_path: Path) -> None:
        video = write_video(tmp_path / "a.mkv", [painted(64, 64)] * 3)
        with av.open(str(video)) as source, av.open(str(tmp_path / "b.mkv"), "w") as target:
            film = target.add_stream_from_template(source.streams.video[0])
            sound = target.add_stream("pcm_s16le", rate=8000)
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
            silence.rate, silence.pts = 8000, 0
            target.mux(sound.encode(silence))
            for packet in source.demux(video=0):
                if packet.size:
                    packet.stream = film
                    target.mux(packet)
        assert crop(tmp_path / "b.mkv", tmp_path)["frames"] == 3
        with av.open(str(tmp_path / "output" / "crop.mp4")) as container:
            assert [stream.type for stream in container.streams] == ["video"]

    def test_keeps_frames_that_share_a_time_stamp(self, tmp_path: Path) -> None:
        pts = [0, 101, 102, 200, 300]  # tenths of the milliseconds that Matroska keeps
        pictures = [painted(64, 48, (40 * number, 90, 90)) for number in range(5)]
        video = write_video(tmp_path / "a.mkv", pictures, "yuvj420p", "mjpeg", pts, Fraction(1, 10_000))
        crop(video, tmp_path)
        planned_s = read_plan(tmp_path / "output" / "crop.json").time_s
        facts, time_s = probe(tmp_path / "output" / "crop.mp4")
        assert planned_s.tolist() == [0, 0.01, 0.01, 0.02, 0.03]
        assert (facts.frames, time_s.tolist()) == (5, [0, 0.01, 0.0101, 0.02, 0.03])
        assert (np.diff(crop_of(tmp_path)[:, 32, 32, 0].astype(int)) > 20).all()


class TestAnInterruptedCrop:
    @pytest.fixture(autouse=True)
    def short_segments(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(crop_settings, "SEGMENT_FRAMES", 10)

    def test_ends_with_the_same_bytes_whichever_segment_was_the_last(self, tmp_path: Path) -> None:
        pictures, track = moving_square(34)
        video = write_video(tmp_path / "a.mp4", pictures, "yuv444p")
        crop(video, tmp_path / "whole", track=track)
        segments = sorted((tmp_path / "whole" / "segments").iterdir())
        assert len(segments) == 4
        for finished in range(5):
            folder = tmp_path / str(finished)
            bench = bench_in(folder)
            for segment in segments[:finished]:
                shutil.copy(segment, bench.segments)
            assert crop(video, folder, track=track)["resumed_at"] == min(10 * finished, 34)
            for name in ("crop.mp4", "crop.json"):
                assert (folder / "output" / name).read_bytes() == (tmp_path / "whole" / "output" / name).read_bytes()

    def test_does_not_encode_finished_segments_again(self, tmp_path: Path) -> None:
        pictures, track = moving_square(23)
        video = write_video(tmp_path / "a.mp4", pictures)
        crop(video, tmp_path, track=track)
        first, *_, last = sorted((tmp_path / "segments").iterdir())
        before = first.stat().st_mtime_ns
        last.unlink()
        crop(video, tmp_path, track=track)
        assert first.stat().st_mtime_ns == before
        assert last.exists()

    def test_goes_on_in_the_store_where_it_stopped(self, tmp_path: Path) -> None:
        pictures, _ = moving_square(34)
        video = write_video(tmp_path / "a.mp4", pictures)
        facts, time_s = probe(video)
        plan = plan_crops(None, facts.width, facts.height, facts.fps, PARAMS, frames=facts.frames)

        def stopped_in_the_second_segment(bench: Workbench) -> dict[str, Any]:
            crop_video(video, facts, np.append(time_s[:15], time_s[15:] + 1), plan, PARAMS, bench, "key")
            raise AssertionError("the times differ from frame 15 on")

        def whole(bench: Workbench) -> dict[str, Any]:
            return crop_video(video, facts, time_s, plan, PARAMS, bench, "key")

        with pytest.raises(InputError, match="expected frame 15 at"):
            Store(tmp_path / "store").make("crop", {"video": "a"}, stopped_in_the_second_segment)
        entry = Store(tmp_path / "store").make("crop", {"video": "a"}, whole)
        undisturbed = Store(tmp_path / "other").make("crop", {"video": "a"}, whole)
        assert (entry.facts["resumed_at"], undisturbed.facts["resumed_at"]) == (10, 0)
        assert entry.files == undisturbed.files


class TestABadVideo:
    def test_that_holds_more_or_fewer_frames_than_were_found_is_refused(self, tmp_path: Path) -> None:
        video = write_video(tmp_path / "a.mp4", [painted(64, 48)] * 10)
        facts, time_s = probe(video)
        for frames in (9, 11):
            plan = plan_crops(None, 64, 48, 30.0, PARAMS, frames=frames)
            promised = np.append(time_s, 10 / 30)[:frames]
            with pytest.raises(InputError, match=f"expected {frames} frames, as its packets say, the decoder gives 10; export it again"):
                crop_video(video, facts, promised, plan, PARAMS, bench_in(tmp_path / str(frames)), "key")

    def test_that_is_damaged_in_the_middle_leaves_no_crop(self, tmp_path: Path) -> None:
        video = write_video(tmp_path / "a.mp4", moving_square(12)[0])
        content = bytearray(video.read_bytes())
        frames = slice(content.index(b"mdat") + 1000, content.index(b"moov") - 100)
        content[frames] = bytes([255]) * len(content[frames])
        video.write_bytes(content)
        with pytest.raises(InputError, match=r"a\.mp4: (frame \d+ is damaged|damaged, it cannot)"):
            crop(video, tmp_path)
        assert list((tmp_path / "output").iterdir()) == []
        assert list((tmp_path / "segments").iterdir()) == []


@pytest.mark.skipif(not OPENFIELD.is_dir(), reason="needs the real video in ../shared/data/openfield")
def test_the_real_open_field_keeps_its_first_frames_and_their_times(tmp_path: Path) -> None:
    with av.open(str(OPENFIELD / "m3v1mp4.mp4")) as source, av.open(str(tmp_path / "start.mp4"), "w") as target:
        film = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size and packet.pts is not None and packet.pts < 2_000_000:
                packet.stream = film
                target.mux(packet)
    facts, time_s = probe(tmp_path / "start.mp4")
    whole = read_track(next(OPENFIELD.glob("*.h5")))
    track = Track(whole.points[: facts.frames], whole.names, whole.individuals)
    crop(tmp_path / "start.mp4", tmp_path, CropParams(), track)
    assert facts.frames >= 58
    np.testing.assert_array_equal(probe(tmp_path / "output" / "crop.mp4")[1], time_s)
    dark = crop_of(tmp_path).mean(-1) < 60  # a black mouse on a white floor
    assert (dark[:, 40:-40, 40:-40].mean((1, 2)) > 0.03).all()
