"""Pictures of a search for settings, and of the score against the number of animals."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ethocache.scoring.frames import Floats
from ethocache.scoring.pictures import colour_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GREY = "#666666"
_MOST_PANELS = 5
Settings = Mapping[str, Any]


def importance(values: Sequence[Any], scores: Floats) -> float:
    """Return how much of the differences between scores goes along with a setting, from 0 to 1.

    The squared correlation of ranks for numbers (Spearman), the share of the variance between groups for all else.
    """
    if len(set(values)) < 2 or np.ptp(scores) == 0:
        return 0.0
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return float(np.corrcoef(_ranks(np.array(values, np.float64)), _ranks(scores))[0, 1] ** 2)
    groups = [scores[[value == option for value in values]] for option in set(values)]
    return float(sum(len(group) * (group.mean() - scores.mean()) ** 2 for group in groups) / ((scores - scores.mean()) ** 2).sum())


def _ranks(values: Floats) -> Floats:
    """Return the rank of each value; equal ones share theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(count) - (count - 1) / 2)[place]
    return ranks


def paint_search(figure: "Figure", scores: Sequence[float | None], finished: Sequence[bool], settings: Sequence[Settings]) -> None:
    """Draw the score of each trial with the best so far, and below it the scores by the settings that matter most."""
    rows = [number for number, score in enumerate(scores) if score is not None]
    known = np.array([scores[number] for number in rows], np.float64)
    done = np.array([finished[number] for number in rows], bool)
    columns = {name: [settings[number].get(name) for number in rows] for name in settings[0]}
    weight = {name: importance(values, known) for name, values in columns.items()}
    names = sorted((name for name, values in columns.items() if len(set(values)) > 1), key=lambda name: -weight[name])[:_MOST_PANELS]
    figure.set_size_inches(9, 6 if names else 3.4)
    grid = figure.add_gridspec(2 if names else 1, max(1, len(names)))
    top = figure.add_subplot(grid[0, :])
    top.plot(np.array(rows)[done] + 1, known[done], "o", color=colour_of(0), markersize=4, label="trial")
    top.plot(np.array(rows)[~done] + 1, known[~done], "x", color=_GREY, markersize=4, label="given up")
    best = np.maximum.accumulate(np.where(done, known, -np.inf))
    top.step(np.array(rows) + 1, np.where(np.isinf(best), np.nan, best), where="post", color=colour_of(1), label="best so far")
    top.set(xlabel="trial", ylabel="macro average precision")
    top.set_title("Settings tried, scored on the animals that the search may see")
    top.legend(frameon=False, fontsize=8)
    for column, name in enumerate(names):
        _paint_setting(figure.add_subplot(grid[1, column]), name, columns[name], known, weight[name])


def _paint_setting(panel: "Axes", name: str, values: Sequence[Any], scores: Floats, weight: float) -> None:
    if any(isinstance(value, (str, bool)) for value in values):
        options = sorted({str(value) for value in values})
        panel.plot([options.index(str(value)) for value in values], scores, "o", color=colour_of(0), markersize=3)
        panel.set_xticks(range(len(options)), options, fontsize=7)
    else:
        panel.plot(values, scores, "o", color=colour_of(0), markersize=3)
        if min(values) > 0 and max(values) > 10 * min(values):
            panel.set_xscale("log")
    panel.set_title(f"{name} ({100 * weight:.0f} %)", fontsize=8, parse_math=False)
    panel.tick_params(labelsize=7)


def paint_learning(figure: "Figure", sizes: Floats, bands: Mapping[str, Floats], curve: tuple[Floats, Floats] | None, labels: str) -> None:
    """Draw scores against numbers of animals.

    Parameters
    ----------
    sizes
        (S,) animals that a network was fitted on.
    bands
        Name of a score -> (S, 3): lower bound, score, upper bound.
    curve
        Numbers of animals (N,), and the fitted score there (N, 3): lower bound, score, upper bound.
    labels
        Below the horizontal axis.
    """
    figure.set_size_inches(7, 4.2)
    panel = figure.subplots()
    for number, (name, band) in enumerate(bands.items()):
        low, score, high = band.T
        errors = np.maximum(0, [score - low, high - score])
        panel.errorbar(sizes, score, errors, fmt="o-", capsize=3, color=colour_of(number), markersize=5, linewidth=1.2, label=name)
    if curve is not None:
        animals, fitted = curve
        panel.fill_between(animals, fitted[:, 0], fitted[:, 2], color=colour_of(0), alpha=0.12, linewidth=0)
        panel.plot(animals, fitted[:, 1], "--", color=colour_of(0), linewidth=1, label="extrapolated (average precision)")
    panel.set(xlabel=labels, ylabel="score on animals never seen", ylim=(0, 1.02))
    panel.set_title("What more labelled animals bring")
    panel.legend(frameon=False, fontsize=8)
