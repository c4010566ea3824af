"""Heads that can be chosen by name without standing in params.yaml: the settings that the thesis chose.

X. de Juan Pulido, Automated Mouse Behavior Recognition using LSTM and TCN Networks, Universitat de Barcelona 2022.
Its videos have 10 frames a second, so 300 frames are 30 s. ``thesis_lstm_300`` and ``thesis_tcn_300`` were used on
resnet50, the other two on inception_resnet_v2; ``thesis_ensemble``, which it wished for, is all four.
A recipe of the same name in params.yaml goes before these.
"""

from typing import Any

_TRAIN = {
    "per_behaviour": True,
    "window_s": 30,
    "overlap_s": 0,
    "max_fps": None,
    "components": 0,
    "batch_size": 8,
    "epochs": 50,
    "patience": 5,
    "learning_rate": 1e-3,
    "warmup": 0,
    "schedule": "constant",
    "weight_decay": 0,
    "ema": 0,
    "class_weights": "balanced",
    **dict.fromkeys(("focal", "soften_s", "noise", "warp", "mixup", "hide_streams"), 0),
}
_DECIDE = {"threshold": 0.5, "calibration": "none", "smoothing": "none"}
_INPUT: dict[str, Any] = {"project": 0, "input_dropout": 0.5, "dropout": 0, "hide": "frame", "decide": _DECIDE}
_LSTM = {"kind": "lstm", "units": 64, "bidirectional": False, **_INPUT}
_TCN = {"kind": "tcn", "stacks": 1, "levels": 6, "channels": 256, "kernel": 3, "causal": True, "norm": "batch", **_INPUT}

PRESETS: dict[str, dict[str, Any]] = {
    "thesis_lstm_300": {**_LSTM, "layers": 3, "train": _TRAIN},
    "thesis_lstm_600": {**_LSTM, "layers": 2, "train": {**_TRAIN, "window_s": 60, "batch_size": 16}},
    "thesis_tcn_300": {**_TCN, "train": {**_TRAIN, "batch_size": 32}},
    "thesis_tcn_300_small_batch": {**_TCN, "train": _TRAIN},
    "thesis_ensemble": {
        "kind": "ensemble",
        "decide": _DECIDE,
        "members": [
            {"head": "thesis_lstm_300", "streams": ["resnet50"]},
            {"head": "thesis_lstm_600", "streams": ["inception_resnet_v2"]},
            {"head": "thesis_tcn_300", "streams": ["resnet50"]},
            {"head": "thesis_tcn_300_small_batch", "streams": ["inception_resnet_v2"]},
        ],
    },
}
