"""Which frames a range of seconds holds."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.dataset.videos import frames_in


def test_a_range_is_half_open() -> None:
    time_s = np.arange(10) / 10
    assert frames_in(time_s, 0.2, 0.5) == slice(2, 5)
    assert frames_in(time_s, 0.21, 0.5) == slice(3, 5)


def test_a_range_forgives_a_rounded_border() -> None:
    time_s = np.arange(90) / 30
    assert frames_in(time_s, 0.334, 0.667) == slice(10, 20)  # frame 10 is at .33333, frame 20 at .66667
    assert frames_in(np.arange(10) / 2000, 0.0012, 0.002) == slice(3, 4)


def test_an_empty_or_reversed_range_holds_no_frame() -> None:
    time_s = np.arange(10) / 10
    for start_s, stop_s in ((0.5, 0.5), (0.7, 0.2), (5, 9), (-3, -1)):
        assert len(time_s[frames_in(time_s, start_s, stop_s)]) == 0


def test_a_range_of_one_frame() -> None:
    assert frames_in(np.zeros(1), 0, 1) == slice(0, 1)


@given(st.lists(st.floats(0, 60), min_size=1, max_size=30), st.lists(st.floats(0, 60), min_size=2, max_size=6))
@settings(max_examples=50)
def test_adjoining_ranges_hold_each_frame_once(stamps: list[float], borders: list[float]) -> None:
    time_s = np.sort(np.array(stamps))
    borders = [-1.0, *sorted(borders), 100.0]
    found = [frame for start, stop in pairwise(borders) for frame in range(len(time_s))[frames_in(time_s, start, stop)]]
    assert found == list(range(len(time_s)))
