"""When bouts start and end, in seconds: how many are found within a tolerance, and how late or early their tags are."""

import numpy as np
import numpy.typing as npt

from ethocache.dataset.runs import runs
from ethocache.scoring.bouts import best_pairs
from ethocache.scoring.frames import Floats, Mask

TOLERANCE_S = 0.5
"""Two people who mark the same rearing put nine in ten of its starts and ends within half a second of each other (median 0.12-0.24 s,
three raters of the open-field videos of Sturman et al. 2020): what is nearer than that no label can decide."""

_ROUNDING_S = 1e-6  # time stamps are sums of fractions; five frames of 0.1 s are half a second


def bounds_s(mask: Mask, edges_s: Floats) -> Floats:
    """Return when each bout of a (T,) mask starts and ends, (N, 2); a frame t is shown from ``edges_s[t]`` to ``edges_s[t + 1]``."""
    return edges_s[runs(mask)]


def counts_within(labelled: Mask, tagged: Mask, edges_s: Floats, tolerance_s: float) -> Floats:
    """Count one video's bouts as (3,): labelled ones that are found, labelled, tagged.

    A labelled bout is found if a tagged one of its own starts within `tolerance_s` of its start and ends within that of its end.

    Parameters
    ----------
    labelled, tagged
        (T,) the frames with the behaviour, of those that somebody looked at.
    edges_s
        (T + 1,) when each frame starts, and the end of the last.

    Notes
    -----
    The largest one-to-one matching: the tagged bouts that may be a labelled one's are neighbours, and those of a later one start
    and end no earlier, so that taking the first that is free is never wrong.
    """
    true, found = bounds_s(labelled, edges_s), bounds_s(tagged, edges_s)
    reach = tolerance_s + _ROUNDING_S
    first = np.max([np.searchsorted(found[:, side], true[:, side] - reach, side="left") for side in (0, 1)], axis=0)
    stop = np.min([np.searchsorted(found[:, side], true[:, side] + reach, side="right") for side in (0, 1)], axis=0)
    matched = free = 0
    for earliest, end in zip(first.tolist(), stop.tolist(), strict=True):
        free = max(free, earliest)
        if free < end:
            matched, free = matched + 1, free + 1
    return np.array([matched, len(true), len(found)], dtype=np.float64)


def edge_errors_s(scored: Mask, labelled: Mask, tagged: Mask, edges_s: Floats) -> tuple[Floats, Floats]:
    """Return by how much the tags of one video's matched bouts start (P,) and end (Q,) later than the labels; negative is earlier.

    Bouts belong together that overlap (`best_pairs`). Where somebody began or ceased to look within either bout, nobody knows
    when it started or ended: that edge is left out.
    """
    true, found = runs(labelled), runs(tagged)
    pairs = best_pairs(true, found)
    starts, stops = (np.stack([true[pairs[:, 0], side], found[pairs[:, 1], side]]) for side in (0, 1))
    began, ceased = np.append(False, scored)[starts].all(axis=0), np.append(scored, False)[stops].all(axis=0)
    return _later(starts[:, began], edges_s), _later(stops[:, ceased], edges_s)


def _later(frames: npt.NDArray[np.intp], edges_s: Floats) -> Floats:
    later: Floats = edges_s[frames[1]] - edges_s[frames[0]]
    return later


def median_or_nan(values: Floats) -> float:
    """Return the median; NaN of nothing."""
    return float(np.median(values)) if len(values) else float("nan")
