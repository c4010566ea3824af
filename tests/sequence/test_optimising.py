"""The learning rate rises, then falls; averaged weights are an average."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ethocache.sequence.heads import parse_head
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.optimising import Averaged, learning_rate
from ethocache.sequence.settings import TrainParams

PARAMS = TrainParams(epochs=10, warmup=2, learning_rate=0.1)


def test_the_rate_rises_over_the_warm_up_and_falls_to_zero():
    rates = [learning_rate(PARAMS, step / 5, 1 / 5) for step in range(50)]
    assert rates[0] == pytest.approx(0.01) and int(np.argmax(rates)) == 9
    assert (np.diff(rates[:10]) > 0).all() and (np.diff(rates[10:]) < 0).all()
    assert 0 < rates[-1] < 0.001 and learning_rate(PARAMS, 10.0) == learning_rate(PARAMS, 14.0) == 0


def test_without_warm_up_a_constant_rate_is_constant():
    params = TrainParams(warmup=0, schedule="constant", learning_rate=0.1)
    assert {learning_rate(params, done) for done in (0.0, 0.5, 39.0, 99.0)} == {0.1}


@given(st.floats(0.01, 0.99), st.lists(st.floats(-3, 3), min_size=1, max_size=8))
def test_averaged_weights_are_the_average_of_those_seen_the_latest_counting_most(decay, values):
    network = TaggingNetwork(2, 1, parse_head({"kind": "linear"}, "head"), PARAMS)
    averaged = Averaged(network, decay)
    for value in values:
        with torch.no_grad():
            network.head.read_out.bias.fill_(value)
        averaged.update(network)
    weights = decay ** np.arange(len(values))[::-1]
    assert averaged.network.head.read_out.bias.item() == pytest.approx(float(np.average(values, weights=weights)), abs=1e-5)
    assert network.head.read_out.bias.item() == pytest.approx(values[-1])


def test_what_batch_norm_remembers_is_copied():
    head = parse_head({"kind": "tcn", "levels": 1, "channels": 4, "norm": "batch"}, "head")
    network = TaggingNetwork(3, 1, head, PARAMS)
    averaged = Averaged(network, 0.9)
    network.train()(torch.randn(2, 9, 3), torch.ones(2, 9, dtype=torch.bool))
    averaged.update(network)
    for copied, value in zip(averaged.network.buffers(), network.buffers(), strict=True):
        assert torch.equal(copied, value)
