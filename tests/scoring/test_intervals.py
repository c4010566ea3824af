import numpy as np
import pytest

from ethocache.scoring import frames, measures
from ethocache.scoring.intervals import draws, interval, mean_over_behaviours, resampled


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
