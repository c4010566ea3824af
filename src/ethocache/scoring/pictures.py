"""How our pictures look, and where they are saved. The same numbers give the same bytes."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethocache.common.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours without yellow and black, which vanish on white and on black paper, then two of Paul Tol's "muted" ones:
# told apart with every common kind of colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#999933")
GREY = "#666666"
KINDS = ("svg", "png")
_STYLE = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "svg.hashsalt": "ethocache",
    "savefig.dpi": 150,
}
_WITHOUT_DATE: dict[str, dict[str, Any]] = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}
_MANY = 9  # panels, from which on there are four in a row

Paint = Callable[["Figure"], None]


def colour_of(number: int) -> str:
    """Return the colour of the behaviour with this place in the list."""
    return COLOURS[number % len(COLOURS)]


def draw(folder: Path, name: str, paint: Paint) -> None:
    """Save what `paint` puts on a figure as `name`.svg and `name`.png."""
    from matplotlib.figure import Figure

    with _our_style():
        figure = Figure()
        figure.set_layout_engine("constrained", w_pad=0.06, h_pad=0.06)
        paint(figure)
        figure.draw_without_rendering()
        figure.set_layout_engine(None)  # everything has its place; each file would look for it again, twice
        for kind in KINDS:
            with replacing(folder / f"{name}.{kind}") as temporary:
                figure.savefig(temporary, format=kind, metadata=_WITHOUT_DATE[kind])


@contextmanager
def _our_style() -> Iterator[None]:
    from matplotlib import style

    with style.context(["default", _STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a box stands for it; the tables have the name
        yield


def panels(figure: "Figure", names: Sequence[str], size_in: tuple[float, float], heights: tuple[float, ...] = (1,)) -> list[list["Axes"]]:
    """Put one titled panel a behaviour on a figure, or several under each other.

    Parameters
    ----------
    size_in
        Width and height of a behaviour's panels together, in inches.
    heights
        Share of the height of each panel of a behaviour; the title stands above the first.

    Returns
    -------
    list
        For each behaviour its panels, from top to bottom.
    """
    columns = min(len(names), 3 if len(names) <= _MANY else 4)
    rows, each = -(-len(names) // columns), len(heights)
    figure.set_size_inches(max(size_in[0] * columns, 4.4) + 0.5, size_in[1] * rows + 0.9)
    grid = figure.add_gridspec(rows * each, columns, height_ratios=heights * rows)
    made = []
    for number, name in enumerate(short_names(names, 34)):
        row, column = divmod(number, columns)
        made.append([figure.add_subplot(grid[row * each + part, column]) for part in range(each)])
        made[-1][0].set_title(name, parse_math=False)
    return made


def say(panel: "Axes", words: str) -> None:
    """Write into a panel why nothing is drawn there."""
    panel.text(0.5, 0.5, words, ha="center", va="center", color=GREY, transform=panel.transAxes, fontsize=8)


def short_names(names: Sequence[str], most: int) -> list[str]:
    """Return each name on one line of at most `most` letters, so that different names stay different.

    What is left out lies where the names then still differ: in the middle, at the end or at the beginning; else a number tells them apart.
    """
    lines = [" ".join(name.split()) for name in names]
    for end in ((most - 1) // 3, 0, most - 1):
        short = [_cut(line, most, end) for line in lines]
        if len(set(short)) == len(set(lines)):
            return short
    numbered = [f"{number}: {line}" for number, line in enumerate(lines, 1)]
    return [_cut(line, most, (most - 1) // 3) for line in numbered]


def _cut(line: str, most: int, end: int) -> str:
    """Leave out as little as it takes before the last `end` letters."""
    return line if len(line) <= most else f"{line[: most - 1 - end].rstrip()}…{line[len(line) - end :].lstrip()}"
