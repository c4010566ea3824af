"""Lay what a labels file says over the frames of its video, and refuse whatever would be lost or lands beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.formats import Bout, BoutList, Content, FrameMarks, Unit, WholeVideo
from ethocache.dataset.label_rules import NOBODY_LOOKED, LabelParams, Naming
from ethocache.dataset.label_table import NOT_SCORED, YES, LabelTable
from ethocache.dataset.videos import frames_in

_LONGER_S, _LONGER = 1.0, 0.02  # labelling tools take the length of the sound track, or round

Times = npt.NDArray[np.float64]


@dataclass
class _Sheet:
    """The frames of one video while labels are laid over them."""

    naming: Naming
    time_s: Times
    clip: bool
    join: bool
    values: npt.NDArray[np.int8] = field(init=False)
    nobody_looked: npt.NDArray[np.bool_] = field(init=False)
    overrun: int = 0
    behind: list[str] = field(default_factory=list)
    joined: int = 0
    hidden: int = 0

    def __post_init__(self) -> None:
        self.values = np.zeros((len(self.time_s), len(self.naming.behaviours)), np.int8)
        self.nobody_looked = np.zeros(len(self.time_s), bool)

    def mark(self, meaning: str, frames: slice) -> None:
        if meaning == NOBODY_LOOKED:
            self.nobody_looked[frames] = True
        else:
            self.values[frames, self.naming.behaviours.index(meaning)] = YES

    def notes(self) -> tuple[str, ...]:
        counted = (
            (self.joined, f"{self.joined} bouts overlap another of their behaviour, and are joined with it (labels.overlaps)"),
            (self.hidden, f"{self.hidden} frames are labelled although nobody looked at them, and count as not looked at"),
        )
        notes = tuple(note for count, note in counted if count)
        if not self.overrun:
            return notes
        lost = f", and {len(self.behind)} bouts lie wholly behind it ({', '.join(sorted(set(self.behind))[:5])})" if self.behind else ""
        return (
            *notes,
            f"its labels go on for {self.overrun} frames after the video's last frame, which are cut off{lost} (labels.past_end)",
        )


def lay_over(
    content: Content, names: Naming, params: LabelParams, time_s: Times, scored_s: tuple[float, float] | None = None
) -> tuple[LabelTable, tuple[str, ...]]:
    """Return the labels of every frame, and what a person should know of how they came about.

    Parameters
    ----------
    content
        What a file says of the video.
    names, params
        What its names mean, and how its times are meant.
    time_s
        (T,) true time stamps of the video's frames, seconds from the first.
    scored_s
        Seconds from and to which somebody looked; None is the whole video.

    Raises
    ------
    InputError
        If a name is unknown, a bout covers no frame or overlaps another of its name, or labels and frames do not fit.
    """
    sheet = _Sheet(names, time_s, params.past_end == "clip", params.overlaps == "join")
    if isinstance(content, WholeVideo):
        _lay_class(content, sheet)
    elif isinstance(content, FrameMarks):
        _lay_marks(content, sheet)
    else:
        _lay_bouts(content, sheet)
    if params.scored_until is not None:
        sheet.nobody_looked |= time_s >= params.scored_until
    if scored_s is not None:
        looked = np.zeros(len(time_s), bool)
        looked[frames_in(time_s, *scored_s)] = True
        sheet.nobody_looked |= ~looked
    sheet.hidden = int((sheet.nobody_looked & (sheet.values == YES).any(axis=1)).sum())
    sheet.values[sheet.nobody_looked] = NOT_SCORED
    return LabelTable(names.behaviours, sheet.values), sheet.notes()


def check_length(length_s: float | None, time_s: Times) -> None:
    """Refuse labels of a file that says of its video that it is longer than this one: other media's times would lie in them."""
    end_s = float(time_s[-1] + _interval_s(time_s)) if len(time_s) > 1 else np.inf
    if length_s is not None and length_s > end_s + max(_LONGER_S, _LONGER * end_s):
        raise InputError(
            f"the file says that its video lasts {length_s:.10g} s, but this one ends at {end_s:.10g} s; is it of another video, or of "
            "several one after the other? Then give the .boris project, which tells them apart"
        )


def _lay_class(content: WholeVideo, sheet: _Sheet) -> None:
    meaning = sheet.naming.says(content.behaviour, f"line {content.line}")
    if meaning is not None:
        sheet.mark(meaning, slice(None))


def _lay_bouts(content: BoutList, sheet: _Sheet) -> None:
    unit = _unit(content)
    _refuse_a_name_of_two_streams(content.bouts, sheet.naming)
    kept = [(bout, meaning) for bout in content.bouts if (meaning := sheet.naming.says_of(bout)) is not None]
    twice = _overlapping([bout for bout, _ in kept], _tolerance_s(sheet.time_s) if unit == "seconds" else 0.0)
    if twice and not sheet.join:
        raise InputError(
            f"{twice[0][0]}, and {twice[0][1]}: they overlap; one animal shows a behaviour once at a time, so correct them, "
            "or set labels.overlaps: join"
        )
    sheet.joined = len(twice)
    place = _frames_of_seconds if unit == "seconds" else _frames_of_numbers
    for bout, meaning in kept:
        if (frames := place(bout, sheet)) is not None:
            sheet.mark(meaning, frames)


def _refuse_a_name_of_two_streams(bouts: Sequence[Bout], names: Naming) -> None:
    """Refuse to take a name that stands in several streams for "nobody looked": in one of them it may mean "none of these"."""
    for name in names.not_scored:
        streams = sorted({bout.stream for bout in bouts if bout.behaviour == name})
        if len(streams) > 1:
            raise InputError(
                f"'{name}' stands in the streams {' and '.join(streams)}; say in which of them it means that nobody looked, such as "
                f"labels.not_scored: ['{streams[0]}:{name}'] and labels.ignore: ['{streams[1]}:{name}'], or read one (labels.streams)"
            )


def _lay_marks(content: FrameMarks, sheet: _Sheet) -> None:
    values, frames = content.values, len(sheet.time_s)
    if len(values) > frames and sheet.clip:
        sheet.overrun = len(values) - frames
        values = values[:frames]
    if len(values) < frames and content.open_end:
        values = np.concatenate([values, np.zeros((frames - len(values), values.shape[1]), np.int8)])
    if len(values) != frames:
        found = len(content.values)
        raise InputError(f"expected a row for each of the video's {frames} frames, found {found} rows; is it the file of this video?")
    means = [sheet.naming.says(name, "the header") for name in content.behaviours]
    if missing := [name for name in sheet.naming.behaviours if name not in means]:
        raise InputError(f"there is no column '{missing[0]}'; add it (-1 where nobody looked), or take it out of data.behaviours")
    for place, behaviour in enumerate(sheet.naming.behaviours):
        sheet.values[:, place] = _joined(values[:, [column for column, meaning in enumerate(means) if meaning == behaviour]])
    for column in (column for column, meaning in enumerate(means) if meaning == NOBODY_LOOKED):
        sheet.nobody_looked |= values[:, column] == YES


def _joined(columns: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Join columns that were renamed to one behaviour: yes where one says yes, unknown where none does and one does not know."""
    return np.where((columns == YES).any(axis=1), YES, columns.min(axis=1)).astype(np.int8)


def _unit(content: BoutList) -> Unit:
    if content.unit is None:
        raise InputError(
            "the columns start and stop do not say what they count; name them start_s and stop_s or start_frame and stop_frame, "
            "or set labels.unit: seconds (or frames)"
        )
    return content.unit


def _frames_of_seconds(bout: Bout, sheet: _Sheet) -> slice | None:
    time_s = sheet.time_s
    end_s = time_s[-1] + _interval_s(time_s)
    if bout.stop > end_s + _tolerance_s(time_s):
        if not sheet.clip:
            raise InputError(f"{bout} s: the video ends at {end_s:.10g} s; are these its labels, in seconds from its first frame?")
        sheet.overrun = max(sheet.overrun, round((bout.stop - end_s) / _interval_s(time_s)), 1)
        if bout.start >= end_s - _tolerance_s(time_s):
            sheet.behind.append(bout.behaviour)
            return None
    frames = frames_in(time_s, bout.start, bout.stop)
    if frames.start == frames.stop:
        raise InputError(
            f"{bout} s: no frame is shown in that time (one comes every {_interval_s(time_s):.4g} s), "
            "so it would be lost; lengthen it or remove it"
        )
    return frames


def _frames_of_numbers(bout: Bout, sheet: _Sheet) -> slice | None:
    frames = len(sheet.time_s)
    if bout.start % 1 or bout.stop % 1:
        raise InputError(f"{bout}: frames are whole numbers; if these are seconds, name the columns start_s and stop_s")
    if bout.start == bout.stop:
        raise InputError(f"{bout}: it covers no frame, as the stop frame is the first that is not part of it; lengthen it or remove it")
    if bout.stop > frames:
        if not sheet.clip:
            raise InputError(f"{bout}: the video has {frames} frames; are these its labels, in frames from 0?")
        sheet.overrun = max(sheet.overrun, int(bout.stop) - frames)
        if bout.start >= frames:
            sheet.behind.append(bout.behaviour)
            return None
    _check_seconds(bout, sheet.time_s)
    return slice(int(bout.start), min(int(bout.stop), frames))


def _check_seconds(bout: Bout, time_s: Times) -> None:
    """Refuse a bout whose seconds are not those of its frames: one of the two was corrected, or it is another video's."""
    if bout.seconds is None:
        return
    edges_s = np.append(time_s, time_s[-1] + _interval_s(time_s))
    start, stop = int(bout.start), min(int(bout.stop), len(time_s))
    tolerance = _tolerance_s(time_s) + 1e-9
    if abs(edges_s[start] - bout.seconds[0]) > tolerance or (bout.stop <= len(time_s) and abs(edges_s[stop] - bout.seconds[1]) > tolerance):
        raise InputError(
            f"{bout}: these frames are {edges_s[start]:.10g} to {edges_s[stop]:.10g} s of the video, but start_s and stop_s say "
            f"{bout.seconds[0]:.10g} to {bout.seconds[1]:.10g}; correct both, or take the two columns of frames away"
        )


def _overlapping(bouts: Sequence[Bout], tolerance: float) -> list[tuple[Bout, Bout]]:
    """Return the pairs of bouts of one behaviour that are shown at the same time, the one that lasts longest first."""
    found, longest = [], None
    for bout in sorted(bouts, key=lambda bout: (bout.stream, bout.behaviour, bout.start, bout.stop)):
        same = longest is not None and (longest.behaviour, longest.stream) == (bout.behaviour, bout.stream)
        if longest is not None and same and bout.start < longest.stop - tolerance:
            found.append((longest, bout))
        if longest is None or not same or bout.stop > longest.stop:
            longest = bout
    return found


def _interval_s(time_s: Times) -> float:
    return float(np.median(np.diff(time_s))) if len(time_s) > 1 else np.inf  # a single frame does not say how long it lasts


def _tolerance_s(time_s: Times) -> float:
    return min(1e-3, _interval_s(time_s) / 4)  # as `frames_in` has it
