"""Losses agree with a sum by hand, and leave out what is not known."""

import math

import pytest
import torch

from ethocache.sequence.losses import exclusive_loss, overlapping_loss, smoothing_loss


def test_overlapping_behaviours_sum_the_cross_entropy_of_what_is_known():
    logits = torch.tensor([[2.0, -1.0], [0.5, 3.0]])
    label = torch.tensor([[1, 0], [-1, 1]], dtype=torch.int8)
    weights = torch.tensor([[1.0, 5.0], [2.0, 3.0]])
    expected = 5 * math.log1p(math.exp(-2)) + 2 * math.log1p(math.exp(-1)) + 3 * math.log1p(math.exp(-3))
    assert overlapping_loss(logits, label, weights).item() == pytest.approx(expected, rel=1e-6)


def test_exclusive_behaviours_sum_the_cross_entropy_of_known_frames():
    logits = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, 2.0], [9.0, 9.0, 9.0]]])
    classes = torch.tensor([[0, 2, -1]], dtype=torch.int8)
    weights = torch.tensor([1.0, 1.0, 4.0])
    expected = math.log(math.e + 2) - 1 + 4 * (math.log(math.e**2 + 2) - 2)
    assert exclusive_loss(logits, classes, weights).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("loss", [overlapping_loss, exclusive_loss])
def test_nothing_is_learned_where_nobody_looked(loss):
    logits = torch.zeros(1, 4, 2, requires_grad=True)
    target = torch.full((1, 4, 2) if loss is overlapping_loss else (1, 4), -1, dtype=torch.int8)
    loss(logits, target, torch.ones(2, 2) if loss is overlapping_loss else torch.ones(2)).backward()
    assert logits.grad is not None and not logits.grad.any()


def test_focal_loss_counts_what_is_answered_well_less():
    logits, label, weights = torch.tensor([[2.0], [-1.0]]), torch.tensor([[1], [1]], dtype=torch.int8), torch.ones(1, 2)
    right = [1 / (1 + math.exp(-2)), 1 / (1 + math.exp(1))]
    expected = sum(-((1 - p) ** 2) * math.log(p) for p in right)
    assert overlapping_loss(logits, label, weights, focal=2).item() == pytest.approx(expected, rel=1e-5)
    both = torch.cat([torch.zeros(2, 1), logits], dim=1)
    assert exclusive_loss(both, label[:, 0], torch.ones(2), focal=2).item() == pytest.approx(expected, rel=1e-5)


def test_labels_between_no_and_yes_share_the_cross_entropy():
    logits, label = torch.tensor([[0.7]]), torch.tensor([[0.25]])
    p = 1 / (1 + math.exp(-0.7))
    expected = -0.25 * 5 * math.log(p) - 0.75 * 2 * math.log(1 - p)
    assert overlapping_loss(logits, label, torch.tensor([[2.0, 5.0]])).item() == pytest.approx(expected, rel=1e-5)
    both, share = torch.tensor([[0.0, 0.7]]), torch.tensor([[0.75, 0.25]])
    assert exclusive_loss(both, share, torch.tensor([2.0, 5.0])).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("focal", [0.0, 0.5, 2.0])
def test_shares_of_nothing_but_one_class_are_that_class(focal):
    logits, classes = torch.randn(6, 3), torch.tensor([0, 1, 2, -1, 1, 0])
    share = torch.nn.functional.one_hot(classes.clamp(min=0), 3).float()
    share[3] = -1
    weights = torch.tensor([1.0, 2.0, 3.0])
    torch.testing.assert_close(exclusive_loss(logits, classes, weights, focal), exclusive_loss(logits, share, weights, focal))


@pytest.mark.parametrize("loss", [overlapping_loss, exclusive_loss])
def test_a_perfect_answer_has_a_slope_in_focal_loss(loss):
    logits = torch.tensor([[40.0, -40.0]], requires_grad=True)
    loss(logits, torch.tensor([[1.0, 0.0]]), torch.ones(2, 2) if loss is overlapping_loss else torch.ones(2), 0.5).backward()
    assert torch.isfinite(logits.grad).all()


def log_sigmoid(logit):
    return -math.log1p(math.exp(-logit))


def test_jumps_of_overlapping_behaviours_are_squared_and_meaned_over_yes_and_no():
    logits = torch.tensor([[[0.0], [1.0], [1.0]]])
    yes, no = log_sigmoid(1) - log_sigmoid(0), log_sigmoid(-1) - log_sigmoid(0)
    expected = (yes**2 + no**2) / 2 / 2  # two answers, and two jumps of which one is none
    assert smoothing_loss(logits, torch.ones(1, 3, dtype=torch.bool), False).item() == pytest.approx(expected, rel=1e-5)


def test_jumps_of_exclusive_behaviours_are_squared_and_cut_at_four():
    logits = torch.tensor([[[0.0, 0.0], [9.0, 0.0]]])
    yes = -math.log1p(math.exp(-9)) + math.log(2)  # the other class falls by far more than 4
    assert smoothing_loss(logits, torch.ones(1, 2, dtype=torch.bool), True).item() == pytest.approx((yes**2 + 16) / 2, rel=1e-5)


@pytest.mark.parametrize("exclusive", [False, True])
def test_jumps_into_padding_and_from_the_earlier_frame_teach_nothing(exclusive):
    logits = torch.tensor([[[0.0, 1.0], [2.0, 0.0], [9.0, -9.0]]], requires_grad=True)
    smoothing_loss(logits, torch.tensor([[True, True, False]]), exclusive).backward()
    assert logits.grad is not None
    assert logits.grad[0].any(dim=-1).tolist() == [False, True, False]


def test_a_single_frame_has_no_jump():
    assert smoothing_loss(torch.ones(1, 1, 2), torch.ones(1, 1, dtype=torch.bool), False).item() == 0
