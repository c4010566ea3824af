"""What an animal does next."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ethocache.scoring.groups.transitions import UNKNOWN, count_next, count_transitions, row_probabilities, states_of

MARKS = {"#": 1, ".": 0, "?": -1}


def tags(*columns: str) -> np.ndarray:
    """`#` the behaviour, `.` not, `?` nobody looked; one text a behaviour."""
    return np.array([[MARKS[mark] for mark in column] for column in columns], np.int8).T


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("##..", "..#."), [0, 0, 1, 2]),
        (("#####", "..#.."), [0, 0, 1, 0, 0]),  # a rear during a walk
        (("##..", ".##."), [0, 1, 1, 2]),  # the later one takes over
        (("##", "##"), [0, 0]),  # together: the first of the list
        (("#?#", "..."), [0, UNKNOWN, 0]),
        (("#..", "???"), [0, 2, 2]),  # nobody ever looked for the second
        (("??", "??"), [UNKNOWN, UNKNOWN]),
    ],
)
def test_each_frame_counts_for_the_behaviour_that_began_last(columns, expected):
    assert states_of(tags(*columns)).tolist() == expected


def test_a_transition_is_a_change_between_known_frames():
    states = states_of(tags("##....##?##", "..##......."))
    assert count_transitions(states, 2).tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0]]


def test_what_comes_next_ignores_pauses_and_may_be_the_same_but_not_across_unknown_time():
    assert count_next(states_of(tags("#.#...", "....#.")), 2).tolist() == [[1, 1], [0, 0]]
    assert count_next(states_of(tags("#?#", "...")), 2).tolist() == [[0, 0], [0, 0]]


def test_rows_are_probabilities_and_a_state_never_left_has_none():
    probabilities = row_probabilities(np.array([[0, 3, 1], [0, 0, 0], [2, 0, 0]]))
    np.testing.assert_allclose(probabilities[[0, 2]], [[0, 0.75, 0.25], [1, 0, 0]])
    assert np.isnan(probabilities[1]).all()


def test_a_video_without_frames_has_no_transitions():
    states = states_of(np.empty((0, 2), np.int8))
    assert count_transitions(states, 2).sum() == count_next(states, 2).sum() == 0


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.int8, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=st.integers(-1, 1)))
def test_every_change_of_state_is_counted_once(values):
    states, behaviours = states_of(values), values.shape[1]
    counts = count_transitions(states, behaviours)
    pairs = [(a, b) for a, b in pairwise(states) if a != b and UNKNOWN not in (a, b)]
    assert counts.sum() == len(pairs) and np.trace(counts) == 0
    shown = values == 1
    assert all(shown[t, s] for t, s in enumerate(states) if 0 <= s < behaviours)
    assert all(not shown[t].any() for t, s in enumerate(states) if s == behaviours)
