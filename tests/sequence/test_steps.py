"""Steps are means of frames, labels go with most of them, and frame i stays frame i."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ethocache.sequence.steps import Steps, frames_of_steps, frames_per_step, target_of_steps


@pytest.mark.parametrize(
    ("fps", "most", "size"), [(10, 15, 1), (10, 10, 1), (25, 15, 2), (30, 15, 2), (29.97, 10, 3), (60, 15, 4), (60, None, 1), (60, 0, 1)]
)
def test_steps_are_as_near_to_the_wanted_rate_as_whole_frames_allow(fps, most, size):
    assert frames_per_step(np.arange(50) / fps, most) == size


def test_one_frame_is_one_step():
    assert frames_per_step(np.zeros(1), 15) == 1 and frames_per_step(np.zeros(0), 15) == 1


@pytest.fixture
def features(plant):
    with plant("m", frames=7, dimensions=3).open() as features:
        features.values = (np.arange(7)[:, None] * [1, 10, 100]).astype(np.float16)
        return features


def test_a_step_is_the_mean_of_its_frames_and_the_last_one_of_those_left(features):
    steps = Steps(features, 3)
    np.testing.assert_array_equal(steps.rows(0, 3)[:, 0], [1, 4, 6])
    np.testing.assert_allclose(steps.time_s, [0.1, 0.4, 0.6])
    np.testing.assert_array_equal(steps.rows(1, 2), steps.rows(0, 3)[1:2])
    assert steps.rows(3, 9).shape == (0, 3) and steps.frames == 3
    assert Steps(features, 100).rows(0, 1)[0, 0] == 3


def test_frames_that_are_not_valid_count_only_where_no_other_does(features):
    features.valid[[0, 3, 4, 5]] = False
    steps = Steps(features, 3)
    np.testing.assert_array_equal(steps.valid, [True, False, True])
    np.testing.assert_array_equal(steps.rows(0, 3)[:, 0], [1.5, 4, 6])


def test_most_known_frames_say_what_a_step_is_and_ties_are_yes():
    label = np.array([[1, 0, -1], [0, 0, -1], [-1, 1, -1], [1, 0, 0]], np.int8)
    np.testing.assert_array_equal(target_of_steps(label, 3, exclusive=False), [[1, 0, -1], [1, 0, 0]])


def test_exclusive_classes_are_counted_and_a_behaviour_goes_before_none_in_a_tie():
    classes = np.array([0, 2, 0, 0, 1, 2, -1, -1, -1, 2], np.int8)
    np.testing.assert_array_equal(target_of_steps(classes, 2, exclusive=True), [2, 0, 1, -1, 2])


@given(st.integers(1, 60), st.integers(1, 7), st.integers(0, 3))
def test_labels_that_are_the_same_in_every_frame_are_so_in_every_step(frames, size, value):
    classes = np.full(frames, value - 1, np.int8)
    assert set(target_of_steps(classes, size, exclusive=True).tolist()) == {value - 1}
    assert len(target_of_steps(classes, size, exclusive=True)) == -(-frames // size)


@given(st.integers(1, 60), st.integers(1, 7))
def test_what_changes_linearly_comes_back_to_every_frame_between_the_outer_centres(frames, size):
    ramp = np.linspace(0, 1, frames)[:, None]
    values = np.stack([ramp[start : start + size].mean(axis=0) for start in range(0, frames, size)]).astype(np.float32)
    back = frames_of_steps(values, size, frames)
    assert back.shape == (frames, 1) and back.dtype == np.float32
    np.testing.assert_allclose(back[:, 0], ramp[:, 0].clip(values[0, 0], values[-1, 0]), atol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_a_planted_step_comes_back_where_it_was_on_average(size):
    errors = []
    for start in range(40, 40 + 12):  # every place within a step
        label = np.zeros((101, 1), np.int8)
        label[start : start + 24] = 1
        values = target_of_steps(label, size, exclusive=False).astype(np.float32)
        shown = np.flatnonzero(frames_of_steps(values, size, 101)[:, 0] > 0.499)
        errors.append((shown[0] + shown[-1]) / 2 - (start + start + 23) / 2)
    assert abs(np.mean(errors)) < 1e-9 and np.abs(errors).max() <= size / 2
