"""How every training went, epoch by epoch: one table for people, `dvc plots` and the picture."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError
from ethocache.common.files import write_text

COLUMNS = ("network", "training", "animals", "epoch", "loss", "average_precision", "kept")
FOLD, FINAL = "fold", "final model"


@dataclass(frozen=True)
class TrainingCurve:
    """One network's way through its epochs.

    Attributes
    ----------
    network
        Which member of an ensemble; the head's name where there is one.
    training
        ``"fold"``, or ``"final model"`` for the network that is trained on all labelled animals.
    animals
        The fold's name: the animals that it scores and therefore never sees. Empty for the final model.
    loss
        Mean loss of a known label, epoch by epoch.
    average_precision
        Macro average precision on the inner animals, epoch by epoch; None where there is none.
    kept
        The epoch whose weights were kept, counted from 1.
    """

    network: str
    training: str
    animals: str
    loss: tuple[float, ...]
    average_precision: tuple[float | None, ...]
    kept: int

    def __post_init__(self) -> None:
        if not 1 <= self.kept <= len(self.loss) == len(self.average_precision):
            raise ValueError(f"Expected as many scores as losses and a kept epoch among them, got {self}")


def curve_of(network: str, training: str, animals: str, epochs: Sequence[Mapping[str, Any]], kept: int) -> TrainingCurve:
    """Return the curve of what `fit` noted: ``loss`` and ``average_precision`` of each epoch."""
    losses, scores = (tuple(epoch[name] for epoch in epochs) for name in ("loss", "average_precision"))
    return TrainingCurve(network, training, animals, losses, scores, kept)


def write_curves(path: Path, curves: Sequence[TrainingCurve]) -> None:
    """Write all curves as one CSV, a line per epoch; the same curves give the same bytes."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    for curve in curves:
        for number, (loss, score) in enumerate(zip(curve.loss, curve.average_precision, strict=True), 1):
            kept = "yes" if number == curve.kept else "no"
            row = (f"{loss:.6g}", "" if score is None else f"{score:.4f}", kept)
            writer.writerow((curve.network, curve.training, curve.animals, number, *row))
    write_text(path, table.getvalue())


def read_curves(path: Path) -> list[TrainingCurve]:
    """Read what `write_curves` wrote.

    Raises
    ------
    InputError
        If the file is missing, damaged, or another table.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        starts = [number for number, row in enumerate(rows) if number == 0 or row["epoch"] == "1"]
        return [_curve(rows[start:stop]) for start, stop in zip(starts, [*starts, len(rows)][1:], strict=True)]
    except FileNotFoundError:
        raise InputError(f"{path}: expected the curves of the training, found no file; run dvc repro train") from None
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{path}: damaged, or not the curves of a training; delete it and run dvc repro train") from None


def _curve(lines: list[dict[str, str]]) -> TrainingCurve:
    first = lines[0]
    losses = tuple(float(line["loss"]) for line in lines)
    scores = tuple(float(line["average_precision"]) if line["average_precision"] else None for line in lines)
    kept = [line["kept"] for line in lines].index("yes") + 1
    return TrainingCurve(first["network"], first["training"], first["animals"], losses, scores, kept)
