from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linear_sum_assignment

from ethocache.dataset.runs import runs
from ethocache.scoring import bouts

ethograms = hnp.arrays(np.bool_, st.tuples(st.just(2), st.integers(1, 30)))


def marks(text: str) -> np.ndarray:
    return np.array([mark == "#" for mark in text])


def overlap(a, b) -> float:
    both = min(a[1], b[1]) - max(a[0], b[0])
    return max(both, 0) / (a[1] - a[0] + b[1] - b[0] - max(both, 0))


def levenshtein(a: list[int], b: list[int]) -> int:
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (left != right))
    return row[-1]


@settings(max_examples=150, deadline=None)
@given(ethograms, st.sampled_from([0.05, 0.1, 0.25, 0.5, 0.75]))
def test_matching_finds_as_many_pairs_as_the_best_assignment(ethogram, iou):
    labelled, tagged = runs(ethogram[0]), runs(ethogram[1])
    allowed = np.array([[overlap(a, b) >= iou for b in tagged] for a in labelled]).reshape(len(labelled), len(tagged))
    rows, columns = linear_sum_assignment(allowed, maximize=True)
    assert bouts.matched_bouts(labelled, tagged, iou) == allowed[rows, columns].sum()


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.bool_, st.tuples(st.just(2), st.integers(1, 9))))
def test_matching_finds_as_many_pairs_as_trying_every_pairing(ethogram):
    labelled, tagged = runs(ethogram[0]).tolist(), runs(ethogram[1]).tolist()
    best = max(
        size
        for size in range(min(len(labelled), len(tagged)) + 1)
        for chosen in combinations(labelled, size)
        for partners in permutations(tagged, size)
        if all(overlap(a, b) >= 0.1 for a, b in zip(chosen, partners, strict=True))
    )
    assert bouts.matched_bouts(runs(ethogram[0]), runs(ethogram[1]), 0.1) == best


@settings(max_examples=150, deadline=None)
@given(ethograms)
def test_the_edit_score_is_that_of_the_levenshtein_distance_between_segments(ethogram):
    a, b = ([int(mask[0]), *(int(mask[i]) for i in range(1, len(mask)) if mask[i] != mask[i - 1])] for mask in ethogram)
    expected = 1 - levenshtein(a, b) / max(len(a), len(b))
    assert bouts.edit_score(np.ones(ethogram.shape[1], bool), *ethogram) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("labelled", "tagged", "iou", "matched"),
    [
        pytest.param("..####..", "..####..", 0.5, 1, id="the same bout matches"),
        pytest.param("..####..", "..##....", 0.5, 1, id="half of it is just enough for one half"),
        pytest.param("..####..", ".#......", 0.1, 0, id="neighbours that do not touch do not match"),
        pytest.param(".#######", ".##.####", 0.25, 1, id="one bout cut in two is found once"),
        pytest.param(".##.####", ".#######", 0.25, 1, id="two bouts joined into one are found once"),
        pytest.param("###..###", "#######.", 0.25, 1, id="a bout across two counts for one of them"),
        pytest.param("........", ".##.....", 0.1, 0, id="nothing labelled is nothing found"),
    ],
)
def test_bouts_match(labelled, tagged, iou, matched):
    assert bouts.bout_counts(marks(labelled), marks(tagged), iou)[0] == matched


def test_one_of_two_bouts_found_with_one_false_alarm_is_a_bout_f1_of_one_half():
    assert bouts.bout_f1(bouts.bout_counts(marks(".##...##..."), marks(".##......#."), 0.5)) == 0.5


def test_without_labelled_bouts_there_is_no_bout_f1_and_no_edit_score():
    assert np.isnan(bouts.bout_f1(np.array([0.0, 0, 3])))
    assert np.isnan(bouts.mean_edit(np.array([1.0, 1, 0])))


def test_a_bout_cut_in_two_changes_two_of_five_segments():
    edit = bouts.edit_score(np.ones(7, bool), marks(".#####."), marks(".##.##."))
    assert edit == pytest.approx(1 - 2 / 5)


def test_a_video_scored_in_two_stretches_sums_their_edits():
    scored = ~marks("...#...")
    edit = bouts.edit_score(scored, marks(".#....."), marks(".#..#.."))
    assert edit == pytest.approx(1 - (0 + 1) / (3 + 2))


def test_a_video_nobody_looked_at_has_no_edit_score():
    assert np.isnan(bouts.edit_score(marks("..."), marks("..."), marks("...")))
