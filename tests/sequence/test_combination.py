"""What members count together: known answers, and never more than their range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ethocache.sequence.combination import combined, mean_weights, stacked_weights


def label_and_members(frames=400, behaviours=2, seed=0):
    """Labels; a member that knows them, one that guesses, one that says the contrary."""
    rng = np.random.default_rng(seed)
    label = (rng.random((frames, behaviours)) < 0.3).astype(np.int8)
    knows = np.clip(label * 0.6 + 0.2 + rng.normal(0, 0.1, label.shape), 0, 1).astype(np.float32)
    return label, [knows, np.full_like(knows, 0.3), 1 - knows]


def test_a_single_member_comes_back_as_it_is():
    one = np.array([[0.1, 0.9]], np.float32)
    assert combined([one], mean_weights(1, 2)) is one


def test_equal_weights_give_the_mean():
    members = [np.array([[0.2, 0.8]], np.float32), np.array([[0.6, 0.0]], np.float32)]
    np.testing.assert_allclose(combined(members, mean_weights(2, 2)), [[0.4, 0.4]])


def test_the_member_that_knows_gets_nearly_all_the_weight():
    label, members = label_and_members()
    weights = stacked_weights(members, label, exclusive=False)
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    assert (weights[0] > 0.9).all()


def test_members_that_know_one_behaviour_each_count_for_that_one():
    label, (knows, guesses, _) = label_and_members()
    members = [np.stack([knows[:, 0], guesses[:, 1]], axis=1), np.stack([guesses[:, 0], knows[:, 1]], axis=1)]
    weights = stacked_weights(members, label, exclusive=False)
    assert (weights.argmax(axis=0) == [0, 1]).all() and (weights.max(axis=0) > 0.9).all()


def test_stacking_is_at_least_as_likely_as_the_mean():
    label, members = label_and_members(seed=3)
    log = {}
    for name, weights in (("stacked", stacked_weights(members, label, False)), ("mean", mean_weights(3, 2))):
        p = np.clip(combined(members, weights).astype(np.float64), 1e-6, 1 - 1e-6)
        log[name] = np.where(label == 1, np.log(p), np.log(1 - p)).sum()
    assert log["stacked"] > log["mean"]


def test_frames_that_nobody_looked_at_have_no_say():
    label, members = label_and_members()
    label[:100] = -1
    before = stacked_weights(members, label, False)
    for member in members:
        member[:100] = 0.99
    np.testing.assert_array_equal(stacked_weights(members, label, False), before)


@pytest.mark.parametrize("exclusive", [False, True])
def test_a_behaviour_that_is_not_shown_gets_equal_weights(exclusive):
    _, members = label_and_members()
    nothing = np.zeros((400, 2), np.int8)
    np.testing.assert_allclose(stacked_weights(members, nothing, exclusive), 1 / 3)


def test_exclusive_behaviours_share_their_weights_and_still_leave_room_for_none():
    rng = np.random.default_rng(0)
    label = np.eye(3, dtype=np.int8)[rng.integers(0, 3, 300)][:, 1:]
    knows = (0.1 + 0.7 * label).astype(np.float32)
    guesses = np.full_like(knows, 1 / 3)
    weights = stacked_weights([guesses, knows], label, exclusive=True)
    assert (weights[:, 0] == weights[:, 1]).all() and weights[1, 0] > 0.9
    assert (combined([guesses, knows], weights).sum(axis=1) <= 1 + 1e-6).all()


@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**32 - 1), st.booleans())
def test_the_answer_lies_between_the_members(members, behaviours, seed, exclusive):
    rng = np.random.default_rng(seed)
    given = [(rng.random((20, behaviours)) / behaviours).astype(np.float32) for _ in range(members)]
    label = np.zeros((20, behaviours), np.int8)
    label[np.arange(20), rng.integers(0, behaviours, 20)] = rng.integers(-1, 2, 20)
    answer = combined(given, stacked_weights(given, label, exclusive))
    assert (answer >= np.min(given, axis=0) - 1e-6).all() and (answer <= np.max(given, axis=0) + 1e-6).all()


def test_weights_are_by_the_frames_that_members_show():
    label, (knows, guesses, contrary) = label_and_members()
    there = [np.arange(400) % 4 < 2, np.arange(400) % 4 > 0]  # alone, both, the other alone, nobody (3 is shown by the second)
    there[1] &= np.arange(400) % 8 != 7
    elsewhere = np.where(there[0][:, None], knows, contrary)  # knows where its camera shows the animal, and is misled where it does not
    for exclusive in (False, True):
        one = label if not exclusive else np.where(label.all(axis=1, keepdims=True), np.int8(0), label)
        weights = stacked_weights([elsewhere, guesses], one, exclusive, there)
        both = there[0] & there[1]
        np.testing.assert_allclose(weights, stacked_weights([elsewhere[both], guesses[both]], one[both], exclusive), atol=1e-5)
        assert (weights[0] > stacked_weights([elsewhere, guesses], one, exclusive)[0] + 0.1).all(), "than it would be without"


def test_where_members_are_always_there_or_in_no_frame_together_weights_are_what_they_were_or_equal():
    label, members = label_and_members()
    everywhere = [np.ones(400, bool)] * 3
    assert np.array_equal(stacked_weights(members, label, False, everywhere), stacked_weights(members, label, False))
    apart = [np.arange(400) % 3 == m for m in range(3)]
    np.testing.assert_allclose(stacked_weights(members, label, False, apart), 1 / 3)


def test_a_member_that_meets_no_other_keeps_an_equal_weight_and_one_that_says_nothing_is_heard_nowhere():
    label, (knows, guesses, _) = label_and_members()
    nothing = np.full_like(knows, np.nan)
    weights = stacked_weights([knows, guesses, nothing], label, False, [np.ones(400, bool)] * 3)
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    np.testing.assert_allclose(weights[2], 1 / 3)
    assert (weights[0] > 0.6).all()


def test_masked_weights_are_the_likeliest():
    label, members = label_and_members(behaviours=1)
    members[0] = np.where(np.arange(400)[:, None] % 5 == 0, members[2], members[0])  # no one is right always
    rng = np.random.default_rng(1)
    there = [*(rng.random((3, 400)) < 0.6)]

    def likelihood(weights):
        seen = np.stack(there).any(axis=0)
        fused = combined(members, weights, there)[seen].astype(float)
        return np.log(np.maximum(np.where(label[seen] == 1, fused, 1 - fused), 1e-9)).sum()

    found = stacked_weights(members, label, False, there)
    others = [rng.dirichlet(np.ones(3))[:, None] for _ in range(200)]
    assert likelihood(found) > max(map(likelihood, others)) - 0.5
