"""The numbers people compare: metrics.json."""

from collections.abc import Mapping, Sequence
from math import isnan

import numpy as np

from ethocache.dataset.predictions import Prediction
from ethocache.dataset.runs import runs
from ethocache.scoring import frames
from ethocache.scoring.frames import Floats
from ethocache.scoring.intervals import informative_animals, mean_over_behaviours, resampled, score_interval
from ethocache.scoring.measures import (
    MEASURES,
    Animal,
    by_animal,
    check_predictions,
    counts_of,
    scorable,
    score_of,
    scored_frames,
    together,
)
from ethocache.scoring.settings import EvaluateParams

REVISION = 3  # of all that is scored and drawn; raise it when the same predictions would give other numbers or plots
WITH_INTERVAL = ("average_precision", "f1")
COUNTS = ("bouts", "bouts_predicted", "fn", "fp", "seconds", "seconds_predicted", "tn", "tp")

Block = dict[str, float]


def score(predictions: Sequence[Prediction], params: EvaluateParams | None = None) -> dict[str, dict[str, float]]:
    """Score held-out predictions: a block per behaviour, their mean (``macro``), and what they stand on (``data``).

    Only frames that somebody looked at count, behaviour by behaviour. A score that does not exist is left
    out: a behaviour that no labelled frame shows has counts and accuracy, but no recall, F1 or average
    precision, and ``macro`` is over the others (it says how many: ``behaviours``). A behaviour that is shown
    but never tagged scores 0. ``macro`` adds counts and averages scores.

    Intervals (``_low``, ``_high``) hold the score of all animals of that kind in 95 % of experiments (`score_interval`); with
    fewer than three labelled animals there are none. What chance scores stands beside: ``accuracy_never`` for accuracy,
    ``f1_chance`` for F1, ``prevalence`` for average precision.

    Parameters
    ----------
    predictions
        Each of an animal that the scoring model never saw. Animals on which settings were searched are left out and counted
        (``animals_seen``). None at all gives ``data`` with zeros only.

    Returns
    -------
    dict
        Sorted; scores are rounded to 4 digits, counts are whole numbers; never NaN.

    Raises
    ------
    InputError
        If the predictions do not belong together.
    """
    params = params or EvaluateParams()
    check_predictions(predictions)
    honest = scorable(predictions)
    animals_of = by_animal(honest)
    blocks = {name: _block(animals) for name, animals in animals_of.items()}
    shown = [name for name, block in blocks.items() if block["prevalence"] > 0]
    if blocks:
        blocks["macro"] = _macro([blocks[name] for name in shown])
    for measure in WITH_INTERVAL:
        drawn = {name: _resampled(measure, animals_of[name], params) for name in shown}
        for name in shown:
            _add_interval(blocks[name], measure, drawn[name], informative_animals(animals_of[name]))
        if shown:
            animals = max(informative_animals(animals_of[name]) for name in shown)
            _add_interval(blocks["macro"], measure, mean_over_behaviours(np.array([*drawn.values()])), animals)
    blocks["data"] = _data(honest) | {"animals_seen": len({prediction.animal for prediction in predictions if prediction.seen})}
    return {name: _tidy(blocks[name]) for name in sorted(blocks)}


def in_words(metrics: Mapping[str, Mapping[str, float]]) -> str:
    """Return the scores in one line, each with its interval and with what chance would score."""
    about, macro = metrics["data"], metrics.get("macro", {})
    searched = about.get("animals_seen", 0)
    if searched and not about["animals"]:
        return (
            f"no honest score: the head's settings were searched on all {searched} labelled animals; label more, or search again "
            "with some kept out: ethocache tune --keep-out 0.25"
        )
    if "average_precision" not in macro:
        return "no honest score: no labelled animal was left out of a training, or none shows a behaviour"
    chance = {"average_precision": macro["prevalence"], "f1": macro["f1_chance"]}
    names = {"average_precision": "average precision", "f1": "F1"}
    scores = [f"{names[key]} {macro[key]:.2f}{_range(macro, key)}, chance {chance[key]:.2f}" for key in names]
    left_out = f"; {searched} animals not scored, as the head's settings were searched on them" if searched else ""
    return f"{about['videos']} videos of {about['animals']} animals, macro {'; '.join(scores)}{left_out}"


def _range(block: Mapping[str, float], key: str) -> str:
    return f" ({block[f'{key}_low']:.2f}-{block[f'{key}_high']:.2f})" if f"{key}_low" in block else ""


def _block(animals: Sequence[Animal]) -> Block:
    everything = together(animals)
    counts = counts_of(everything)
    prevalence = float(frames.prevalence(counts))
    return {
        **{measure: score_of(measure, animals) for measure in MEASURES},
        "accuracy_never": 1 - prevalence,
        "calibration_error": frames.calibration_error(*scored_frames(everything)),
        "f1_chance": float(frames.f1_chance(counts)),
        "prevalence": prevalence,
        **dict(zip(("tp", "fp", "fn", "tn"), counts.tolist(), strict=True)),
        "bouts": sum(len(runs(video.labelled)) for video in everything),
        "bouts_predicted": sum(len(runs(video.tagged)) for video in everything),
        "seconds": sum(float(video.duration_s[video.labelled].sum()) for video in everything),
        "seconds_predicted": sum(float(video.duration_s[video.tagged].sum()) for video in everything),
    }


def _macro(blocks: Sequence[Block]) -> Block:
    if not blocks:
        return {"behaviours": 0}
    total = {key: sum(block[key] for block in blocks) for key in blocks[0]}
    return {"behaviours": len(blocks)} | {key: value if key in COUNTS else value / len(blocks) for key, value in total.items()}


def _resampled(measure: str, animals: Sequence[Animal], params: EvaluateParams) -> Floats:
    return resampled(MEASURES[measure](animals), params.resamples, params.seed)


def _add_interval(block: Block, measure: str, values: Floats, animals: int) -> None:
    if bounds := score_interval(values, block[measure], animals):
        block[f"{measure}_low"], block[f"{measure}_high"] = bounds


def _data(predictions: Sequence[Prediction]) -> Block:
    seen = [prediction for prediction in predictions if (prediction.label >= 0).any()]
    return {
        "animals": len({prediction.animal for prediction in seen}),
        "folds": len({prediction.fold for prediction in seen}),
        "frames": sum(int((prediction.label >= 0).any(axis=1).sum()) for prediction in seen),
        "videos": len(seen),
    }


def _tidy(block: Block) -> Block:
    whole = {"behaviours", "animals", "animals_seen", "folds", "frames", "videos", "tp", "fp", "fn", "tn", "bouts", "bouts_predicted"}
    return {key: int(block[key]) if key in whole else round(block[key], 4) for key in sorted(block) if not isnan(block[key])}
