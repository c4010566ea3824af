"""From features to probabilities."""

import numpy as np
import torch

from ethocache.sequence.heads import parse_head
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.settings import TrainParams

HEAD = parse_head({"kind": "linear"}, "head")
X, MASK = torch.randn(2, 5, 3), torch.ones(2, 5, dtype=torch.bool)


def test_exclusive_probabilities_leave_the_rest_for_none():
    answer = TaggingNetwork(3, 2, HEAD, TrainParams(task="exclusive")).eval().probability(X, MASK)
    assert answer.shape == (2, 5, 2)
    assert (answer.sum(dim=-1) < 1).all() and (answer > 0).all()


def test_features_are_normalised_and_what_lies_far_out_is_cut():
    network = TaggingNetwork(3, 1, HEAD, TrainParams()).eval()
    network.view.normalise_by(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    scaled = (torch.tensor([[[3.0, 2.0, -1.0]]]) - torch.tensor([1.0, 2.0, 3.0])) / torch.tensor([1.0, 2.0, 4.0])
    one = torch.ones(1, 1, dtype=torch.bool)
    torch.testing.assert_close(network(torch.tensor([[[3.0, 2.0, -1.0]]]), one), network.head(scaled, one))
    torch.testing.assert_close(network(torch.full((1, 1, 3), 1e6), one), network(torch.full((1, 1, 3), 1e7), one))


def test_networks_side_by_side_share_no_weight():
    network = TaggingNetwork(3, 2, HEAD, TrainParams(per_behaviour=True)).eval()
    before = network(X, MASK)
    with torch.no_grad():
        network.head.networks[0].read_out.bias += 1.0
    after = network(X, MASK)
    torch.testing.assert_close(after[..., 0], before[..., 0] + 1)
    assert torch.equal(after[..., 1], before[..., 1])
