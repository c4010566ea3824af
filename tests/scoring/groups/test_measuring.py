"""The numbers of one video."""

import numpy as np
import pytest

from ethocache.dataset.tagged_video import TaggedVideo
from ethocache.scoring.groups.measuring import MEASURES, measure_video, rate_per_minute

MARKS = {"#": 1, ".": 0, "?": -1}


def video(*columns: str, method="automated", fps=10) -> TaggedVideo:
    tags = np.array([[MARKS[mark] for mark in column] for column in columns], np.int8).T
    return TaggedVideo("v", ("a", "b")[: len(columns)], np.arange(len(tags)) / fps, tags, method)


def test_the_measures_are_those_of_the_table_and_bouts_per_minute():
    measured = measure_video(video(".##..#....", "??????????"), "m1", {"sex": "f"}, 60)
    a = dict(zip(MEASURES, measured.measures[0], strict=True))
    assert a == pytest.approx(
        {"count": 2, "total_s": 0.3, "mean_s": 0.15, "latency_s": 0.1, "fraction": 0.3, "scored_s": 1.0, "bouts_per_min": 120}
    )
    b = dict(zip(MEASURES, measured.measures[1], strict=True))
    assert b["scored_s"] == 0 and all(np.isnan(value) for name, value in b.items() if name != "scored_s")
    assert (measured.animal, measured.instrument, measured.duration_s, measured.frames) == ("m1", "tags", pytest.approx(1.0), 10)
    assert measure_video(video("#", method="manual"), "m1", {}, 60).instrument == "labels"


def test_a_bout_counts_in_the_bin_in_which_it_begins():
    measured = measure_video(video("#..#######...#?????#"), "m1", {}, 0.5)
    assert measured.bouts.tolist() == [[2, 0, 1, 1]]
    np.testing.assert_allclose(measured.looked_s, [[0.5, 0.5, 0.4, 0.1]])


def test_a_frame_that_is_shown_for_long_counts_in_each_bin_that_it_reaches_into():
    tags = np.array([[0], [0], [1], [0], [0], [0]], np.int8)
    measured = measure_video(TaggedVideo("v", ("a",), np.array([0.0, 1, 2, 27, 28, 29]), tags), "m1", {}, 10)
    assert measured.bouts.tolist() == [[1, 0, 0]]
    np.testing.assert_allclose(measured.looked_s, [[10, 10, 10]])


def test_a_bin_that_was_hardly_looked_at_has_no_rate():
    rate = rate_per_minute(np.array([[2.0, 0, 1, 1]]), np.array([[0.5, 0.5, 0.25, 0.1]]), 0.5)
    np.testing.assert_allclose(rate, [[240, 0, 240, np.nan]])


def test_a_video_without_frames_has_no_numbers():
    measured = measure_video(TaggedVideo("v", ("a",), np.empty(0), np.empty((0, 1), np.int8)), "m1", {}, 60)
    assert measured.bouts.shape == (1, 0) and measured.duration_s == 0
