"""No label lands on a wrong frame, whatever the time stamps.

The rule, of `frames_in`. The tolerance is 1 ms, or a quarter of the median interval if that is less. A border within the
tolerance of a time stamp counts as the nearest one (the later of two equally near). A frame is in [start, stop) if its time
stamp is at or after the start and before the stop. Frames of one time stamp are in or out together.
"""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ethocache.common.errors import InputError
from ethocache.dataset.formats import Bout, BoutList
from ethocache.dataset.label_frames import lay_over
from ethocache.dataset.label_rules import LabelParams, Naming
from ethocache.dataset.videos import frames_in

GRAIN_S = 2**-14  # 61 us; times are whole numbers of it, so that sums and halves are exact

steps = st.one_of(
    st.just(0),  # a time stamp that stands twice
    st.integers(1, 20),  # frames less than the tolerance apart
    st.integers(400, 900),  # 18 to 41 frames/s
    st.integers(16_000, 80_000),  # a gap of seconds
)
stamps = st.lists(steps, min_size=0, max_size=40).map(lambda steps: np.cumsum([0, *steps]) * GRAIN_S)


def tolerance_of(time_s):
    return min(1e-3, float(np.median(np.diff(time_s))) / 4 if len(time_s) > 1 else 1)


def meant(border_s, time_s):
    """The time that a border stands for, by the rule."""
    tolerance = tolerance_of(time_s)
    near = [(abs(stamp - border_s), -stamp) for stamp in time_s.tolist() if border_s - tolerance <= stamp < border_s + tolerance]
    return -min(near)[1] if near else border_s


def frames_by_the_rule(time_s, start_s, stop_s):
    start_s, stop_s = meant(start_s, time_s), meant(stop_s, time_s)
    return [frame for frame, stamp in enumerate(time_s.tolist()) if start_s <= stamp < stop_s]


def laid_over(time_s, unit, *bouts):
    return lay_over(BoutList(unit, bouts), Naming(("a", "b")), LabelParams(), time_s)[0]


def frames_of(time_s, start_s, stop_s):
    return list(range(len(time_s)))[frames_in(time_s, start_s, stop_s)]


@st.composite
def ranges(draw):
    """Time stamps, and a start and a stop on them, a little beside them, or anywhere."""
    time_s = draw(stamps)
    beside = st.tuples(st.sampled_from(time_s.tolist()), st.integers(-40, 40)).map(lambda pair: pair[0] + pair[1] * GRAIN_S / 2)
    border = st.one_of(beside, st.floats(-1, float(time_s[-1]) + 1, allow_nan=False))
    return time_s, *sorted([draw(border), draw(border)])


@settings(max_examples=300, deadline=None)
@given(ranges())
@example((np.array([0, 0.04, 0.0405, 0.08]), 0.0405, 0.08))
def test_a_range_holds_exactly_the_frames_of_the_rule(case):
    time_s, start_s, stop_s = case
    assert frames_of(time_s, start_s, stop_s) == frames_by_the_rule(time_s, start_s, stop_s)


@settings(max_examples=200, deadline=None)
@given(stamps, st.data())
def test_borders_on_time_stamps_hold_the_frames_from_the_one_to_the_other(time_s, data):
    one, other = sorted(data.draw(st.tuples(*[st.integers(0, len(time_s) - 1)] * 2)))
    expected = [frame for frame in range(len(time_s)) if time_s[one] <= time_s[frame] < time_s[other]]
    assert frames_of(time_s, time_s[one], time_s[other]) == expected


def test_a_frame_just_before_the_start_is_not_taken_although_it_is_within_the_tolerance():
    time_s = np.array([0, 0.04, 0.08, 0.0805, 0.12, 0.16])
    assert frames_of(time_s, 0.0805, 0.12) == [3]
    assert frames_of(time_s, 0.08, 0.0805) == [2]
    assert frames_of(time_s, 0.0799, 0.0806) == [2]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(3, 80), min_size=2, max_size=40), st.data())
def test_times_rounded_to_milliseconds_meet_their_frames_where_frames_are_three_milliseconds_apart(steps, data):
    time_s = np.cumsum([0, *steps]) / 1000 + data.draw(st.floats(0, 0.0009))
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(steps))] * 2)))
    start_s, stop_s = (round(float(time_s[frame]), 3) for frame in (first, last))
    assert frames_of(time_s, start_s, stop_s) == list(range(first, last))


@settings(max_examples=100, deadline=None)
@given(stamps, st.lists(st.floats(-1, 200, allow_nan=False), min_size=2, max_size=6))
def test_adjoining_ranges_hold_each_frame_once(time_s, borders):
    borders = [-2.0, *sorted(borders), float(time_s[-1]) + 300]
    found = [frame for start_s, stop_s in pairwise(borders) for frame in frames_of(time_s, start_s, stop_s)]
    assert found == list(range(len(time_s)))


@st.composite
def labelled(draw):
    """Time stamps, and bouts of two behaviours in seconds, none beyond the video nor overlapping another of its own."""
    time_s = draw(stamps)
    assume(len(time_s) > 1 and time_s[-1] > 0)
    end_s = float(time_s[-1])
    found = []
    for behaviour in ("a", "b"):
        borders = sorted(draw(st.lists(st.one_of(st.sampled_from(time_s.tolist()), st.floats(0, end_s)), max_size=6)))
        found += [Bout(behaviour, *pair, 2) for pair in zip(borders[::2], borders[1::2], strict=False)]
    return time_s, found


@settings(max_examples=200, deadline=None)
@given(labelled())
def test_labels_in_seconds_mark_every_frame_as_the_rule_has_it_or_are_refused(case):
    time_s, bouts = case
    held = [(bout.behaviour, frames_by_the_rule(time_s, bout.start, bout.stop)) for bout in bouts]
    if not all(frames for _, frames in held):
        with pytest.raises(InputError, match="no frame is shown in that time"):
            laid_over(time_s, "seconds", *bouts)
        return
    expected = np.zeros((len(time_s), 2), np.int8)
    for behaviour, frames in held:
        expected[frames, "ab".index(behaviour)] = 1
    found = laid_over(time_s, "seconds", *bouts)
    assert found.values.tolist() == expected.tolist()
    assert found.frames == len(time_s)


@settings(max_examples=100, deadline=None)
@given(stamps, st.data())
def test_labels_in_frames_mark_those_frames_whatever_the_time_stamps(time_s, data):
    assume(len(time_s) > 1)
    start, stop = sorted(data.draw(st.lists(st.integers(0, len(time_s)), min_size=2, max_size=2, unique=True)))
    found = laid_over(time_s, "frames", Bout("a", start, stop, 2))
    assert np.flatnonzero(found.values[:, 0]).tolist() == list(range(start, stop))
