"""What is chosen between probabilities and tags, and how it is applied."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.sequence.choosing import Scored, choose, written_down
from ethocache.sequence.decision import Decision
from ethocache.sequence.decision_settings import DecideParams
from ethocache.sequence.smoothing import smooth

NAMES = ("grooming", "rearing")
SMOOTHINGS = ("none", "auto", "median", "bouts", "hmm")
CALIBRATIONS = ("none", "temperature", "isotonic")


def video(seed=0, frames=600, exclusive=False):
    """Bouts of about 2 s at 10 frames per second, and noisy probabilities of them."""
    rng = np.random.default_rng(seed)
    state = np.repeat(rng.integers(0, 3 if exclusive else 4, frames // 20 + 1), 20)[:frames]
    label = np.stack([state == 1, state == 2] if exclusive else [state & 1, state >> 1], axis=1).astype(np.int8)
    noisy = np.exp(rng.normal(0, 1.5, (frames, 2)) + 4 * label - 2)
    probability = noisy / (1 + (noisy.sum(axis=1, keepdims=True) if exclusive else noisy))
    return Scored(probability.astype(np.float32), label, np.arange(frames) / 10)


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_every_decision_comes_back_from_json_and_gives_tags(calibration, smoothing, exclusive):
    seen = video(exclusive=exclusive)
    decision = choose([seen], NAMES, DecideParams(calibration=calibration, smoothing=smoothing), exclusive)
    assert Decision.from_json(json.loads(json.dumps(decision.to_json()))) == decision
    probability, tags = decision.apply(seen.probability, seen.time_s)
    again = decision.apply(seen.probability, seen.time_s)
    assert probability.tobytes() == again[0].tobytes()
    assert tags.tobytes() == again[1].tobytes()
    assert probability.dtype == np.float32
    assert tags.dtype == np.int8
    assert ((probability >= 0) & (probability <= 1)).all()
    assert set(np.unique(tags)) <= {0, 1}
    assert not exclusive or tags.sum(axis=1).max() <= 1
    assert (tags == seen.label).mean() > 0.7


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.3, 0.5, 0.9, 1.0]))
def test_the_wanted_recall_is_reached_after_smoothing(seed, wanted):
    seen = video(seed, 200)
    decision = choose([seen], NAMES, DecideParams(threshold="recall", recall=wanted), False)
    tags = decision.apply(seen.probability, seen.time_s)[1]
    for b in range(2):
        shown = seen.label[:, b] == 1
        assert not shown.any() or tags[shown, b].mean() >= wanted - 1e-9


def test_smoothing_is_chosen_where_the_network_flickers_and_not_where_it_is_sure():
    seen = video()
    assert min(choose([seen], NAMES, DecideParams(), False).box_s) > 0
    sure = replace(seen, probability=seen.label.astype(np.float32))
    decision = choose([sure], NAMES, DecideParams(), False)
    assert (*decision.box_s, *decision.max_gap_s, *decision.min_bout_s) == (0,) * 6


def test_a_behaviour_that_is_never_shown_is_left_alone():
    seen = video()
    seen.label[:, 1] = 0
    for smoothing in SMOOTHINGS:
        decision = choose([seen], NAMES, DecideParams(smoothing=smoothing), False)
        assert (decision.box_s[1], decision.cut[1], decision.max_gap_s[1], decision.min_bout_s[1]) == (0, 0.5, 0, 0)
        np.testing.assert_array_equal(decision.apply(seen.probability, seen.time_s)[0][:, 1], seen.probability[:, 1])
    assert choose([], NAMES, DecideParams(), False) == Decision.plain(NAMES, False)


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_videos_at_which_nobody_looked_change_nothing(smoothing, exclusive):
    seen, other = video(1, exclusive=exclusive), video(2, exclusive=exclusive)
    other = replace(other, label=np.full_like(other.label, -1))
    params = DecideParams(smoothing=smoothing)
    assert choose([seen, other], NAMES, params, exclusive) == choose([seen], NAMES, params, exclusive)


@pytest.mark.parametrize("smoothing", ["none", "hmm"])
def test_probabilities_at_which_nobody_looked_change_nothing(smoothing):
    seen = video()
    seen.label[100:200] = -1
    changed = replace(seen, probability=np.where(seen.label < 0, 1 - seen.probability, seen.probability))
    params = DecideParams(smoothing=smoothing)
    assert choose([seen], NAMES, params, False) == choose([changed], NAMES, params, False)


def test_what_is_fixed_by_hand_is_taken():
    params = DecideParams(threshold=0.3, box_s=0.5, max_gap_s=0.7, min_bout_s={"rearing": 0.4}, calibration="none")
    decision = choose([video()], NAMES, params, False)
    np.testing.assert_array_equal(decision.threshold, np.float32([0.3, 0.3]))
    assert (decision.box_s, decision.max_gap_s, decision.min_bout_s[1]) == ((0.5, 0.5), (0.7, 0.7), 0.4)


@pytest.mark.parametrize("shown", [False, True], ids=["no behaviour shown", "one shown"])
def test_what_is_fixed_by_hand_holds_for_a_behaviour_that_is_never_shown(shown):
    seen = video()
    seen.label[:, 1 - shown :] = 0
    params = DecideParams(threshold=0.2, box_s=0.5, max_gap_s=0.5, min_bout_s={"rearing": 1}, calibration="none")
    decision = choose([seen], NAMES, params, False)
    assert (decision.cut[1], decision.box_s[1], decision.max_gap_s[1], decision.min_bout_s[1]) == (float(np.float32(0.2)), 0.5, 0.5, 1)
    assert choose([], NAMES, params, False) == written_down(NAMES, params, False)


def test_a_box_fixed_by_hand_is_taken_once():
    params = DecideParams(box_s=1.0, calibration="none", smoothing="median", threshold=0.5)
    seen = video()
    once = smooth(seen.probability, seen.time_s, 1.0, "median")
    np.testing.assert_array_equal(choose([seen], NAMES, params, False).apply(seen.probability, seen.time_s)[0], once)


def test_the_plain_decision_changes_nothing_and_tags_from_a_half_on():
    probability = np.array([[0.5, 0.49]], np.float32)
    after, tags = Decision.plain(NAMES, False).apply(probability, np.zeros(1))
    np.testing.assert_array_equal(after, probability)
    np.testing.assert_array_equal(tags, [[1, 0]])


@pytest.mark.parametrize("frames", [0, 1])
@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_a_video_of_hardly_any_frame_has_its_tags(frames, smoothing):
    decision = choose([video()], NAMES, DecideParams(smoothing=smoothing), False)
    assert decision.apply(np.full((frames, 2), 0.5, np.float32), np.arange(float(frames)))[1].shape == (frames, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cut": [0.5]}, "Expected 2 values"),
        ({"cut": [0.5, -0.5]}, "Expected thresholds and seconds of 0 or more"),
        ({"cut": [0.5, float("nan")]}, "at cut.1"),
        ({"cut": ["0.5", 0.5]}, "at cut.0"),
        ({"other": 1}, "at other"),
        ({"calibration": {"slope": [1.0], "bias": [0.0]}}, "Expected a calibration of 2 probabilities, got 1"),
        ({"chains": [None]}, "Expected chains that fit 2 behaviours"),
        ({"exclusive": True, "box_s": [0.0, 1.0]}, "Expected one box for all exclusive behaviours"),
    ],
)
def test_a_damaged_decision_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Decision.from_json(Decision.plain(NAMES, False).to_json() | change)


def test_probabilities_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="Expected probabilities of shape"):
        Decision.plain(NAMES, False).apply(np.zeros((3, 1), np.float32), np.zeros(3))
    with pytest.raises(ValueError, match="Expected as many probabilities"):
        Scored(np.zeros((3, 1), np.float32), np.zeros((3, 2), np.int8), np.zeros(3))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"threshold": "best"}, "decide: 'threshold': expected f1, recall or a number from 0 to 1, found 'best'"),
        ({"threshold": 2}, "decide: 'threshold': expected f1, recall or a number from 0 to 1, found 2"),
        ({"recall": 0}, "decide: 'recall': expected a number above 0 and up to 1, or 'behaviour: number' lines, found 0"),
        ({"min_bout_s": {"rearing": -1}}, "'min_bout_s': expected seconds, 'behaviour: seconds' lines, or nothing"),
        ({"smoothing": "none", "box_s": 1}, "decide: 'box_s' has no part in 'smoothing: none'; leave it empty"),
        ({"smoothing": "hmm", "threshold": 0.5}, "'smoothing: hmm' decides without a threshold"),
    ],
)
def test_settings_that_mean_nothing_are_refused(values, message):
    with pytest.raises(InputError) as error:
        parse_section(values, DecideParams, "decide")
    assert message in str(error.value)


def test_settings_that_do_not_fit_the_project_are_refused():
    with pytest.raises(InputError, match="found 'groming', did you mean 'grooming'"):
        choose([], NAMES, DecideParams(recall={"groming": 0.9}), False)
    with pytest.raises(InputError, match=r"expected f1 or a number with .train\.task: exclusive."):
        choose([], NAMES, DecideParams(threshold="recall"), True)


def test_a_threshold_of_one_half_tags_the_likeliest_of_exclusive_behaviours():
    seen = video(exclusive=True)
    decision = choose([seen], NAMES, DecideParams(threshold=0.5, calibration="none", smoothing="none"), True)
    _, tags = decision.apply(seen.probability, seen.time_s)
    likeliest = np.concatenate([1 - seen.probability.sum(axis=1, keepdims=True), seen.probability], axis=1).argmax(axis=1)
    assert (tags == (likeliest[:, None] == [1, 2])).all()


def test_a_number_as_threshold_of_exclusive_behaviours_holds_where_one_of_them_is_not_shown():
    seen = video(exclusive=True)
    grooming_only = replace(seen, label=seen.label * np.array([1, 0], np.int8))
    decision = choose([grooming_only], NAMES, DecideParams(threshold=0.3), True)
    assert decision.threshold.tolist() == [np.float32(0.3)] * 2


def test_thresholds_of_exclusive_behaviours_find_a_rare_one_that_is_never_the_likeliest():
    label = np.zeros((1000, 2), np.int8)
    label[:50, 0], label[50:, 1] = 1, 1
    probability = np.where(label[:, [0]] == 1, [[0.4, 0.6]], [[0.05, 0.95]]).astype(np.float32)
    seen = Scored(probability, label, np.arange(1000) / 10)
    decision = choose([seen], NAMES, DecideParams(calibration="none", smoothing="none"), True)
    assert (decision.apply(probability, seen.time_s)[1] == label).all()
