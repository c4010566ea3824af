"""Pose from the view of one individual: its own first, then the others, then what they do to each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pose_motions import ENDS, LOOSE, a_track, bodies_along, column, features, swapped, times, wandering

from ethocache.common.errors import InputError
from ethocache.dataset.tracks import Track
from ethocache.vision.backbones.pose import PoseFeatures, of_its_kind, pose_features
from ethocache.vision.backbones.settings import PoseSettings

FEW = settings(max_examples=25, deadline=None)


def seen_by(track: Track, focal: int, how: PoseSettings = LOOSE) -> PoseFeatures:
    return pose_features(track, times(track.frames), how, focal)


def chase(frames: int = 90) -> Track:
    """The first runs after the second, 3 px a frame, which goes the same way at 2 px a frame and looks back at it."""
    middles = np.stack([100 + 3.0 * np.arange(frames), 400 + 2.0 * np.arange(frames)], axis=1) + 200j
    return a_track(bodies_along(middles, np.tile(np.array([1, -1], complex), (frames, 1))))


def test_each_sees_itself_first_and_the_other_as_its_partner() -> None:
    hunter, hunted = seen_by(chase(), 0, ENDS), seen_by(chase(), 1, ENDS)
    assert hunter.names == hunted.names
    length_px, fps = 40, 30
    np.testing.assert_allclose(column(hunter, "speed 0.5 s"), 3 * fps / length_px, rtol=1e-4)
    np.testing.assert_allclose(column(hunted, "speed 0.5 s"), 2 * fps / length_px, rtol=1e-4)
    np.testing.assert_allclose(column(hunter, "other: speed 0.5 s"), 2 * fps / length_px, rtol=1e-4)
    np.testing.assert_allclose(column(hunter, "approaching 0.5 s"), 3 * fps / length_px, rtol=1e-4)
    np.testing.assert_allclose(column(hunter, "other: approaching 0.5 s"), -2 * fps / length_px, rtol=1e-4)
    for one in (hunter, hunted):
        np.testing.assert_allclose(column(one, "facing"), 1, atol=1e-4)
        np.testing.assert_allclose(column(one, "apart")[0], 300 / length_px, rtol=1e-4)


@given(seed=st.integers(0, 10**6), individuals=st.integers(2, 4))
@FEW
def test_what_one_is_called_and_where_its_columns_are_changes_nothing(seed: int, individuals: int) -> None:
    track = wandering(60, individuals, seed=seed)
    order = np.random.default_rng(seed).permutation(individuals)
    moved = Track(track.points[:, order], track.names, tuple(track.individuals[number] for number in order))
    focal = seed % individuals
    here, there = seen_by(track, focal), seen_by(moved, int(np.flatnonzero(order == focal)[0]))
    assert here.names == there.names
    np.testing.assert_allclose(here.values, there.values, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(here.valid, there.valid)


def test_columns_are_believed_where_one_individual_is_followed() -> None:
    track = chase()
    before, after = seen_by(track, 0, ENDS), seen_by(swapped(track, 45), 0, ENDS)
    np.testing.assert_allclose(column(after, "forwards 0.1 s")[50:], column(seen_by(track, 1, ENDS), "forwards 0.1 s")[50:], rtol=1e-4)
    np.testing.assert_array_equal(before.values[:10], after.values[:10])


def test_partners_are_told_by_the_largest_and_the_smallest_of_them() -> None:
    names = seen_by(wandering(40, 3), 1).names
    assert "speed 0.5 s" in names and "other: speed 0.5 s (more)" in names and "apart (less)" in names
    assert "other: facing (more)" in names and len(set(names)) == len(names)


def test_a_single_animal_has_the_features_that_it_has_without_a_view() -> None:
    track = wandering(40, 1)
    np.testing.assert_array_equal(seen_by(track, 0).values, features(track).values)
    assert seen_by(track, 0).names == features(track).names


def test_frames_count_where_the_focal_animal_is_seen_whoever_else_is() -> None:
    track = chase()
    track.points[:30, 1] = (np.nan, np.nan, 0)
    track.points[60:, 0] = (np.nan, np.nan, 0)
    pose = seen_by(track, 0, ENDS)
    assert pose.valid[:55].all() and not pose.valid[70:].any() and np.isfinite(pose.values).all()


def test_a_focal_animal_that_is_never_seen_is_refused_although_the_other_is() -> None:
    track = chase()
    track.points[:, 1, :, 2] = 0.1
    assert seen_by(track, 0, ENDS).valid.all()
    with pytest.raises(InputError, match=r"0% of the key points reach the pose backbone's likelihood of 0\.6"):
        seen_by(track, 1, ENDS)


def with_corners(track: Track) -> Track:
    """The track with corners of the arena, as a tracker gives them that has points of no animal."""
    frames, individuals, names, _ = track.points.shape
    points = np.full((frames, individuals + 1, names + 2, 3), np.nan, np.float32)
    points[..., 2] = 0
    points[:, 1:, :names] = track.points
    points[:, 0, names:] = (5, 9, 0.99)
    return Track(points, (*track.names, "corner1", "corner2"), ("single", *track.individuals))


def test_corners_of_the_arena_are_no_other_animal() -> None:
    track = chase()
    kept = of_its_kind(with_corners(track), 2)
    assert (kept.names, kept.individuals) == (track.names, track.individuals)
    np.testing.assert_array_equal(kept.points, track.points)


def test_who_or_what_is_never_seen_in_a_video_stays_an_animal_with_its_points() -> None:
    track = chase()
    track.points[:, 1] = track.points[:, :, 4] = (np.nan, np.nan, 0)
    assert of_its_kind(track, 0).points.shape == track.points.shape
    assert of_its_kind(with_corners(track), 1).points.shape == track.points.shape
