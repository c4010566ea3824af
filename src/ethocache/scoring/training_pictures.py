"""The picture of how trainings went: loss and score, epoch by epoch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ethocache.dataset.training_curves import FINAL, FOLD, TrainingCurve
from ethocache.scoring.pictures import colour_of, say, short_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def paint_training(figure: "Figure", curves: Sequence[TrainingCurve]) -> None:
    """Draw loss and the inner animals' average precision by epoch: a row for each network, a thin line for each fold."""
    networks = list(dict.fromkeys(curve.network for curve in curves))
    figure.set_size_inches(9, 2.7 * len(networks) + 1.1)
    rows = figure.subplots(len(networks), 2, squeeze=False)
    for number, (network, title, (left, right)) in enumerate(zip(networks, short_names(networks, 50), rows, strict=True)):
        shown = [curve for curve in curves if curve.network == network]
        _paint_losses(left, shown, colour_of(number))
        _paint_scores(right, shown, colour_of(number))
        left.set_title(title, parse_math=False, loc="left")
    figure.suptitle("How the training went")
    figure.supxlabel("epoch · thin: one line a fold · ● the epoch whose weights were kept · dashed: the final model", fontsize=9)


def _paint_losses(panel: "Axes", curves: Sequence[TrainingCurve], colour: str) -> None:
    for curve in curves:
        _paint_line(panel, curve, curve.loss, colour)
    panel.set_ylabel("loss on what is learned from", fontsize=8)
    _tidy(panel)


def _paint_scores(panel: "Axes", curves: Sequence[TrainingCurve], colour: str) -> None:
    folds = [curve for curve in curves if curve.training == FOLD and None not in curve.average_precision]
    for curve in folds:
        _paint_line(panel, curve, [score for score in curve.average_precision if score is not None], colour)
    if not folds:
        say(panel, "no other animal was there to score it on")
    for curve in curves:
        if folds and curve.training == FINAL:
            panel.axvline(curve.kept, color="black", linestyle="--", linewidth=1)
            panel.annotate(
                f"final model: {curve.kept} epochs", (curve.kept, 0), (3, 3), ("data", "axes fraction"), "offset points", fontsize=7
            )
    panel.set_ylabel("average precision on inner animals", fontsize=8)
    _tidy(panel)


def _paint_line(panel: "Axes", curve: TrainingCurve, values: Sequence[float], colour: str) -> None:
    epochs = np.arange(1, len(values) + 1)
    if curve.training == FINAL:
        panel.plot(epochs, values, "--", color="black", linewidth=1.2, zorder=4)
        return
    panel.plot(epochs, values, color=colour, linewidth=0.8, alpha=0.6)
    panel.plot(curve.kept, values[curve.kept - 1], "o", color=colour, markersize=5, markeredgecolor="white", zorder=5)


def _tidy(panel: "Axes") -> None:
    panel.locator_params(axis="x", integer=True)
    panel.tick_params(labelsize=8)
    if not panel.lines:
        panel.set(xticks=[], yticks=[])
