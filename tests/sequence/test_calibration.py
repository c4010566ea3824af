"""Calibrated probabilities against their definition, scikit-learn, and data whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.sequence.calibration import MOST_KNOTS, Isotonic, Temperature, fit_calibration, with_none


def overconfident(frames=4000, times=3.0, seed=0):
    """Labels drawn from true probabilities, and the same probabilities with `times` their log-odds."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(0, 1.5, (frames, 1))
    label = (rng.random((frames, 1)) < 1 / (1 + np.exp(-logit))).astype(np.int8)
    return (1 / (1 + np.exp(-times * logit))).astype(np.float32), label


def test_log_odds_that_are_three_times_too_large_are_divided_by_three():
    fitted = fit_calibration("temperature", *overconfident(), exclusive=False)
    assert fitted.slope[0] == pytest.approx(1 / 3, abs=0.03)
    assert fitted.bias[0] == pytest.approx(0, abs=0.1)


def test_isotonic_is_that_of_scikit_learn_at_its_knots():
    from sklearn.isotonic import IsotonicRegression

    probability, label = overconfident(300)
    fitted = fit_calibration("isotonic", probability, label, exclusive=False)
    expected = IsotonicRegression(out_of_bounds="clip").fit(probability[:, 0], label[:, 0]).predict(probability[:, 0])
    np.testing.assert_allclose(fitted.apply(probability, False)[:, 0], expected, atol=1e-5)


def test_an_isotonic_curve_has_a_hundred_knots_at_most():
    rng = np.random.default_rng(0)
    probability = rng.random((60_000, 1)).astype(np.float32)
    label = (rng.random((60_000, 1)) < probability).astype(np.int8)
    fitted = fit_calibration("isotonic", probability, label, exclusive=False)
    assert len(fitted.knots[0][0]) <= MOST_KNOTS
    assert np.abs(fitted.apply(probability, False) - probability).mean() < 0.03


@pytest.mark.parametrize("kind", ["temperature", "isotonic"])
@pytest.mark.parametrize("value", [0, 1, -1])
def test_a_behaviour_that_is_never_or_always_shown_is_left_as_it_is(kind, value):
    probability = np.array([[0.25], [0.75], [1.0]], np.float32)
    fitted = fit_calibration(kind, probability, np.full((3, 1), value, np.int8), exclusive=False)
    np.testing.assert_array_equal(fitted.apply(probability, False), probability)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1, width=32), min_size=2, max_size=20), st.floats(0.05, 20), st.floats(-20, 20))
def test_temperature_keeps_the_ranking(values, slope, bias):
    probability = np.sort(np.array(values, np.float32))[:, None]
    after = Temperature((slope,), (bias,)).apply(probability, False)[:, 0]
    assert (np.diff(after) >= 0).all()
    assert ((after >= 0) & (after <= 1)).all()


@pytest.mark.parametrize("kind", ["temperature", "isotonic"])
def test_frames_at_which_nobody_looked_change_nothing(kind):
    probability, label = overconfident(200)
    more = np.concatenate([probability, np.full((50, 1), 0.99, np.float32)])
    unknown = np.concatenate([label, np.full((50, 1), -1, np.int8)])
    assert fit_calibration(kind, more, unknown, False) == fit_calibration(kind, probability, label, False)


@pytest.mark.parametrize("kind", ["temperature", "isotonic"])
def test_exclusive_probabilities_still_leave_room_for_none(kind):
    rng = np.random.default_rng(1)
    probability = rng.dirichlet([1, 1, 1], 500).astype(np.float32)[:, 1:]
    label = np.eye(3, dtype=np.int8)[[rng.choice(3, p=p / p.sum()) for p in with_none(probability)]][:, 1:]
    after = fit_calibration(kind, probability, label, True).apply(probability, True)
    assert after.shape == probability.shape
    assert (after >= 0).all()
    assert (after.sum(axis=1) <= 1 + 1e-5).all()


def test_exclusive_log_probabilities_that_are_twice_too_large_are_halved():
    rng = np.random.default_rng(2)
    true = rng.dirichlet([2, 2, 2], 5000)
    label = np.eye(3, dtype=np.int8)[[rng.choice(3, p=p) for p in true]][:, 1:]
    sharp = true**2 / (true**2).sum(axis=1, keepdims=True)
    fitted = fit_calibration("temperature", sharp[:, 1:].astype(np.float32), label, True)
    np.testing.assert_allclose(fitted.slope, 0.5, atol=0.05)
    np.testing.assert_allclose(fitted.bias, 0, atol=0.15)


def test_labels_that_part_without_error_give_finite_numbers():
    fitted = fit_calibration("temperature", np.array([[0.1], [0.9]], np.float32), np.array([[0], [1]], np.int8), False)
    assert np.isfinite([*fitted.slope, *fitted.bias]).all()


def test_none_fits_nothing():
    assert fit_calibration("none", *overconfident(10), exclusive=False) is None


def test_curves_that_fall_are_refused():
    with pytest.raises(ValueError, match="Expected curves that rise"):
        _ = Isotonic((((0.0, 1.0), (1.0, 0.0)),)).columns
    with pytest.raises(ValueError, match="Expected curves from 0 to 1"):
        _ = Isotonic((((0.0, 1.0), (0.0, 2.0)),)).columns
    with pytest.raises(ValueError, match="slopes above 0"):
        _ = Temperature((-1.0,), (0.0,)).columns
