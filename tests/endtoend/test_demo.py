"""The demo shows what it is for, is the same every time, and touches nobody else's folder."""

import csv
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.common.errors import InputError
from ethocache.dataset.tracks import read_track
from ethocache.dataset.videos import probe
from ethocache.endtoend.demo import write_demo
from ethocache.endtoend.demo.body import KEY_POINTS, Body, build_body
from ethocache.endtoend.demo.motion import BEHAVIOURS, Act, Arena, Motion, simulate
from ethocache.endtoend.demo.posture import hold
from ethocache.endtoend.demo.render import Camera, draw, make_scene
from ethocache.endtoend.demo.tracks import SCORER, as_deeplabcut_csv, observe
from ethocache.endtoend.demo.write import as_bouts_csv

CAMERA = Camera(320, 240)
FPS = 10.0
MINUTE = 600


def life(seed: int, frames: int = MINUTE, fps: float = FPS) -> Motion:
    return simulate(CAMERA.arena, frames, fps, 2.0, np.random.default_rng(seed))


def doing(*acts: Act, frames: int = 40, at: tuple[float, float] = (2.6, 1.95)) -> Motion:
    """A mouse that stands still, heads to the right, and does what it is told."""
    still = np.zeros(frames)
    return Motion(still + at[0], still + at[1], still, still, acts)


def body_of(motion: Motion, seed: int = 0) -> Body:
    return build_body(motion, hold(motion, FPS, np.random.default_rng(seed)), 1.0)


def length_in_picture(body: Body) -> npt.NDArray[np.float64]:
    points, _ = CAMERA.project(body.key_points)
    return np.linalg.norm(points[:, 0] - points[:, 4], axis=1)


def to_the_wall(motion: Motion, arena: Arena) -> npt.NDArray[np.float64]:
    across = np.minimum(motion.x - arena.left, arena.right - motion.x)
    return np.minimum(across, np.minimum(motion.y - arena.top, arena.bottom - motion.y))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "small"
    write_demo(folder, animals=3, seconds=6, size=(128, 96))
    return folder


# ---- what the mouse does ----


@pytest.mark.parametrize("seed", range(6))
def test_in_a_minute_every_behaviour_is_shown_at_least_twice_and_lasts_as_in_mice(seed: int) -> None:
    bouts = life(seed).bouts
    for behaviour, (shortest, longest) in {"grooming": (2, 8), "mid_rearing": (0.8, 2.5), "wall_rearing": (0.8, 2.5)}.items():
        seconds = [(bout.stop - bout.start) / FPS for bout in bouts if bout.kind == behaviour]
        assert len(seconds) >= 2
        assert all(shortest <= each <= longest for each in seconds)


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_each_behaviour_takes_about_a_tenth_of_the_time(behaviour: str) -> None:
    frames = sum(bout.stop - bout.start for seed in range(8) for bout in life(seed).bouts if bout.kind == behaviour)
    assert 0.08 <= frames / (8 * MINUTE) <= 0.15


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_even_six_seconds_show_every_behaviour(seed: int) -> None:
    assert {bout.kind for bout in life(seed, frames=60).bouts} == set(BEHAVIOURS)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 300), st.sampled_from([5.0, 10.0, 25.0]))
def test_a_mouse_stays_in_the_arena_and_does_one_thing_at_a_time(seed: int, frames: int, fps: float) -> None:
    motion = life(seed, frames, fps)
    assert len(motion.x) == len(motion.y) == len(motion.heading) == len(motion.pace) == frames
    assert to_the_wall(motion, CAMERA.arena).min() > 0.2
    edges = [edge for act in motion.acts for edge in (act.start, act.stop)]
    assert edges == sorted(edges)
    assert all(0 <= act.start < act.stop <= frames for act in motion.acts)


def test_wall_rearing_is_at_the_wall_and_mid_rearing_is_not() -> None:
    for seed in range(8):
        motion = life(seed)
        distance = to_the_wall(motion, CAMERA.arena)
        assert all(distance[bout.start] < 0.7 for bout in motion.bouts if bout.kind == "wall_rearing")
        assert all(distance[bout.start] > 0.8 for bout in motion.bouts if bout.kind == "mid_rearing")


def test_place_and_stillness_alone_do_not_tell_the_behaviour() -> None:
    motions = [life(seed) for seed in range(8)]
    idle = np.concatenate([_unlabelled(motion) for motion in motions])
    near = np.concatenate([to_the_wall(motion, CAMERA.arena) for motion in motions]) < 0.7
    still = np.concatenate([motion.pace for motion in motions]) == 0
    assert near[idle].mean() > 0.3
    assert still[idle].mean() > 0.2
    assert {act.kind for motion in motions for act in motion.acts} > set(BEHAVIOURS)


def _unlabelled(motion: Motion) -> npt.NDArray[np.bool_]:
    idle = np.ones(len(motion.x), dtype=bool)
    for bout in motion.bouts:
        idle[bout.start : bout.stop] = False
    return idle


# ---- how it looks ----


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_mouse_that_rears_or_grooms_looks_shorter_from_above(behaviour: str) -> None:
    length = length_in_picture(body_of(doing(Act(behaviour, 15, 30, 1.0))))  # type: ignore[arg-type]
    assert length[18:27].mean() < 0.9 * length[:12].mean()


def test_a_rearing_mouse_is_upright_and_its_snout_is_high() -> None:
    body = body_of(doing(Act("mid_rearing", 15, 30, 1.0)))
    assert body.upright[20] == 1 and body.upright[5] == 0
    assert body.key_points[20, 0, 2] > 0.5 > 0.2 > body.key_points[5, 0, 2]


def test_posture_changes_within_a_third_of_a_second_around_the_labelled_frames() -> None:
    upright = body_of(doing(Act("mid_rearing", 15, 30, 1.0))).upright
    assert np.all(upright[15:30] > 0.5) and np.all(upright[:15] < 0.5) and np.all(upright[30:] < 0.5)
    assert np.abs(np.diff(upright)).max() < 0.6


def test_the_ears_are_on_their_own_sides() -> None:
    snout, left, right = body_of(doing()).key_points[0, :3]  # heads to the right, y points down
    assert left[1] < right[1] and snout[0] > left[0]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_no_part_of_the_body_is_below_the_floor_or_lost(seed: int) -> None:
    body = body_of(life(seed, frames=100), seed)
    assert np.isfinite(body.balls).all() and np.isfinite(body.key_points).all()
    assert body.balls[..., 2].min() > 0


def test_frames_are_rgb_of_the_asked_size_and_the_same_for_the_same_seed() -> None:
    first, again = (_picture(seed=3) for _ in range(2))
    assert first.shape == (5, 96, 128, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, _picture(seed=4))


def test_the_floor_stands_still_and_the_mouse_is_where_its_key_points_are() -> None:
    camera = Camera(128, 96)
    motion = doing(frames=5)
    rng = np.random.default_rng(0)
    body = body_of(motion)
    scene = make_scene(camera, 5, 0.2, rng)
    difference = next(draw(scene, body, rng))[..., 0] / 255 - scene.floor * scene.exposure[0]
    x, y = camera.project(body.key_points[0, 3])[0]
    assert difference[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3].mean() < -0.15
    assert np.abs(difference[:10]).mean() < 0.02


def test_a_mouse_at_the_edge_of_the_picture_is_drawn_as_far_as_it_is_inside() -> None:
    camera = Camera(64, 48)
    rng = np.random.default_rng(0)
    body = body_of(doing(frames=2, at=(5.4, 0.1)))
    assert next(draw(make_scene(camera, 2, 0.2, rng), body, rng)).shape == (48, 64, 3)


def _picture(seed: int) -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    camera = Camera(128, 96)
    motion = simulate(camera.arena, 5, FPS, 2.0, rng)
    body = build_body(motion, hold(motion, FPS, rng), 1.0)
    return np.stack(list(draw(make_scene(camera, 5, 0.2, rng), body, rng)))


# ---- its tracks ----


def test_tracks_jitter_by_a_pixel_and_drop_out_with_low_likelihood() -> None:
    body = body_of(life(0))
    observed = observe(body, CAMERA, np.random.default_rng(1))
    true, _ = CAMERA.project(body.key_points)
    off = np.linalg.norm(observed[..., :2] - true, axis=2)
    sure = observed[..., 2] >= 0.6
    assert 0.5 < np.median(off[sure]) < 2
    assert 0.85 < sure.mean() < 0.98
    assert off[~sure].max() > 50
    assert sure[body.upright > 0.9].mean() < sure[body.upright < 0.1].mean() - 0.05


def test_the_table_reads_as_one_of_deeplabcut(tmp_path: Path) -> None:
    observed = observe(body_of(doing(frames=4)), CAMERA, np.random.default_rng(1))
    path = tmp_path / f"m1{SCORER}.csv"
    path.write_text(as_deeplabcut_csv(observed))
    track = read_track(path)
    assert track.names == KEY_POINTS
    assert np.allclose(track.points[:, 0], observed, atol=0.001)


# ---- its files ----


def test_a_demo_has_a_video_and_a_track_for_each_animal_and_labels_for_all_but_one(small: Path) -> None:
    stems = ["HD_YFP_02", "WT_ChR2_03", "WT_YFP_01"]
    assert sorted(path.stem for path in (small / "labels").iterdir()) == stems
    assert sorted(path.name for path in (small / "videos").glob("*.mp4")) == sorted(f"{stem}.mp4" for stem in ["HD_ChR2_04", *stems])
    assert len(list((small / "videos").glob(f"*{SCORER}.csv"))) == 4


def test_videos_tracks_and_labels_tell_of_the_same_frames(small: Path) -> None:
    for video in (small / "videos").glob("*.mp4"):
        facts, time_s = probe(video)
        assert (facts.frames, facts.width, facts.height, facts.pixel_format, facts.fps) == (60, 128, 96, "yuv420p", 10.0)
        assert np.allclose(np.diff(time_s), 0.1)
        assert len(read_track(video.with_name(f"{video.stem}{SCORER}.csv")).points) == 60


def test_labels_name_every_behaviour_within_the_video(small: Path) -> None:
    for path in (small / "labels").iterdir():
        rows = list(csv.DictReader(path.read_text().splitlines()))
        assert {row["behaviour"] for row in rows} == set(BEHAVIOURS)
        assert all(0 <= float(row["start_s"]) < float(row["stop_s"]) <= 6 for row in rows)


def test_labels_are_seconds_of_half_open_ranges_of_frames() -> None:
    motion = doing(Act("grooming", 3, 28, 1.0), Act("resting", 28, 40, 1.0))
    assert as_bouts_csv(motion, 10.0) == "behaviour,start_s,stop_s\ngrooming,0.300,2.800\n"


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(small: Path, tmp_path: Path) -> None:
    for seed in (0, 1):
        write_demo(tmp_path / str(seed), animals=1, unlabelled=0, seconds=6, size=(128, 96), seed=seed)
    for name in ("videos/WT_YFP_01.mp4", f"videos/WT_YFP_01{SCORER}.csv", "labels/WT_YFP_01.csv"):
        assert (tmp_path / "0" / name).read_bytes() == (small / name).read_bytes()
        assert (tmp_path / "1" / name).read_bytes() != (small / name).read_bytes()


def test_an_interrupted_demo_is_completed_by_running_again(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    (folder / "videos").mkdir(parents=True)
    shutil.copy(small / "videos/WT_YFP_01.mp4", folder / "videos")
    (folder / "videos/.4711.HD_YFP_02.mp4").write_bytes(b"half of it")
    said = write_demo(folder, animals=2, unlabelled=0, seconds=1, size=(128, 96))
    assert said.startswith("2 videos (2 with labels) of 1 s with their tracks, 0.")
    assert len(list(folder.rglob("*.*"))) == 6


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/mine.mp4").write_bytes(b"precious")
    with pytest.raises(InputError, match=r"holds videos/mine\.mp4, which is not part of this demo: name a new or empty folder"):
        write_demo(tmp_path, animals=1, seconds=1, size=(128, 96))
    assert [path.name for path in tmp_path.rglob("*.*")] == ["mine.mp4"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("")
    with pytest.raises(InputError, match="demo is a file: name a folder for the demo"):
        write_demo(tmp_path / "demo")
