"""Lay corrections over the labels of a video."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.corrections import Correction
from ethocache.dataset.label_table import NO, NOT_SCORED, YES, LabelTable
from ethocache.dataset.tags import frame_edges_s

REVISION = 1  # of how corrections become labels; raising it lays them over again
_NOT_SAID = -2
_DIGITS_S = 0.0005  # seconds in files have three digits

Mask = npt.NDArray[np.bool_]
_WORDS = {YES: "shown", NO: "not shown", NOT_SCORED: "not known"}


def nobody_looked(behaviours: tuple[str, ...], frames: int) -> LabelTable:
    """Return the labels of a video that has none."""
    return LabelTable(behaviours, np.full((frames, len(behaviours)), NOT_SCORED, np.int8))


def lay_corrections(
    table: LabelTable, corrections: Sequence[Correction], time_s: npt.NDArray[np.float64], exclusive: bool
) -> tuple[LabelTable, Mask]:
    """Return the corrected labels, and where they were corrected, (T, B).

    Later saved corrections win over earlier ones, and all of them over the labels. If behaviours exclude each other, yes to one is
    no to all others in these frames, whatever labels or earlier corrections say; that counts as corrected too.

    Parameters
    ----------
    table
        What people labelled.
    corrections
        Of this video, the earliest saved first.
    time_s
        (T,) time stamps of the frames.
    exclusive
        Whether a frame has at most one behaviour.

    Raises
    ------
    InputError
        If the seconds of one are not those of its frames, or two that were saved at once contradict each other.
    """
    values, corrected = table.values.copy(), np.zeros(table.values.shape, bool)
    edges_s = frame_edges_s(time_s)
    for correction in corrections:
        _check_seconds(correction, edges_s)
    for _, group in groupby(corrections, key=lambda correction: correction.saved):
        at_once = list(group)
        _refuse_contradictions(at_once, table.behaviours, len(values), exclusive)
        for correction in sorted(at_once, key=lambda correction: correction.label != YES):  # what is said of others wins over what follows
            frames, b = slice(correction.start, correction.stop), table.behaviours.index(correction.behaviour)
            if exclusive and correction.label == YES:
                values[frames], corrected[frames] = NO, True
            values[frames, b], corrected[frames, b] = correction.label, True
    return LabelTable(table.behaviours, values), corrected


def _check_seconds(correction: Correction, edges_s: npt.NDArray[np.float64]) -> None:
    """Refuse a span whose seconds are not those of its frames: either was edited, or it is of another video."""
    half_a_frame_s = float(np.median(np.diff(edges_s))) / 2 if len(edges_s) > 2 else np.inf  # one frame does not say how long it lasts
    there = edges_s[[correction.start, correction.stop]]
    if (np.abs(there - (correction.start_s, correction.stop_s)) > half_a_frame_s + _DIGITS_S).any():
        raise InputError(
            f"{correction.place}: frames {correction.start} to {correction.stop} are {there[0]:.3f} to {there[1]:.3f} s of "
            f"'{correction.video}', but start_s and stop_s say {correction.start_s:.3f} to {correction.stop_s:.3f}; save it again from the "
            "report of this video"
        )


def _refuse_contradictions(at_once: Sequence[Correction], behaviours: tuple[str, ...], frames: int, exclusive: bool) -> None:
    """Refuse different answers to one question that were saved at the same time, so that neither is the later."""
    said = np.full((frames, len(behaviours)), _NOT_SAID, np.int8)
    by = np.zeros(said.shape, np.intp)  # which correction said it
    for number, correction in enumerate(at_once):
        span, b = slice(correction.start, correction.stop), behaviours.index(correction.behaviour)
        wrong = np.zeros_like(said[span], bool)
        wrong[:, b] = (said[span, b] != _NOT_SAID) & (said[span, b] != correction.label)
        if exclusive and correction.label == YES:
            wrong[:, [other for other in range(len(behaviours)) if other != b]] = np.delete(said[span], b, axis=1) == YES
        if wrong.any():
            frame, column = (int(place) for place in np.argwhere(wrong)[0])
            raise _contradiction(at_once[by[correction.start + frame, column]], correction, correction.start + frame)
        said[span, b], by[span, b] = correction.label, number


def _contradiction(one: Correction, other: Correction, frame: int) -> InputError:
    alone = "one behaviour at a time is shown (train.task: exclusive)" if one.behaviour != other.behaviour else "both were saved at once"
    return InputError(
        f"{other.place}: '{other.behaviour}' is {_WORDS[other.label]} in frame {frame} of '{other.video}', but {one.place} says that "
        f"'{one.behaviour}' is {_WORDS[one.label]}, and {alone}; remove one of the two"
    )
