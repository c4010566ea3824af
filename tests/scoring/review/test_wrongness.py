"""How likely a frame is wrong."""

import numpy as np
import pytest

from ethocache.scoring.review.wrongness import LABEL_ERROR, MOST_TRUSTED, likely_shown, new_shown, rare_weights, wrong_probability


def test_a_tag_is_wrong_with_the_probability_of_the_opposite(answers):
    assert wrong_probability(answers([0.9, 0.3, 0.5])).ravel() == pytest.approx([0.1, 0.3, 0.5])


def test_a_tag_that_smoothing_turned_is_likely_wrong(answers):
    assert wrong_probability(answers([0.2], tag=[1])).ravel() == pytest.approx([0.8])


def test_a_label_is_wrong_as_often_as_people_err_where_the_model_has_no_opinion(answers):
    wrong = wrong_probability(answers([0.5, 0.9, 0.9], label=[1, 0, 1])).ravel()
    assert wrong == pytest.approx([LABEL_ERROR, 0.018 / (0.018 + 0.098), 0.002 / (0.002 + 0.882)])


def test_no_model_is_so_sure_that_a_label_must_be_wrong(answers):
    wrong = wrong_probability(answers([1.0, MOST_TRUSTED], label=[0, 0])).ravel()
    assert wrong[0] == pytest.approx(wrong[1]) and wrong[0] < 0.3


def test_a_frame_of_exclusive_behaviours_is_wrong_once(answers):
    said = answers([[0.6, 0.3], [0.2, 0.2], [0.1, 0.6]], tag=[[1, 0], [0, 0], [0, 1]], exclusive=True)
    wrong = wrong_probability(said)
    assert wrong == pytest.approx(np.array([[0.4, 0], [0.2, 0.2], [0, 0.4]]))


def test_who_saw_one_of_exclusive_behaviours_saw_the_others(answers):
    said = answers([[0.5, 0.5]], label=[[1, -1]], tag=[[0, 1]], exclusive=True)
    assert said.said.tolist() == [[True, False]]
    assert wrong_probability(said) == pytest.approx(np.array([[LABEL_ERROR, 0]]))


def test_no_behaviour_at_all_is_a_sure_answer_too(answers):
    assert wrong_probability(answers([[0.0, 0.0]], exclusive=True)).tolist() == [[0, 0]]


def test_rare_behaviours_count_more_up_to_a_limit():
    assert rare_weights(np.array([400.0, 100.0, 0.0])).tolist() == [1, 2, 10]


def test_labels_say_how_often_a_behaviour_is_shown_and_probabilities_where_there_are_none(answers):
    assert likely_shown(answers([0.9, 0.9, 0.25], label=[0, 1, -1])) == pytest.approx([1.25])


def test_new_is_what_is_likely_shown_where_nobody_looked(answers):
    said = answers(np.array([[0.7, 0.2], [0.7, 0.2]]), label=[[-1, 1], [-1, -1]])
    assert new_shown(said) == pytest.approx(np.array([[0.7, 0.0], [0.7, 0.2]]))


def test_who_saw_one_of_exclusive_behaviours_leaves_nothing_new_in_a_frame(answers):
    said = answers(np.array([[0.7, 0.2], [0.7, 0.2]]), label=[[-1, 1], [-1, -1]], exclusive=True)
    assert new_shown(said) == pytest.approx(np.array([[0.0, 0.0], [0.7, 0.2]]))
