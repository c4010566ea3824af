"""What a network is asked, and how much each answer counts."""

import numpy as np

from ethocache.sequence.targets import class_weights, classes_of

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
