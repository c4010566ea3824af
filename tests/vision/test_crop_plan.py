"""Where the square lies: on planted tracks whose answer is known, and inside the frame on any."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.tracks import Track, read_track
from ethocache.dataset.videos import VideoFacts
from ethocache.vision.animal_path import follow_animal, interpolate, rolling_median
from ethocache.vision.crop_plan import CropPlan, crop_recipe, plan_crops, read_plan, write_plan
from ethocache.vision.crop_settings import CropParams

SHARED = Path(__file__).parents[2].parent / "shared"
OPENFIELD = SHARED / "data" / "openfield"
NAMES = ("nose", "left", "right", "tail")
CORNERS = np.array([[-20, 0], [10, -10], [10, 10], [20, 0]], dtype=np.float32)  # a body 40 px long, its middle at 0, 0


def walking(frames: int = 60, centre: npt.ArrayLike = (200, 150), step_px: float = 1.0, individuals: int = 1) -> Track:
    """A rigid animal that walks to the right; a second one walks 100 px below."""
    points = np.ones((frames, individuals, 4, 3), np.float32)
    for individual in range(individuals):
        middle = np.asarray(centre, np.float32) + np.outer(np.arange(frames) * step_px, (1, 0)) + (0, 100 * individual)
        points[:, individual, :, :2] = middle[:, None] + CORNERS
    return Track(points, NAMES, ("",) if individuals == 1 else tuple("ab")[:individuals])


def plan(track: Track | None, params: CropParams | None = None, width: int = 640, height: int = 480) -> CropPlan:
    frames = 60 if track is None else len(track.points)
    return plan_crops(track, width, height, 30.0, params or CropParams(), frames=frames)


def middle_x(found: CropPlan) -> npt.NDArray[np.float64]:
    return found.left_px + found.side_px / 2 - 0.5


class TestThePlanOfATrack:
    def test_follows_the_middle_of_the_body_within_a_pixel_and_a_half(self) -> None:
        found = plan(walking())
        np.testing.assert_allclose(middle_x(found), 200 + np.arange(60), atol=1.5)
        assert found.side_px == 80  # twice the 40 px of the body
        assert (found.valid.all(), found.kept, found.source) == (True, 1.0, "track")

    def test_is_not_pulled_to_where_most_key_points_are(self) -> None:
        track = walking(step_px=0)
        track.points[:, :, 1:3, 0] = 182  # two of four points beside the nose
        np.testing.assert_allclose(middle_x(plan(track)), 200, atol=1.5)

    def test_ignores_unlikely_points_and_single_outliers(self) -> None:
        track = walking(step_px=0)
        track.points[10:15, :, 0] = (600, 400, 0.1)
        track.points[30, :, 3, :2] = 5
        found = plan(track)
        np.testing.assert_allclose(middle_x(found), 200, atol=1.5)
        assert found.kept == pytest.approx(1 - 5 / 240)
        assert found.valid.all()

    def test_fills_a_long_gap_and_calls_it_invalid(self) -> None:
        track = walking(90)
        track.points[20:60, :, :, :2] = np.nan
        found = plan(track, CropParams(min_kept=0.1, max_gap_s=0.5))
        np.testing.assert_array_equal(np.flatnonzero(~found.valid), np.arange(20, 60))
        np.testing.assert_allclose(middle_x(found), 200 + np.arange(90), atol=1.5)

    def test_bridges_a_short_gap_and_calls_it_valid(self) -> None:
        track = walking()
        track.points[20:35, :, :, :2] = np.nan
        assert plan(track, CropParams(max_gap_s=0.5)).valid.all()
        assert not plan(track, CropParams(max_gap_s=0.46)).valid.all()

    def test_stays_put_before_the_first_and_after_the_last_sighting(self) -> None:
        track = walking(step_px=0)
        track.points[:10] = np.nan
        track.points[50:, :, :, :2] = np.nan
        found = plan(track)
        np.testing.assert_allclose(middle_x(found), 200, atol=1.5)
        np.testing.assert_array_equal(found.valid, (np.arange(60) >= 10) & (np.arange(60) < 50))

    def test_needs_half_of_the_key_points(self) -> None:
        track = walking(step_px=0)
        track.points[:30, :, :2, 2] = 0
        track.points[30:, :, :3, 2] = 0
        np.testing.assert_array_equal(plan(track, CropParams(max_gap_s=0)).valid, np.arange(60) < 30)

    def test_is_shifted_at_the_border_so_that_it_stays_in_the_frame(self) -> None:
        found = plan(walking(centre=(5, 470)))
        assert found.left_px[0] == 0
        assert (found.top_px == 400).all()

    def test_is_never_larger_than_the_frame(self) -> None:
        found = plan(walking(), CropParams(scale=50), width=321, height=243)
        assert found.side_px == 242
        assert found.left_px.min() >= 0 and found.left_px.max() + 242 <= 321
        assert (found.top_px == 0).all()

    def test_has_a_margin_on_both_sides(self) -> None:
        assert plan(walking(), CropParams(margin_px=7)).side_px == 94

    def test_of_one_to_twelve_frames_works(self) -> None:
        for frames in range(1, 13):
            np.testing.assert_allclose(middle_x(plan(walking(frames))), 200 + np.arange(frames), atol=1.5)

    def test_uses_the_key_points_that_are_named(self) -> None:
        track = walking(step_px=0)
        track.points[:, :, 3, :2] += 200
        assert plan(track, CropParams(points=NAMES[:3])).side_px == 60

    def test_of_two_animals_holds_both_or_the_one_asked_for(self) -> None:
        track = walking(individuals=2, step_px=0)
        assert plan(track).side_px == 240  # 100 px between them and 10 px on each side
        second = plan(track, CropParams(individual="b"))
        assert (plan(track).individuals, second.individuals) == (("a", "b"), ("b",))
        assert second.side_px == 80
        np.testing.assert_allclose(second.top_px + 39.5, 250, atol=1.5)

    @given(
        points=hnp.arrays(np.float32, (17, 1, 4, 2), elements=st.one_of(st.just(np.nan), st.floats(-5, 65, width=32))),
        likelihood=hnp.arrays(np.float32, (17, 1, 4), elements=st.floats(0, 1, width=32)),
        width=st.integers(60, 700),
        height=st.integers(60, 700),
    )
    @settings(max_examples=60, deadline=None)
    def test_lies_inside_the_frame_whatever_the_track_says(
        self, points: npt.NDArray[np.float32], likelihood: npt.NDArray[np.float32], width: int, height: int
    ) -> None:
        points[0, 0, :, 0] = 5  # something is seen
        points[0, 0, :, 1] = (0, 10, 20, 40)
        likelihood[0] = 1
        track = Track(np.concatenate([points, likelihood[..., None]], axis=-1), NAMES, ("",))
        found = plan(track, CropParams(min_kept=0, margin_px=20), width=width, height=height)
        assert found.left_px.min() >= 0 and found.left_px.max() + found.side_px <= width
        assert found.top_px.min() >= 0 and found.top_px.max() + found.side_px <= height

    @pytest.mark.skipif(not OPENFIELD.is_dir(), reason="needs the real track in ../shared/data/openfield")
    def test_of_the_real_open_field_keeps_every_sure_key_point_inside(self) -> None:
        track = read_track(next(OPENFIELD.glob("*.h5")))
        found = plan(track)
        sure = track.points[:, 0][..., 2] > 0.9
        left, top = found.left_px[:, None], found.top_px[:, None]
        x, y = track.points[:, 0, :, 0], track.points[:, 0, :, 1]
        inside = (x >= left) & (x < left + found.side_px) & (y >= top) & (y < top + found.side_px)
        assert inside[sure].mean() > 0.999
        assert found.valid.mean() > 0.95


class TestThePlanWithoutATrack:
    @given(width=st.integers(2, 800), height=st.integers(2, 800))
    @settings(max_examples=60)
    def test_is_a_square_around_the_whole_frame(self, width: int, height: int) -> None:
        found = plan(None, width=width, height=height)
        for start, length in ((found.left_px[0], width), (found.top_px[0], height)):
            assert start <= 0 and start + found.side_px >= length
            assert abs((-start) - (start + found.side_px - length)) <= 3  # in the middle
        assert found.side_px - max(width, height) in (0, 1)
        assert (found.source, found.kept, found.valid.all()) == ("whole frame", 1.0, True)


class TestARefusal:
    def says(self, track: Track, params: CropParams, frames: int = 60) -> str:
        with pytest.raises(InputError) as error:
            plan_crops(track, 640, 480, 30.0, params, frames=frames)
        assert "\n" not in str(error.value)
        return str(error.value)

    def test_names_both_parameters_when_too_few_key_points_are_left(self) -> None:
        track = walking()
        track.points[:50, :, :, 2] = 0.5
        message = self.says(track, CropParams())
        assert "17% of the key points reach crop.likelihood 0.6" in message
        assert "crop.min_kept asks for 30%" in message

    def test_of_a_track_where_the_animal_is_never_found(self) -> None:
        track = walking()
        track.points[:, :, :3, 2] = 0
        assert "found in 0% of the frames" in self.says(track, CropParams(min_kept=0))

    def test_of_a_track_of_another_length(self) -> None:
        assert "expected a track of 61 rows, one per frame, found 60" in self.says(walking(), CropParams(), frames=61)

    def test_of_an_unknown_key_point_suggests_the_nearest(self) -> None:
        message = self.says(walking(), CropParams(points=("nosee",)))
        assert message == "crop.points: 'nosee' is no key point of the track, did you mean 'nose'?; it has: nose, left, right, tail"

    def test_of_an_unknown_animal_names_those_that_are_there(self) -> None:
        message = self.says(walking(individuals=2), CropParams(individual="c"))
        assert message == "crop.individual: 'c' is no animal of the track; it has: a, b"
        assert "did you mean 'a'?" in self.says(walking(individuals=2), CropParams(individual="A"))

    def test_of_a_named_animal_where_there_is_one_without_a_name(self) -> None:
        message = self.says(walking(), CropParams(individual="resident"))
        assert message == "crop.individual: 'resident' is asked for, but the track is of one animal without a name; leave it empty"

    def test_of_a_single_key_point_asks_for_a_margin(self) -> None:
        message = self.says(walking(), CropParams(points=("nose",)))
        assert "the key points span 0.0 px" in message
        assert "raise crop.margin_px" in message
        assert plan(walking(), CropParams(points=("nose",), margin_px=30)).side_px == 60

    def test_of_odd_sizes_and_nonsense_in_the_settings(self) -> None:
        with pytest.raises(InputError, match=r"params\.yaml: crop: .size_px.: expected an even number of pixels, found 255"):
            parse_section({"size_px": 255}, CropParams, "params.yaml: crop")
        with pytest.raises(InputError, match="did you mean 'quality'"):
            parse_section({"qualty": 10}, CropParams, "params.yaml: crop")


class TestACropPlan:
    def test_cannot_be_built_from_things_that_do_not_fit(self) -> None:
        even, seen = np.zeros(3, np.int64), np.ones(3, bool)
        for wrong in (
            {"left_px": np.zeros(2, np.int64)},
            {"left_px": np.zeros(3)},
            {"top_px": even + 1},
            {"side_px": 81},
            {"side_px": 0},
            {"kept": 1.5},
            {"valid": np.ones(3, int)},
        ):
            with pytest.raises(ValueError, match="expected"):
                CropPlan(**{"left_px": even, "top_px": even, "side_px": 80, "valid": seen, "source": "track", "kept": 1.0, **wrong})  # type: ignore[arg-type]

    def test_is_read_as_it_was_written(self, tmp_path: Path) -> None:
        track = walking()
        track.points[40:] = np.nan
        written, time_s = plan(track), np.arange(60) / 29.97
        write_plan(tmp_path / "crop.json", written, time_s, 256, "abc")
        kept = read_plan(tmp_path / "crop.json")
        found = kept.plan
        np.testing.assert_array_equal(kept.time_s, time_s)
        np.testing.assert_array_equal(kept.valid, written.valid)
        assert (kept.size, kept.key) == (256, "abc")
        for name in ("left_px", "top_px", "valid"):
            np.testing.assert_array_equal(getattr(found, name), getattr(written, name))
        for name in ("side_px", "source", "kept", "individuals"):
            assert getattr(found, name) == getattr(written, name)

    @pytest.mark.parametrize(
        "damage",
        [lambda text: text[:40], lambda text: "[]", lambda text: "{}", lambda text: text.replace("0,", "1,", 1), lambda text: "\xff"],
    )
    def test_that_is_damaged_says_so(self, tmp_path: Path, damage: Callable[[str], str]) -> None:
        path = tmp_path / "crop.json"
        write_plan(path, plan(walking()), np.arange(60) / 29.97, 256, "abc")
        path.write_text(damage(path.read_text()), encoding="latin-1")
        with pytest.raises(InputError, match=r"crop\.json: not a plan of a crop, or a damaged one .*; run 'ethocache store verify'"):
            read_plan(path)


class TestTheRecipe:
    def test_changes_with_the_video_the_track_and_every_setting_but_the_gates(self) -> None:
        def recipe(fingerprint: str = "v", track: str = "t", **params: object) -> str:
            facts = VideoFacts(10, 64, 48, "yuv420p", "h264", 30.0, 1.0, False, (), fingerprint)
            return repr(crop_recipe(VideoRecord("a", "a.mp4", {}, "a", facts), track, CropParams(**params)))  # type: ignore[arg-type]

        changed: list[dict[str, object]] = [{"likelihood": 0.5}, {"scale": 1.5}, {"margin_px": 2}, {"size_px": 64}]
        changed += [{"quality": 11}, {"points": ("a",)}, {"individual": "a"}, {"max_gap_s": 2}, {"keyframe_interval": 10}]
        recipes = [recipe(), recipe("w"), recipe(track="u"), *(recipe(**params) for params in changed)]  # type: ignore[arg-type]
        assert len(set(recipes)) == len(recipes)
        assert recipe() == recipe()

    def test_is_the_same_whatever_the_gates_ask_for_and_however_the_likelihood_was_found(self) -> None:
        facts = VideoFacts(10, 64, 48, "yuv420p", "h264", 30.0, 1.0, False, (), "v")

        def recipe(pcutoff: float | None = None, **params: object) -> dict[str, object]:
            return crop_recipe(VideoRecord("a", "a.mp4", {}, "a", facts), "t", CropParams(**params), pcutoff)  # type: ignore[arg-type]

        assert recipe() == recipe(min_kept=0.9, longest_gap_s=1, max_step=0.1) == recipe(likelihood=0.6)
        assert recipe(0.4) == recipe(0.4, likelihood=0.4) != recipe()

    def test_does_not_depend_on_the_name_of_the_file(self) -> None:
        facts = VideoFacts(10, 64, 48, "yuv420p", "h264", 30.0, 1.0, False, (), "v")
        here, there = (crop_recipe(VideoRecord(name, f"{name}.mp4", {}, name, facts), "t", CropParams()) for name in ("a", "b"))
        assert here == there


class TestTheChain:
    def test_interpolates_gaps_up_to_the_longest_and_no_further(self) -> None:
        gone = np.nan
        series = np.array([gone, 1, gone, 3, gone, gone, gone, 7, gone])
        np.testing.assert_array_equal(interpolate(series, 2), [gone, 1, 2, 3, gone, gone, gone, 7, gone])
        np.testing.assert_array_equal(interpolate(series, 3), [gone, 1, 2, 3, 4, 5, 6, 7, gone])
        np.testing.assert_array_equal(interpolate(np.full(3, gone), 5), np.full(3, gone))

    @given(hnp.arrays(np.float64, st.integers(1, 12), elements=st.one_of(st.just(np.nan), st.floats(-9, 9))))
    @settings(max_examples=60)
    def test_takes_the_median_of_the_values_that_are_there(self, series: npt.NDArray[np.float64]) -> None:
        median = rolling_median(series)
        for frame, value in enumerate(median):
            near = series[max(0, frame - 2) : frame + 3]
            known = near[np.isfinite(near)]
            assert np.isnan(value) if np.isnan(series[frame]) else value == pytest.approx(np.median(known))

    def test_smooths_jitter(self) -> None:
        track = walking(200, step_px=0)
        track.points[..., :2] += np.random.default_rng(0).normal(0, 3, track.points[..., :2].shape)
        path = follow_animal(track.points[:, 0], 30.0, 0.6, 1.0)
        assert np.abs(np.diff(path.x_px)).mean() < 0.5
        assert path.long_side_px == pytest.approx(42, abs=4)
