import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from ethocache.common.errors import InputError
from ethocache.scoring.frames import calibration_error
from ethocache.scoring.reliability import reliability


def test_of_four_frames_at_70_percent_of_which_three_show_it_the_curve_has_the_one_point_70_to_75_percent():
    curve = reliability(np.full(4, 0.7), np.array([True, True, False, True]))
    assert curve.probability == pytest.approx([0.7])
    assert curve.frequency == pytest.approx([0.75])
    assert curve.frames.tolist() == [4]
    assert curve.error == pytest.approx(0.05)


def test_bins_without_a_frame_are_left_out_and_0_and_1_are_held_by_the_first_and_the_last():
    curve = reliability(np.array([0.0, 0.05, 1.0]), np.array([False, True, True]), bins=10)
    assert curve.probability == pytest.approx([0.025, 1])
    assert curve.frequency == pytest.approx([0.5, 1])
    assert curve.frames.tolist() == [2, 1]


def test_without_frames_the_curve_is_empty_and_has_no_error():
    curve = reliability(np.empty(0), np.empty(0, bool))
    assert (len(curve.probability), len(curve.frequency), len(curve.frames)) == (0, 0, 0)
    assert np.isnan(curve.error)


@given(seed=st.integers(0, 1000), frames=st.integers(1, 300), bins=st.integers(1, 20))
def test_it_is_the_curve_of_scikit_learn_and_its_error_that_of_metrics_json(seed, frames, bins):
    random = np.random.default_rng(seed)
    probability = random.random(frames)
    labelled = random.random(frames) < probability
    curve = reliability(probability, labelled, bins)
    frequency, mean = calibration_curve(labelled, probability, n_bins=bins)
    np.testing.assert_allclose(curve.frequency, frequency)
    np.testing.assert_allclose(curve.probability, mean)
    assert curve.frames.sum() == frames
    assert curve.error == pytest.approx(calibration_error(probability, labelled, bins))


def test_probabilities_and_labels_of_other_frames_are_refused():
    with pytest.raises(InputError, match=r"expected as many probabilities as labels, found \(3,\) and \(2,\)"):
        reliability(np.zeros(3), np.zeros(2, bool))
    with pytest.raises(InputError, match="expected at least 1 bin of probabilities, found 0"):
        reliability(np.zeros(2), np.zeros(2, bool), bins=0)
