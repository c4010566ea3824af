"""No frame is lost, and none is answered twice."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.sequence.windows import Window, batches, frames_per_second, shifted_windows, window_frames, windows

LENGTHS = st.integers(1, 40)


@settings(max_examples=150, deadline=None)
@given(frames=st.integers(0, 300), length=LENGTHS, data=st.data())
def test_every_frame_is_kept_once_and_has_context(frames, length, data):
    overlap = data.draw(st.integers(0, length - 1))
    cut = windows(frames, length, overlap)
    assert [frame for window in cut for frame in range(window.keep_start, window.keep_stop)] == list(range(frames))
    assert all(window.frames == min(length, frames) for window in cut)
    for window in cut:
        assert window.keep_start - window.start >= overlap // 2 or window.keep_start == 0
        assert window.stop - window.keep_stop >= overlap // 2 or window.keep_stop == frames


@settings(max_examples=100, deadline=None)
@given(frames=st.integers(0, 300), length=LENGTHS, seed=st.integers(0, 99))
def test_each_epoch_sees_every_frame_once(frames, length, seed):
    cut = shifted_windows(frames, length, np.random.default_rng(seed))
    assert [frame for window in cut for frame in range(window.start, window.stop)] == list(range(frames))
    assert all(0 < window.frames <= length for window in cut)


def test_cuts_move_from_epoch_to_epoch():
    rng = np.random.default_rng(0)
    assert len({shifted_windows(100, 30, rng)[0].stop for _ in range(20)}) > 5


@settings(max_examples=50, deadline=None)
@given(sizes=st.lists(st.integers(1, 50), max_size=30), batch_size=st.integers(1, 8))
def test_every_item_is_in_one_batch_with_items_of_like_size(sizes, batch_size):
    dealt = list(batches(sizes, batch_size, np.random.default_rng(0)))
    assert sorted(item for batch in dealt for item in batch) == list(range(len(sizes)))
    spans = sorted((min(sizes[item] for item in batch), max(sizes[item] for item in batch)) for batch in dealt)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_seconds_become_frames_of_each_video():
    assert window_frames(30, 5, 10) == (300, 50)
    assert window_frames(30, 5, 29.97) == (899, 150)
    assert window_frames(0.01, 0.005, 10) == (1, 0)
    assert window_frames(0.3, 0.29, 10) == (3, 2)


def test_the_frame_rate_is_that_of_most_frames():
    assert frames_per_second(np.array([0.0, 0.1, 0.2, 0.9])) == pytest.approx(10)
    assert frames_per_second(np.array([0.0])) == 1.0


def test_an_overlap_as_long_as_its_window_is_refused():
    with pytest.raises(ValueError, match="0 <= overlap < length, got 5 and 5"):
        windows(100, 5, 5)


def test_a_window_that_keeps_what_it_has_not_read_cannot_be_built():
    with pytest.raises(ValueError, match="kept frames inside the window"):
        Window(0, 5, 4, 6)
