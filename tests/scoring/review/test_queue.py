"""Which moments are looked at in the time there is."""

import pytest

from ethocache.scoring.review.moments import Moment
from ethocache.scoring.review.queue import make_queue


def moment(video="a", start_s=0.0, wrong=10.0, behaviour="grooming", weight=1.0, length_s=4.0):
    stop_s = start_s + length_s
    return Moment(video, behaviour, int(10 * start_s), int(10 * stop_s), start_s, stop_s, wrong, weight, "uncertain")


def test_the_time_is_never_overspent_and_the_rest_is_used():
    queue = make_queue([moment("a", wrong=10), moment("b", wrong=9, length_s=8), moment("c", wrong=4)], 21, 100)
    assert [chosen.video for chosen in queue.moments] == ["a", "c"]
    assert queue.watching_s == 20 and queue.wrong == 14 and queue.share == pytest.approx(0.14)


def test_a_neighbour_is_worth_half():
    far, near = moment(start_s=60, wrong=7), moment(start_s=6, wrong=9)
    assert make_queue([moment(), near, far], 600, 1).moments == (moment(), far, near)


def test_another_behaviour_nearby_is_worth_more_than_the_same():
    same, other = moment(start_s=6, wrong=9), moment(start_s=6, wrong=8, behaviour="rearing")
    assert make_queue([moment(), same, other], 600, 1).moments == (moment(), other, same)


def test_moments_spread_over_videos():
    one_video = [moment("a", start_s=100.0 * n, wrong=10) for n in range(10)]
    others = [moment(video, wrong=6) for video in "bcdef"]
    chosen = make_queue([*one_video, *others], 100, 1).moments
    assert {other.video for other in chosen} > {"a", "b"} and chosen[0].video == "a"


def test_one_video_gives_a_queue_too():
    assert len(make_queue([moment("a", start_s=20.0 * n) for n in range(5)], 600, 50).moments) == 5


def test_a_rare_behaviour_comes_first():
    rare = moment(wrong=5, behaviour="jumping", weight=4)
    assert make_queue([moment(), rare], 600, 1).moments[0] == rare


def test_who_looks_for_one_of_exclusive_behaviours_sees_the_others():
    same_time = [moment(), moment(start_s=2, behaviour="rearing"), moment(start_s=4, behaviour="rearing")]
    assert len(make_queue(same_time, 600, 1).moments) == 3
    assert [chosen.start_s for chosen in make_queue(same_time, 600, 1, exclusive=True).moments] == [0, 4]


def test_nothing_to_look_at_is_an_empty_queue():
    assert make_queue([], 600, 0).share == 0
