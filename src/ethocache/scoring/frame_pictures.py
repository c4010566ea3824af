"""Pictures of the tags of single frames: confusion, and labels above tags over time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ethocache.dataset.predictions import Prediction
from ethocache.scoring.confusion import NO_BEHAVIOUR
from ethocache.scoring.ethogram import draw_ethogram
from ethocache.scoring.pictures import colour_of, short_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def paint_confusion(figure: "Figure", counts: npt.NDArray[np.int64], behaviours: Sequence[str]) -> None:
    """Draw the confusion matrix: each row's share in colour and per cent, with the number of frames."""
    names = short_names((*behaviours, NO_BEHAVIOUR), 24)
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


def paint_ethogram(figure: "Figure", page: Sequence[Prediction], duration_s: float, title: str) -> None:
    """Draw labels above tags of one page's videos, one row a behaviour; the width stands for `duration_s`."""
    from matplotlib.colors import to_rgb

    behaviours = page[0].behaviours
    raster = draw_ethogram(page, [to_rgb(colour_of(b)) for b in range(len(behaviours))], duration_s)
    figure.set_size_inches(11, 0.15 * len(raster.behaviour_rows) + 0.12 * len(raster.video_rows) + 1.5)
    panel = figure.subplots()
    minutes = duration_s > 180
    panel.imshow(raster.image, aspect="auto", extent=(0, duration_s / 60 if minutes else duration_s, len(raster.image), 0))
    panel.spines[:].set_visible(False)
    panel.set_yticks(raster.video_rows, short_names([prediction.video for prediction in page], 30), parse_math=False, fontsize=8)
    panel.tick_params(axis="y", length=0)
    _name_rows(panel, raster.behaviour_rows, behaviours)
    panel.set_xlabel("time (min)" if minutes else "time (s)")
    figure.suptitle(title)
    grey = "grey: nobody looked, or people disagree"
    panel.set_title(f"upper half, dark: labelled by a person · lower half, light: tagged by the model · {grey}", fontsize=8)


def _name_rows(panel: "Axes", rows: Sequence[float], behaviours: Sequence[str]) -> None:
    right = panel.secondary_yaxis("right")
    names = short_names(behaviours, 24) * (len(rows) // len(behaviours))
    right.set_yticks(rows, names, parse_math=False, fontsize=6.5)
    right.tick_params(length=0)
    right.spines[:].set_visible(False)
