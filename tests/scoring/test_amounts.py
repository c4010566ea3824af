import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr

from ethocache.scoring.amounts import Amounts, bouts_of, seconds_of
from ethocache.scoring.chance import bout_f1_random
from ethocache.scoring.frames import f1_random
from ethocache.scoring.measures import by_animal, together


def videos(*predictions):
    return together(by_animal(predictions)["grooming"])


def test_bouts_and_seconds_are_counted_video_by_video_on_the_frames_that_somebody_looked_at(drawn):
    seen = videos(drawn("v", grooming=("##.#????", "##..####")), drawn("w", grooming=("........", "#.#.....")))
    assert (bouts_of(seen).labelled.tolist(), bouts_of(seen).tagged.tolist()) == ([2, 0], [1, 2])
    np.testing.assert_allclose([seconds_of(seen).labelled, seconds_of(seen).tagged], [[0.3, 0], [0.2, 0.2]])
    assert (bouts_of(seen).error, seconds_of(seen).error) == (1.5, pytest.approx(0.15))


def test_a_video_in_which_nobody_looked_for_the_behaviour_is_not_counted(drawn):
    seen = videos(
        drawn("v", grooming=("##..", "##.."), rearing=("....", "....")), drawn("w", grooming=("????", "##.."), rearing=("....", "...."))
    )
    assert len(bouts_of(seen).labelled) == len(seconds_of(seen).labelled) == 1


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=8))
def test_the_correlation_is_pearsons_of_three_videos_or_more_that_are_not_all_alike(pairs):
    labelled, tagged = np.array(pairs, float).reshape(-1, 2).T
    amounts = Amounts(labelled, tagged)
    if len(pairs) < 3 or not np.ptp(labelled) or not np.ptp(tagged):
        assert np.isnan(amounts.correlation)
    else:
        assert amounts.correlation == pytest.approx(pearsonr(labelled, tagged)[0])


def test_of_no_video_there_is_no_error():
    assert np.isnan(Amounts(np.empty(0), np.empty(0)).error)


def test_bouts_laid_elsewhere_hit_the_more_often_the_more_of_the_time_they_take(drawn):
    rare, common = "#" * 10 + "." * 200, ("#" * 10 + "." * 5) * 14
    chances = [bout_f1_random(videos(drawn("v", grooming=(marks, marks)))) for marks in (rare, common)]
    assert chances[0] < 0.05 < 0.3 < chances[1] < 1


def test_a_bout_that_takes_all_that_was_looked_at_cannot_be_missed(drawn):
    assert bout_f1_random(videos(drawn("v", grooming=("?" * 9 + "#" * 30 + "?", "." * 40)))) == 1


def test_the_bouts_of_a_short_video_are_not_compared_with_themselves(drawn):
    assert bout_f1_random(videos(drawn("v", grooming=("....##....", "..........")))) == 0


def test_without_a_labelled_bout_there_is_no_bout_f1_of_chance(drawn):
    assert np.isnan(bout_f1_random(videos(drawn("v", grooming=("....", "#...")), drawn("w", grooming=("?...", "#...")))))


def test_tagging_at_random_as_often_as_grooming_is_shown_has_an_f1_of_its_share_of_the_time():
    random = np.random.default_rng(0)
    labelled, tagged = random.random((2, 200_000)) < 0.3
    expected = 2 * (labelled & tagged).sum() / (labelled.sum() + tagged.sum())
    assert f1_random(np.array([3.0, 0, 0, 7])) == pytest.approx(0.3)
    assert expected == pytest.approx(0.3, abs=0.005)
    assert np.isnan(f1_random(np.array([0.0, 3, 0, 7])))
