from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from ethocache.scoring import frames

ethograms = hnp.arrays(np.bool_, st.tuples(st.just(2), st.integers(1, 40)))


@settings(max_examples=60, deadline=None)
@given(ethograms)
def test_frame_scores_are_those_of_scikit_learn(ethogram):
    labelled, tagged = ethogram
    counts = frames.frame_counts(labelled, tagged)
    assert frames.accuracy(counts) == pytest.approx(accuracy_score(labelled, tagged))
    assert frames.prevalence(counts) == pytest.approx(labelled.mean())
    if labelled.any():
        expected = precision_recall_fscore_support(labelled, tagged, average="binary", zero_division=0)[:3]
        assert (frames.precision(counts), frames.recall(counts), frames.f1(counts)) == pytest.approx(expected)


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(np.bool_, st.integers(1, 40)))
def test_chance_f1_is_the_f1_of_tagging_every_frame(labelled):
    counts = frames.frame_counts(labelled, labelled)
    everything = frames.frame_counts(labelled, np.ones_like(labelled))
    np.testing.assert_allclose(frames.f1_chance(counts), frames.f1(everything))


def test_a_behaviour_that_is_shown_and_never_tagged_has_precision_recall_and_f1_of_zero():
    counts = np.array([0.0, 0, 5, 5])
    assert (frames.precision(counts), frames.recall(counts), frames.f1(counts)) == (0, 0, 0)


def test_a_behaviour_that_no_frame_shows_has_no_precision_recall_or_f1():
    counts = np.array([0.0, 3, 0, 5])
    assert np.isnan([frames.precision(counts), frames.recall(counts), frames.f1(counts), frames.f1_chance(counts)]).all()


def test_no_frames_have_no_accuracy_and_no_calibration():
    assert np.isnan(frames.accuracy(np.zeros(4)))
    assert np.isnan(frames.calibration_error(np.empty(0, np.float32), np.empty(0, bool)))


def test_two_right_one_false_one_missed_of_ten_gives_accuracy_80_percent_and_f1_of_two_thirds():
    counts = np.array([[2.0, 1, 1, 6]])
    assert frames.accuracy(counts)[0] == pytest.approx(0.8)
    assert frames.f1(counts)[0] == pytest.approx(2 / 3)


def test_saying_70_percent_of_what_happens_half_the_time_is_off_by_20_percent():
    assert frames.calibration_error(np.full(10, 0.7, np.float32), np.arange(10) < 5) == pytest.approx(0.2)


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.float32, st.integers(1, 60), elements=st.floats(0, 1, width=32)), st.integers(0, 2**20))
def test_the_calibration_error_is_the_sum_over_fifteen_equal_bins(probability, seed):
    labelled = np.random.default_rng(seed).random(len(probability)) < 0.4
    edges = np.linspace(0, 1, 16)
    expected = 0.0
    for low, high in pairwise(edges):
        here = (probability > low) & (probability <= high) | (probability == 0) & (low == 0)
        if here.any():
            expected += here.mean() * abs(probability[here].mean(dtype=np.float64) - labelled[here].mean())
    assert frames.calibration_error(probability, labelled) == pytest.approx(expected)
