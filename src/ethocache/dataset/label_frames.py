"""Lay what a labels file says over the frames of its video, and refuse whatever would be lost or lands beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError, did_you_mean
from ethocache.dataset.formats import Bout, FrameMarks, Unit
from ethocache.dataset.label_table import NOT_SCORED, YES, LabelTable
from ethocache.dataset.text import shown
from ethocache.dataset.videos import frames_in

Times = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Naming:
    """What the names in labels files mean.

    Attributes
    ----------
    behaviours
        What is tagged.
    ignore
        Names that are left out.
    not_scored
        Names of the time in which nobody looked for any behaviour.
    """

    behaviours: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    not_scored: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for setting, names in (("ignore", self.ignore), ("not_scored", self.not_scored)):
            if both := sorted(set(self.behaviours) & set(names)):
                raise InputError(f"labels.{setting} and data.behaviours both name '{both[0]}'; keep it in one of them")
        if both := sorted(set(self.ignore) & set(self.not_scored)):
            raise InputError(f"labels.ignore and labels.not_scored both name '{both[0]}'; keep it in one of them")

    def counts(self, name: str, place: str) -> bool:
        """Tell whether a name has a meaning (and is not to be ignored); one that nobody has named is an error."""
        if name in self.behaviours or name in self.not_scored:
            return True
        if name in self.ignore:
            return False
        hint = did_you_mean(name, (*self.behaviours, *self.not_scored, *self.ignore)) or "."
        remedy = "Correct it, or add it to data.behaviours or labels.ignore"
        raise InputError(f"{place}: '{shown(name)}' is none of data.behaviours{hint} {remedy}")


def table_of_bouts(bouts: Sequence[Bout], unit: Unit, naming: Naming, time_s: Times) -> LabelTable:
    """Mark the frames that bouts cover; the others are "no".

    Raises
    ------
    InputError
        If a bout is of an unknown behaviour, covers no frame, goes past the video's end, or overlaps another of its behaviour.
    """
    kept = [bout for bout in bouts if naming.counts(bout.behaviour, f"line {bout.line}")]
    _refuse_overlaps(kept, _tolerance_s(time_s) if unit == "seconds" else 0.0)
    values = np.zeros((len(time_s), len(naming.behaviours)), np.int8)
    nobody_looked = np.zeros(len(time_s), bool)
    for bout in kept:
        frames = _frames_of_seconds(bout, time_s) if unit == "seconds" else _frames_of_numbers(bout, len(time_s))
        if bout.behaviour in naming.not_scored:
            nobody_looked[frames] = True
        else:
            values[frames, naming.behaviours.index(bout.behaviour)] = YES
    values[nobody_looked] = NOT_SCORED
    return LabelTable(naming.behaviours, values)


def table_of_marks(marks: FrameMarks, naming: Naming, frames: int) -> LabelTable:
    """Take the columns of the behaviours, in their order.

    Raises
    ------
    InputError
        If rows and frames differ, a behaviour has no column, or a column is of an unknown behaviour.
    """
    if len(marks.values) != frames:
        found = len(marks.values)
        raise InputError(f"expected a row for each of the video's {frames} frames, found {found} rows; is it the file of this video?")
    kept = [name for name in marks.behaviours if naming.counts(name, "the header")]
    if missing := [name for name in naming.behaviours if name not in kept]:
        raise InputError(f"there is no column '{missing[0]}'; add it (-1 where nobody looked), or take it out of data.behaviours")
    column = {name: marks.values[:, place] for place, name in enumerate(marks.behaviours)}
    values = np.stack([column[name] for name in naming.behaviours], axis=1)
    for name in (name for name in kept if name in naming.not_scored):
        values[column[name] == YES] = NOT_SCORED
    return LabelTable(naming.behaviours, values)


def _frames_of_seconds(bout: Bout, time_s: Times) -> slice:
    end_s = time_s[-1] + _interval_s(time_s)
    if bout.stop > end_s + _tolerance_s(time_s):
        raise InputError(f"{bout} s: the video ends at {end_s:.10g} s; are these its labels, in seconds from its first frame?")
    frames = frames_in(time_s, bout.start, bout.stop)
    if frames.start == frames.stop:
        raise InputError(
            f"{bout} s: no frame is shown in that time (one comes every {_interval_s(time_s):.4g} s), "
            "so it would be lost; lengthen it or remove it"
        )
    return frames


def _frames_of_numbers(bout: Bout, frames: int) -> slice:
    if bout.start % 1 or bout.stop % 1:
        raise InputError(f"{bout}: frames are whole numbers; if these are seconds, name the columns start_s and stop_s")
    if bout.stop > frames:
        raise InputError(f"{bout}: the video has {frames} frames; are these its labels, in frames from 0?")
    if bout.start == bout.stop:
        raise InputError(f"{bout}: it covers no frame, as the stop frame is the first that is not part of it; lengthen it or remove it")
    return slice(int(bout.start), int(bout.stop))


def _refuse_overlaps(bouts: Sequence[Bout], tolerance: float) -> None:
    in_order = sorted(bouts, key=lambda bout: (bout.behaviour, bout.start, bout.stop))
    for one, next_one in pairwise(in_order):
        if one.behaviour == next_one.behaviour and next_one.start < one.stop - tolerance:
            raise InputError(f"{one}, and {next_one}: they overlap; one animal shows a behaviour once at a time, so join or correct them")


def _interval_s(time_s: Times) -> float:
    return float(np.median(np.diff(time_s))) if len(time_s) > 1 else np.inf  # a single frame does not say how long it lasts


def _tolerance_s(time_s: Times) -> float:
    return min(1e-3, _interval_s(time_s) / 4)  # as `frames_in` has it
