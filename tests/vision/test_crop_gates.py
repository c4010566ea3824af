"""When a track is not good enough to crop by: the numbers, and what is said."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import VideoRecord, index_videos
from ethocache.dataset.tracks import Track, load_pcutoff, load_track, read_track, write_track
from ethocache.endtoend.demo import write_demo
from ethocache.vision.crop_gates import TrackQuality, check_quality, longest_run
from ethocache.vision.crop_plan import plan_crops, read_plan
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.kept import keep_crop

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
CORNERS = np.array([[-20, 0], [10, -10], [10, 10], [20, 0]], dtype=np.float32)


def walking(frames: int = 60, **more: object) -> Track:
    """A body 40 px long that walks to the right by 1 px a frame: its crop has a side of 80 px."""
    points = np.ones((frames, 1, 4, 3), np.float32)
    points[:, 0, :, :2] = np.array([200, 150]) + np.outer(np.arange(frames), (1, 0))[:, None] + CORNERS
    return Track(points, ("nose", "left", "right", "tail"), **more)  # type: ignore[arg-type]


def quality_of(track: Track, **params: object) -> TrackQuality:
    plan = plan_crops(track, 640, 480, 30.0, CropParams(**params), frames=track.frames)  # type: ignore[arg-type]
    assert plan.quality is not None
    return plan.quality


def refusal(quality: TrackQuality, **params: object) -> str:
    with pytest.raises(InputError) as error:
        check_quality(quality, CropParams(**params))  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
    return str(error.value)


class TestTheQualityOfATrack:
    def test_of_a_steady_walk_is_a_small_step_and_no_gap(self) -> None:
        quality = quality_of(walking())
        assert (quality.kept, quality.seen, quality.longest_gap_s, quality.gap_first) == (1.0, 1.0, 0.0, -1)
        assert quality.longest_step == pytest.approx(1 / 80)
        check_quality(quality, CropParams())

    def test_names_the_frames_of_the_longest_gap(self) -> None:
        track = walking(120)
        track.points[10:20] = np.nan
        track.points[40:70] = np.nan
        quality = quality_of(track, max_gap_s=0)
        assert (quality.gap_first, quality.gap_last, quality.longest_gap_s) == (40, 69, 1.0)
        assert quality.seen == pytest.approx(80 / 120)

    def test_names_the_frame_into_which_the_animal_jumps(self) -> None:
        track = walking(60)
        track.points[30:, ..., 0] += 239
        quality = quality_of(track)
        assert quality.step_frame == 30
        assert quality.longest_step == pytest.approx(240 / 80, abs=0.05)

    def test_shares_a_step_across_a_gap_among_its_frames(self) -> None:
        track = walking(60)
        track.points[20:40] = np.nan
        track.points[40:, ..., 0] += 80
        assert quality_of(track, max_gap_s=0).longest_step == pytest.approx(101 / 21 / 80, abs=0.01)

    @given(st.lists(st.booleans(), max_size=12))
    def test_knows_the_longest_run_of_any_frames(self, lost: list[bool]) -> None:
        first, last = longest_run(np.array(lost, bool))
        runs = [n for n in range(1, len(lost) + 1) if any(all(lost[i : i + n]) for i in range(len(lost) - n + 1))]
        assert (last - first + 1 if first >= 0 else 0) == max(runs, default=0)
        assert all(lost[first : last + 1]) or first == -1


class TestAGate:
    def test_names_longest_gap_s_and_the_frames(self) -> None:
        track = walking(120)
        track.points[40:70] = np.nan
        quality = quality_of(track, max_gap_s=0)
        check_quality(quality, CropParams(longest_gap_s=1.0))
        message = refusal(quality, longest_gap_s=0.9)
        assert "the animal is lost in frames 40 to 69 (1.0 s), but crop.longest_gap_s allows 0.9 s" in message
        assert "lower crop.likelihood (0.6 here)" in message

    def test_names_max_step_and_the_frame(self) -> None:
        track = walking(60)
        track.points[30:, ..., 0] += 239
        message = refusal(quality_of(track))
        assert "the animal jumps by 3.00 sides of its crop into frame 30, but crop.max_step allows 1" in message
        check_quality(quality_of(track), CropParams(max_step=3.1))

    def test_names_min_kept(self) -> None:
        track = walking(60)
        track.points[:30, ..., 2] = 0.1
        message = refusal(quality_of(track), min_kept=0.6)
        assert "50% of the key points reach crop.likelihood 0.6" in message and "crop.min_kept asks for 60%" in message


class TestTheLikelihood:
    def test_is_the_tracks_pcutoff_unless_it_is_set(self) -> None:
        assert quality_of(walking()).likelihood == 0.6
        assert quality_of(walking(pcutoff=0.4)).likelihood == 0.4
        assert quality_of(walking(pcutoff=0.4), likelihood=0.7).likelihood == 0.7

    def test_decides_which_points_are_used(self) -> None:
        track = walking(pcutoff=0.4)
        track.points[..., 2] = 0.5
        assert quality_of(track).kept == 1.0
        with pytest.raises(InputError, match=r"0% of the key points reach crop\.likelihood 0\.6"):
            quality_of(replace(track, pcutoff=None))

    def test_stays_with_a_track_that_is_kept(self, tmp_path: Path) -> None:
        for pcutoff in (0.25, None):
            write_track(tmp_path / "track.h5", walking(pcutoff=pcutoff))
            assert load_track(tmp_path / "track.h5").pcutoff == load_pcutoff(tmp_path / "track.h5") == pcutoff
        (tmp_path / "track.h5").write_bytes(b"no track")
        assert load_pcutoff(tmp_path / "track.h5") is None


class TestAKeptCrop:
    @pytest.fixture
    def lab(self, tmp_path: Path) -> tuple[VideoRecord, DataFolder, Store]:
        write_demo(tmp_path / "lab", animals=1, unlabelled=0, seconds=2, size=(96, 72))
        folder, store = DataFolder(str(tmp_path / "lab")), Store(tmp_path / "store")
        params = DataParams(dir="lab", tracks="videos/*.csv", behaviours=("grooming",))
        (record,) = index_videos(folder, params, with_tracks=True, store=store)
        assert record.track
        write_track(tmp_path / "track.h5", read_track(folder.path(record.track.file)))
        return record, folder, store

    def test_is_refused_by_a_stricter_gate_and_taken_again_by_a_milder_one_without_cutting(
        self, lab: tuple[VideoRecord, DataFolder, Store], tmp_path: Path
    ) -> None:
        record, folder, store = lab
        crop = keep_crop(record, folder, tmp_path / "track.h5", CropParams(size_px=64), store)
        made = store.made
        with pytest.raises(InputError, match=r"WT_YFP_01\.mp4: the animal jumps by 0\.\d+ sides of its crop into frame \d+"):
            keep_crop(record, folder, tmp_path / "track.h5", CropParams(size_px=64, max_step=0.001), store)
        assert keep_crop(record, folder, tmp_path / "track.h5", CropParams(size_px=64, max_step=0.9), store) == crop
        assert store.made == made

    def test_is_not_cut_when_its_track_is_refused(self, lab: tuple[VideoRecord, DataFolder, Store], tmp_path: Path) -> None:
        record, folder, store = lab
        with pytest.raises(InputError, match=r"crop\.max_step allows 0\.001"):
            keep_crop(record, folder, tmp_path / "track.h5", CropParams(size_px=64, max_step=0.001), store)
        assert not list(store.root.glob("crop/*/entry.json"))

    def test_states_the_likelihood_that_was_used(self, lab: tuple[VideoRecord, DataFolder, Store], tmp_path: Path) -> None:
        record, folder, store = lab
        crop = keep_crop(record, folder, tmp_path / "track.h5", CropParams(size_px=64), store)
        quality = read_plan(crop.path("crop.json")).plan.quality
        assert quality is not None and quality.likelihood == 0.6
        assert quality.as_json() == crop.facts["quality"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real tracks are not beside the repository (../shared/data)")
@pytest.mark.parametrize(
    ("pattern", "size", "fps"),
    [
        ("openfield/*.h5", (640, 480), 30.0),
        ("oft_raters/8_01*DeepCut*.csv", (928, 576), 25.0),
        ("oft_raters/12_01*DeepCut*.csv", (928, 576), 25.0),
    ],
)
def test_real_tracks_pass_the_default_gates(pattern: str, size: tuple[int, int], fps: float) -> None:
    track = read_track(next(SHARED.glob(pattern)))
    plan = plan_crops(track, *size, fps, CropParams(), frames=track.frames)
    assert plan.quality is not None
    check_quality(plan.quality, CropParams())
    assert plan.quality.longest_gap_s < 3 and plan.quality.longest_step < 0.35
