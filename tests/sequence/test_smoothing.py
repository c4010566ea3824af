"""Moving averages, gaps, bouts and the hidden Markov model, by hand and by brute force."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.dataset.runs import runs
from ethocache.sequence.markov import Chain, fit_chain, viterbi
from ethocache.sequence.smoothing import bout_rules, smooth

TENTHS = np.arange(100) / 10


def column(text):
    return np.array([[int(sign)] for sign in text], np.int8)


def text(tags):
    return "".join(map(str, tags[:, 0].tolist()))


def ruled(tags, gap, bout):
    return text(bout_rules(column(tags), TENTHS[: len(tags)], [gap], [bout], False))


def test_the_mean_of_three_frames_is_that_of_two_at_the_ends():
    after = smooth(np.array([[0], [0.9], [0.3]], np.float32), TENTHS[:3], 0.3, "mean")
    np.testing.assert_allclose(after[:, 0], [0.45, 0.4, 0.6], atol=1e-6)


def test_the_median_of_three_frames_takes_a_single_flicker_away():
    after = smooth(np.array([[0], [0], [1], [0], [0]], np.float32), TENTHS[:5], 0.3, "median")
    np.testing.assert_array_equal(after[:, 0], 0)


@pytest.mark.parametrize("kind", ["mean", "median"])
@pytest.mark.parametrize("frames", [0, 1, 2, 7])
def test_a_box_longer_than_the_video_is_no_trouble(kind, frames):
    after = smooth(np.full((frames, 2), 0.5, np.float32), TENTHS[:frames], 60.0, kind)
    np.testing.assert_array_equal(after, np.full((frames, 2), 0.5))


def test_a_gap_of_one_tenth_is_closed_and_one_of_three_is_not():
    assert ruled("1101100011", 0.2, 0) == "1111100011"


def test_a_gap_of_exactly_the_length_stays():
    assert ruled("1100110", 0.2, 0) == "1100110"


def test_a_gap_at_an_end_is_no_gap():
    assert ruled("0110", 1.0, 0) == "0110"


def test_bouts_are_dropped_after_gaps_are_closed():
    assert ruled("1010000100", 0.2, 0.3) == "1110000000"


def test_a_gap_that_holds_another_behaviour_is_not_closed():
    tags = np.array([[1, 0], [0, 1], [1, 0]], np.int8)
    np.testing.assert_array_equal(bout_rules(tags, TENTHS[:3], [1.0, 0.0], [0.0, 0.0], True), tags)


def test_a_gap_that_a_dropped_bout_leaves_is_closed():
    tags = np.array([[1, 0], [0, 1], [1, 0]], np.int8)
    after = bout_rules(tags, TENTHS[:3], [1.0, 0.0], [0.0, 0.2], True)
    np.testing.assert_array_equal(after, [[1, 0]] * 3)


SECONDS = st.sampled_from([0.0, 0.1, 0.2, 0.35, 0.5])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.lists(SECONDS, min_size=6, max_size=6), st.booleans())
def test_no_short_gap_and_no_short_bout_is_left(classes, lengths, exclusive):
    tags = np.stack([np.array(classes) == b + 1 for b in range(3)], axis=1).astype(np.int8)
    after = bout_rules(tags, TENTHS[: len(tags)], lengths[:3], lengths[3:], exclusive)
    assert set(np.unique(after)) <= {0, 1}
    assert not exclusive or after.sum(axis=1).max() <= 1
    for b in range(3):
        bouts = runs(after[:, b])
        assert all((stop - start) / 10 >= lengths[3 + b] - 1e-6 for start, stop in bouts)
        for start, stop in zip(bouts[:-1, 1], bouts[1:, 0], strict=True):
            assert (stop - start) / 10 >= lengths[b] - 1e-6 or (exclusive and after[start:stop].any())


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 3), st.integers(1, 6), st.integers(0, 10_000))
def test_no_other_course_is_likelier(states, frames, seed):
    rng = np.random.default_rng(seed)
    evidence, transition, start = rng.normal(size=(frames, states)), rng.normal(size=(states, states)), rng.normal(size=states)

    def score(course):
        moves = sum(transition[a, b] for a, b in pairwise(course))
        return start[course[0]] + moves + sum(evidence[t, state] for t, state in enumerate(course))

    best = max(product(range(states), repeat=frames), key=score)
    assert tuple(viterbi(evidence, transition, start)) == best


def test_a_course_without_frames_is_empty():
    assert len(viterbi(np.zeros((0, 2)), np.zeros((2, 2)), np.zeros(2))) == 0


def test_changes_are_counted_only_between_frames_that_somebody_looked_at():
    seen = np.array([0, 0, 1, 1, -1, 0], np.intp)
    chain = fit_chain([seen], [np.arange(6.0)], 2)
    assert chain.rate_hz[0][1] == pytest.approx((1 + 1) / (1 + 2))
    assert chain.rate_hz[1][0] == pytest.approx((1 + 0) / (1 + 1))
    assert chain.prevalence == (0.6, 0.4)


def test_a_lasting_behaviour_is_decoded_without_its_flicker():
    chain = Chain(((0.0, 0.1), (0.1, 0.0)), (0.5, 0.5))
    shown = np.array([0.1] * 10 + [0.9] * 5 + [0.3] + [0.9] * 5)
    course = chain.decode(np.stack([1 - shown, shown], axis=1), 0.1)
    np.testing.assert_array_equal(course, [0] * 10 + [1] * 11)


def test_rates_that_do_not_fit_the_shares_are_refused():
    with pytest.raises(ValueError, match="Expected as many rates"):
        _ = Chain(((0.0, 1.0),), (0.5, 0.5)).states
