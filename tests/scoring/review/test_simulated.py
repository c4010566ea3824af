"""The simulated reviewer does what it says, or it would prove nothing."""

import numpy as np

from ethocache.scoring.review.moments import Moment
from ethocache.scoring.review.simulated import corrected, first_places, places_at_random, unlabelled_at_random, without_some

TRUTH = {"a": np.ones((400, 2), np.int8), "b": np.zeros((400, 2), np.int8)}


def test_so_many_labels_are_hidden_of_all_behaviours_at_once():
    kept = without_some(TRUTH, 0.3, 10, np.random.default_rng(0))
    hidden = np.concatenate([values == -1 for values in kept.values()])
    assert 0.2 < hidden.mean() < 0.4 and (hidden[:, 0] == hidden[:, 1]).all()
    assert (kept["a"][kept["a"] != -1] == 1).all() and (TRUTH["a"] == 1).all()


def test_the_first_moments_are_taken_until_there_are_enough_frames():
    moments = [Moment("a", "rearing", 10, 30, 1, 3, 9, 1, ""), Moment("b", "grooming", 5, 25, 0.5, 2.5, 8, 1, "")]
    assert first_places(moments, ("grooming", "rearing"), 30) == [("a", 1, 10, 30), ("b", 0, 5, 15)]
    assert first_places(moments, ("grooming", "rearing"), 15) == [("a", 1, 10, 25)]


def test_chance_takes_places_of_the_same_lengths_that_do_not_overlap():
    places = [("a", 0, 0, 40), ("a", 1, 0, 20), ("b", 1, 100, 140)]
    drawn = places_at_random(places, TRUTH, np.random.default_rng(1))
    assert sorted(stop - start for _, _, start, stop in drawn) == [20, 40, 40]
    covered = np.zeros((2, 2, 400), int)
    for video, b, start, stop in drawn:
        covered["ab".index(video), b, start:stop] += 1
    assert covered.max() == 1


def test_only_the_named_behaviour_is_put_right():
    labels = {video: np.full_like(values, -1) for video, values in TRUTH.items()}
    mended = corrected(labels, TRUTH, [("a", 1, 10, 20)])
    assert (mended["a"][10:20, 1] == 1).all() and (mended["a"] == 1).sum() == 10 and (labels["a"] == -1).all()


def test_chance_among_the_unlabelled_takes_as_many_frames_without_a_label_and_none_twice():
    labels = without_some(TRUTH, 0.3, 10, np.random.default_rng(0))
    drawn = unlabelled_at_random(labels, 155, 40, np.random.default_rng(1))
    frames = [(video, b, frame) for video, b, start, stop in drawn for frame in range(start, stop)]
    assert len(frames) == len(set(frames)) == 155
    assert all(labels[video][frame, b] == -1 for video, b, frame in frames)


def test_chance_takes_all_that_has_no_label_if_there_is_less():
    labels = {"a": TRUTH["a"].copy(), "b": TRUTH["b"]}
    labels["a"][100:110, 1] = -1
    drawn = unlabelled_at_random(labels, 155, 40, np.random.default_rng(1))
    assert sum(stop - start for _, _, start, stop in drawn) == 10
