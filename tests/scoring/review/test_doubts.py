"""Labelled bouts that a model which never saw the animal does not believe."""

import numpy as np
import pytest

from ethocache.scoring.review.doubts import MISSED, NOTHING, OTHER, doubtful_bouts


def drawn(bouts, frames=100, names=3, low=0.02):
    values = np.full((frames, names), low)
    for b, start, stop, value in bouts:
        values[start:stop, b] = value
    return values


def kinds(said):
    return [(doubt.kind, doubt.behaviour, doubt.start, doubt.stop, doubt.instead) for doubt in doubtful_bouts(said)]


def test_a_labelled_bout_of_which_the_model_sees_nothing_is_doubted(answers):
    (doubt,) = doubtful_bouts(answers(drawn([]), label=drawn([(0, 10, 30, 1)], low=0)))
    assert (doubt.kind, doubt.start, doubt.stop, doubt.start_s, doubt.stop_s) == (NOTHING, 10, 30, 1.0, 3.0)
    assert doubt.sureness == pytest.approx(0.98) and doubt.detail == "labelled grooming; the model says no with 98%"


def test_a_bout_that_the_model_finds_hard_but_likelier_than_frames_without_it_is_not_doubted(answers):
    hard, as_elsewhere = drawn([(0, 10, 30, 0.06)]), drawn([(0, 10, 30, 0.06), (0, 40, 60, 0.2)])
    label = drawn([(0, 10, 30, 1)], low=0)
    assert kinds(answers(hard, label=label)) == []
    assert kinds(answers(as_elsewhere, label=label)) == [(NOTHING, "grooming", 10, 30, "")]


def test_where_a_behaviour_is_labelled_throughout_there_is_nothing_to_compare_with(answers):
    assert kinds(answers(drawn([]), label=drawn([(0, 0, 100, 1)], low=0))) == [(NOTHING, "grooming", 0, 100, "")]


def test_a_bout_that_somebody_missed_is_doubted(answers):
    assert kinds(answers(drawn([(1, 10, 30, 0.95)]), label=drawn([], low=0))) == [(MISSED, "rearing", 10, 30, "")]


def test_a_bout_under_another_name_is_one_doubt(answers):
    said = answers(drawn([(1, 10, 30, 0.95)]), label=drawn([(0, 10, 30, 1)], low=0))
    assert kinds(said) == [(OTHER, "grooming", 10, 30, "rearing")]
    assert doubtful_bouts(said)[0].detail == "labelled grooming; the model says rearing with 95%"


def test_what_was_labelled_as_well_is_no_other_name(answers):
    said = answers(drawn([(1, 10, 30, 0.95), (0, 10, 30, 0.3)]), label=drawn([(0, 10, 30, 1), (1, 10, 30, 1)], low=0))
    assert kinds(said) == []


@pytest.mark.parametrize(
    ("model", "label"),
    [
        ([(0, 12, 28, 0.9)], [(0, 10, 30, 1)]),  # edges differ
        ([(0, 24, 30, 0.9)], [(0, 10, 30, 1)]),  # some of it is seen
        ([(0, 10, 12, 0.95)], []),  # a flicker
        ([(0, 10, 30, 0.7)], []),  # not sure
        ([(0, 10, 30, 0.95)], [(0, 0, 100, -1)]),  # nobody looked
    ],
)
def test_what_may_well_be_right_is_not_doubted(answers, model, label):
    assert kinds(answers(drawn(model), label=drawn(label, low=0))) == []
