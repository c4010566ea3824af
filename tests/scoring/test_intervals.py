import numpy as np
import pytest

from ethocache.scoring import frames, measures
from ethocache.scoring.intervals import (
    difference_interval,
    draws,
    informative_animals,
    interval,
    mean_over_behaviours,
    resampled,
    score_interval,
)


def test_every_draw_has_as_many_animals_as_there_are():
    drawn = np.concatenate(list(draws(animals=7, resamples=150, seed=0)))
    assert drawn.shape == (150, 7)
    assert (drawn.sum(axis=1) == 7).all()


def test_a_draw_scores_what_the_drawn_videos_score_together(simulated):
    animals = measures.by_animal(simulated(4))["grooming"]
    weights = np.array([2, 0, 1, 1])
    repeated = [animal for animal, times in zip(animals, weights, strict=True) for _ in range(times)]
    for name, measure in measures.MEASURES.items():
        assert measure(animals).score(weights[None].astype(float))[0] == pytest.approx(measures.score_of(name, repeated)), name


def test_a_draw_without_the_behaviour_says_nothing(drawn):
    animals = measures.by_animal([drawn("a", grooming=("##..", "#...")), drawn("b", grooming=("....", "...."))])["grooming"]
    values = resampled(measures.MEASURES["f1"](animals), resamples=200, seed=0)
    assert 0 < np.isnan(values).sum() < 200
    np.testing.assert_allclose(values[~np.isnan(values)], 2 / 3)


def test_the_interval_is_the_middle_95_percent():
    assert interval(np.arange(1001) / 1000, 0.5) == pytest.approx((0.025, 0.975))


def test_the_interval_is_widened_to_hold_the_score():
    assert interval(np.array([0.2, 0.3]), 0.5)[1] == 0.5
    assert interval(np.array([0.2, np.nan, 0.3]), 0.1)[0] == 0.1


def test_the_mean_over_behaviours_leaves_out_what_a_draw_does_not_show():
    mean = mean_over_behaviours(np.array([[0.2, np.nan, np.nan], [0.4, 0.6, np.nan]]))
    np.testing.assert_allclose(mean, [0.3, 0.6, np.nan])


def test_more_animals_make_the_interval_narrower(simulated):
    def width(animals):
        tally = measures.MEASURES["f1"](measures.by_animal(simulated(animals))["grooming"])
        low, high = interval(resampled(tally, 300, seed=0), float(frames.f1(tally.parts.sum(axis=0))))
        return high - low

    assert width(40) < width(5)


def test_the_interval_of_a_score_is_students_t_on_the_scale_of_log_odds():
    odds = np.array([-1.0, 1.0, -1.0, 1.0])  # around .5, standard deviation 1
    low, high = score_interval(1 / (1 + np.exp(-odds)), 0.5, animals=5)
    reach = 2.7764 * np.sqrt(5 / 4)  # the 97.5 % quantile of Student's t with 4 degrees of freedom
    assert (low, high) == pytest.approx((1 / (1 + np.exp(reach)), 1 / (1 + np.exp(-reach))), abs=1e-4)


def test_the_interval_of_a_score_stays_between_0_and_1_and_holds_the_score():
    for point, values in ((1.0, [1, 1, 1]), (0.0, [0, 0, 0.1]), (0.98, [0.9, 1, np.nan]), (0.02, [0, 0.3, 1])):
        low, high = score_interval(np.array(values, dtype=float), point, animals=4)
        assert 0 <= low <= point <= high <= 1


def test_the_interval_is_wider_than_the_draws_and_much_so_with_few_animals():
    values = np.linspace(0.6, 0.8, 100)

    def width(animals):
        low, high = score_interval(values, 0.7, animals)
        return high - low

    plain = np.subtract(*interval(values, 0.7)[::-1])
    assert width(3) > 1.5 * width(6) and width(6) > 1.5 * plain
    assert width(2) > 0.85, "of one animal that shows it and others that do not: next to nothing"
    assert score_interval(values, 0.7, animals=0) is None


def test_animals_that_show_a_behaviour_count_and_all_others_as_one(drawn):
    def counted(*labels):
        videos = [drawn(f"v{place}", grooming=(label, "....")) for place, label in enumerate(labels)]
        return informative_animals(measures.by_animal(videos)["grooming"])

    assert counted("#...", "##..", "..#.", "...#") == 4
    assert counted("#...", "##..", "....", "....", "....") == 3
    assert counted("#...", "....", "....") == 2
    assert counted("#...", "##..") == 0, "fewer than three have no interval"
    assert counted("#...", "##..", "????") == 0, "nobody looked at the third"


def test_the_interval_of_a_difference_holds_it_and_turns_its_sign_with_the_order():
    random = np.random.default_rng(0)
    first, second = random.uniform(0.6, 0.8, 200), random.uniform(0.7, 0.9, 200)
    low, high = difference_interval(first, second, (0.7, 0.8), animals=6)
    assert low < 0.1 < high
    assert difference_interval(second, first, (0.8, 0.7), animals=6) == pytest.approx((-high, -low))
    assert difference_interval(first, second, (0.7, 0.8), animals=0) is None


def test_a_difference_that_is_the_same_in_every_draw_is_certain():
    values = np.linspace(0.4, 0.6, 50)
    low, high = difference_interval(values, values, (0.5, 0.5), animals=3)
    assert (low, high) == (0, 0)


def test_the_interval_of_a_difference_stays_between_minus_1_and_1():
    values = np.array([0.0, 1.0, 0.0, 1.0])
    assert difference_interval(values, 1 - values, (0.1, 0.9), animals=3) == (-1, 1)
