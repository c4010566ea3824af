"""Thresholds and average precision against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from ethocache.dataset.predictions import tags_of
from ethocache.sequence import thresholds
from ethocache.sequence.thresholds import (
    average_precision,
    best_f1,
    best_thresholds,
    macro_average_precision,
    reaching_recall,
    weighed_thresholds,
)

FRAMES = st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])), min_size=1, max_size=30)


def arrays(frames):
    label, probability = zip(*frames, strict=True)
    return np.array(label, np.int8), np.array(probability, np.float32)


def f1(label, probability, threshold):
    tagged = probability[label >= 0] >= np.float32(threshold)
    shown = label[label >= 0] == 1
    return 2 * (tagged & shown).sum() / max(1, tagged.sum() + shown.sum())


@settings(max_examples=100, deadline=None)
@given(FRAMES)
def test_no_threshold_has_a_better_f1(frames):
    label, probability = arrays(frames)
    best = f1(label, probability, best_f1(label, probability))
    assert all(best >= f1(label, probability, threshold) - 1e-9 for threshold in np.linspace(0, 1.01, 102)) or not (label == 1).any()


@settings(max_examples=60, deadline=None)
@given(FRAMES)
def test_average_precision_is_that_of_scikit_learn(frames):
    from sklearn.metrics import average_precision_score

    label, probability = arrays(frames)
    if not (label == 1).any():
        assert average_precision(label, probability) is None
        return
    known = label >= 0
    assert average_precision(label, probability) == pytest.approx(average_precision_score(label[known], probability[known]))


def test_the_threshold_lies_half_way_to_the_next_frame():
    label, probability = np.array([1, 1, 0, 0], np.int8), np.array([0.9, 0.8, 0.4, 0.1], np.float32)
    assert best_f1(label, probability) == pytest.approx(0.6)
    assert best_f1(label[:2], probability[:2]) == pytest.approx(0.4)


def test_neighbouring_floats_are_still_told_apart():
    low = np.float32(0.5)
    high = np.nextafter(low, np.float32(1))
    threshold = np.float32(best_f1(np.array([1, 0], np.int8), np.array([high, low], np.float32)))
    assert low < threshold <= high


def test_without_a_shown_frame_the_threshold_is_a_half():
    assert best_f1(np.array([0, 0, -1], np.int8), np.array([0.9, 0.1, 0.5], np.float32)) == 0.5
    assert best_f1(np.array([-1], np.int8), np.array([0.9], np.float32)) == 0.5


def test_each_behaviour_has_its_own_threshold():
    label = np.array([[1, 0], [0, 0]], np.int8)
    thresholds = best_thresholds(label, np.array([[0.9, 0.3], [0.3, 0.3]], np.float32))
    np.testing.assert_allclose(thresholds, [0.6, 0.5])
    assert thresholds.dtype == np.float32


def test_the_macro_average_is_over_behaviours_that_are_shown():
    label = np.array([[1, 0], [0, 0]], np.int8)
    assert macro_average_precision(label, np.array([[0.9, 0.3], [0.3, 0.9]], np.float32)) == 1.0
    assert macro_average_precision(0 * label, np.ones((2, 2), np.float32)) is None


@settings(max_examples=100, deadline=None)
@given(FRAMES, st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_the_wanted_recall_is_reached_and_by_no_higher_threshold(frames, recall):
    label, probability = arrays(frames)
    threshold = np.float32(reaching_recall(label, probability, recall))
    shown = probability[label == 1]
    if not len(shown):
        assert threshold == 0.5
        return
    assert (shown >= threshold).mean() >= recall - 1e-9
    assert (shown > threshold).mean() < recall


def test_nine_of_ten_frames_are_found_from_the_second_lowest_on():
    assert reaching_recall(np.ones(10, np.int8), np.arange(1, 11, dtype=np.float32) / 16, 0.9) == 2 / 16


def exclusive_f1(label, probability, thresholds):
    tags = tags_of(probability, thresholds, True)
    known = (label >= 0).all(axis=1) | (label == 1).any(axis=1)
    return np.mean([f1_score(label[known, b] == 1, tags[known, b]) for b in range(label.shape[1]) if (label[known, b] == 1).any()])


def test_weighed_thresholds_are_never_worse_than_the_likeliest():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        classes = rng.choice(4, 600, p=[0.3, 0.6, 0.07, 0.03])
        label = np.asarray(classes[:, None] == [1, 2, 3], np.int8)
        raised = np.exp(1.5 * np.eye(4)[classes] + rng.normal(size=(600, 4)) + np.log([0.3, 0.6, 0.07, 0.03]))
        probability = np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)[:, 1:]
        chosen, half = weighed_thresholds(label, probability), np.full(3, 0.5, np.float32)
        assert exclusive_f1(label, probability, chosen) > exclusive_f1(label, probability, half) + 0.02


def two_classes(certainty):
    """Labels and true probabilities of two exclusive behaviours, one of which is rare."""
    rng = np.random.default_rng(0)
    rare = rng.random(3000) < 0.05
    seen = np.where(rare, certainty / 2, -certainty / 2) + rng.normal(size=3000)
    likely = 1 / (1 + np.exp(-(certainty * seen + np.log(0.05 / 0.95))))
    return np.stack([~rare, rare], axis=1).astype(np.int8), np.stack([1 - likely, likely], axis=1).astype(np.float32)


def test_weighed_thresholds_go_half_of_the_way_to_the_best_ones_where_that_costs_little(monkeypatch):
    label, probability = two_classes(certainty=2.0)
    chosen = weighed_thresholds(label, probability)
    monkeypatch.setattr(thresholds, "_KEPT_OF_WAY", ())
    best = weighed_thresholds(label, probability)
    assert best[1] / best[0] < 0.99
    assert chosen == pytest.approx(np.sqrt(0.5 * best))
    assert exclusive_f1(label, probability, chosen) > exclusive_f1(label, probability, best) - 0.01


def test_weighed_thresholds_go_the_whole_way_where_half_of_it_would_cost_much(monkeypatch):
    label, probability = two_classes(certainty=1.0)
    chosen = weighed_thresholds(label, probability)
    monkeypatch.setattr(thresholds, "_KEPT_OF_WAY", ())
    best = weighed_thresholds(label, probability)
    assert exclusive_f1(label, probability, np.sqrt(0.5 * best)) < exclusive_f1(label, probability, best) - 0.01
    assert exclusive_f1(label, probability, chosen) >= exclusive_f1(label, probability, best) - 0.01


def test_weighed_thresholds_stay_at_one_half_where_nothing_is_better_or_nothing_is_shown():
    label = np.array([[1, 0], [0, 1], [0, 0]], np.int8)
    assert weighed_thresholds(label, label.astype(np.float32)).tolist() == [0.5, 0.5]
    assert weighed_thresholds(np.zeros((3, 2), np.int8), np.full((3, 2), 0.3, np.float32)).tolist() == [0.5, 0.5]
    assert weighed_thresholds(np.full((3, 2), -1, np.int8), np.full((3, 2), 0.3, np.float32)).tolist() == [0.5, 0.5]
