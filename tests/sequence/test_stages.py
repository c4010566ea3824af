"""Heads that refine their answer stage by stage."""

import pytest
import torch

from ethocache.sequence.heads import parse_head
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.reading import Reader
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.training import fit

SMALL = {"kind": "mstcn", "stages": 2, "levels": 3, "channels": 12}
DIMENSIONS, BEHAVIOURS = 8, 2


def head(values):
    return parse_head(values, "heads.x")


@pytest.mark.parametrize("settings", [{}, {"task": "exclusive"}, {"per_behaviour": True}], ids=["overlapping", "exclusive", "side by side"])
def test_each_stage_flickers_no_more_than_the_one_before(settings, litter):
    *fitted, unseen = litter(4, height=1.5, frames=400)
    values = {"kind": "mstcn", "levels": 2, "channels": 16}
    params = TrainParams(window_s=20, overlap_s=2, epochs=40, learning_rate=0.01, **settings)
    trained = fit("test", fitted, (), head(values), params, Reader()).network.eval()
    with unseen.open() as features, torch.no_grad():
        x = trained.view(torch.from_numpy(features.rows(0, 400))[None].to(trained.view.mean.device))
        stages = trained.stages(x, torch.ones_like(x[..., 0], dtype=torch.bool))
    answers = [logits.argmax(dim=-1) if trained.exclusive else logits > 0 for logits in stages]
    changes = [int((answer[:, 1:] != answer[:, :-1]).sum()) for answer in answers]
    assert len(changes) == 3 and changes == sorted(changes, reverse=True) and changes[-1] < changes[0]


@pytest.mark.parametrize("per_behaviour", [False, True])
@torch.no_grad()
def test_the_last_stage_is_the_answer(per_behaviour):
    built = TaggingNetwork(DIMENSIONS, BEHAVIOURS, head(SMALL), TrainParams(per_behaviour=per_behaviour)).eval()
    x, mask = torch.randn(2, 30, DIMENSIONS), torch.arange(30) < torch.tensor([[30], [20]])
    stages = built.stages(built.view(x), mask)
    assert [stage.shape for stage in stages] == [(2, 30, BEHAVIOURS)] * 3
    assert torch.equal(built(x, mask), stages[-1])
    assert not torch.equal(stages[0], stages[1])


@pytest.mark.parametrize(("exclusive", "low", "high"), [(True, 1.0, 1.0), (False, 0.0, 2.0)])
@torch.no_grad()
def test_later_stages_read_the_probabilities_that_the_task_asks_for(exclusive, low, high):
    torch.manual_seed(0)
    built = head(SMALL).build(DIMENSIONS, BEHAVIOURS).eval()
    built.exclusive, seen = exclusive, []
    built.enter[0].register_forward_hook(lambda layer, given, answer: seen.append(given[0].sum(dim=-1)))
    built(10 * torch.randn(2, 30, DIMENSIONS), torch.ones(2, 30, dtype=torch.bool))
    assert seen[0].min() >= low - 1e-5 and seen[0].max() <= high + 1e-5
    assert exclusive or seen[0].std() > 0.01


def test_smoothing_takes_part_in_training(litter):
    weights = {
        fit("test", litter(2), (), head(SMALL | {"smoothing": smoothing}), TrainParams(), Reader(), epochs=1).weights_sha256()
        for smoothing in (0.0, 0.15)
    }
    assert len(weights) == 2
