"""The thesis's four chosen settings."""

import pytest

from ethocache.sequence.decision_settings import DecideParams
from ethocache.sequence.heads import effective_train, parse_head, resolve_head
from ethocache.sequence.heads.presets import PRESETS
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.system import read_system


@pytest.mark.parametrize(
    ("name", "window_frames", "batch_size", "network"),
    [
        ("thesis_lstm_300", 300, 8, {"kind": "lstm", "layers": 3, "units": 64, "bidirectional": False}),
        ("thesis_lstm_600", 600, 16, {"kind": "lstm", "layers": 2, "units": 64, "bidirectional": False}),
        ("thesis_tcn_300", 300, 32, {"kind": "tcn", "stacks": 1, "channels": 256, "kernel": 3, "norm": "batch", "causal": True}),
        ("thesis_tcn_300_small_batch", 300, 8, {"kind": "tcn", "stacks": 1, "channels": 256, "kernel": 3, "norm": "batch"}),
    ],
)
def test_a_preset_of_the_thesis_is_what_the_thesis_chose(name, window_frames, batch_size, network):
    head = parse_head(resolve_head(name, {})["settings"], name)
    train = effective_train(TrainParams(), head)
    assert network.items() <= head.model_dump().items()
    assert (train.window_s * 10, train.batch_size) == (window_frames, batch_size)  # its videos have 10 frames a second
    assert (train.epochs, train.patience, train.learning_rate, train.weight_decay) == (50, 5, 1e-3, 0)
    assert (train.max_fps, train.components, train.warmup, train.ema, train.schedule) == (None, 0, 0, 0, "constant")
    assert (train.focal, train.soften_s, train.noise, train.warp, train.mixup, train.hide_streams) == (0,) * 6
    assert (train.class_weights, train.per_behaviour, train.overlap_s, head.model_dump()["input_dropout"]) == ("balanced", True, 0, 0.5)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_tags_from_a_half_on_without_smoothing_as_the_thesis_did(name):
    streams = ("resnet50", "inception_resnet_v2")
    decide = read_system(resolve_head(name, {}), TrainParams(), DecideParams(), streams).decide
    assert (decide.threshold, decide.calibration, decide.smoothing) == (0.5, "none", "none")


def test_a_recipe_of_the_same_name_goes_before_a_preset():
    assert resolve_head("thesis_lstm_300", {"thesis_lstm_300": {"kind": "linear"}})["settings"]["kind"] == "linear"
