"""Pictures of a comparison of groups: every animal a dot, and bouts over time."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ethocache.scoring.frames import Floats
from ethocache.scoring.groups.animals import Variable
from ethocache.scoring.groups.effects import Estimate
from ethocache.scoring.groups.study import Study
from ethocache.scoring.groups.tables import group_rates
from ethocache.scoring.pictures import colour_of, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKS = "osD^vP*X"
_ADJUSTED = "#999999"
_IN_WORDS = {
    "fraction": "fraction of time",
    "total_s": "total time (s)",
    "bouts_per_min": "bouts per minute",
    "count": "bouts",
    "mean_s": "mean bout (s)",
    "latency_s": "latency (s)",
    "distance_cm": "distance (cm)",
    "distance_px": "distance (px)",
    "mean_speed_cm_per_s": "speed (cm/s)",
    "mean_speed_px_per_s": "speed (px/s)",
    "wall_fraction": "fraction of time at a wall",
}


def draw_groups(study: Study, folder: Path) -> None:
    """Draw ``groups`` (a dot per animal, the mean with its interval) and ``over_time`` (bouts per minute), each as SVG and PNG."""
    draw(folder, "groups", lambda figure: _paint_groups(figure, study))
    draw(folder, "over_time", lambda figure: _paint_over_time(figure, study))


def _paint_groups(figure: "Figure", study: Study) -> None:
    measures = list(dict.fromkeys(variable.measure for variable in study.compared))
    rows = [[variable for variable in study.compared if variable.measure == measure] for measure in measures]
    columns = max(map(len, rows))
    figure.set_size_inches(max(columns * max(1.6, 0.45 * len(study.cells) + 0.9), 4.4) + 0.6, 2.1 * len(rows) + 0.9)
    panels = figure.subplots(len(rows), columns, squeeze=False)
    for axes, row in zip(panels, rows, strict=True):
        for panel, variable in zip(axes, row, strict=False):
            _paint_variable(panel, study, variable)
        for panel in axes[len(row) :]:
            panel.set_visible(False)
        axes[0].set_ylabel(_words(row[0].measure), fontsize=8)
    adjusted = any(value.adjusted.value is not None for value in study.values) and study.errors
    grey = "\nin grey: the same, adjusted for tagging errors" if adjusted else ""
    figure.suptitle(f"A dot for each animal; mean of the group and its 95 % interval{grey}", fontsize=9)


def _paint_variable(panel: "Axes", study: Study, variable: Variable) -> None:
    for place, (level, group, animals) in enumerate(study.cells):
        number = study.design.groups.index(group)
        values = study.table.of(variable, animals)
        beside = place - 0.08 + np.linspace(-0.2, 0.2, len(values)) * (len(values) > 1)
        style: dict[str, Any] = {"color": colour_of(number), "markersize": 4, "alpha": 0.75, "markeredgewidth": 0}
        if len(values):  # a line without points would have no place, and confuse the layout
            panel.plot(beside, values, _MARKS[number % len(_MARKS)], clip_on=False, **style)
        known = next(value for value in study.values if (value.level, value.group, value.variable) == (level, group, variable))
        _paint_mean(panel, place + 0.28, known.mean, "black")
        if study.errors:
            _paint_mean(panel, place + 0.44, known.adjusted, _ADJUSTED)
    names = [" ".join(filter(None, (level, group))) or "all" for level, group, _ in study.cells]
    slanted = sum(map(len, names)) > 12
    panel.set_xticks(range(len(names)), names, rotation=35 * slanted, ha="right" if slanted else "center", fontsize=7, parse_math=False)
    panel.set_xlim(-0.5, len(names) - 0.4)
    panel.set_ylim(bottom=0)
    panel.tick_params(axis="y", labelsize=7)
    panel.set_title(variable.behaviour, fontsize=9, parse_math=False)


def _paint_mean(panel: "Axes", place: float, mean: Estimate, colour: str) -> None:
    if mean.value is None:
        return
    panel.plot([place - 0.08, place + 0.08], [mean.value] * 2, color=colour, linewidth=1.6, clip_on=False)
    if mean.low is not None and mean.high is not None:
        panel.plot([place] * 2, [mean.low, mean.high], color=colour, linewidth=1, clip_on=False)


def _paint_over_time(figure: "Figure", study: Study) -> None:
    columns = min(len(study.behaviours), 3)
    rows = -(-len(study.behaviours) // columns)
    figure.set_size_inches(max(3.2 * columns, 4.4) + 0.4, 2.4 * rows + 0.9)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True)
    for place, (_, _, animals) in enumerate(study.cells):
        for b, rates in enumerate(group_rates(study, animals)):
            _paint_rates(panels.flat[b], rates, study, place)
    for panel, name in zip(panels.flat, study.behaviours, strict=False):
        panel.set_title(name, fontsize=9, parse_math=False)
        panel.tick_params(labelsize=7, labelbottom=True)
        panel.set_ylim(bottom=0)
    for panel in panels.flat[len(study.behaviours) :]:
        panel.set_visible(False)
    _name_cells(panels.flat[0], study)
    figure.supxlabel("time (min)", fontsize=9)
    figure.supylabel("bouts per minute", fontsize=9)
    figure.suptitle(f"Bouts that begin in every {study.bin_s:g} s: mean of the animals and its 95 % interval", fontsize=9)


def _name_cells(panel: "Axes", study: Study) -> None:
    """Put the groups' names into a legend as they are: matplotlib would read ``$`` as a formula, and hide names with ``_`` first."""
    for text, (level, group, _) in zip(panel.legend(frameon=False, fontsize=7).get_texts(), study.cells, strict=True):
        text.set_parse_math(False)
        text.set_text(" ".join(filter(None, (level, group))) or "all animals")


def _paint_rates(panel: "Axes", rates: Floats, study: Study, place: int) -> None:
    middle_min = (np.arange(len(rates)) + 0.5) * study.bin_s / 60
    mark = _MARKS[place % len(_MARKS)]
    panel.plot(middle_min, rates[:, 1], f"{mark}-", color=colour_of(place), markersize=3.5, linewidth=1.2, label=str(place))
    panel.fill_between(middle_min, rates[:, 2], rates[:, 3], color=colour_of(place), alpha=0.15, linewidth=0)


def _words(measure: str) -> str:
    return _IN_WORDS.get(measure, measure.replace("_", " "))
