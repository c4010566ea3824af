"""How far the people who labelled agree with each other, and the model with each of them: the ceiling, on the same videos.

Where people disagree no model can be right for all, and a score far above theirs on one person's labels is a fit to that person.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.label_table import LabelTable
from ethocache.dataset.predictions import Prediction
from ethocache.dataset.runs import frame_durations_s
from ethocache.scoring.agreement import agreement
from ethocache.scoring.amounts import bouts_of
from ethocache.scoring.bouts import bout_counts
from ethocache.scoring.edges import edge_errors_s, median_or_nan
from ethocache.scoring.frames import ratio
from ethocache.scoring.measures import ScoredVideo, scorable

Column = npt.NDArray[np.int8]
Raters = Mapping[str, LabelTable]
Row = dict[str, Any]
_Compared = tuple[Prediction, Column, Column]

NOBODY = "not named"
"""What the rater of a file is called that says nobody's name."""

_IOU = 0.5


def compare_people(predictions: Sequence[Prediction], raters: Mapping[str, Raters]) -> dict[str, dict[str, Any]]:
    """Compare each pair of raters, and the model with each rater, on the videos that several people labelled.

    Only animals that a score may use count (`scorable`), and of each only the frames at which both looked.

    Parameters
    ----------
    predictions
        Each of an animal that the model never saw.
    raters
        Video id -> rater -> labels.

    Returns
    -------
    dict
        Behaviour -> ``raters`` -> "one, other" -> numbers, and ``model`` -> rater -> numbers; and ``macro``, the mean F1 over the
        behaviours that people show, among the raters and of the model with them. Empty where no video has several raters. Numbers
        that do not exist are left out; those of a model's row are as if the rater were another model: nobody's labels are the truth.

    Raises
    ------
    InputError
        If a rater's labels are not of the frames and behaviours that were predicted.
    """
    several = [prediction for prediction in scorable(predictions) if len(raters.get(prediction.video, {})) > 1]
    for prediction in several:
        _check(prediction, raters[prediction.video])
    if not several:
        return {}
    blocks: dict[str, dict[str, Any]] = {name: _block(several, raters, b) for b, name in enumerate(several[0].behaviours)}
    macro = _macro(blocks, {prediction.animal for prediction in several})
    return {name: _rounded(block) for name, block in (blocks | {"macro": macro}).items()}


def _block(predictions: Sequence[Prediction], raters: Mapping[str, Raters], b: int) -> dict[str, Any]:
    def said(prediction: Prediction, rater: str) -> Column:
        return raters[prediction.video][rater].values[:, b]

    def of(*names: str) -> list[Prediction]:
        return [prediction for prediction in predictions if set(names) <= raters[prediction.video].keys()]

    people = sorted({rater for prediction in predictions for rater in raters[prediction.video]})
    pairs = {pair: _row([(found, said(found, pair[0]), said(found, pair[1])) for found in of(*pair)]) for pair in combinations(people, 2)}
    model = {rater: _row([(found, said(found, rater), found.tag[:, b]) for found in of(rater)]) for rater in people}
    return {
        "raters": {", ".join(map(_name, pair)): row for pair, row in pairs.items() if row["frames"]},
        "model": {_name(rater): row for rater, row in model.items() if row["frames"]},
    }


def _row(compared: Sequence[_Compared]) -> Row:
    """Return what two who said something of the same videos have in common."""
    looked = [item for item in compared if _looked(*item[1:]).any()]
    videos = [_scored_video(*item) for item in looked]
    empty = np.empty(0, np.int8)
    found = agreement(*(np.concatenate([empty, *(item[side] for item in looked)]) for side in (1, 2)))
    matched, first, second = np.sum([np.zeros(3), *(bout_counts(video.labelled, video.tagged, _IOU) for video in videos)], axis=0)
    errors = [edge_errors_s(video.scored, video.labelled, video.tagged, video.edges_s) for video in videos]
    onset, offset = (np.abs(np.concatenate([[], *(each[side] for each in errors)])) for side in (0, 1))
    numbers = {
        "bout_f1_50": float(ratio(2 * matched, first + second)),
        "bouts_correlation": bouts_of(videos).correlation,
        "f1": found.f1,
        "kappa": found.kappa,
        "offset_error_s": median_or_nan(offset),
        "onset_error_s": median_or_nan(onset),
    }
    known = {key: value for key, value in numbers.items() if value is not None and not np.isnan(value)}
    about = {"animals": sorted({prediction.animal for prediction, *_ in looked}), "frames": found.frames, "videos": len(videos)}
    return dict(sorted((known | about).items()))


def _scored_video(prediction: Prediction, one: Column, other: Column) -> ScoredVideo:
    looked = _looked(one, other)
    tagged = (other > 0) & looked
    return ScoredVideo(looked, (one > 0) & looked, tagged, tagged.astype(np.float32), frame_durations_s(prediction.time_s))


def _looked(one: Column, other: Column) -> npt.NDArray[np.bool_]:
    looked: npt.NDArray[np.bool_] = (one >= 0) & (other >= 0)
    return looked


def _macro(blocks: Mapping[str, Mapping[str, Mapping[str, Row]]], animals: Iterable[str]) -> Row:
    both = [(_mean_f1(block["raters"].values()), _mean_f1(block["model"].values())) for block in blocks.values()]
    known = [pair for pair in both if not np.isnan(pair).any()]
    about: Row = {"animals": sorted(animals), "behaviours": len(known)}
    if not known:
        return about
    raters, model = np.mean(known, axis=0).tolist()
    return about | {"f1_model": model, "f1_raters": raters}


def _mean_f1(rows: Iterable[Row]) -> float:
    f1 = [row["f1"] for row in rows if "f1" in row]
    return float(np.mean(f1)) if f1 else float("nan")


def _rounded(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same with 4 digits behind each point, whatever lies in it."""
    return {
        key: _rounded(value) if isinstance(value, Mapping) else round(value, 4) + 0.0 if isinstance(value, float) else value
        for key, value in block.items()
    }


def _name(rater: str) -> str:
    return rater or NOBODY


def _check(prediction: Prediction, raters: Raters) -> None:
    for rater, table in raters.items():
        expected, found = (prediction.label.shape[0], prediction.behaviours), (table.frames, table.behaviours)
        if expected != found:
            raise InputError(
                f"{prediction.video}: expected labels by '{_name(rater)}' of {expected[0]} frames and {', '.join(expected[1])}, as "
                f"were predicted, found {found[0]} frames and {', '.join(found[1])}; run 'dvc repro'"
            )
