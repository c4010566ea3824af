"""Tracking without a network: right where it answers, and refused where it would be wrong."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from films import Frames, Mouse, empty, film, mouse, seen_through, sitting

from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import index_videos
from ethocache.dataset.tracks import Track, load_track
from ethocache.dataset.videos import probe
from ethocache.vision.crop_plan import plan_crops
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.kept import keep_track
from ethocache.vision.tracking import TrackParams
from ethocache.vision.tracking.background import track_background
from ethocache.vision.tracking.background_settings import BackgroundParams
from ethocache.vision.tracking.scene import in_light_of, shrinking, shrunk

BODY_PX = 240 / 5.2  # of a rendered mouse


@pytest.fixture(scope="module")
def walker() -> Mouse:
    return mouse()


def tracked(path: Path, **params: object) -> Track:
    facts, time_s = probe(path)
    return track_background(path, facts, time_s, BackgroundParams(**params))  # type: ignore[arg-type]


def refusal(path: Path, **params: object) -> str:
    with pytest.raises(InputError) as error:
        tracked(path, **params)
    assert "\n" not in str(error.value)
    assert "track it with DeepLabCut (track.source: files, deeplabcut or superanimal), or take the whole frame (track.source: none)" in str(
        error.value
    )
    return str(error.value)


def errors_px(track: Track, truth_px: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    places = track.points[:, 0, :, :2]
    errors: npt.NDArray[np.float64] = np.hypot(*((places.min(axis=1) + places.max(axis=1)) / 2 - truth_px).T)
    return errors


def dimming(frames: Frames) -> Frames:
    return [(frame * (1 - 0.6 * number / len(frames))).astype(np.uint8) for number, frame in enumerate(frames)]


def flickering(frames: Frames) -> Frames:
    return [(frame * (0.8 if number % 2 else 1)).astype(np.uint8) for number, frame in enumerate(frames)]


def drifting(frames: Frames) -> Frames:
    """One side of the arena grows darker than the other."""
    across = np.linspace(-1, 1, frames[0].shape[1])[None, :, None]
    return [(frame * (1 - 0.06 * across * number / len(frames) - 0.06)).astype(np.uint8) for number, frame in enumerate(frames)]


def inverted(frames: Frames) -> Frames:
    return [255 - frame for frame in frames]


def unchanged(frames: Frames) -> Frames:
    return frames


class TestTheTrack:
    @pytest.mark.parametrize("light", [unchanged, dimming, flickering, drifting, inverted])
    def test_finds_the_middle_of_the_mouse_in_any_light(self, walker: Mouse, light: Callable[[Frames], Frames], tmp_path: Path) -> None:
        track = tracked(film(tmp_path / "a.mkv", light(walker.frames)))
        errors = errors_px(track, walker.middle_px)
        assert np.median(errors) < 0.12 * BODY_PX
        assert np.percentile(errors, 95) < 0.3 * BODY_PX
        assert (track.points[..., 2] >= 0.5).mean() > 0.95

    @pytest.mark.parametrize("pixel_format", ["gray", "yuv444p", "yuv422p10le"])
    def test_is_the_same_in_grey_and_in_any_layout_and_odd_size(self, walker: Mouse, pixel_format: str, tmp_path: Path) -> None:
        path = film(tmp_path / "a.mkv", seen_through(walker.frames, [(0, 0)] * len(walker.frames), (239, 179)), pixel_format)
        assert np.median(errors_px(tracked(path), walker.middle_px)) < 0.12 * BODY_PX

    def test_of_a_large_video_is_found_in_a_smaller_picture(self, walker: Mouse, tmp_path: Path) -> None:
        larger = [frame.repeat(3, axis=0).repeat(3, axis=1)[:-1, :-1] for frame in walker.frames]
        errors = errors_px(tracked(film(tmp_path / "a.mkv", larger, "gray")), 3 * walker.middle_px + 1)
        assert np.median(errors) < 3 * 0.12 * BODY_PX

    @pytest.mark.parametrize(("coat", "seed"), [(0.1, 3), (0.25, 4)])
    def test_holds_for_coats_near_to_the_floor_and_shadows_beside_it(self, coat: float, seed: int, tmp_path: Path) -> None:
        other = mouse(seed=seed, coat=coat)
        errors = errors_px(tracked(film(tmp_path / "a.mkv", other.frames)), other.middle_px)
        assert np.median(errors) < 0.2 * BODY_PX

    @pytest.mark.parametrize(("coat", "seed"), [(0.35, 5), (0.4, 6)])
    def test_of_a_coat_as_dark_as_the_floor_is_right_or_refused(self, coat: float, seed: int, tmp_path: Path) -> None:
        other = mouse(seed=seed, coat=coat)
        path = film(tmp_path / "a.mkv", other.frames)
        try:
            track = tracked(path)
        except InputError:
            assert "show one clear animal" in refusal(path)
        else:
            assert np.percentile(errors_px(track, other.middle_px)[track.points[:, 0, 0, 2] >= 0.5], 95) < 0.5 * BODY_PX

    def test_gives_points_of_which_the_crop_holds_the_whole_mouse(self, walker: Mouse, tmp_path: Path) -> None:
        track = tracked(film(tmp_path / "a.mkv", walker.frames))
        assert track.names == ("centre", "left", "top", "right", "bottom")
        plan = plan_crops(track, 240, 180, 10.0, CropParams(), frames=track.frames)
        assert plan.quality is not None and plan.quality.likelihood == track.pcutoff == 0.5
        assert 1.2 * BODY_PX < plan.side_px < 3 * BODY_PX
        middle = np.stack([plan.left_px, plan.top_px], axis=1) + plan.side_px / 2
        room = plan.side_px / 2 - np.abs(middle - walker.middle_px).max(axis=1)
        assert (room > 0.4 * BODY_PX).all()

    def test_follows_the_polarity_that_is_set(self, walker: Mouse, tmp_path: Path) -> None:
        path = film(tmp_path / "a.mkv", walker.frames)
        np.testing.assert_array_equal(tracked(path, polarity="dark").points, tracked(path).points)
        assert "part of the background" in refusal(path, polarity="light") or "stands out" in refusal(path, polarity="light")


class TestARefusal:
    @pytest.mark.parametrize(
        ("what", "says"),
        [
            ({}, "of the frames show one clear animal, but track.background.min_clear asks for 90%"),
            ({"breathing_only": True}, "a part of an animal that sits still, and is itself part of the background"),
            ({"share": 0.6}, "the animal is part of the background"),
            ({"share": 0.75}, "the animal is part of the background"),
        ],
    )
    def test_of_a_mouse_that_sits_still(self, what: dict[str, float | bool], says: str, tmp_path: Path) -> None:
        still = mouse(frames=200, size=(320, 240), change=sitting(**what))  # type: ignore[arg-type]
        assert says in refusal(film(tmp_path / "a.mkv", still.frames))

    def test_of_a_frozen_picture(self, walker: Mouse, tmp_path: Path) -> None:
        message = refusal(film(tmp_path / "a.mkv", [walker.frames[40]] * 70))
        assert "nothing that moves stands out from the background: 0 grey levels of contrast" in message
        assert "track.background.min_contrast" in message

    def test_of_an_empty_arena(self, walker: Mouse, tmp_path: Path) -> None:
        assert "the arena is empty, the animal never moves" in refusal(film(tmp_path / "a.mkv", empty(walker.scene)))

    @pytest.mark.parametrize("way", ["pans", "shakes", "is bumped"])
    def test_of_a_moving_camera(self, walker: Mouse, way: str, tmp_path: Path) -> None:
        count, rng = len(walker.frames), np.random.default_rng(0)
        turn = np.arange(count) / 30
        offsets = {
            "pans": np.stack([20 + 19 * np.sin(turn), 20 + 19 * np.cos(turn)], axis=1),
            "shakes": rng.integers(10, 30, (count, 2)),
            "is bumped": np.where(np.arange(count)[:, None] < count / 2, 8, 26) * np.ones(2),
        }[way]
        path = film(tmp_path / "a.mkv", seen_through(walker.frames, offsets.astype(int).tolist(), (200, 140)))
        assert "the camera moves: the scene shifts by" in refusal(path)

    def test_of_two_mice(self, walker: Mouse, tmp_path: Path) -> None:
        both = [np.minimum(one, other) for one, other in zip(walker.frames, walker.frames[::-1], strict=True)]
        assert "several things stand out alike (first in frame" in refusal(film(tmp_path / "a.mkv", both))

    def test_of_steps_that_no_mouse_makes(self, walker: Mouse, tmp_path: Path) -> None:
        path = film(tmp_path / "a.mkv", walker.frames[:: len(walker.frames) // 12] * 5)
        message = refusal(path)
        assert "what is taken for the animal jumps in" in message and "track.background.max_step allows 1 " in message

    def test_of_noise_is_not_a_fault_of_ours(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(0)
        path = film(tmp_path / "a.mkv", [rng.integers(0, 255, (60, 80, 3), dtype=np.uint8) for _ in range(30)])
        assert "stands out" in refusal(path)

    @pytest.mark.parametrize("frames", [1, 2, 3])
    def test_of_hardly_any_frames(self, walker: Mouse, frames: int, tmp_path: Path) -> None:
        assert refusal(film(tmp_path / "a.mkv", walker.frames[:frames]))

    def test_of_a_tiny_or_black_picture(self, tmp_path: Path) -> None:
        for size in ((2, 2), (17, 5), (64, 64)):
            assert "stands out" in refusal(film(tmp_path / "a.mkv", [np.zeros((*size, 3), np.uint8)] * 5, "gray"))


class TestTheSource:
    def test_keeps_a_track_by_its_settings_and_says_what_is_doubtful(self, walker: Mouse, tmp_path: Path) -> None:
        (tmp_path / "lab").mkdir()
        film(tmp_path / "lab/m1.mkv", [*walker.frames, *empty(walker.scene)[:8]])
        folder, store = DataFolder(str(tmp_path / "lab")), Store(tmp_path / "store")
        params = DataParams(dir="lab", videos="*.mkv", behaviours=("grooming",))
        (record,) = index_videos(folder, params, with_tracks=False, store=store)
        first = keep_track(record, folder, TrackParams(source="background"), store)
        assert first is not None and load_track(first.path("track.h5")).pcutoff == 0.5
        assert first.facts["note"] == "8 of 158 frames do not show one clear animal"
        assert keep_track(record, folder, TrackParams(source="background"), store) == first
        stricter = TrackParams(source="background", background=BackgroundParams(min_clear=0.99))
        with pytest.raises(
            InputError, match=r"m1\.mkv: 95% of the frames show one clear animal, but .* asks for 99%; .* \(first in frame 150\)"
        ):
            keep_track(record, folder, stricter, store)

    def test_suggests_the_nearest_setting(self) -> None:
        with pytest.raises(InputError, match=r"^track: 'background\.polarty' is not a setting, did you mean 'polarity'\?$"):
            parse_section({"background": {"polarty": "dark"}}, TrackParams, "track")


class TestTheWorkingPicture:
    def test_is_the_mean_of_blocks(self, walker: Mouse, tmp_path: Path) -> None:
        from ethocache.vision.pictures import Picture

        plane = np.random.default_rng(0).integers(0, 256, (11, 17), dtype=np.uint8)
        small = shrunk(Picture((plane,), 1, 1, True), 3)
        np.testing.assert_allclose(small, plane[:9, :15].reshape(3, 3, 5, 3).mean(axis=(1, 3)), rtol=1e-6)
        assert (shrinking(320, 240), shrinking(1920, 1080), shrinking(40, 30)) == (1, 6, 1)

    def test_takes_limited_range_for_what_it_is(self) -> None:
        from ethocache.vision.pictures import Picture

        plane = np.array([[16, 235]], np.uint8)
        np.testing.assert_allclose(shrunk(Picture((plane,), 2, 2, False), 1), [[0, 255]], atol=1e-4)

    def test_is_brought_to_the_same_light(self) -> None:
        picture = np.random.default_rng(0).uniform(20, 200, (40, 40)).astype(np.float32)
        np.testing.assert_allclose(in_light_of(picture * np.float32(0.5), picture), picture, rtol=1e-5)
