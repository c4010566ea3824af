"""Everything that is drawn of held-out predictions: tables for `dvc plots`, and SVG and PNG that need no network."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ethocache.common.files import write_text
from ethocache.dataset.predictions import Prediction
from ethocache.dataset.training_curves import TrainingCurve
from ethocache.scoring.amounts import video_totals
from ethocache.scoring.confusion import NO_BEHAVIOUR, confusion_counts
from ethocache.scoring.curve_pictures import paint_curves
from ethocache.scoring.ethogram import longest_s, pages_of
from ethocache.scoring.frame_pictures import paint_confusion, paint_ethogram
from ethocache.scoring.measures import by_animal, scorable, scored_frames, together
from ethocache.scoring.pictures import KINDS, Paint, draw
from ethocache.scoring.ranking import Curve, precision_recall_curve
from ethocache.scoring.reliability import reliability
from ethocache.scoring.reliability_picture import paint_reliability
from ethocache.scoring.training_pictures import paint_training
from ethocache.scoring.video_pictures import paint_counts, paint_durations

ALL_FOLDS = "all folds"
FOLD_POINTS = 60  # thresholds of a fold's curve, at most

Predictions = Sequence[Prediction]
Blocks = Mapping[str, Mapping[str, float]]
Drawn = tuple[Iterable[Sequence[Any]], Paint]

COLUMNS = {
    "pr": ("behaviour", "fold", "recall", "precision", "threshold", "prevalence"),
    "reliability": ("behaviour", "probability", "frequency", "frames"),
    "confusion": ("labelled", "tagged", "frames"),
    "durations": ("behaviour", "video", "animal", "labelled", "tagged"),
    "counts": ("behaviour", "video", "animal", "labelled", "tagged"),
}


def write_plots(predictions: Predictions, metrics: Blocks, folder: Path, curves: Sequence[TrainingCurve] = ()) -> None:
    """Make a folder hold every picture (.svg, .png) and the tables behind them (.csv), and no older ones.

    Each of `COLUMNS` is a table and a picture. Besides, ``training`` is drawn, and ``ethogram``, ``ethogram_2``, ... as many as all videos
    need. Animals that settings were searched on are left out. Without predictions the tables have a header only, and only the training
    is drawn.

    Parameters
    ----------
    metrics
        What `score` says of these predictions.
    curves
        How the networks behind them were trained.
    """
    predictions = scorable(predictions)
    pictures = _training(curves)
    for name, columns in COLUMNS.items():
        rows: Iterable[Sequence[Any]] = ()
        if predictions:
            rows, pictures[name] = _DRAWN[name](predictions, metrics)
        _write_csv(folder / f"{name}.csv", columns, rows)
    if predictions:
        pictures |= _ethogram(predictions)
    for name, paint in pictures.items():
        draw(folder, name, paint)
    _remove_others(folder, {f"{name}.csv" for name in COLUMNS} | {f"{name}.{kind}" for name in pictures for kind in KINDS})


def _pr(predictions: Predictions, metrics: Blocks) -> Drawn:
    pooled = _curves(predictions)
    folds = sorted({prediction.fold for prediction in predictions})
    each = {fold: _curves([prediction for prediction in predictions if prediction.fold == fold], FOLD_POINTS) for fold in folds}
    each = {fold: {name: curve for name, curve in of_fold.items() if len(curve.recall)} for fold, of_fold in each.items()}
    thin = {name: [of_fold[name] for of_fold in each.values() if name in of_fold] for name in pooled} if len(folds) > 1 else {}
    rows = [row for fold, of_fold in {ALL_FOLDS: pooled, **each}.items() for row in _curve_rows(fold, of_fold, metrics)]
    return rows, lambda figure: paint_curves(figure, pooled, thin, metrics)


def _curves(predictions: Predictions, points: int = 200) -> dict[str, Curve]:
    return {name: precision_recall_curve(*scored_frames(together(animals)), points) for name, animals in by_animal(predictions).items()}


def _curve_rows(fold: str, curves: Mapping[str, Curve], metrics: Blocks) -> Iterator[Sequence[Any]]:
    for name, curve in curves.items():
        for recall, precision, threshold in zip(curve.recall, curve.precision, curve.threshold, strict=True):
            yield name, fold, f"{recall:.4f}", f"{precision:.4f}", f"{threshold:.4f}", f"{metrics[name]['prevalence']:.4f}"


def _reliability(predictions: Predictions, metrics: Blocks) -> Drawn:
    curves = {name: reliability(*scored_frames(together(animals))) for name, animals in by_animal(predictions).items()}
    rows = [
        (name, f"{probability:.4f}", f"{frequency:.4f}", frames)
        for name, curve in curves.items()
        for probability, frequency, frames in zip(curve.probability, curve.frequency, curve.frames, strict=True)
    ]
    return rows, lambda figure: paint_reliability(figure, curves, metrics)


def _confusion(predictions: Predictions, metrics: Blocks) -> Drawn:
    behaviours, counts = predictions[0].behaviours, confusion_counts(predictions)
    names = [*behaviours, NO_BEHAVIOUR]
    rows = [(names[i], names[j], counts[i, j]) for i in range(len(names)) for j in range(len(names))]
    return rows, lambda figure: paint_confusion(figure, counts, behaviours)


def _durations(predictions: Predictions, metrics: Blocks) -> Drawn:
    totals = video_totals(predictions)
    rows = [(name, one.video, one.animal, *(f"{value:.3f}" for value in one.seconds)) for name, each in totals.items() for one in each]
    return rows, lambda figure: paint_durations(figure, {name: [one.seconds for one in each] for name, each in totals.items()})


def _counts(predictions: Predictions, metrics: Blocks) -> Drawn:
    totals = video_totals(predictions)
    rows = [(name, one.video, one.animal, *one.bouts) for name, each in totals.items() for one in each]
    return rows, lambda figure: paint_counts(figure, {name: [one.bouts for one in each] for name, each in totals.items()})


_DRAWN: dict[str, Callable[[Predictions, Blocks], Drawn]] = {
    "pr": _pr,
    "reliability": _reliability,
    "confusion": _confusion,
    "durations": _durations,
    "counts": _counts,
}


def _training(curves: Sequence[TrainingCurve]) -> dict[str, Paint]:
    return {"training": lambda figure: paint_training(figure, curves)} if curves else {}


def _ethogram(predictions: Predictions) -> dict[str, Paint]:
    pages, duration_s = pages_of(predictions), longest_s(predictions)

    def page(number: int) -> Paint:
        of_how_many = f" (page {number} of {len(pages)})" if len(pages) > 1 else ""
        title = f"Labels and tags on animals the model never saw{of_how_many}"
        return lambda figure: paint_ethogram(figure, pages[number - 1], duration_s, title)

    return {"ethogram" if number == 1 else f"ethogram_{number}": page(number) for number in range(1, len(pages) + 1)}


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_text(path, table.getvalue())


def _remove_others(folder: Path, names: set[str]) -> None:
    """Remove pictures of an earlier run that had more to show."""
    for path in folder.iterdir():
        if path.name not in names and path.suffix.lstrip(".") in {"csv", *KINDS}:
            path.unlink()
