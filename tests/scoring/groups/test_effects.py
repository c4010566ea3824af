"""How large a difference is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ethocache.scoring.groups.effects import UNKNOWN, Estimate, cliffs_delta, difference_of, hedges_g, holm, mean_of, widened

FIRST, SECOND = np.array([1.0, 2, 3, 4]), np.array([3.0, 5, 6, 8, 9])


def test_a_mean_and_a_difference_have_intervals_from_three_animals_on():
    mean, difference = mean_of(FIRST), difference_of(FIRST, SECOND)
    t = stats.t.interval(0.95, 3, FIRST.mean(), stats.sem(FIRST))
    assert (mean.value, mean.low, mean.high) == pytest.approx((2.5, *t), rel=1e-6)
    welch = stats.ttest_ind(SECOND, FIRST, equal_var=False).confidence_interval(0.95)
    assert (difference.value, difference.low, difference.high) == pytest.approx((3.7, welch.low, welch.high), rel=1e-6)
    assert (mean_of(FIRST[:2]).low, difference_of(FIRST[:2], SECOND).high) == (None, None)
    assert mean_of(FIRST[:0]) == difference_of(FIRST[:0], SECOND) == UNKNOWN
    assert difference_of(np.ones(3), np.full(4, 3.0)) == Estimate(2, 2, 2)


def test_the_interval_of_an_amount_does_not_reach_below_nothing_and_that_of_a_fraction_not_above_all():
    some, most = np.array([0.0, 0.01, 0.2]), np.array([1.0, 0.99, 0.8])
    assert mean_of(some).low == 0 and mean_of(most, most=1.0).high == 1 < mean_of(most).high


@pytest.mark.parametrize("animals", [3, 6, 12])
@pytest.mark.parametrize("others", [1, 4])
def test_intervals_hold_the_truth_about_as_often_as_they_say_for_few_animals_too(animals, others):
    random, held = np.random.default_rng(0), np.zeros(2)
    for _ in range(1000):
        first, second = random.gamma(4, size=animals), random.gamma(4, size=animals * others) + 1
        mean, difference = mean_of(first), difference_of(first, second)
        held += [mean.low <= 4 <= mean.high, difference.low <= 1 <= difference.high]
    assert (held / 1000 >= 0.91).all() and (held / 1000 <= 0.98).all()


def test_an_interval_of_draws_is_made_wider_as_much_as_t_is_wider():
    draws = np.random.default_rng(0).normal(5, 1, 20_000)
    low, high = widened(draws, 5.0, [4], 0, 100)
    expected = stats.t.ppf(0.975, 3) * np.sqrt(4 / 3)
    assert (5 - low, high - 5) == pytest.approx((expected, expected), rel=0.05)
    assert widened(draws, 5.0, [4], 3, 6) == (3, 6)


def test_hedges_g_is_the_difference_in_pooled_standard_deviations_with_its_correction():
    pooled = np.sqrt((FIRST.var(ddof=1) * 3 + SECOND.var(ddof=1) * 4) / 7)
    g = hedges_g(FIRST, SECOND)
    assert g.value == pytest.approx(3.7 / pooled * (1 - 3 / 27))
    assert g.value - g.low == pytest.approx(1.959964 * np.sqrt(9 / 20 + g.value**2 / 18))
    assert hedges_g(SECOND, FIRST).value == pytest.approx(-g.value)


def test_hedges_g_of_one_animal_or_of_animals_that_are_all_alike_does_not_exist():
    assert hedges_g(FIRST[:1], SECOND) == hedges_g(np.ones(3), np.zeros(3)) == UNKNOWN


def test_cliffs_delta_counts_pairs():
    delta = cliffs_delta(np.array([1.0, 2, 3]), np.array([2.0, 4]))
    assert delta.value == pytest.approx((1 + 0 - 1 + 3) / 6) and -1 <= delta.low < delta.value < delta.high <= 1
    assert cliffs_delta(FIRST[:1], SECOND) == UNKNOWN


def test_numbers_that_differ_in_their_last_digit_only_are_ties():
    assert cliffs_delta(np.array([0.1 * 3, 0.2, 0.5]), np.array([0.3, 0.2, 0.5])).value == 0


def test_cliffs_delta_of_groups_apart_keeps_an_interval():
    apart = cliffs_delta(FIRST, FIRST + 10)
    assert (apart.value, apart.high) == (1, 1) and apart.low == pytest.approx((4 - 3.84146) / (4 + 3.84146), abs=1e-4)
    assert cliffs_delta(FIRST + 10, FIRST).high == pytest.approx(-apart.low)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_intervals_of_both_effects_hold_the_truth_about_as_often_as_they_say(shift):
    random = np.random.default_rng(5)
    g_truth, delta_truth = shift, 2 * 0.7602 - 1 if shift else 0.0  # P(Z > -1 / sqrt 2) = .7602
    held = np.zeros(2)
    for _ in range(400):
        first, second = random.normal(size=10), random.normal(shift, 1, size=10)
        g, delta = hedges_g(first, second), cliffs_delta(first, second)
        held += [g.low <= g_truth <= g.high, delta.low <= delta_truth <= delta.high]
    assert (held / 400 >= 0.91).all() and (held / 400 <= 0.99).all()


def test_holm_corrects_step_by_step():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == [] and holm([0.8, 0.9]) == [1, 1]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_corrected_p_is_never_smaller_and_keeps_the_order(p):
    corrected = holm(p)
    assert all(raw <= after <= min(1, raw * len(p)) + 1e-12 for raw, after in zip(p, corrected, strict=True))
    order = np.argsort(p, kind="stable")
    assert (np.diff(np.array(corrected)[order]) >= 0).all()
