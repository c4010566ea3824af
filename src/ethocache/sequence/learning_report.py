"""What a learning curve leaves behind: a table, a picture, and a sentence."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from ethocache.common.files import write_text
from ethocache.scoring.pictures import draw
from ethocache.scoring.search_pictures import paint_learning
from ethocache.sequence.learning_curve import SCORES, Point
from ethocache.sequence.learning_fit import FEWEST_SIZES, MORE, Outlook, bands

_HARDLY = 0.01
_NAMES = {"average_precision": "average precision", "f1": "F1"}


def write_curve(points: Sequence[Point], outlook: Outlook | None, folder: Path, head: str) -> Path:
    """Write ``<head>.csv`` (a row a draw), ``<head>_summary.csv`` (one a number of animals), ``<head>`` (.svg, .png); return the first."""
    behaviours = [*points[0].behaviours]
    rows = [[p.animals, p.draw, *(f"{p.macro[s]:.4f}" for s in SCORES), *(f"{p.behaviours[b]:.4f}" for b in behaviours)] for p in points]
    _write(folder / f"{head}.csv", ["animals", "draw", *SCORES, *(f"average_precision {name}" for name in behaviours)], rows)
    found = {score: bands(points, score) for score in SCORES}
    sizes = found[SCORES[0]][0]
    columns = [f"{score}{end}" for score in SCORES for end in ("_low", "", "_high")]
    summary = [[int(size), *(f"{value:.4f}" for score in SCORES for value in found[score][1][i])] for i, size in enumerate(sizes)]
    _write(folder / f"{head}_summary.csv", ["animals", *columns], summary)
    ahead = (outlook.animals, outlook.curve) if outlook else None
    named = {_NAMES[score]: band for score, (_, band) in found.items()}
    draw(folder, head, lambda figure: paint_learning(figure, sizes, named, ahead, "animals that a network is fitted on"))
    return folder / f"{head}.csv"


def in_words(points: Sequence[Point], outlook: Outlook | None) -> str:
    """Return in one line what the curve says of labelling more animals."""
    sizes, band = bands(points, "average_precision")
    few, many = (f"{middle:.2f} ({low:.2f}-{high:.2f})" for low, middle, high in (band[0], band[-1]))
    grown = f"fitted on {sizes[0]:.0f} animals, average precision is {few}; on {sizes[-1]:.0f}, {many}"
    if len(sizes) == 1:
        grown = f"fitted on {sizes[0]:.0f} animals, average precision is {few}"
    if outlook is None:
        return f"{grown}; with scores at fewer than {FEWEST_SIZES} numbers of animals, nothing can be said of more: label more animals"
    low, middle, high = outlook.gain
    surer = "; from one draw of animals, more (--draws 3) make it surer" if len({point.draw for point in points}) == 1 else ""
    advice = (
        "labelling more is unlikely to help much"
        if high < _HARDLY
        else "labelling more is worth it"
        if low >= _HARDLY
        else "whether labelling more helps is not certain"
    )
    return (
        f"{grown}; {MORE} more labelled animals would likely add {middle:.2f} ({low:.2f} to {high:.2f}), so {advice} "
        f"(a curve continued beyond what was measured: an extrapolation){surer}"
    )


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([columns, *rows])
    write_text(path, table.getvalue())
