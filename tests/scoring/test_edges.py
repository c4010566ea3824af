from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linear_sum_assignment

from ethocache.dataset.runs import runs
from ethocache.scoring.bouts import best_pairs, matched_bouts
from ethocache.scoring.edges import bounds_s, counts_within, edge_errors_s, median_or_nan

ethograms = hnp.arrays(np.bool_, st.tuples(st.just(2), st.integers(1, 30)))


def marks(text: str) -> np.ndarray:
    return np.array([mark == "#" for mark in text])


def tenths(frames: int) -> np.ndarray:
    return np.arange(frames + 1) / 10


def found(labelled: str, tagged: str, tolerance_s: float, edges_s=None) -> float:
    return counts_within(marks(labelled), marks(tagged), tenths(len(labelled)) if edges_s is None else edges_s, tolerance_s)[0]


@pytest.mark.parametrize(
    ("labelled", "tagged", "tolerance_s", "expected"),
    [
        pytest.param("..####..", "..####..", 0.0, 1, id="the same bout is found without tolerance"),
        pytest.param("..####..", "...####.", 0.1, 1, id="a tenth late at both ends is within a tenth"),
        pytest.param("..####..", "...####.", 0.05, 0, id="a tenth late is not within half a tenth"),
        pytest.param("..####..", "..##....", 0.1, 0, id="a start in time does not make up for an end too early"),
        pytest.param(".##.####", ".#######", 0.3, 1, id="two bouts joined into one are found once"),
        pytest.param(".#######", ".##.####", 0.3, 1, id="a bout cut in two is found once, by its later part"),
        pytest.param("........", ".##.....", 0.5, 0, id="nothing labelled is nothing found"),
    ],
)
def test_bouts_are_found_within_a_tolerance(labelled, tagged, tolerance_s, expected):
    assert found(labelled, tagged, tolerance_s) == expected


def test_the_tolerance_is_time_and_not_frames_where_frames_last_unequally():
    slow = np.array([0, 1, 2, 3, 3.1, 3.2, 3.3, 3.4, 3.5])  # frames of a second, then of a tenth
    assert found(".##.....", "..#.....", 0.2, slow) == 0
    assert found(".....##.", "......#.", 0.2, slow) == 1
    np.testing.assert_allclose(bounds_s(marks(".##..##."), slow), [[1, 3], [3.2, 3.4]])


def test_five_frames_of_a_tenth_are_half_a_second():
    late, edges_s = ".........######", np.cumsum(np.full(16, 0.1))
    assert found("....###########", late, 0.5, edges_s) == 1


@settings(max_examples=150, deadline=None)
@given(ethograms, st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]))
def test_within_a_tolerance_as_many_bouts_are_found_as_the_best_assignment_finds(ethogram, tolerance_s):
    edges_s = tenths(ethogram.shape[1])
    labelled, tagged = (bounds_s(mask, edges_s) for mask in ethogram)
    allowed = (np.abs(labelled[:, None] - tagged[None]) <= tolerance_s + 1e-6).all(axis=2).reshape(len(labelled), len(tagged))
    rows, columns = linear_sum_assignment(allowed, maximize=True)
    assert counts_within(*ethogram, edges_s, tolerance_s).tolist() == [allowed[rows, columns].sum(), len(labelled), len(tagged)]


def overlap(a, b) -> float:
    both = min(a[1], b[1]) - max(a[0], b[0])
    return both / (max(a[1], b[1]) - min(a[0], b[0])) if both > 0 else 0.0


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.bool_, st.tuples(st.just(2), st.integers(1, 10))))
def test_bouts_that_belong_together_are_the_most_pairs_and_of_these_the_ones_that_share_most(ethogram):
    labelled, tagged = runs(ethogram[0]), runs(ethogram[1])
    best = (0, 0.0)
    for size in range(1, min(len(labelled), len(tagged)) + 1):
        for chosen in combinations(labelled.tolist(), size):
            for partners in permutations(tagged.tolist(), size):
                shared = [overlap(a, b) for a, b in zip(chosen, partners, strict=True)]
                if all(shared):
                    best = max(best, (size, sum(shared)))
    pairs = best_pairs(labelled, tagged)
    assert len(pairs) == best[0] == matched_bouts(labelled, tagged, 0.0)
    assert sum(overlap(labelled[i], tagged[j]) for i, j in pairs) == pytest.approx(best[1])
    assert (np.diff(pairs, axis=0) > 0).all()


def test_a_bout_tagged_in_pieces_belongs_to_the_piece_that_covers_most_of_it():
    assert best_pairs(runs(marks(".#########.")), runs(marks(".#.#####.#."))).tolist() == [[0, 1]]


def errors(scored: str, labelled: str, tagged: str):
    onset, offset = edge_errors_s(marks(scored), marks(labelled), marks(tagged), tenths(len(scored)))
    return onset.round(6).tolist(), offset.round(6).tolist()


def test_a_tag_two_tenths_late_and_one_tenth_short_is_plus_two_and_minus_one_tenth():
    assert errors("##########", "..#####...", "....##....") == ([0.2], [-0.1])


def test_misses_and_false_alarms_have_no_edges_to_compare():
    assert errors("##########", "..##......", "......##..") == ([], [])


def test_where_nobody_looked_before_or_after_a_bout_nobody_knows_when_it_started_or_ended():
    assert errors("..######..", "..###.....", "..####....") == ([], [0.1])
    assert errors("..######..", "....####..", "...#####..") == ([-0.1], [])
    assert errors("######", ".####.", "#####.") == ([], [0.0])


def test_nothing_has_no_median():
    assert np.isnan(median_or_nan(np.empty(0)))
