"""Pose features of tracks whose movement is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pose_motions import BODY, ENDS, FPS, a_track, bodies_along, column, features, swapped, times, wandering

from ethocache.common.errors import InputError
from ethocache.dataset.tracks import Track
from ethocache.vision.backbones.pose import pose_features
from ethocache.vision.backbones.settings import PoseSettings

FEW = settings(max_examples=25, deadline=None)


def straight(frames=90, speed=3.0, direction=1.0 + 0j):
    """One animal that walks straight on, nose first, by `speed` px a frame."""
    middles = 100 + 100j + direction * speed * np.arange(frames)[:, None]
    return bodies_along(middles, np.full((frames, 1), direction))


# ---- one animal ----


def test_a_straight_walk_has_its_speed_in_body_lengths_and_no_turn():
    pose = features(a_track(straight()), ENDS)
    assert pose.axis == ("rump", "nose")
    for scale in ("0.1 s", "0.5 s", "2 s"):
        np.testing.assert_allclose(column(pose, f"speed {scale}"), 3.0 * FPS / 40, rtol=1e-4)
        np.testing.assert_allclose(column(pose, f"forwards {scale}"), 3.0 * FPS / 40, rtol=1e-4)
        np.testing.assert_allclose(column(pose, f"turning {scale}"), 0, atol=1e-4)
    np.testing.assert_allclose(column(pose, "nose along") - column(pose, "tail along"), 52 / 40, rtol=1e-5)
    np.testing.assert_allclose(column(pose, "nose to head"), 8 / 40, rtol=1e-4)
    np.testing.assert_allclose(column(pose, "bend at middle"), 1, atol=1e-5)


def test_the_front_is_where_the_animal_goes_whatever_the_order_of_its_points():
    places = straight()
    assert features(a_track(places)).axis == ("tail", "nose")
    assert features(a_track(places[:, :, ::-1], ("tail", "rump", "middle", "head", "nose"))).axis == ("tail", "nose")
    assert features(a_track(places[::-1])).axis == ("nose", "tail"), "it walks backwards all the time"


def test_a_turn_on_the_spot_is_measured_in_radians_per_second():
    headings = np.exp(1j * np.arange(60) * 0.05)[:, None]
    pose = features(a_track(bodies_along(np.full((60, 1), 200 + 200j), headings)), ENDS)
    np.testing.assert_allclose(column(pose, "turning 0.1 s"), 0.05 * FPS, rtol=1e-3)
    np.testing.assert_allclose(column(pose, "speed 0.5 s"), 0, atol=1e-3)


def test_a_planted_event_moves_the_features_at_its_frame_and_only_there():
    places = straight(120, speed=0)
    places[60, :, 0] += 15j
    before, after = (features(a_track(some), ENDS) for some in (straight(120, speed=0), places))
    changed = np.flatnonzero((abs(after.values - before.values) > 1e-3).any(axis=1))
    assert set(changed) == {60, *(60 + half * side for half in (2, 8, 30) for side in (-1, 1))}, "it, and frames that compare with it"
    assert column(after, "nose across")[60] > 0.15
    assert column(after, "nose moves 0.1 s")[62] > 1


def test_whichever_points_are_missing_the_middle_stays_where_it_is():
    places = straight(90)
    places[40:60, :, 0] = np.nan
    places[50:70, :, 4] = np.nan
    pose, whole = (features(a_track(some), ENDS.model_copy(update={"max_gap_s": 0.0})) for some in (places, straight(90)))
    for name in ("speed 0.1 s", "forwards 0.5 s", "head along", "rump along"):
        np.testing.assert_allclose(column(pose, name), column(whole, name), atol=1e-4)
    assert column(pose, "nose seen")[39:61].tolist() == [1, *[0] * 20, 1]


def test_short_gaps_are_filled_and_flagged_and_long_ones_are_not_valid():
    places = straight(120)
    places[30:36] = np.nan
    places[60:100] = np.nan
    pose = features(a_track(places), ENDS)
    assert pose.valid.tolist() == [True] * 60 + [False] * 40 + [True] * 20
    np.testing.assert_allclose(column(pose, "nose along")[30:36], column(pose, "nose along")[0], atol=1e-4)
    assert (column(pose, "nose seen")[30:36] == 0).all() and (column(pose, "animals known")[60:100] == 0).all()
    assert np.isfinite(pose.values).all()


def test_time_stamps_and_not_frames_are_what_speed_is_measured_by():
    slow = pose_features(a_track(straight()), times(90) * 2, ENDS)
    np.testing.assert_allclose(column(slow, "speed 0.5 s"), 3.0 * FPS / 2 / 40, rtol=1e-4)


def test_a_single_point_has_speed_and_no_posture():
    pose = features(a_track(straight()[:, :, :1], ("nose",)))
    assert (pose.axis, pose.valid.all()) == ((), True)
    assert np.ptp(column(pose, "speed 0.5 s")) < 1e-3 < column(pose, "speed 0.5 s")[0]
    np.testing.assert_array_equal(column(pose, "nose along"), 0)


# ---- two animals ----


def meeting(frames=60):
    """One stands and looks to the right; the other comes to it from there, at 3 px a frame."""
    middles = np.stack([np.full(frames, 100 + 100j), 400 + 100j - 3 * np.arange(frames)], axis=1)
    return bodies_along(middles, np.array([1, -1], complex) * np.ones((frames, 2)))


def test_an_approach_shows_who_comes_who_waits_and_that_they_face_each_other():
    pose = features(a_track(meeting()), ENDS)
    inner = slice(10, 50)
    np.testing.assert_allclose(column(pose, "apart"), (300 - 3 * np.arange(60)) / 40, rtol=1e-4)
    for name, expected in {
        "approaching 0.5 s (more)": 3 * FPS / 40,
        "approaching 0.5 s (less)": 0,
        "relative speed 0.5 s": 3 * FPS / 40,
        "parting 0.5 s": -3 * FPS / 40,
        "facing (more)": 1,
        "facing (less)": 1,
        "headings alike": -1,
        "speed 0.5 s (more)": 3 * FPS / 40,
        "speed 0.5 s (less)": 0,
    }.items():
        np.testing.assert_allclose(column(pose, name)[inner], expected, atol=1e-3, err_msg=name)
    np.testing.assert_allclose(column(pose, "nearest points apart"), (260 - 3 * np.arange(60)) / 40, rtol=1e-4)


def test_where_one_animal_is_hidden_the_other_speaks_for_both():
    places = meeting()
    places[20:50, 1] = np.nan
    pose = features(a_track(places), ENDS)
    assert pose.valid.all()
    assert (column(pose, "animals known")[20:50] == 0.5).all()
    np.testing.assert_allclose(column(pose, "speed 0.1 s (more)")[30:40], 0, atol=1e-4)


@FEW
@given(seed=st.integers(0, 10**6), start=st.integers(0, 149), individuals=st.integers(2, 3), missing=st.sampled_from([0.0, 0.1, 0.6]))
def test_a_swap_of_columns_from_any_frame_onwards_changes_not_one_bit(seed, start, individuals, missing):
    track = wandering(150, individuals, 4, seed, missing)
    expected = features(track)
    for other in (swapped(track), swapped(track, start)):
        np.testing.assert_array_equal(features(other).values, expected.values)
        np.testing.assert_array_equal(features(other).valid, expected.valid)


def test_two_columns_at_the_very_same_place_have_no_first_one_either():
    track = wandering(150, 2, 4, missing=0)
    track.points[40:60, 1, :2] = track.points[40:60, 0, :2]
    for start in (0, 45, 59, 60):
        np.testing.assert_array_equal(features(swapped(track, start)).values, features(track).values)


# ---- any track ----


@FEW
@given(
    seed=st.integers(0, 10**6),
    individuals=st.integers(1, 3),
    points=st.integers(2, 6),
    angle=st.floats(0, 6),
    scale=st.floats(0.2, 5),
    shift=st.tuples(st.integers(-500, 500), st.integers(-500, 500)),
)
def test_elsewhere_turned_or_filmed_from_nearer_is_the_same(seed, individuals, points, angle, scale, shift):
    track = wandering(80, individuals, points, seed, missing=0.05)
    places = track.points[..., 0].astype(float) + 1j * track.points[..., 1]
    moved = places * scale * np.exp(1j * angle) + complex(*shift)
    other = np.stack([moved.real, moved.imag, track.points[..., 2]], axis=-1).astype(np.float32)
    ends = PoseSettings(min_kept=0, front="point0", back=f"point{points - 1}")
    difference = abs(features(Track(other, track.names, track.individuals), ends).values - features(track, ends).values)
    assert difference.max() < 0.02, "float32 pixels, and speeds over 0.1 s"


@FEW
@given(
    seed=st.integers(0, 10**6),
    frames=st.integers(1, 40),
    individuals=st.integers(1, 4),
    points=st.integers(1, 15),
    missing=st.sampled_from([0.0, 0.3, 0.9, 0.99]),
)
def test_any_number_of_points_animals_and_gaps_gives_finite_numbers_of_one_width(seed, frames, individuals, points, missing):
    track = wandering(frames, individuals, points, seed, missing)
    pose = features(track)
    assert pose.valid.any()
    assert pose.values.shape == (frames, len(set(pose.names)))
    assert np.isfinite(pose.values).all() and abs(pose.values).max() <= 100
    assert pose.names == features(wandering(20, individuals, points, 1, 0.0)).names


# ---- what cannot be right ----


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": ("nose", "ear")}, "backbone: points: 'ear' is no key point of the track"),
        ({"front": "nos", "back": "rump"}, "backbone: front: 'nos' is no key point of the track, did you mean 'nose'"),
        ({"points": ("nose", "rump"), "front": "nose", "back": "tail"}, "backbone: back: 'tail' is no key point .* known: nose, rump"),
        ({"likelihood": 0.95}, "0% of the key points reach the pose backbone's likelihood of 0.95, expected at least 30%; lower"),
    ],
)
def test_settings_that_do_not_fit_the_track_say_so(change, message):
    with pytest.raises(InputError, match=message):
        features(a_track(straight()), PoseSettings(**change))


def test_ends_that_are_never_apart_are_refused():
    with pytest.raises(InputError, match="'front' and 'back' of this backbone are never apart in one frame; name two others"):
        features(a_track(bodies_along(np.full((9, 1), 5j), np.ones((9, 1)), BODY * 0)), ENDS)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"front": "nose"}, "expected two different key points, 'front' and 'back', or neither of them"),
        ({"front": "nose", "back": "nose"}, "expected two different key points"),
        ({"points": ["nose", "nose"]}, "expected each key point once"),
        ({"scales_s": []}, "expected seconds such as"),
        ({"scales_s": [0.5, 0]}, "above 0 and at most 60"),
    ],
)
def test_wrong_settings_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        PoseSettings(**values)
