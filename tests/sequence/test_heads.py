"""What every head promises, for each kind in the registry."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ethocache.common.errors import InputError
from ethocache.sequence.heads import HEADS, check_heads, effective_train, parse_head, resolve_head
from ethocache.sequence.heads.entrance import HideFeatures
from ethocache.sequence.heads.transformer import Transformer
from ethocache.sequence.reading import Reader
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.thresholds import macro_average_precision
from ethocache.sequence.training import fit, predict_all

SMALL = {
    "linear": {"kind": "linear"},
    "mlp": {"kind": "mlp", "layers": 2, "units": 12},
    "lstm": {"kind": "lstm", "layers": 2, "units": 8, "project": 6},
    "lstm one-way": {"kind": "lstm", "layers": 2, "units": 8, "bidirectional": False, "halve_units": True, "project": 0},
    "gru": {"kind": "gru", "layers": 2, "units": 8, "project": 6},
    "gru one-way": {"kind": "gru", "layers": 2, "units": 8, "bidirectional": False, "halve_units": True, "project": 0},
    "tcn": {"kind": "tcn", "levels": 3, "channels": 12, "project": 6},
    "tcn batch norm": {"kind": "tcn", "hide": "frame", "levels": 2, "stacks": 2, "channels": 12, "norm": "batch", "project": 0},
    "tcn causal": {"kind": "tcn", "levels": 3, "channels": 12, "causal": True, "norm": "none", "kernel": 4},
    "mstcn": {"kind": "mstcn", "stages": 2, "levels": 3, "channels": 12},
    "mstcn causal": {"kind": "mstcn", "stages": 1, "levels": 3, "channels": 12, "kernel": 4, "causal": True},
    "transformer": {"kind": "transformer", "layers": 2, "units": 12, "attention_heads": 2, "reach": 6, "kernel": 3},
    "transformer causal": {"kind": "transformer", "layers": 2, "units": 12, "attention_heads": 3, "reach": 7, "causal": True},
}
CAUSAL = ["linear", "mlp", "lstm one-way", "gru one-way", "tcn causal", "mstcn causal", "transformer causal"]
DIMENSIONS, BEHAVIOURS = 8, 2

every_head = pytest.mark.parametrize("values", SMALL.values(), ids=SMALL)


def head(values):
    return parse_head(values, "heads.x")


def network(values):
    torch.manual_seed(0)
    built = head(values).build(DIMENSIONS, BEHAVIOURS)
    x = torch.randn(4, 30, DIMENSIONS)
    built(x, torch.ones(4, 30, dtype=torch.bool))  # in training mode, so that a batch norm has something to remember
    return built.eval()


def real(lengths, longest):
    return torch.arange(longest) < torch.tensor(lengths)[:, None]


def test_every_kind_has_a_small_one_here():
    assert {values["kind"] for values in SMALL.values()} == set(HEADS)


@every_head
@torch.no_grad()
def test_one_logit_per_frame_and_behaviour(values):
    for frames in (1, 2, 50):
        answer = network(values)(torch.randn(3, frames, DIMENSIONS), torch.ones(3, frames, dtype=torch.bool))
        assert answer.shape == (3, frames, BEHAVIOURS)


@every_head
@torch.no_grad()
def test_what_stands_in_the_padding_changes_nothing(values):
    built, x, mask = network(values), torch.randn(2, 40, DIMENSIONS), real([40, 25], 40)
    answer = built(x, mask)
    x[1, 25:] = 1e3
    torch.testing.assert_close(built(x, mask)[mask], answer[mask], rtol=0, atol=0)


@every_head
@torch.no_grad()
def test_a_window_alone_and_in_a_batch_gives_the_same(values):
    built, lengths = network(values), [33, 7, 1]
    x, mask = torch.randn(3, 33, DIMENSIONS), real([33, 7, 1], 33)
    together = built(x, mask)
    for i, length in enumerate(lengths):
        alone = built(x[i : i + 1, :length], torch.ones(1, length, dtype=torch.bool))
        torch.testing.assert_close(together[i : i + 1, :length], alone, rtol=1e-4, atol=1e-5)


@every_head
def test_padding_changes_no_gradient_and_no_running_mean(values):
    gradients = []
    for content in (0.0, 50.0):
        built = network(values | {"input_dropout": 0.0} | ({} if values["kind"] == "linear" else {"dropout": 0.0})).train()
        x, mask = torch.full((2, 20, DIMENSIONS), content), real([20, 12], 20)
        x[mask] = torch.linspace(-1, 1, int(mask.sum()) * DIMENSIONS).view(-1, DIMENSIONS)
        built(x, mask)[mask].square().sum().backward()
        gradients.append([*(parameter.grad for parameter in built.parameters()), *built.buffers()])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", SMALL)
@torch.no_grad()
def test_only_causal_heads_never_look_ahead(name):
    built, x, mask = network(SMALL[name]), torch.randn(1, 40, DIMENSIONS), torch.ones(1, 40, dtype=torch.bool)
    before = built(x, mask)
    x[0, 20:] += 5.0
    same = torch.equal(built(x, mask)[0, :20], before[0, :20])
    assert same == (name in CAUSAL)


@every_head
@pytest.mark.parametrize("per_behaviour", [False, True])
def test_a_planted_signal_is_learned_and_the_seed_decides_the_weights(values, per_behaviour, litter):
    if per_behaviour and values != SMALL[values["kind"]]:  # one of each kind says it
        return
    *fitted, unseen = litter(4)
    params = TrainParams(window_s=8, overlap_s=2, epochs=25, learning_rate=0.02, batch_size=4, per_behaviour=per_behaviour)
    done = fit("test", fitted, (), head(values | {"input_dropout": 0.1}), params, Reader())
    score = macro_average_precision(*predict_all(done.network, [unseen], params, Reader()))
    assert score is not None and score > 0.9
    if not per_behaviour:
        shorter = [fit("test", fitted, (), head(values), params, Reader(), epochs=2).weights_sha256() for _ in range(2)]
        assert shorter[0] == shorter[1]


class Written(TorchDispatchMode):
    """Adds up how many numbers all operations inside it write."""

    def __init__(self):
        super().__init__()
        self.numbers = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        answer = function(*args, **(kwargs or {}))
        self.numbers += sum(leaf.numel() for leaf in tree_leaves(answer) if isinstance(leaf, torch.Tensor))
        return answer


@every_head
def test_four_times_the_frames_take_four_times_the_memory(values):
    built, written = network(values).train(), []
    for frames in (256, 1024):
        with Written() as work:
            built(torch.randn(1, frames, DIMENSIONS), torch.ones(1, frames, dtype=torch.bool)).sum().backward()
        written.append(work.numbers)
    assert written[1] < 4.2 * written[0]


def test_units_are_halved_only_on_request():
    assert head({"kind": "lstm", "layers": 3, "units": 64}).widths() == [64, 64, 64]
    assert head({"kind": "lstm", "layers": 3, "units": 64, "halve_units": True}).widths() == [64, 32, 16]
    assert head({"kind": "lstm", "layers": 3, "units": 2, "halve_units": True}).widths() == [2, 1, 1]


def test_one_frame_alone_passes_through_batch_norm_in_training():
    built = network(SMALL["tcn batch norm"]).train()
    assert torch.isfinite(built(torch.randn(1, 1, DIMENSIONS), torch.ones(1, 1, dtype=torch.bool))).all()


@pytest.mark.parametrize("name", ["transformer", "transformer causal"])
@torch.no_grad()
def test_a_transformer_sees_as_far_as_its_layers_reach_and_no_farther(name):
    built, settings = network(SMALL[name]), head(SMALL[name])
    x, mask, last = torch.randn(1, 120, DIMENSIONS), torch.ones(1, 120, dtype=torch.bool), 60
    before = built(x, mask)
    x[0, last] += 5.0
    changed = (built(x, mask) != before).any(dim=-1)[0].nonzero().flatten()
    onwards = settings.layers * (settings.reach + (settings.kernel - 1 if settings.causal else settings.kernel // 2))
    assert changed.max() == last + onwards
    assert changed.min() == (last if settings.causal else last - onwards)


@pytest.mark.parametrize("causal", [False, True])
@torch.no_grad()
def test_attention_in_blocks_is_attention_to_every_frame_within_reach(causal):
    torch.manual_seed(0)
    settings = head(SMALL["transformer"] | {"causal": causal})
    attention = Transformer(DIMENSIONS, BEHAVIOURS, settings).blocks[0].attention
    attention.distance.normal_()
    x, mask = torch.randn(2, 20, 12), real([20, 15], 20)
    offset = torch.arange(20) - torch.arange(20)[:, None]
    ahead = 0 if causal else settings.reach
    within = (offset >= -settings.reach) & (offset <= ahead)
    query, key, value = (part.unflatten(-1, (2, 6)).transpose(1, 2) for part in attention.project(x).chunk(3, dim=-1))
    scores = query @ key.transpose(-2, -1) / 6**0.5 + attention.distance[:, (offset + settings.reach).clamp(0, settings.reach + ahead)]
    weights = scores.masked_fill(~(within & mask[:, None, None]), float("-inf")).softmax(dim=-1)
    expected = attention.mix((weights @ value).transpose(1, 2).flatten(2))
    torch.testing.assert_close(attention(x, mask)[mask], expected[mask], rtol=1e-5, atol=1e-6)


def test_hidden_features_are_hidden_in_the_whole_window_or_in_single_frames():
    torch.manual_seed(0)
    ones = torch.ones(2, 10, 100)
    window, frame = HideFeatures(0.5, "window")(ones), HideFeatures(0.5, "frame")(ones)
    assert torch.equal(window, window[:, :1].expand_as(window)) and not torch.equal(window[0], window[1])
    assert not torch.equal(frame[:, 0], frame[:, 1])
    for hidden in (window, frame):
        assert 0.3 < (hidden == 0).float().mean() < 0.7
        assert hidden.max() == 2
    assert HideFeatures(0.5, "window").eval()(ones) is ones


KINDS = "linear, mlp, lstm, gru, tcn, mstcn, transformer, ensemble"
RECIPES = {"lstm": {"kind": "lstm"}, "short": {"kind": "tcn", "train": {"window_s": 3}}}


def test_the_chosen_head_is_resolved_with_every_setting():
    resolved = resolve_head("short", RECIPES)
    assert resolved["name"] == "short"
    assert resolved["settings"] == HEADS["tcn"](kind="tcn", train={"window_s": 3}).model_dump()


@pytest.mark.parametrize(
    ("name", "recipes", "message"),
    [
        ("ltsm", RECIPES, "params.yaml: head: 'ltsm' is not a recipe of 'heads', did you mean 'lstm'?"),
        ("xyz", RECIPES, "params.yaml: head: 'xyz' is not a recipe of 'heads'; known: lstm, short"),
        (
            "a",
            {"a": {"kind": "tnc"}},
            f"heads.a: 'kind': expected one of {KINDS}, found 'tnc', did you mean 'tcn'?",
        ),
        ("a", {"a": {}}, f"heads.a: 'kind': expected one of {KINDS}, found None"),
        ("a", {"a": {"kind": ["lstm"]}}, "found ['lstm']"),
        ("a", {"a": "lstm"}, "heads.a: expected 'kind: lstm' and its settings, found 'lstm'"),
        ("a", {"a": {"kind": "lstm", "unit": 3}}, "heads.a: 'unit' is not a setting, did you mean 'units'?"),
        (
            "a",
            {"a": {"kind": "transformer", "units": 90, "attention_heads": 4}},
            "heads.a: 'units' (90) must be a multiple of 'attention_heads' (4)",
        ),
        ("a", {"a": {"kind": "lstm", "train": {"epoch": 3}}}, "heads.a.train: 'epoch' is not a setting, did you mean 'epochs'?"),
        ("a", {"a": {"kind": "lstm", "train": {"epochs": 0}}}, "heads.a.train: 'epochs': Input should be greater than or equal to 1"),
    ],
)
def test_a_head_that_cannot_be_is_refused(name, recipes, message):
    with pytest.raises(InputError) as refusal:
        resolve_head(name, recipes)
    assert message in str(refusal.value)


def test_all_problems_of_all_heads_are_told_at_once():
    check_heads(RECIPES)
    with pytest.raises(InputError) as refusal:
        check_heads({"a": {"kind": "lstm", "unit": 3, "layers": 0}, "b": {"kind": "grru"}})
    assert len(str(refusal.value).splitlines()) == 3


def test_what_a_head_wants_goes_before_the_section_train():
    merged = effective_train(TrainParams(overlap_s=1, epochs=7), head(RECIPES["short"]))
    assert (merged.window_s, merged.overlap_s, merged.epochs) == (3, 1, 7)


def test_a_head_that_does_not_agree_with_the_section_train_is_refused():
    with pytest.raises(InputError, match=r"with the 'train' of its head: 'overlap_s' \(5\) must be shorter than 'window_s' \(3\)"):
        effective_train(TrainParams(overlap_s=5), head(RECIPES["short"]))


def test_heads_are_told_apart_by_seed(litter):
    weights = [
        fit("test", litter(2), (), head(SMALL["linear"]), TrainParams(seed=seed), Reader(), epochs=1).network.head.read_out.weight
        for seed in (0, 1)
    ]
    assert not np.array_equal(weights[0].detach().cpu(), weights[1].detach().cpu())
