"""Scores of bouts: biologists count events, and a tag that flickers makes many of one."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ethocache.dataset.runs import runs
from ethocache.scoring.frames import Floats, Mask, ratio

Ranges = npt.NDArray[np.intp]


def matched_bouts(labelled: Ranges, tagged: Ranges, iou: float) -> int:
    """Return how many labelled bouts have a tagged bout of their own that overlaps them enough.

    Parameters
    ----------
    labelled, tagged
        (N, 2) and (M, 2) half-open ranges, each in order and without overlap (see `runs`).
    iou
        The frames in both / the frames in either that a pair needs.

    Notes
    -----
    The largest one-to-one matching there is. Two pairs of such ranges cannot cross, and the pairs that share
    a bout follow each other in time; so taking each pair as soon as both of its bouts are free is never wrong.
    """
    matches, last_labelled, last_tagged = 0, -1, -1
    for i, j, overlap in _overlaps(labelled, tagged):
        if overlap >= iou and i != last_labelled and j != last_tagged:
            matches, last_labelled, last_tagged = matches + 1, i, j
    return matches


def _overlaps(labelled: Ranges, tagged: Ranges) -> Iterator[tuple[int, int, float]]:
    a, b = labelled.tolist(), tagged.tolist()
    i = j = 0
    while i < len(a) and j < len(b):
        (a_start, a_stop), (b_start, b_stop) = a[i], b[j]
        both = min(a_stop, b_stop) - max(a_start, b_start)
        if both > 0:
            yield i, j, both / (max(a_stop, b_stop) - min(a_start, b_start))
        i, j = (i + 1, j) if a_stop <= b_stop else (i, j + 1)


def best_pairs(labelled: Ranges, tagged: Ranges) -> Ranges:
    """Return which bouts belong together: (P, 2) places in `labelled` and in `tagged` of bouts that overlap, each used once.

    Of all matchings with the most pairs the one that shares most time (summed overlap / union), so that of a bout that was
    tagged in pieces the piece that covers most of it is its partner.

    Parameters
    ----------
    labelled, tagged
        (N, 2) and (M, 2) half-open ranges, each in order and without overlap (see `runs`).

    Notes
    -----
    Pairs come in the order of time, and those that share a bout with the k-th are the ones just before it. So the best choice
    among the first k pairs is the better of two: that among the first k - 1, or the k-th with the best of those that it leaves free.
    """
    pairs = list(_overlaps(labelled, tagged))
    first_of_labelled: dict[int, int] = {}
    first_of_tagged: dict[int, int] = {}
    best, before = [(0, 0.0)], []
    for k, (i, j, overlap) in enumerate(pairs):
        free = min(first_of_labelled.setdefault(i, k), first_of_tagged.setdefault(j, k))
        taken = (best[free][0] + 1, best[free][1] + overlap)
        before.append(free if taken > best[k] else -1)
        best.append(max(taken, best[k]))
    chosen, k = [], len(pairs)
    while k:
        if before[k - 1] >= 0:
            chosen.append(pairs[k - 1][:2])
        k = before[k - 1] if before[k - 1] >= 0 else k - 1
    return np.array(chosen[::-1], dtype=np.intp).reshape(-1, 2)


def bout_counts(labelled: Mask, tagged: Mask, iou: float) -> Floats:
    """Count one video's bouts as (3,): matched, labelled, tagged."""
    true, predicted = runs(labelled), runs(tagged)
    return np.array([matched_bouts(true, predicted, iou), len(true), len(predicted)], dtype=np.float64)


def bout_f1(counts: Floats) -> Floats:
    """Return the segmental F1 (...) of bout counts (..., 3), summed over videos (Lea et al. 2017, F1@k).

    NaN where no bout is labelled.
    """
    matched, labelled, tagged = counts[..., 0], counts[..., 1], counts[..., 2]
    return np.where(labelled > 0, 2 * matched / np.maximum(labelled + tagged, 1), np.nan)


def edit_score(scored: Mask, labelled: Mask, tagged: Mask) -> float:
    """Return how alike the order of events is, whenever they happen: 1 the same, 0 nothing in common.

    One minus the Levenshtein distance between the two sequences of segments (behaviour, pause, behaviour,
    ...), divided by the longer one's length (Lea et al. 2017). A video that was scored in several stretches
    sums distances and lengths over them.

    Parameters
    ----------
    scored
        (T,) the frames somebody looked at; NaN if there is none.
    labelled, tagged
        (T,) the frames with the behaviour.
    """
    stretches = runs(scored)
    if not len(stretches):
        return float("nan")
    m, n = _segments(labelled, stretches), _segments(tagged, stretches)
    starts_alike = labelled[stretches[:, 0]] == tagged[stretches[:, 0]]
    distance = np.where((m == n) & ~starts_alike, np.minimum(m, 2), abs(m - n))  # two sequences that alternate
    return float(1 - distance.sum() / np.maximum(m, n).sum())


def mean_edit(sums: Floats) -> Floats:
    """Return the mean edit score (...) of (..., 3): summed scores, videos, labelled bouts; NaN where no bout is labelled."""
    return np.where(sums[..., 2] > 0, ratio(sums[..., 0], sums[..., 1]), np.nan)


def _segments(mask: Mask, stretches: Ranges) -> Ranges:
    flips: Ranges = np.cumsum(np.append(False, mask[1:] != mask[:-1]))
    segments: Ranges = flips[stretches[:, 1] - 1] - flips[stretches[:, 0]] + 1
    return segments
