"""The Behavior ANnotation Score: four sides of how well bouts are found (Chindemi et al. 2025, arXiv:2508.04255).

Detection accuracy, segment overlap, temporal precision and intra-bout continuity, by their definitions, with two things settled
that these leave open. A missed bout and a false alarm count as 0 wherever a mean is taken over bouts: else the tags of a system
that finds one bout in ten, and that one well, would score 1. And deviations are in seconds, so that a score does not change with
the frame rate.
"""

import numpy as np

from ethocache.dataset.runs import runs
from ethocache.scoring.bouts import Ranges, best_pairs
from ethocache.scoring.frames import Floats, Mask, ratio


def banos_sums(labelled: Mask, tagged: Mask, edges_s: Floats) -> Floats:
    """Return what one video adds to the scores, (6,): pairs, their overlap, their precision, continuity, labelled and tagged bouts.

    Parameters
    ----------
    labelled, tagged
        (T,) the frames with the behaviour, of those that somebody looked at.
    edges_s
        (T + 1,) when each frame starts, and the end of the last.
    """
    true, found = runs(labelled), runs(tagged)
    pairs = best_pairs(true, found)
    a, b = edges_s[true[pairs[:, 0]]], edges_s[found[pairs[:, 1]]]
    both = np.minimum(a[:, 1], b[:, 1]) - np.maximum(a[:, 0], b[:, 0])
    either = np.maximum(a[:, 1], b[:, 1]) - np.minimum(a[:, 0], b[:, 0])
    overlap = np.divide(both, either, out=np.ones_like(both), where=either > 0)  # a video of one frame does not say how long it lasts
    precision = 1 / (1 + np.abs(a - b).sum(axis=1))
    return np.array([len(pairs), overlap.sum(), precision.sum(), _continuity(true, tagged).sum(), len(true), len(found)])


def _continuity(bouts: Ranges, tagged: Mask) -> Floats:
    """Return, of each labelled bout, 1 - switches of the tag / steps from frame to frame; 0 of one in which no frame is tagged."""
    switches, tags = _before(tagged[1:] != tagged[:-1]), _before(tagged)
    start, stop = bouts[:, 0], bouts[:, 1]
    steps = stop - start - 1
    steady = 1 - (switches[stop - 1] - switches[start]) / np.maximum(steps, 1)
    return np.where(tags[stop] > tags[start], steady, 0.0)


def _before(mask: Mask) -> Ranges:
    counts: Ranges = np.append(0, np.cumsum(mask))
    return counts


def detection(sums: Floats) -> Floats:
    """Return the detection accuracy (...) of sums (..., 6): the F1 of bouts, found if any tagged bout of their own overlaps them."""
    return _of_shown(sums, 2 * sums[..., 0], sums[..., 4] + sums[..., 5])


def overlap(sums: Floats) -> Floats:
    """Return the segment overlap: the time in both bouts of a pair / the time in either."""
    return _of_shown(sums, sums[..., 1], _pairs_misses_and_false_alarms(sums))


def timing(sums: Floats) -> Floats:
    """Return the temporal precision: 1 / (1 + seconds by which a pair's starts differ + those by which its ends do)."""
    return _of_shown(sums, sums[..., 2], _pairs_misses_and_false_alarms(sums))


def continuity(sums: Floats) -> Floats:
    """Return the intra-bout continuity: how rarely tags switch within labelled bouts. A false alarm lies in none, and has no say."""
    return _of_shown(sums, sums[..., 3], sums[..., 4])


def _pairs_misses_and_false_alarms(sums: Floats) -> Floats:
    either: Floats = sums[..., 4] + sums[..., 5] - sums[..., 0]
    return either


def _of_shown(sums: Floats, part: Floats, whole: Floats) -> Floats:
    """Return part / whole; NaN where no bout is labelled."""
    return np.where(sums[..., 4] > 0, ratio(part, whole), np.nan)
