"""Pictures of whole videos: how often and how long, by the tags against by the labels."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ethocache.scoring.frames import Floats
from ethocache.scoring.pictures import GREY, colour_of, panels, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Pairs = Mapping[str, Sequence[tuple[float, float]]]


def paint_counts(figure: "Figure", pairs: Pairs) -> None:
    """Draw the bouts that were tagged in each video against those that were labelled, one panel a behaviour."""
    _paint(figure, pairs, "bouts", "Bouts per video on animals the model never saw")


def paint_durations(figure: "Figure", pairs: Pairs) -> None:
    """Draw the seconds that were tagged in each video against those that were labelled, one panel a behaviour."""
    minutes = max((value for values in pairs.values() for pair in values for value in pair), default=0) > 180
    shown = {name: [(a / 60, b / 60) if minutes else (a, b) for a, b in values] for name, values in pairs.items()}
    _paint(figure, shown, "min" if minutes else "s", "Time per video on animals the model never saw")


def _paint(figure: "Figure", pairs: Pairs, unit: str, title: str) -> None:
    for number, ((panel,), values) in enumerate(zip(panels(figure, [*pairs], (3.1, 3.0)), pairs.values(), strict=True)):
        panel.set_aspect("equal")
        if values:
            _paint_videos(panel, np.array(values, np.float64), unit, colour_of(number))
        else:
            say(panel, "nobody looked for it")
            panel.set(xticks=[], yticks=[])
    figure.suptitle(title)
    figure.supxlabel("labelled by a person\none dot a video, a number where several agree; dashed: both equal", fontsize=9)
    figure.supylabel("tagged by the model", fontsize=9)


def _paint_videos(panel: "Axes", pairs: Floats, unit: str, colour: str) -> None:
    places, videos = np.unique(pairs, axis=0, return_counts=True)
    x, y = places.T
    end = 1.06 * float(pairs.max(initial=0)) or 1.0
    panel.set(xlim=(-0.04 * end, end), ylim=(-0.04 * end, end))
    panel.plot([0, end], [0, end], "--", color=GREY, linewidth=1)
    size = np.select([videos == 1, videos < 10, videos < 100], [24, 70, 110], 170)
    panel.scatter(x, y, s=size, color=colour, alpha=0.8, edgecolors="white", linewidths=0.5, clip_on=False, zorder=3)
    for left, up, number in zip(x.tolist(), y.tolist(), videos.tolist(), strict=True):
        if number > 1:
            panel.text(left, up, str(number), ha="center", va="center_baseline", fontsize=6, color=_ink_on(colour), zorder=4)
    panel.locator_params(nbins=5, integer=unit == "bouts")
    labelled, tagged = pairs.sum(axis=0)
    form = ".0f" if unit == "bouts" or max(labelled, tagged) >= 100 else ".1f"
    panel.set_xlabel(f"together {labelled:{form}} {unit} labelled, {tagged:{form}} tagged", fontsize=8)


def _ink_on(colour: str) -> str:
    """Return black or white, whichever is read more easily on a colour."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 120 else "white"
