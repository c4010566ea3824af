"""Everything that is drawn of held-out predictions: tables for `dvc plots`, and SVG and PNG that need no network."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ethocache.common.files import write_text
from ethocache.dataset.predictions import Prediction
from ethocache.scoring.confusion import NO_BEHAVIOUR, confusion_counts
from ethocache.scoring.measures import by_animal, scorable, scored_frames, together
from ethocache.scoring.pictures import draw, paint_confusion, paint_curves, paint_ethogram
from ethocache.scoring.ranking import Curve, precision_recall_curve

CURVE_COLUMNS = ("behaviour", "recall", "precision", "threshold", "prevalence")
CONFUSION_COLUMNS = ("labelled", "tagged", "frames")


def write_plots(predictions: Sequence[Prediction], metrics: Mapping[str, Mapping[str, float]], folder: Path) -> None:
    """Write ``pr`` and ``confusion`` (.csv, .svg, .png) and ``ethogram`` (.svg, .png) into a folder.

    ``pr.csv`` has at most 200 thresholds a behaviour; ``confusion.csv`` counts frames by `confusion_counts`.
    Animals that settings were searched on are left out. Without predictions the two tables have a header only, and nothing is drawn.

    Parameters
    ----------
    metrics
        What `score` says of these predictions.
    """
    predictions = scorable(predictions)
    curves = {name: precision_recall_curve(*scored_frames(together(animals))) for name, animals in by_animal(predictions).items()}
    _write_csv(folder / "pr.csv", CURVE_COLUMNS, _curve_rows(curves, metrics))
    if not curves:
        _write_csv(folder / "confusion.csv", CONFUSION_COLUMNS, [])
        return
    behaviours = predictions[0].behaviours
    counts = confusion_counts(predictions)
    names = [*behaviours, NO_BEHAVIOUR]
    cells = ((names[i], names[j], counts[i, j]) for i in range(len(names)) for j in range(len(names)))
    _write_csv(folder / "confusion.csv", CONFUSION_COLUMNS, cells)
    draw(folder, "pr", lambda figure: paint_curves(figure, curves, metrics))
    draw(folder, "confusion", lambda figure: paint_confusion(figure, counts, behaviours))
    draw(folder, "ethogram", lambda figure: paint_ethogram(figure, predictions, behaviours))


def _curve_rows(curves: Mapping[str, Curve], metrics: Mapping[str, Mapping[str, float]]) -> Iterable[tuple[Any, ...]]:
    for name, curve in curves.items():
        for recall, precision, threshold in zip(curve.recall, curve.precision, curve.threshold, strict=True):
            yield name, f"{recall:.4f}", f"{precision:.4f}", f"{threshold:.4f}", f"{metrics[name]['prevalence']:.4f}"


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_text(path, table.getvalue())
