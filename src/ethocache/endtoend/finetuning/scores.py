"""What a fine-tuning is worth: its scores beside those of the frozen backbone, on the very same folds."""

from collections.abc import Mapping, Sequence
from typing import Any

from ethocache.dataset.predictions import Prediction
from ethocache.endtoend.finetuning.settings import FROZEN
from ethocache.scoring.settings import EvaluateParams
from ethocache.scoring.summary import score


def scores_of(tuned: Sequence[Prediction], frozen: Sequence[Prediction], params: EvaluateParams) -> dict[str, Any]:
    """Return the metrics of the tuned backbones, named as in ``metrics.json``; the block ``frozen`` holds the same of the frozen one."""
    return score(tuned, params) | {FROZEN: score(frozen, params)}


def in_words(metrics: Mapping[str, Any]) -> str:
    """Return how the two compare, in one line."""
    tuned, frozen = metrics.get("macro", {}), metrics[FROZEN].get("macro", {})
    if "average_precision" not in tuned or "average_precision" not in frozen:
        return "no score: no fold was tuned (finetune.folds, train.score), or none shows a behaviour"
    about = metrics["data"]
    each = [f"{name} {_with_range(macro)}" for name, macro in (("tuned", tuned), ("frozen", frozen))]
    return f"macro average precision of {about['animals']} animals in {about['folds']} folds: {', '.join(each)}"


def _with_range(macro: Mapping[str, float]) -> str:
    low, high = macro.get("average_precision_low"), macro.get("average_precision_high")
    return f"{macro['average_precision']:.2f}" + (f" ({low:.2f}-{high:.2f})" if low is not None and high is not None else "")
