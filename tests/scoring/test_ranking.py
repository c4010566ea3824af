import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_recall_curve

from ethocache.scoring import ranking


@st.composite
def rankings(draw):
    """Scores with many ties, labels, and how often each frame counts."""
    length = draw(st.integers(1, 40))
    score = np.array(draw(st.lists(st.integers(0, 6), min_size=length, max_size=length)), dtype=np.float32) / 6
    positive = np.array(draw(st.lists(st.booleans(), min_size=length, max_size=length)))
    weight = np.array(draw(st.lists(st.integers(0, 3), min_size=length, max_size=length)), dtype=np.float64)
    return score, positive, weight


@settings(max_examples=80, deadline=None)
@given(rankings())
def test_average_precision_is_that_of_scikit_learn_with_ties(ranked):
    score, positive, _ = ranked
    assume(positive.any())
    assert ranking.average_precision(score, positive) == pytest.approx(average_precision_score(positive, score))


@settings(max_examples=80, deadline=None)
@given(rankings())
def test_drawing_a_frame_three_times_is_the_same_as_having_it_three_times(ranked):
    score, positive, weight = ranked
    assume((positive & (weight > 0)).any())
    times = weight.astype(int)
    repeated = average_precision_score(np.repeat(positive, times), np.repeat(score, times))
    assert ranking.average_precision(score, positive, weight) == pytest.approx(repeated)


def test_average_precision_does_not_exist_without_positives():
    assert np.isnan(ranking.average_precision(np.array([0.1, 0.9]), np.array([False, False])))


def test_a_ranking_with_one_false_alarm_above_the_only_positive_scores_one_half():
    assert ranking.average_precision(np.array([0.9, 0.8, 0.1]), np.array([False, True, False])) == 0.5


@pytest.mark.parametrize("prevalence", [0.0005, 0.1, 0.6])
def test_the_coarse_ranking_of_half_a_million_frames_is_off_by_less_than_two_thousandths(prevalence):
    random = np.random.default_rng(3)
    positive = random.random(500_000) < prevalence
    score = (positive * 1.5 + random.normal(size=len(positive))).astype(np.float32)
    thresholds = ranking.thresholds_of(score[positive], ranking.RESOLUTION)
    coarse = ranking.average_precision_of(ranking.counts_between(thresholds, score, positive))
    assert len(thresholds) <= ranking.RESOLUTION
    assert abs(coarse - ranking.average_precision(score, positive)) < 0.002


@settings(max_examples=60, deadline=None)
@given(rankings())
def test_the_curve_goes_through_the_points_of_scikit_learn(ranked):
    score, positive, _ = ranked
    assume(positive.any())
    precision, recall, thresholds = precision_recall_curve(positive, score)
    expected = {float(t): (r, p) for t, r, p in zip(thresholds, recall, precision, strict=False)}
    curve = ranking.precision_recall_curve(score, positive)
    for threshold, r, p in zip(curve.threshold, curve.recall, curve.precision, strict=True):
        assert (r, p) == pytest.approx(expected[float(threshold)])
    assert curve.recall[-1] == 1


def test_the_curve_of_many_frames_is_thinned_and_rises_in_recall_to_one():
    random = np.random.default_rng(0)
    curve = ranking.precision_recall_curve(random.random(5000), random.random(5000) < 0.5, points=200)
    assert 150 <= len(curve.recall) <= 200
    assert (np.diff(curve.recall) > 0).all()
    assert curve.recall[-1] == 1


def test_the_curve_is_empty_without_positives():
    assert len(ranking.precision_recall_curve(np.array([0.2]), np.array([False])).recall) == 0
