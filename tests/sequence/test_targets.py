"""What a network is asked, and how much each answer counts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ethocache.sequence.targets import class_weights, classes_of, mean_target, soft_target, softened

COUNTS = np.array([[900, 100], [100, 0]])


def test_balanced_classes_weigh_the_same_in_sum():
    weights = class_weights(COUNTS, "balanced")
    np.testing.assert_allclose(weights[0], [1000 / 1800, 1000 / 200])
    np.testing.assert_allclose(weights[0] * COUNTS[0], [500, 500])


def test_sqrt_is_the_root_of_balanced_up_to_ten_times():
    np.testing.assert_allclose(class_weights(COUNTS, "sqrt")[0] ** 2, class_weights(COUNTS, "balanced")[0], rtol=1e-6)
    no, yes = class_weights(np.array([999_999, 1]), "sqrt")
    np.testing.assert_allclose(yes / no, 10, rtol=1e-6)


def test_a_class_without_frames_weighs_one():
    for kind in ("none", "balanced", "sqrt"):
        assert class_weights(COUNTS, kind)[1, 1] == 1
        assert class_weights(np.array([0, 0]), kind).tolist() == [1, 1]


def test_equal_weights_are_one():
    assert class_weights(COUNTS, "none").tolist() == [[1, 1], [1, 1]]


def test_exclusive_classes_are_none_only_where_everything_was_looked_for():
    label = np.array([[0, 0], [1, 0], [0, 1], [-1, 1], [-1, 0], [-1, -1]], np.int8)
    assert classes_of(label).tolist() == [0, 1, 2, 2, -1, -1]


def test_soft_labels_go_over_linearly_on_both_sides_of_an_edge():
    classes = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.int8)
    np.testing.assert_allclose(softened(classes, 2, 2.0)[:, 1], [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1])
    np.testing.assert_allclose(soft_target(classes[:, None], 3, 2.0)[:, 0], softened(classes, 2, 2.0)[:, 1])


def test_labels_do_not_go_over_into_what_nobody_looked_at():
    classes = np.array([0, 0, -1, 1, 1, 1, 2, 2], np.int8)
    soft = softened(classes, 3, 1.0)
    np.testing.assert_array_equal(soft[:5], [[1, 0, 0], [1, 0, 0], [-1, -1, -1], [0, 1, 0], [0, 1, 0]])
    np.testing.assert_allclose(soft[5:7], [[0, 0.75, 0.25], [0, 0.25, 0.75]])


def test_a_bout_shorter_than_its_soft_edges_stays_likelier_than_not():
    soft = softened(np.array([0, 0, 1, 1, 0, 0, 0], np.int8), 2, 4.0)[:, 1]
    np.testing.assert_allclose(soft, [0.3125, 0.4375, 0.5625, 0.5625, 0.4375, 0.3125, 0.1875])


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=40), st.floats(0.1, 9))
def test_shares_add_up_to_one_and_the_label_keeps_the_largest(classes, reach):
    classes = np.array(classes, np.int8)
    soft, known = softened(classes, 4, reach), classes >= 0
    np.testing.assert_allclose(soft[known].sum(axis=1), 1, rtol=1e-6)
    assert (soft[known].argmax(axis=1) == classes[known]).all() and (soft[~known] == -1).all()


def test_without_soft_edges_shares_are_the_labels():
    label = np.array([[1, 0], [-1, 1]], np.int8)
    np.testing.assert_array_equal(soft_target(label, 3, 0.0), label)
    np.testing.assert_array_equal(soft_target(np.array([2, -1], np.int8), 3, 0.0), [[0, 0, 1], [-1, -1, -1]])


def test_the_mean_of_people_is_of_those_who_looked():
    said = [np.array(column, np.float32)[:, None] for column in ([1, 1, 0, -1], [1, 0, -1, -1], [0, 0, 1, -1])]
    np.testing.assert_allclose(mean_target(said)[:, 0], [2 / 3, 1 / 3, 0.5, -1], rtol=1e-6)
    np.testing.assert_array_equal(mean_target(said[:1]), said[0])
