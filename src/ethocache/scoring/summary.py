"""The numbers people compare: metrics.json."""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import numpy as np

from ethocache.common.wording import counted
from ethocache.dataset.predictions import Prediction
from ethocache.scoring import frames
from ethocache.scoring.amounts import bouts_of, seconds_of
from ethocache.scoring.chance import bout_f1_random
from ethocache.scoring.edges import edge_errors_s, median_or_nan
from ethocache.scoring.frames import Floats
from ethocache.scoring.intervals import informative_animals, mean_over_behaviours, resampled, score_interval
from ethocache.scoring.measures import (
    MEASURES,
    Animal,
    by_animal,
    check_predictions,
    counts_of,
    measures_within,
    scorable,
    score_of,
    scored_frames,
    together,
)
from ethocache.scoring.settings import EvaluateParams

REVISION = 6  # of all that is scored and drawn; raise it when the same predictions would give other numbers or plots
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
    ``f1_chance`` (all frames tagged) and ``f1_random`` (as many frames, anywhere) for F1, ``bout_f1_random`` for ``bout_f1_50``,
    ``prevalence`` for average precision.

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
    blocks = {name: _block(animals, params.tolerance_s) for name, animals in animals_of.items()}
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


def in_words(metrics: Mapping[str, Mapping[str, float]], people: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """Return the scores in one line, each with its interval and with what chance would score.

    Parameters
    ----------
    people
        How far people agree, see `compare_people`; their F1 stands beside the model's where there is one.
    """
    about, macro = metrics["data"], metrics.get("macro", {})
    searched = int(about.get("animals_seen", 0))
    if searched and not about["animals"]:
        return (
            f"no honest score: the head's settings were searched on all {counted(searched, 'labelled animal')}; label more, or search "
            "again with some kept out: ethocache tune --keep-out 0.25"
        )
    if "average_precision" not in macro:
        return "no honest score: no labelled animal was left out of a training, or none shows a behaviour"
    chance = {"average_precision": macro["prevalence"], "f1": macro["f1_chance"]}
    names = {"average_precision": "average precision", "f1": "F1"}
    scores = [f"{names[key]} {macro[key]:.2f}{_range(macro, key)}, chance {chance[key]:.2f}" for key in names]
    scores += _people((people or {}).get("macro", {}))
    left_out = f"; {counted(searched, 'animal')} not scored, as the head's settings were searched on them" if searched else ""
    return f"{counted(int(about['videos']), 'video')} of {counted(int(about['animals']), 'animal')}, macro {'; '.join(scores)}{left_out}"


def _people(macro: Mapping[str, Any]) -> list[str]:
    if "f1_raters" not in macro:
        return []
    among, model = f"people among themselves {macro['f1_raters']:.2f}", f"the model with them {macro['f1_model']:.2f}"
    return [f"F1 of {among}, of {model} ({counted(len(macro['animals']), 'animal')})"]


def _range(block: Mapping[str, float], key: str) -> str:
    return f" ({block[f'{key}_low']:.2f}-{block[f'{key}_high']:.2f})" if f"{key}_low" in block else ""


def _block(animals: Sequence[Animal], tolerance_s: float) -> Block:
    everything = together(animals)
    counts = counts_of(everything)
    prevalence, measures = float(frames.prevalence(counts)), measures_within(tolerance_s)
    return {
        **{measure: score_of(measure, animals, measures) for measure in measures},
        "accuracy_never": 1 - prevalence,
        "bout_f1_random": bout_f1_random(everything),
        "calibration_error": frames.calibration_error(*scored_frames(everything)),
        "f1_chance": float(frames.f1_chance(counts)),
        "f1_random": float(frames.f1_random(counts)),
        "prevalence": prevalence,
        **dict(zip(("tp", "fp", "fn", "tn"), counts.tolist(), strict=True)),
        **_amounts(everything),
        **_edges(everything),
    }


def _amounts(videos: Animal) -> Block:
    return {
        key: value
        for name, amounts in (("bouts", bouts_of(videos)), ("seconds", seconds_of(videos)))
        for key, value in (
            (name, amounts.labelled.sum()),
            (f"{name}_predicted", amounts.tagged.sum()),
            (f"{name}_correlation", amounts.correlation),
            (f"{name}_error", amounts.error),
        )
    }


def _edges(videos: Animal) -> Block:
    errors = [edge_errors_s(video.scored, video.labelled, video.tagged, video.edges_s) for video in videos]
    block: Block = {}
    for edge, each in zip(("onset", "offset"), zip(*errors, strict=True), strict=False):
        later = np.concatenate(each)
        block |= {f"{edge}_bias_s": median_or_nan(later), f"{edge}_error_s": median_or_nan(np.abs(later))}
    return block


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
    return {key: int(block[key]) if key in whole else round(float(block[key]), 4) + 0.0 for key in sorted(block) if not isnan(block[key])}
