"""Groups dealt again."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from ethocache.scoring.groups.permutation import permutation_test, smallest_p, ways_of


def test_p_is_the_share_of_all_ways_that_differ_as_much():
    values, groups = np.array([1.0, 2, 3, 10, 11, 12]), np.array([0, 0, 0, 1, 1, 1], np.int8)
    assert permutation_test(values, groups).p == pytest.approx(2 / 20)
    assert permutation_test(values[::-1].copy(), groups).p == pytest.approx(2 / 20)
    assert permutation_test(np.array([1.0, 4, 6, 2, 3, 5]), groups).p == pytest.approx(1.0)


def test_exact_p_of_two_and_of_three_groups_is_that_of_counting_by_hand():
    values = np.random.default_rng(1).normal(size=6)
    for groups in ([0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 2, 2]):
        groups = np.array(groups, np.int8)

        def f(order, groups=groups):
            return stats.f_oneway(*(values[list(order)][groups == group] for group in set(groups.tolist()))).statistic

        every = [f(order) for order in permutations(range(6))]
        found = permutation_test(values, groups)
        assert found.p == pytest.approx(np.mean(np.array(every) >= every[0] - 1e-9))
        assert found.f == pytest.approx(every[0])


def test_random_ways_agree_with_every_way_and_are_the_same_for_the_same_seed():
    values, groups = np.random.default_rng(3).normal(size=14), np.repeat([0, 1], 7).astype(np.int8)
    exact, random = permutation_test(values, groups), permutation_test(values, groups, permutations=3000, seed=1)
    assert exact.p == pytest.approx(random.p, abs=0.03) and exact.p != random.p
    assert permutation_test(values, groups, 3000, seed=1) == random != permutation_test(values, groups, 3000, seed=2)
    assert random.smallest == smallest_p((7, 7)) > 1 / 3001


@pytest.mark.parametrize(("sizes", "smallest"), [((3, 3), 0.1), ((3, 4), 1 / 35), ((2, 2, 2), 6 / 90), ((4, 5, 4), 2 / 90090)])
def test_few_animals_cannot_reach_a_small_p(sizes, smallest):
    assert smallest_p(sizes) == pytest.approx(smallest)
    groups = np.repeat(np.arange(len(sizes), dtype=np.int8), sizes)
    assert ways_of(sizes) >= 1
    if ways_of(sizes) <= 25_000:
        apart = permutation_test(groups * 100.0 + np.arange(len(groups)), groups)
        assert apart.p == pytest.approx(apart.smallest) == pytest.approx(smallest)


def test_random_deals_reach_no_smaller_p_than_all_would():
    """Five pairs of animals can be dealt in 113 400 ways, and 120 of them only change the groups' names."""
    groups = np.repeat(np.arange(5, dtype=np.int8), 2)
    apart = permutation_test(groups * 100.0 + np.arange(10), groups)
    assert apart.smallest == smallest_p((2, 2, 2, 2, 2)) == pytest.approx(120 / 113_400)
    assert apart.smallest <= apart.p < 2 * apart.smallest


def test_animals_that_are_all_alike_do_not_differ():
    found = permutation_test(np.full(6, 0.3), np.array([0, 0, 0, 1, 1, 1], np.int8))
    assert found.p == 1 and np.isnan(found.f)
    assert permutation_test(np.array([0.0, 0, 1, 1]), np.array([0, 0, 1, 1], np.int8)).f == np.inf


@pytest.mark.parametrize("sizes", [(6, 6), (4, 7), (4, 4, 4)])
def test_equal_groups_are_called_different_in_at_most_six_of_a_hundred_studies(sizes):
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(len(sizes), dtype=np.int8), sizes)
    p = np.array([permutation_test(random.gamma(2.0, size=len(groups)), groups, permutations=1000, seed=n).p for n in range(1500)])
    assert np.mean(p <= 0.05) <= 0.06
    assert np.mean(p <= 0.05) >= 0.03, "and not because it never calls any different"
