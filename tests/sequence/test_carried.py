"""Heads that never look ahead go through a video piece by piece, and the pieces make no difference."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.sequence.carried import CarriedNetwork
from ethocache.sequence.heads import HEADS, parse_head
from ethocache.sequence.inference import probabilities
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.settings import TrainParams

CAUSAL = {
    "linear": {"kind": "linear"},
    "mlp": {"kind": "mlp", "units": 12},
    "lstm": {"kind": "lstm", "units": 8, "bidirectional": False, "project": 6},
    "gru": {"kind": "gru", "layers": 2, "units": 8, "bidirectional": False, "halve_units": True, "project": 0},
    "tcn": {"kind": "tcn", "levels": 4, "channels": 8, "causal": True, "kernel": 4},
    "tcn batch norm": {"kind": "tcn", "levels": 2, "stacks": 2, "channels": 8, "causal": True, "norm": "batch", "project": 0},
    "mstcn": {"kind": "mstcn", "stages": 2, "levels": 3, "channels": 8, "causal": True},
    "transformer": {"kind": "transformer", "layers": 2, "units": 12, "attention_heads": 3, "reach": 7, "kernel": 3, "causal": True},
}
LOOKING_AHEAD = {"lstm", "gru", "tcn", "mstcn", "transformer"}
every_causal_head = pytest.mark.parametrize("values", CAUSAL.values(), ids=CAUSAL)
DIMENSIONS, BEHAVIOURS = 8, 3


def network(values, **params):
    torch.manual_seed(0)
    built = TaggingNetwork(DIMENSIONS, BEHAVIOURS, parse_head(values, "head"), TrainParams(**params))
    built(torch.randn(4, 30, DIMENSIONS), torch.ones(4, 30, dtype=torch.bool))  # a batch norm has something to remember
    return built.eval()


def features(frames, seed=0):
    return np.random.default_rng(seed).normal(size=(frames, DIMENSIONS)).astype(np.float32)


def in_pieces(built, x, lengths):
    carried, cuts = CarriedNetwork(built), np.cumsum(lengths)
    return np.concatenate([carried.answer(piece) for piece in np.split(x, cuts[:-1])])


def test_every_kind_is_causal_here_and_those_that_can_look_ahead_do_so_unless_told():
    assert {values["kind"] for values in CAUSAL.values()} == set(HEADS)
    assert all(parse_head(values, "head").is_causal for values in CAUSAL.values())
    assert {kind for kind in HEADS if not parse_head({"kind": kind}, "head").is_causal} == LOOKING_AHEAD


@every_causal_head
def test_single_steps_give_the_bits_of_the_whole(values):
    built, x = network(values), features(120)
    np.testing.assert_array_equal(in_pieces(built, x, [1] * 120), CarriedNetwork(built).answer(x))


@every_causal_head
@settings(max_examples=5, deadline=None)
@given(lengths=st.lists(st.integers(0, 40), min_size=1, max_size=6))
def test_any_pieces_give_the_bits_of_the_whole(values, lengths):
    built, x = network(values), features(sum(lengths))
    np.testing.assert_array_equal(in_pieces(built, x, lengths), CarriedNetwork(built).answer(x))


@every_causal_head
@torch.inference_mode()
def test_it_is_the_network_that_was_trained_on_one_window_as_long_as_the_video(values):
    built, x = network(values), features(90)
    window = built.probability(torch.from_numpy(x)[None], torch.ones(1, 90, dtype=torch.bool))[0].numpy()
    np.testing.assert_allclose(CarriedNetwork(built).answer(x), window, atol=2e-6)


@pytest.mark.parametrize("settings_of", [{"task": "exclusive"}, {"per_behaviour": True}, {"components": 4}], ids=str)
def test_tasks_networks_side_by_side_and_components_are_carried_too(settings_of):
    for values in CAUSAL.values():
        built, x = network(values, **settings_of), features(40)
        np.testing.assert_array_equal(in_pieces(built, x, [1] * 40), CarriedNetwork(built).answer(x))


def test_what_the_view_made_of_features_gives_the_same_as_the_features():
    built, x = network(CAUSAL["lstm"], components=4), features(40)
    seen = built.view(torch.from_numpy(x)).numpy()
    np.testing.assert_array_equal(CarriedNetwork(built).answer(seen, seen=True), CarriedNetwork(built).answer(x))


@pytest.mark.parametrize("kind", ["lstm", "tcn", "mstcn", "transformer"])
def test_whole_videos_are_answered_without_windows(plant, kind):
    built, video = network(CAUSAL[kind]), plant("m", frames=700)
    with video.open() as opened:
        whole = CarriedNetwork(built).answer(opened.rows(0, 700))
        for params in (TrainParams(window_s=3, overlap_s=0), TrainParams(window_s=60)):
            np.testing.assert_array_equal(probabilities(built, opened, params), whole)


def test_the_trained_network_itself_stays_as_it_is():
    built, x = network(CAUSAL["tcn"]), features(30)
    before = built.probability(torch.from_numpy(x)[None], torch.ones(1, 30, dtype=torch.bool))
    CarriedNetwork(built).answer(x)
    after = built.probability(torch.from_numpy(x)[None], torch.ones(1, 30, dtype=torch.bool))
    assert after.dtype == torch.float32 and torch.equal(before, after)


def test_a_network_that_looks_ahead_cannot_be_carried():
    with pytest.raises(ValueError, match="Expected a network that never looks ahead, got one that does"):
        CarriedNetwork(network({"kind": "lstm"}))


@every_causal_head
def test_what_is_kept_of_the_past_does_not_grow(values):
    carried = CarriedNetwork(network(values))
    kept = []
    for _ in range(4):
        carried.answer(features(50))
        kept.append(sum(tensor.untyped_storage().nbytes() for tensor in pasts(carried)))
    assert len(set(kept)) == 1


def pasts(carried):
    from ethocache.sequence.heads.memory import LooksBack

    for layer in carried._head.modules():
        if isinstance(layer, LooksBack) and layer.past is not None:
            yield from layer.past if isinstance(layer.past, tuple) else (layer.past,)
