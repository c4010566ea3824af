"""What an animal does next: one state a frame, and how often each is followed by each."""

import numpy as np
import numpy.typing as npt

from ethocache.dataset.label_table import NOT_SCORED, YES
from ethocache.dataset.runs import runs

UNKNOWN = -1
Counts = npt.NDArray[np.int64]


def states_of(tags: npt.NDArray[np.integer]) -> npt.NDArray[np.intp]:
    """Return the one behaviour that each frame counts for: (T,) its place, B for none of them, -1 where that is not known.

    Of several behaviours shown at a time, the one that began last counts (of two that began together, the first in the list): a
    rear during a walk is walk, rear, walk. A frame at which somebody looked for some behaviours only is not known; behaviours that
    nobody ever looked for in this video are left aside.

    Parameters
    ----------
    tags
        (T, B) 1 yes, 0 no, -1 nobody looked.
    """
    frames, behaviours = tags.shape
    shown = tags == YES
    starts = shown & ~np.vstack([np.zeros((1, behaviours), bool), shown[:-1]])
    began = np.maximum.accumulate(np.where(starts, np.arange(frames)[:, None], -1), axis=0)
    began = np.where(shown, began, -1)
    states = np.where(shown.any(axis=1), began.argmax(axis=1), behaviours)
    looked_for = (tags != NOT_SCORED).any(axis=0)
    known = (tags[:, looked_for] != NOT_SCORED).all(axis=1) & looked_for.any()
    return np.where(known, states, UNKNOWN)


def count_transitions(states: npt.NDArray[np.intp], behaviours: int) -> Counts:
    """Count (B + 1, B + 1) how often one state was followed by another, rows before, columns after, "none" the last of each.

    The diagonal is empty: a state that goes on is no transition. Frames that are not known end the sequence.
    """
    before, after = states[:-1], states[1:]
    return _count(before, after, (before != after) & (before != UNKNOWN) & (after != UNKNOWN), behaviours + 1)


def count_next(states: npt.NDArray[np.intp], behaviours: int) -> Counts:
    """Count (B, B) which behaviour came next, however long the pause between them; a behaviour may follow itself."""
    counts = np.zeros((behaviours, behaviours), np.int64)
    for start, stop in runs(states != UNKNOWN):
        stretch = states[start:stop]
        sequence = stretch[np.append(True, stretch[1:] != stretch[:-1])]
        sequence = sequence[sequence < behaviours]
        counts += _count(sequence[:-1], sequence[1:], np.ones(max(len(sequence) - 1, 0), bool), behaviours)
    return counts


def row_probabilities(counts: npt.NDArray[np.number]) -> npt.NDArray[np.float64]:
    """Return each row's shares (..., S, S); NaN in the row of a state that was never left."""
    total = counts.sum(axis=-1, keepdims=True)
    result = np.full(counts.shape, np.nan)
    np.divide(counts, total, out=result, where=total > 0)
    return result


def _count(before: npt.NDArray[np.intp], after: npt.NDArray[np.intp], counted: npt.NDArray[np.bool_], size: int) -> Counts:
    places = before[counted] * size + after[counted]
    return np.bincount(places, minlength=size * size).reshape(size, size).astype(np.int64)
