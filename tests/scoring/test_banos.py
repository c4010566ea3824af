"""The four scores of Chindemi et al. 2025, beside the package `banos` where that follows its own definitions."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ethocache.dataset.runs import runs
from ethocache.scoring import banos
from ethocache.scoring.bouts import best_pairs

ALL = (banos.detection, banos.overlap, banos.timing, banos.continuity)


def marks(text: str) -> np.ndarray:
    return np.array([mark == "#" for mark in text])


def scores(labelled: str, tagged: str, seconds: float = 1.0) -> list[float]:
    sums = banos.banos_sums(marks(labelled), marks(tagged), np.arange(len(labelled) + 1) * seconds)
    return [float(score(sums)) for score in ALL]


def test_the_same_bouts_score_one_four_times():
    assert scores(".###..##.", ".###..##.") == [1, 1, 1, 1]


def test_a_bout_of_four_of_which_two_are_tagged_overlaps_half_is_two_seconds_off_and_switches_once_in_three_steps():
    assert scores("..####..", "..##....") == pytest.approx([1, 1 / 2, 1 / 3, 2 / 3])


def test_deviations_are_seconds_whatever_the_frame_rate():
    assert scores("..####..", "..##....", seconds=0.1)[2] == pytest.approx(1 / 1.2)


def test_one_bout_found_and_one_missed_is_a_half_not_one():
    detection, *others = scores(".##..##.", ".##.....")
    assert detection == pytest.approx(2 / 3)
    assert others == [0.5, 0.5, 0.5]


def test_a_false_alarm_counts_against_all_but_continuity():
    assert scores(".##.....", ".##..##.") == pytest.approx([2 / 3, 1 / 2, 1 / 2, 1])


def test_a_behaviour_that_is_never_tagged_scores_zero_four_times():
    assert scores(".##..##.", "........") == [0, 0, 0, 0]


def test_without_a_labelled_bout_there_is_no_score():
    assert np.isnan(scores("........", ".##.....")).all()


def test_a_tag_that_flickers_within_a_bout_is_not_continuous():
    assert scores(".#####.", ".#.#.#.")[3] == 0


def test_a_bout_of_one_frame_cannot_flicker():
    assert scores(".#.", ".#.")[3] == 1


def theirs(labelled: np.ndarray, tagged: np.ndarray) -> dict[str, float]:
    package = pytest.importorskip("banos", reason="the package banos is not installed (it is in the group dev)")
    import pandas as pd

    frames = (pd.DataFrame({"grooming": mask.astype(int)}) for mask in (tagged, labelled))
    return dict(package.score(*frames, matching="optimal")["grooming"])


ethograms = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=40).map(lambda pairs: np.array(pairs).T)


@settings(max_examples=150, deadline=None)
@given(ethograms)
def test_detection_is_that_of_the_package_wherever_a_bout_is_found(ethogram):
    sums = banos.banos_sums(*ethogram, np.arange(ethogram.shape[1] + 1.0))
    assume(sums[0])
    assert banos.detection(sums) == pytest.approx(theirs(*ethogram)["f1_score"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(2, 9), st.integers(2, 9), st.integers(-1, 1), st.integers(-1, 1)), min_size=1, max_size=6))
def test_where_each_bout_has_one_tag_all_four_are_those_of_the_package(bouts):
    labelled, tagged = [], []
    for pause, length, start, stop in bouts:
        labelled += [0] * (pause + 2) + [1] * length + [0]
        tagged += [0] * (pause + 2 + start) + [1] * (length - start + stop) + [0] * (1 - stop)
    one, other = np.array(labelled, bool), np.array(tagged, bool)
    assume(len(best_pairs(runs(one), runs(other))) == len(bouts) == len(runs(one)) == len(runs(other)))
    sums = banos.banos_sums(one, other, np.arange(len(one) + 1.0))
    found = theirs(one, other)
    assert [float(score(sums)) for score in ALL] == pytest.approx([found[name] for name in ("f1_score", "so", "tp", "ic")])


def test_the_package_leaves_out_what_is_missed_and_we_do_not():
    found = theirs(marks(".##..##."), marks(".##....."))
    assert (found["so"], found["tp"], found["ic"]) == (1, 1, 1)
