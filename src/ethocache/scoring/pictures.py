"""Figures for people: precision and recall, confusion, ethogram. The same numbers give the same bytes."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ethocache.common.files import replacing
from ethocache.dataset.predictions import Prediction
from ethocache.scoring.confusion import NO_BEHAVIOUR
from ethocache.scoring.ethogram import MOST_VIDEOS, draw_ethogram
from ethocache.scoring.ranking import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Paul Tol's "muted" scheme: told apart with every common kind of colour vision.
COLOURS = ("#332288", "#CC6677", "#117733", "#DDAA33", "#88CCEE", "#882255", "#44AA99", "#999933", "#AA4499")
_GREY = "#666666"
_STYLE = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _GREY,
    "svg.hashsalt": "ethocache",
    "savefig.dpi": 150,
}
_WITHOUT_DATE: dict[str, dict[str, Any]] = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}


def colour_of(number: int) -> str:
    """Return the colour of the behaviour with this place in the list."""
    return COLOURS[number % len(COLOURS)]


def draw(folder: Path, name: str, paint: Callable[["Figure"], None]) -> None:
    """Save what `paint` puts on a figure as `name`.svg and `name`.png."""
    from matplotlib.figure import Figure

    with _our_style():
        figure = Figure(layout="constrained")
        paint(figure)
        for kind, metadata in _WITHOUT_DATE.items():
            with replacing(folder / f"{name}.{kind}") as temporary:
                figure.savefig(temporary, format=kind, metadata=metadata)


@contextmanager
def _our_style() -> Iterator[None]:
    from matplotlib import style

    with style.context(["default", _STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a box stands for it; the tables have the name
        yield


def paint_curves(figure: "Figure", curves: Mapping[str, Curve], metrics: Mapping[str, Mapping[str, float]]) -> None:
    """Draw one precision-recall curve a panel, with chance, the average precision and the chosen threshold."""
    columns = min(len(curves), 3)
    rows = -(-len(curves) // columns)
    figure.set_size_inches(max(3.1 * columns, 4.4) + 0.5, 3.0 * rows + 0.9)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for number, (panel, (name, curve)) in enumerate(zip(panels.flat, curves.items(), strict=False)):
        _paint_curve(panel, name, curve, metrics[name], colour_of(number))
    for panel in panels.flat[len(curves) :]:
        panel.set_visible(False)
    figure.suptitle("Precision and recall on animals the model never saw")
    figure.supxlabel("recall: how much of the behaviour is found", fontsize=9)
    figure.supylabel("precision: how many tags are right", fontsize=9)


def _paint_curve(panel: "Axes", name: str, curve: Curve, block: Mapping[str, float], colour: str) -> None:
    panel.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04), aspect="equal")
    panel.tick_params(labelbottom=True, labelleft=True)
    panel.set_title(_short(name, 34), parse_math=False)
    if "average_precision" not in block:
        panel.text(0.5, 0.5, "no labelled frame shows it", ha="center", color=_GREY)
        return
    recall, precision = np.append(0, curve.recall), np.append(curve.precision[:1], curve.precision)
    panel.fill_between(recall, precision, step="pre", color=colour, alpha=0.12, linewidth=0)
    panel.step(recall, precision, where="pre", color=colour, linewidth=1.8)
    panel.axhline(block["prevalence"], color=_GREY, linewidth=1, linestyle="--")
    panel.plot(block["recall"], block["precision"], "o", color=colour, markeredgecolor="white", markersize=7, clip_on=False, zorder=5)
    panel.text(0.01, block["prevalence"] + 0.01, f"chance {block['prevalence']:.2f}", color=_GREY, fontsize=7)
    panel.set_xlabel(_caption(block), fontsize=8)


def _caption(block: Mapping[str, float]) -> str:
    sure = f" ({block['average_precision_low']:.2f} to {block['average_precision_high']:.2f})" if "average_precision_low" in block else ""
    return f"average precision {block['average_precision']:.2f}{sure}\n● F1 {block['f1']:.2f} at the chosen threshold"


def paint_confusion(figure: "Figure", counts: npt.NDArray[np.int64], behaviours: Sequence[str]) -> None:
    """Draw the confusion matrix: each row's share in colour and per cent, with the number of frames."""
    names = [_short(name, 24) for name in (*behaviours, NO_BEHAVIOUR)]
    side = 0.66 * len(names)
    figure.set_size_inches(side + 3.2, side + 2.4)
    panel = figure.subplots()
    totals = counts.sum(axis=1, keepdims=True)
    share = counts / np.maximum(totals, 1)
    panel.imshow(share, cmap="Blues", vmin=0, vmax=1)
    panel.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor", parse_math=False)
    panel.set_yticks(range(len(names)), names, parse_math=False)
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)
    for (row, column), frames in np.ndenumerate(counts):
        _paint_cell(panel, row, column, float(share[row, column]), int(frames), empty=totals[row, 0] == 0)
    panel.set(xlabel="tagged by the model", ylabel="labelled by a person")
    figure.suptitle("What labelled frames were tagged as")


def _paint_cell(panel: "Axes", row: int, column: int, share: float, frames: int, empty: bool) -> None:
    colour = "white" if share > 0.55 else "black" if frames else "#aaaaaa"
    per_cent = "–" if empty else "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
    panel.text(column, row, f"{per_cent}\n{frames:,}".replace(",", " "), ha="center", va="center", color=colour, fontsize=7)


def paint_ethogram(figure: "Figure", predictions: Sequence[Prediction], behaviours: Sequence[str]) -> None:
    """Draw every video's labels above its tags, one row a behaviour."""
    from matplotlib.colors import to_rgb

    raster = draw_ethogram(predictions, [to_rgb(colour_of(b)) for b in range(len(behaviours))])
    figure.set_size_inches(11, 0.15 * len(raster.behaviour_rows) + 0.12 * len(raster.video_rows) + 1.5)
    panel = figure.subplots()
    minutes = raster.duration_s > 180
    width = raster.duration_s / 60 if minutes else raster.duration_s
    panel.imshow(raster.image, aspect="auto", extent=(0, width, len(raster.image), 0))
    panel.spines[:].set_visible(False)
    videos = sorted(prediction.video for prediction in predictions)[:MOST_VIDEOS]
    panel.set_yticks(raster.video_rows, [_short(name, 30) for name in videos], parse_math=False, fontsize=8)
    panel.tick_params(axis="y", length=0)
    _name_rows(panel, raster.behaviour_rows, behaviours)
    panel.set_xlabel("time (min)" if minutes else "time (s)")
    some = f" (the first {len(videos)} of {len(predictions)} videos)" if len(predictions) > len(videos) else ""
    figure.suptitle(f"Labels and tags on animals the model never saw{some}")
    panel.set_title("upper half, dark: labelled by a person · lower half, light: tagged by the model · grey: nobody looked", fontsize=8)


def _name_rows(panel: "Axes", rows: Sequence[float], behaviours: Sequence[str]) -> None:
    right = panel.secondary_yaxis("right")
    names = [_short(name, 24) for name in behaviours] * (len(rows) // len(behaviours))
    right.set_yticks(rows, names, parse_math=False, fontsize=6.5)
    right.tick_params(length=0)
    right.spines[:].set_visible(False)


def _short(name: str, most: int) -> str:
    """Return a name on one line of at most `most` letters."""
    line = " ".join(name.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
