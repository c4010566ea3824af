import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ethocache.dataset.clocks import Clock, nearest_frames

CLOCKS = st.builds(Clock, offset_s=st.floats(-100, 100), drift=st.floats(0.9, 1.1))


def test_a_clock_that_started_earlier_and_gains_shows_more():
    assert Clock(offset_s=0.5, drift=1.02).at(np.array([0.0, 10.0])).tolist() == [0.5, 10.7]


@given(CLOCKS, CLOCKS)
def test_two_clocks_that_go_by_a_third_go_by_each_other(one, other):
    third = np.linspace(0, 60, 7)
    assert np.allclose(one.by(other).at(other.at(third)), one.at(third))


def test_a_clock_by_itself_is_right():
    assert Clock(offset_s=3.0, drift=1.01).by(Clock(offset_s=3.0, drift=1.01)) == Clock()


@pytest.mark.parametrize("drift", [0.0, -1.0, 3.0, float("nan")])
def test_no_clock_stands_still_or_runs_away(drift):
    with pytest.raises(ValidationError):
        Clock(drift=drift)


def test_each_frame_gets_the_views_frame_that_is_nearest_in_time_whatever_its_rate():
    session, view = np.arange(5) / 10.0, np.arange(100) / 30.0
    assert nearest_frames(session, view, Clock(offset_s=1.0)).tolist() == [30, 33, 36, 39, 42]
    assert nearest_frames(session, session, Clock()).tolist() == [0, 1, 2, 3, 4]


def test_where_a_view_has_not_begun_or_has_ended_there_is_no_frame():
    session, view = np.arange(10) / 10.0, np.arange(4) / 10.0
    assert nearest_frames(session, view, Clock(offset_s=-0.3)).tolist() == [-1, -1, 0, 0, 1, 2, 3, 3, -1, -1]
    assert (nearest_frames(session, view, Clock(offset_s=50.0)) == -1).all()
    assert (nearest_frames(session, view[:0], Clock()) == -1).all()


@given(CLOCKS, st.integers(1, 60), st.integers(1, 60), st.floats(5, 60))
def test_no_frame_is_farther_away_than_one_frame_of_the_view(clock, frames, of_view, fps):
    session, view = np.arange(frames) / 10.0, np.arange(of_view) / fps
    nearest = nearest_frames(session, view, clock)
    there = nearest >= 0
    assert np.all(np.abs(view[nearest[there]] - clock.at(session)[there]) <= 1.001 / fps)
    assert np.all(np.diff(nearest[there]) >= 0)
