"""Where to look, and why there."""

import numpy as np
import pytest

from ethocache.dataset.tags import frame_edges_s
from ethocache.scoring.review.moments import best_stretches, moments_of

ONE = np.ones(1)


def unsure(start, stop, frames=300, by=0.5, rest=0.01):
    probability = np.full(frames, rest)
    probability[start:stop] = by
    return probability


def test_the_unsure_stretch_comes_first(answers):
    first, *_ = moments_of(answers(unsure(100, 140)), ONE, 600)
    assert (first.video, first.behaviour, first.start, first.stop) == ("v", "grooming", 100, 140)
    assert (first.start_s, first.stop_s) == pytest.approx((10, 14))
    assert first.wrong == pytest.approx(40 * 0.5) and first.watching_s == pytest.approx(10)
    assert first.gain == pytest.approx(2.0)


def test_moments_of_a_behaviour_do_not_overlap(answers):
    rng = np.random.default_rng(0)
    moments = moments_of(answers(rng.random((600, 2))), np.ones(2), 6000)
    for name in ("grooming", "rearing"):
        frames = np.concatenate([np.arange(moment.start, moment.stop) for moment in moments if moment.behaviour == name])
        assert len(set(frames.tolist())) == len(frames) > 500


def test_what_is_sure_is_no_moment(answers):
    assert moments_of(answers(np.full(300, 0.001)), ONE, 600) == []


def test_a_video_shorter_than_a_moment_is_looked_at_as_a_whole(answers):
    (moment,) = moments_of(answers(np.full(8, 0.5)), ONE, 600)
    assert (moment.start, moment.stop) == (0, 8)
    assert moments_of(answers(np.full(1, 0.6)), ONE, 600) == []  # a single frame lasts no time, so none is looked at


def test_no_more_moments_are_found_than_the_time_is_enough_for():
    assert len(best_stretches(np.full(6000, 0.5), frame_edges_s(np.arange(6000) / 10), 3)) == 3


def why(said):
    return moments_of(said, ONE, 600)[0].why


def test_each_moment_says_why(answers):
    step = np.full(300, 0.02)
    step[100:] = 0.98
    edge = step.copy()
    edge[97:103] = 0.45
    assert why(answers(unsure(100, 140))) == "uncertain; no labels"
    assert "start or end of a tagged bout" in why(answers(edge))
    assert why(answers(step, label=np.arange(300) >= 140)) == "labels and tags disagree"
    assert why(answers(np.full(300, 0.1), label=np.full(300, -1))) == "no labels"
    assert why(answers(np.full(300, 0.5), label=np.ones(300))) == "uncertain"
    assert why(answers(np.full(300, 0.4), label=np.zeros(300), tag=np.zeros(300))) == "uncertain"


def test_for_training_what_is_likely_shown_and_not_labelled_comes_first(answers):
    sure = unsure(100, 140, by=0.95, rest=0.001)
    doubtful = unsure(200, 240, by=0.3, rest=0.001)
    said = answers(np.maximum(sure, doubtful))
    to_put_right, to_learn = moments_of(said, ONE, 600)[0], moments_of(said, ONE, 600, "training")[0]
    assert (to_put_right.start, to_put_right.new) == (200, 0)
    assert to_learn.start == 100
    assert to_learn.wrong == pytest.approx(40 * 0.05) and to_learn.new == pytest.approx(40 * 0.95)
    assert to_learn.gain == pytest.approx(4.0)


def test_for_training_a_label_that_nobody_doubts_is_worth_nothing(answers):
    sure = unsure(100, 140, by=0.95, rest=0.001)
    assert moments_of(answers(sure, label=sure > 0.5), ONE, 600, "training") == []
