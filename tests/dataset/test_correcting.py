"""Corrections win over labels, and later ones over earlier ones, in the frames and behaviours that they name."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.correcting import lay_corrections, nobody_looked
from ethocache.dataset.corrections import Correction
from ethocache.dataset.label_table import LabelTable

NAMES = ("grooming", "rearing")
TIME_S = np.arange(6) / 10
LABELS = LabelTable(NAMES, np.array([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 0]], np.int8).T)


def correction(behaviour, start, stop, label, hour=10, file="a.csv", seconds=None):
    start_s, stop_s = seconds or (start / 10, stop / 10)
    return Correction("m1", behaviour, start, stop, label, start_s, stop_s, datetime(2026, 11, 28, hour, tzinfo=UTC), f"{file}, line 2")


def lay(*corrections, table=LABELS, exclusive=False):
    values, corrected = lay_corrections(table, corrections, TIME_S, exclusive)
    return values.values.T.tolist(), corrected.T.astype(int).tolist()


def said(*corrections, exclusive=False):
    with pytest.raises(InputError) as caught:
        lay(*corrections, exclusive=exclusive)
    return str(caught.value)


@pytest.mark.parametrize("label", [1, 0, -1])
def test_a_correction_replaces_labels_where_it_says_so_and_nowhere_else(label):
    values, corrected = lay(correction("grooming", 2, 4, label))
    assert values == [[1, 1, label, label, 0, 0], [0, 0, 0, 1, 1, 0]]
    assert corrected == [[0, 0, 1, 1, 0, 0], [0] * 6]
    assert LABELS.values[2:4, 0].tolist() == [1, 0], "the table itself is left alone"


def test_the_later_one_wins():
    values, _ = lay(correction("grooming", 1, 5, 0, hour=9), correction("grooming", 2, 3, 1, hour=10))
    assert values[0] == [1, 0, 1, 0, 0, 0]


def test_in_a_video_without_labels_only_corrected_frames_are_known():
    values, _ = lay(correction("rearing", 5, 6, 1), table=nobody_looked(NAMES, 6))
    assert values == [[-1] * 6, [-1, -1, -1, -1, -1, 1]]


def test_behaviours_may_overlap_unless_they_exclude_each_other():
    yes = correction("rearing", 2, 4, 1)
    assert lay(yes)[0] == [[1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 0]]
    values, corrected = lay(yes, exclusive=True)
    assert values == [[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 1, 0]], "yes to one is no to all others"
    assert corrected == [[0, 0, 1, 1, 0, 0]] * 2
    earlier = correction("grooming", 3, 5, 1, hour=9)
    assert lay(earlier, yes, exclusive=True)[0] == [[1, 1, 0, 0, 1, 0], [0, 0, 1, 1, 0, 0]]


def test_yes_to_one_and_not_known_of_another_are_both_kept_in_either_order():
    rows = correction("grooming", 0, 2, -1), correction("rearing", 0, 2, 1)
    assert lay(*rows, exclusive=True)[0] == lay(*rows[::-1], exclusive=True)[0] == [[-1, -1, 1, 0, 0, 0], [1, 1, 0, 1, 1, 0]]


def test_what_was_saved_at_once_must_not_contradict_itself():
    told = said(correction("grooming", 0, 4, 1), correction("grooming", 3, 5, 0, file="b.csv"))
    assert told == (
        "b.csv, line 2: 'grooming' is not shown in frame 3 of 'm1', but a.csv, line 2 says that 'grooming' is shown, and both were saved "
        "at once; remove one of the two"
    )


def test_what_is_said_twice_is_no_contradiction():
    assert lay(correction("grooming", 0, 4, 1), correction("grooming", 3, 5, 1))[0][0] == [1, 1, 1, 1, 1, 0]


def test_two_of_exclusive_behaviours_in_one_frame_are_refused():
    for rows in ([("grooming", 0, 4), ("rearing", 3, 5)], [("rearing", 3, 5), ("grooming", 0, 4)]):
        told = said(*[correction(*row, 1) for row in rows], exclusive=True)
        assert "in frame 3 of 'm1'" in told and "one behaviour at a time is shown (train.task: exclusive); remove one of the two" in told


@pytest.mark.parametrize("seconds", [(0.2, 0.44), (0.151, 0.4), (0.249, 0.4)])
def test_seconds_within_half_a_frame_are_those_of_the_frames(seconds):
    assert lay(correction("rearing", 2, 4, 1, seconds=seconds))[0][1] == [0, 0, 1, 1, 1, 0]


@pytest.mark.parametrize("seconds", [(0.14, 0.4), (0.2, 0.34), (2.0, 4.0)])
def test_seconds_of_other_frames_are_refused(seconds):
    first, after = seconds
    assert said(correction("rearing", 2, 4, 1, seconds=seconds)) == (
        "a.csv, line 2: frames 2 to 4 are 0.200 to 0.400 s of 'm1', but start_s and stop_s say "
        f"{first:.3f} to {after:.3f}; save it again from the report of this video"
    )


def test_the_last_frame_ends_after_its_length_and_a_single_one_whenever_it_says():
    assert lay(correction("rearing", 5, 6, 1, seconds=(0.5, 0.6)))[0][1][5] == 1
    one = nobody_looked(NAMES, 1)
    assert lay_corrections(one, [correction("rearing", 0, 1, 1, seconds=(0, 0.04))], TIME_S[:1], False)[0].values.tolist() == [[-1, 1]]
