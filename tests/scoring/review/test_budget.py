"""Texts that are times, and what looking takes."""

import pytest

from ethocache.common.errors import InputError
from ethocache.scoring.review.budget import seconds_of, watching_s


@pytest.mark.parametrize(("text", "seconds"), [("10min", 600), ("90s", 90), ("600", 600), ("1.5 h", 5400), (" 2MIN ", 120)])
def test_a_budget_is_a_number_and_perhaps_a_unit(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "10 parsecs", "-5min", "0", "0min", "nan", "inf", "10min5s"])
def test_a_budget_that_is_no_time_is_refused(text):
    with pytest.raises(InputError, match=f"--budget: expected a time such as 10min, 90s or 600 \\(seconds\\), found '{text}'"):
        seconds_of(text)


def test_looking_takes_the_moment_what_is_around_it_and_the_answer():
    assert watching_s(2.0) == 2 + 1 + 1 + 4
