"""Pictures of the probabilities: precision against recall, and whether they mean what they say."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ethocache.scoring.pictures import GREY, colour_of, panels, say
from ethocache.scoring.ranking import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Blocks = Mapping[str, Mapping[str, float]]
NOT_SHOWN = "no labelled frame shows it"


def paint_curves(figure: "Figure", pooled: Mapping[str, Curve], of_folds: Mapping[str, Sequence[Curve]], metrics: Blocks) -> None:
    """Draw one precision-recall curve a panel, each fold's behind it, with chance, the average precision and the chosen threshold."""
    for number, ((panel,), (name, curve)) in enumerate(zip(panels(figure, [*pooled], (3.1, 3.0)), pooled.items(), strict=True)):
        _paint_curve(panel, curve, of_folds.get(name, ()), metrics[name], colour_of(number))
    folds = "\nthin lines: each fold's animals" if any(of_folds.values()) else ""
    figure.suptitle("Precision and recall on animals the model never saw")
    figure.supxlabel(f"recall: how much of the behaviour is found{folds}", fontsize=9)
    figure.supylabel("precision: how many tags are right", fontsize=9)


def _paint_curve(panel: "Axes", curve: Curve, of_folds: Sequence[Curve], block: Mapping[str, float], colour: str) -> None:
    panel.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04), aspect="equal")
    if "average_precision" not in block:
        say(panel, NOT_SHOWN)
        return
    for thin in of_folds:
        panel.step(*_from_no_recall(thin), where="pre", color=colour, linewidth=0.7, alpha=0.45)
    recall, precision = _from_no_recall(curve)
    panel.fill_between(recall, precision, step="pre", color=colour, alpha=0.1, linewidth=0)
    panel.step(recall, precision, where="pre", color="white", linewidth=3.2)
    panel.step(recall, precision, where="pre", color=colour, linewidth=1.8)
    panel.axhline(block["prevalence"], color=GREY, linewidth=1, linestyle="--")
    panel.plot(block["recall"], block["precision"], "o", color=colour, markeredgecolor="white", markersize=7, clip_on=False, zorder=5)
    panel.text(0.01, block["prevalence"] + 0.01, f"chance {block['prevalence']:.2f}", color=GREY, fontsize=7)
    panel.set_xlabel(_caption(block), fontsize=8)


def _from_no_recall(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    return np.append(0, curve.recall), np.append(curve.precision[:1], curve.precision)


def _caption(block: Mapping[str, float]) -> str:
    sure = f" ({block['average_precision_low']:.2f} to {block['average_precision_high']:.2f})" if "average_precision_low" in block else ""
    return f"average precision {block['average_precision']:.2f}{sure}\n● F1 {block['f1']:.2f} at the chosen threshold"
