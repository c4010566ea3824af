from dataclasses import replace

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.scoring.comparison import paired_difference, with_common_videos
from ethocache.scoring.measures import MEASURES
from ethocache.scoring.settings import EvaluateParams
from ethocache.scoring.summary import score


@pytest.mark.parametrize("measure", MEASURES)
def test_a_system_does_not_differ_from_itself(simulated, measure):
    for difference in paired_difference(simulated(4), simulated(4), measure, resamples=100).values():
        assert (difference.difference, difference.low, difference.high, difference.p, difference.animals) == (0, 0, 0, 1, 4)


def test_a_better_system_is_better_by_the_difference_of_the_scores(simulated):
    worse, better = simulated(10, noise=0.6), simulated(10, noise=0.2)
    found = paired_difference(worse, better, "average_precision", resamples=512)
    scores = [score(system, EvaluateParams(resamples=100)) for system in (worse, better)]
    assert set(found) == {"grooming", "rearing", "macro"}
    for name, difference in found.items():
        expected = scores[1][name]["average_precision"] - scores[0][name]["average_precision"]
        assert difference.difference == pytest.approx(expected, abs=2e-4)
        assert 0 < difference.low <= difference.difference <= difference.high
        assert difference.p == 2 / 2**10  # every swap was tried, and only swapping all or none is as extreme


def test_the_answer_turns_its_sign_with_the_order(simulated):
    one, other = simulated(5, noise=0.5), simulated(5, noise=0.2)
    forward, back = (paired_difference(*pair, "f1", resamples=100)["macro"] for pair in ((one, other), (other, one)))
    assert back.difference == pytest.approx(-forward.difference)
    assert (back.low, back.high, back.p) == pytest.approx((-forward.high, -forward.low, forward.p))


def test_a_system_better_in_every_one_of_five_animals_has_the_smallest_p_of_32_swaps(drawn):
    good = [drawn(name, grooming=("..##..", "..##..")) for name in "abcde"]
    bad = [drawn(name, grooming=("..##..", "...#..")) for name in "abcde"]
    assert paired_difference(bad, good, "f1")["grooming"].p == 2 / 32


def test_many_animals_are_swapped_at_random_and_p_is_never_zero(simulated):
    found = paired_difference(simulated(12, noise=0.6), simulated(12, noise=0.2), "f1", resamples=150)
    assert 1 / 151 <= found["macro"].p < 0.05


def test_two_seeds_of_one_system_are_rarely_told_apart(simulated):
    p = [
        paired_difference(simulated(8, 120, seed=2 * seed), simulated(8, 120, seed=2 * seed + 1), "f1", resamples=256)["grooming"].p
        for seed in range(40)
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.15  # 5 % expected; 40 pairs cannot tell it from 15 %
    assert 0.3 < np.mean(p) < 0.7


def test_two_animals_give_a_difference_without_an_interval(simulated):
    difference = paired_difference(simulated(2), simulated(2, seed=1), resamples=100)["macro"]
    assert (difference.low, difference.high, difference.animals) == (None, None, 2)


def test_only_the_chosen_behaviours_are_compared(simulated):
    assert set(paired_difference(simulated(3), simulated(3), "f1", ["rearing"], resamples=100)) == {"rearing", "macro"}


def test_a_behaviour_that_is_not_shown_is_left_out(drawn):
    videos = [drawn(name, grooming=("#.", "#."), rearing=("..", "#.")) for name in "abc"]
    assert set(paired_difference(videos, videos, resamples=100)) == {"grooming", "macro"}
    assert paired_difference(videos, videos, "f1", ["rearing"]) == {}


def test_what_cannot_be_compared_is_refused_with_the_reason(simulated):
    ours = simulated(3)
    video = ours[0]
    label = video.label.copy()
    label[7] = 1 - label[7]
    short = {"label": label[:9], "probability": video.probability[:9], "tag": video.tag[:9], "time_s": video.time_s[:9]}

    def refused(theirs, message, measure="f1", behaviours=None):
        with pytest.raises(InputError, match=message):
            paired_difference(ours, theirs, measure, behaviours)

    refused(ours[:2], "not of the same videos: v02 are in one only")
    refused([replace(video, animal="x"), *ours[1:]], "v00: the animal is a00 in one and x in the other")
    refused([replace(video, label=label), *ours[1:]], "v00: 1 of 300 frames are labelled otherwise, the first is frame 7; score both")
    refused([replace(video, **short), *ours[1:]], "v00: 300 frames in one and 9 in the other")
    refused(simulated(3, behaviours=("grooming", "digging")), "not of the same behaviours: grooming, rearing and grooming, digging")
    refused(ours, "'average_precison' is not a score, did you mean 'average_precision'", measure="average_precison")
    refused(ours, "'groming' is not a predicted behaviour, did you mean 'grooming'", behaviours=["groming"])


def test_animals_on_which_settings_of_either_were_searched_are_not_compared(simulated):
    ours, theirs = simulated(5), simulated(5, noise=0.1, seed=1)
    theirs[0] = replace(theirs[0], seen=True)
    assert paired_difference(ours, theirs, "f1", resamples=50) == paired_difference(ours[1:], theirs[1:], "f1", resamples=50)


def test_both_scores_stand_beside_their_difference(simulated):
    worse, better = simulated(6, noise=0.6), simulated(6, noise=0.2)
    for difference in paired_difference(worse, better, "f1", resamples=100).values():
        assert difference.second - difference.first == pytest.approx(difference.difference)


def test_of_two_systems_the_videos_that_both_scored_are_kept_and_the_animals_of_others_named(simulated):
    ours, theirs, left_out = with_common_videos(simulated(5)[1:], simulated(4))
    assert [prediction.video for prediction in ours] == [prediction.video for prediction in theirs] == ["v01", "v02", "v03"]
    assert left_out == ["a00", "a04"]
    assert with_common_videos(ours, theirs) == (ours, theirs, [])


def test_two_systems_without_a_video_in_common_are_refused(simulated):
    with pytest.raises(InputError, match=r"no video in common: v00, ... and other, ...; compare experiments on the same data"):
        with_common_videos(simulated(2), [replace(simulated(1)[0], video="other")])
