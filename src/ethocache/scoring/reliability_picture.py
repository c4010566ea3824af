"""The picture of whether probabilities mean what they say, behaviour by behaviour."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ethocache.scoring.frames import CALIBRATION_BINS
from ethocache.scoring.pictures import GREY, colour_of, panels, say
from ethocache.scoring.reliability import Reliability

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEW = 30  # frames of a bin, below which its frequency says little
_FLOOR = 0.7  # where bars begin, so that one of a single frame is seen


def paint_reliability(figure: "Figure", curves: Mapping[str, Reliability], metrics: Mapping[str, Mapping[str, float]]) -> None:
    """Draw how often frames show each behaviour against the probability they got, above the number of frames in each bin."""
    made = panels(figure, [*curves], (3.1, 4.3), heights=(3, 1))
    for number, ((above, below), (name, curve)) in enumerate(zip(made, curves.items(), strict=True)):
        error = metrics[name].get("calibration_error")
        words = "" if error is None else f"\ncalibration error {error:.3f}"
        above.set_title(f"{above.get_title()}{words}", parse_math=False)
        _paint_frequencies(above, curve, colour_of(number))
        _paint_frames(below, curve, colour_of(number))
    figure.suptitle("Do the probabilities mean what they say?")
    figure.supxlabel(f"probability by the model\ndashed: right; hollow: fewer than {FEW} frames", fontsize=9)
    figure.supylabel("frames there · how many of them show it", fontsize=9)


def _paint_frequencies(panel: "Axes", curve: Reliability, colour: str) -> None:
    panel.set(xlim=(-0.02, 1.02), ylim=(-0.04, 1.04))
    panel.tick_params(labelbottom=False)
    panel.plot([0, 1], [0, 1], "--", color=GREY, linewidth=1)
    if not len(curve.frames):
        say(panel, "nobody looked for it")
        return
    enough = curve.frames >= FEW
    panel.vlines(curve.probability, curve.probability, curve.frequency, color=colour, linewidth=1, alpha=0.5)
    panel.plot(curve.probability, curve.frequency, color=colour, linewidth=1.2)
    for dots, inside in ((enough, colour), (~enough, "white")):
        if dots.any():  # none at all would count as one at the figure's corner
            panel.scatter(curve.probability[dots], curve.frequency[dots], s=22, color=inside, edgecolors=colour, zorder=3, clip_on=False)


def _paint_frames(panel: "Axes", curve: Reliability, colour: str) -> None:
    """Draw a bar a bin, on a logarithmic scale: most frames show nothing."""
    panel.set(xlim=(-0.02, 1.02), yscale="log", ylim=(_FLOOR, 2 * float(curve.frames.max(initial=10))))
    panel.bar(
        bins_of(curve) / CALIBRATION_BINS + 0.5 / CALIBRATION_BINS,
        curve.frames - _FLOOR,
        width=0.86 / CALIBRATION_BINS,
        bottom=_FLOOR,
        color=colour,
        alpha=0.6,
    )
    panel.tick_params(labelsize=7)
    panel.minorticks_off()


def bins_of(curve: Reliability) -> npt.NDArray[np.intp]:
    """Return which of the `CALIBRATION_BINS` each point of a curve stands for; a bin holds its upper edge."""
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)[1:-1]
    bins: npt.NDArray[np.intp] = np.searchsorted(edges, curve.probability)
    return bins
