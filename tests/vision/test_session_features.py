"""Sessions of two cameras, known by their tracks alone: clocks, frames and what is said where they cannot be."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of
from ethocache.common.store import Store
from ethocache.dataset.clocks import Clock
from ethocache.dataset.features import FeatureSet, assemble
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord, every_view
from ethocache.dataset.sessions import NO_VIDEO
from ethocache.dataset.tracks import Track, write_track
from ethocache.dataset.videos import VideoFacts
from ethocache.vision.inputs import Inputs
from ethocache.vision.session_features import align_sessions

FPS, SECONDS = 10.0, 90.0


@pytest.fixture
def inputs(tmp_path):
    for name in ("lab", "tracks"):
        (tmp_path / name).mkdir()
    return Inputs(DataFolder(str(tmp_path / "lab")), tmp_path / "crops", tmp_path / "tracks", Store(tmp_path / "store"))


def path_of(seed, frames):
    rng = np.random.default_rng(seed)
    speed = np.repeat(rng.gamma(1.0, 3.0, frames // 8 + 1), 8)[:frames]
    heading = np.cumsum(rng.normal(0, 0.3, frames))
    return np.cumsum(np.stack([np.cos(heading), np.sin(heading)], 1) * speed[:, None], axis=0)


def video(inputs, name, places=None, frames=None):
    """A camera's record, with a track where places (T, 2) are given."""
    frames = len(places) if places is not None else frames
    if places is not None:
        corners = np.array([[-4, -4], [4, -4], [4, 4], [-4, 4]])
        points = np.concatenate([places[:, None] + corners, np.full((frames, 4, 1), 0.95)], axis=2)
        write_track(inputs.tracks / f"{name}.h5", Track(points[:, None].astype(np.float32), ("a", "b", "c", "d")))
    facts = VideoFacts(frames, 0, 0, NO_VIDEO, NO_VIDEO, FPS, frames / FPS, False, (), name)
    return VideoRecord(name, f"{name}.csv", {}, "m1", facts, view=name.rpartition("_")[2])


def session(top, *others):
    return replace(top, id=top.id.rpartition("_")[0], others=others)


def features_of(inputs, sessions, **more):
    """The features of every video by itself: frame t holds t, twice; `more` stands in their recipes."""
    made = {}
    for record in every_view(sessions):

        def build(bench, record=record, recipe=None):
            recipe = {"kind": "features", "of": record.id} | more
            values = np.repeat(np.arange(record.facts.frames)[:, None], 2, axis=1).astype(np.float16)
            np.save(bench.output / "segment.npy", values)
            every = np.ones(record.facts.frames, bool)
            times = np.arange(record.facts.frames) / FPS
            assemble(bench.output / "features.h5", [bench.output / "segment.npy"], times, every, recipe, sha256_of(recipe))
            return {"frames": record.facts.frames, "seconds": 0.0, "peak_memory_mb": 0.0, "device": "cpu"}

        made[record.id, "x"] = inputs.store.make("features", {"kind": "features", "of": record.id} | more, build)
    return made


def align(inputs, *sessions):
    return align_sessions(sessions, features_of(inputs, sessions), ["x"], inputs)


def both(inputs, clock=None, seed=0, side_seed=0, frames=900):
    """One session; the camera at the side starts 3 frames later."""
    top, side = path_of(seed, 1200), path_of(side_seed, 1200)
    main = replace(video(inputs, "m1_top", top[:900]), id="m1")
    (inputs.tracks / "m1_top.h5").rename(inputs.tracks / "m1.h5")
    return session(replace(main, id="m1_top"), replace(video(inputs, "m1_side", side[3 : 3 + frames]), clock=clock))


def open_both(aligned):
    files = [aligned.files[f"m1.{view}.x.h5"] for view in ("side", "top")]
    return FeatureSet.open_files([entry.path(file) for entry, file in files])


def test_a_camera_that_starts_three_frames_later_is_found_and_laid_over_the_session(inputs):
    aligned = align(inputs, both(inputs))
    clock = json.loads(aligned.files["m1.side.clock.json"][0].path("clock.json").read_text())
    assert abs(clock["offset_s"] + 0.3) < 0.05
    assert abs(clock["drift"] - 1) < 0.001
    with open_both(aligned) as features:
        rows = features.rows(0, 900)
        assert np.nanmax(np.abs(rows[5:, 0] - (rows[5:, 2] - 3))) <= 1, "the same moment, to a frame"
        assert np.isnan(rows[0, 0])
        assert features.valid.all()
    assert aligned.notes[0].startswith("clock of 'side' in 1 session, found from motion: offset -0.")


def test_features_of_tuned_weights_still_say_who_has_seen_whom_when_they_are_laid_over_a_session(inputs):
    seen, one = {"file": "backbone.safetensors", "animals": ["m1", "m2"]}, both(inputs, Clock(offset_s=-0.3))
    aligned = align_sessions([one], features_of(inputs, [one], tuned_on=seen), ["x"], inputs)
    with open_both(aligned) as features:
        assert [file.tuned_on for file in features.files] == [("backbone.safetensors", frozenset({"m1", "m2"}))] * 2
    plain = align(inputs, one).files["m1.side.x.h5"][0]
    assert "tuned_on" not in plain.recipe


def test_what_was_found_is_kept(inputs):
    one = both(inputs)
    align(inputs, one)
    made = inputs.store.made
    align(inputs, one)
    assert inputs.store.made == made


def test_a_clock_that_is_given_is_taken_and_a_camera_that_ended_early_is_told_of(inputs):
    aligned = align(inputs, both(inputs, Clock(offset_s=-0.3), frames=400))
    assert aligned.notes == (
        "clock of 'side' in 1 session, as data.clocks says: offset -0.300 s, drift 1.00000",
        "'side' shows less than 90% of 1 session (m1); the rest is not seen",
    )
    with open_both(aligned) as features:
        assert features.rows(100, 101)[0].tolist() == [97, 97, 100, 100]
        assert np.isnan(features.rows(500, 900)[:, :2]).all()
        assert features.valid.all()


def test_a_session_that_lacks_a_camera_has_none_of_its_frames(inputs):
    lone = session(video(inputs, "m2_top", path_of(5, 300)))
    aligned = align(inputs, both(inputs, Clock(offset_s=-0.3)), lone)
    entry, file = aligned.files["m2.side.x.h5"]
    with FeatureSet.open_files([entry.path(file)]) as lacking:
        assert (lacking.frames, lacking.dimensions, lacking.valid.any()) == (300, 2, False)


def test_without_views_the_files_are_the_videos_own(inputs):
    plain = replace(video(inputs, "m1", frames=50), view="")
    aligned = align(inputs, plain)
    assert [*aligned.files] == ["m1.x.h5"]
    assert aligned.notes == ()


def test_videos_of_two_sessions_have_no_clock_in_common_and_both_are_named(inputs):
    with pytest.raises(InputError) as error:
        align(inputs, both(inputs, seed=1, side_seed=2))
    said = str(error.value)
    assert "m1_side.csv: its clock by that of m1_top.csv was not found from the animal's motion: expected one time shift" in said
    assert "are they of one session, and does the animal move? else say how the clocks go in data.clocks" in said


def test_an_animal_that_does_not_move_tells_no_clock(inputs):
    still = np.full((900, 2), 50.0)
    top = video(inputs, "m1", still)
    with pytest.raises(InputError, match="and does the animal move"):
        align(inputs, replace(top, view="top", others=(video(inputs, "m1_side", still),)))


def test_a_camera_without_a_track_tells_no_clock(inputs):
    top = replace(video(inputs, "m1", path_of(0, 300)), view="top", others=(video(inputs, "m1_side", frames=300),))
    with pytest.raises(InputError, match=r"m1_side.csv: data.clocks: motion is found from tracks, but it has none; see track.source"):
        align(inputs, top)


def test_cameras_that_never_film_at_the_same_time_are_refused(inputs):
    with pytest.raises(InputError, match=r"m1_side.csv: expected it to show the session of m1_top.csv, .* is from 500.00 s"):
        align(inputs, both(inputs, Clock(offset_s=500.0)))
