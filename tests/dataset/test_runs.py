import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.dataset.runs import frame_durations_s, runs


def test_runs_are_half_open_and_reach_both_ends():
    assert runs(np.array([1, 1, 0, 1], dtype=np.int8)).tolist() == [[0, 2], [3, 4]]
    assert runs(np.zeros(3, dtype=bool)).tolist() == []
    assert runs(np.zeros(0, dtype=bool)).tolist() == []


@settings(max_examples=50, deadline=None)
@given(st.lists(st.booleans(), max_size=30))
def test_runs_are_exactly_the_frames_of_the_mask(mask):
    again = np.zeros(len(mask), dtype=bool)
    for start, stop in runs(np.array(mask, dtype=bool)):
        assert start < stop
        again[start:stop] = True
    assert again.tolist() == mask


def test_a_frame_lasts_until_the_next_and_the_last_one_the_median():
    np.testing.assert_allclose(frame_durations_s(np.array([0.0, 0.1, 0.4, 0.5])), [0.1, 0.3, 0.1, 0.1])


def test_one_frame_and_no_frame_last_nothing():
    assert frame_durations_s(np.array([5.0])).tolist() == [0.0]
    assert frame_durations_s(np.array([])).tolist() == []
