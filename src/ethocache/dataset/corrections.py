"""Corrections that a person saved from the report: what is true in a span of frames, of one behaviour in one video."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.batch import for_each
from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.store import Store
from ethocache.common.wording import counted
from ethocache.dataset.findings import some
from ethocache.dataset.folder import DataFolder, DataParams, plain_name
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.label_table import NO, NOT_SCORED, YES
from ethocache.dataset.text import Table, first_row, read_head, shown

COLUMNS = ("video", "behaviour", "start_frame", "stop_frame", "label", "video_frames", "start_s", "stop_s", "saved")
DECISION = "decision"
"""A column that may be there as well: rows of one number are one decision of a person, such as a behaviour that was changed to another."""
VIEW = "view"
"""One more, where several cameras film a session: whose frames these are."""
_LABELS = {str(label): label for label in (YES, NO, NOT_SCORED)}
_UNSAID = 2  # none of them


@dataclass(frozen=True)
class Correction:
    """One row of a file of corrections.

    Attributes
    ----------
    video, behaviour
        Whose row it is, and of what.
    start, stop
        Half-open range of frames.
    label
        What is true there: 1 shown, 0 not shown, -1 nobody knows.
    start_s, stop_s
        When these frames start, as the file says it: a check.
    saved
        When the file was saved; a later one wins.
    place
        File and line, for messages.
    decision
        Rows that share it were said at once, by one decision; empty where the file does not tell.
    """

    video: str
    behaviour: str
    start: int
    stop: int
    label: int
    start_s: float
    stop_s: float
    saved: datetime
    place: str
    decision: str = ""

    @property
    def content(self) -> list[str | int | float]:
        """All that decides the labels: the same in whatever file it stands."""
        return [self.behaviour, self.start, self.stop, self.label, self.start_s, self.stop_s, self.saved.isoformat()]


@dataclass(frozen=True)
class Corrections:
    """All corrections of a project.

    Attributes
    ----------
    of
        Video -> its corrections, the earliest saved first.
    exclusive
        Whether a frame has at most one behaviour (`train.task`), so that saying yes to one says no to all others.
    notes
        What was left aside.
    """

    of: Mapping[str, tuple[Correction, ...]] = field(default_factory=dict)
    exclusive: bool = False
    notes: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """How many a person made; empty without any."""
        count = sum(map(decisions, self.of.values()))
        return f"{counted(count, 'correction')} of {counted(len(self.of), 'video')}" if count else ""


def decisions(corrections: Sequence[Correction]) -> int:
    """Return by how many decisions of a person the corrections of one video were made; rows that do not tell count each.

    A page saves all that it holds each time, so a file says again what earlier ones say: rows count that say something new in a frame.

    Parameters
    ----------
    corrections
        The earliest saved first.
    """
    said, found = dict[str, npt.NDArray[np.int8]](), set[tuple[datetime, str]]()
    frames = max((one.stop for one in corrections), default=0)
    for _, saved_at_once in groupby(corrections, key=lambda one: one.saved):
        rows = list(saved_at_once)
        for one in rows:
            before = said.setdefault(one.behaviour, np.full(frames, _UNSAID, np.int8))
            if (before[one.start : one.stop] != one.label).any():
                found.add((one.saved, one.decision or one.place))
        for one in rows:
            said[one.behaviour][one.start : one.stop] = one.label
    return len(found)


@dataclass(frozen=True)
class _Known:
    """What rows may name: videos and behaviours by their names as tables have them; `skip` leaves other videos aside."""

    videos: Mapping[str, VideoRecord]
    behaviours: Mapping[str, str]
    skip: bool


def labels_and_corrections(folder: DataFolder, params: DataParams) -> tuple[dict[str, Path], dict[str, Path]]:
    """Return the files of `DataParams.labels` and those of `DataParams.corrections`; what matches both, its header tells apart."""
    labels, corrections = folder.files(params.labels), folder.files(params.corrections)
    for file in labels.keys() & corrections.keys():
        del (labels if is_of_corrections(labels[file]) else corrections)[file]
    return labels, corrections


def is_of_corrections(path: Path) -> bool:
    """Tell from its header whether a file holds corrections."""
    return {"video", "label", "video_frames", "saved"} <= set(first_row(read_head(path).text)[1])


def read_corrections(
    files: Mapping[str, Path],
    records: Iterable[VideoRecord],
    behaviours: Sequence[str],
    store: Store,
    exclusive: bool = False,
    skip: bool = False,
    problems: list[str] | None = None,
) -> Corrections:
    """Read all files of corrections.

    Parameters
    ----------
    files
        Name relative to the data folder -> path.
    records
        The project's videos, or their individuals where each is taken by itself.
    behaviours
        `DataParams.behaviours`; names in labels files and how they are renamed play no part.
    store
        Remembers what files held.
    exclusive
        See `Corrections`.
    skip
        Whether corrections of videos that are not there are left aside (`LabelParams.unmatched`).
    problems
        Takes what is wrong with single files, where that is to be listed rather than to stop the work.

    Raises
    ------
    InputError
        With the first problem of every file, one per line.
    """
    videos = {record.id.strip(): record for record in records}
    known = _Known(videos, {plain_name(name): name for name in behaviours}, skip)
    first: dict[str, str] = {}  # sha256 -> the first file of that content
    aside: list[str] = []

    def read(file: str) -> list[Correction]:
        if (other := first.setdefault(store.fingerprint(files[file]), file)) != file:
            raise InputError(f"{file}: it holds the same as {other}, saved or copied twice; remove one of them")
        try:
            return _read(files[file], file, known, aside)
        except InputError as error:
            raise InputError(f"{file}: {error}") from None

    found = [correction for of_file in for_each(files, read, keeps=False, problems=problems) for correction in of_file]
    found.sort(key=lambda correction: (correction.saved, correction.behaviour, correction.start, correction.stop, correction.label))
    of = {record.id: tuple(one for one in found if one.video == record.id) for record in videos.values()}
    names = list(dict.fromkeys(aside))
    notes = (f"corrections of {counted(len(names), 'video')} that are not there are left aside: {some(names)}",) if names else ()
    return Corrections({video: rows for video, rows in of.items() if rows}, exclusive, notes)


def _read(path: Path, file: str, known: _Known, aside: list[str]) -> list[Correction]:
    table = Table.open(path)
    if {*COLUMNS} - {*table.header} or len(table.header) > len({*table.header} & {*COLUMNS, DECISION, VIEW}):
        raise InputError(
            f"expected the columns of saved corrections, {','.join(COLUMNS)}, found {shown(','.join(table.header))}; if it holds something "
            "else, narrow data.corrections"
        )
    found, rows, saved = list[Correction](), 0, ""
    for line, cells in table.rows():
        row, rows = dict(zip(table.header, cells, strict=True)), rows + 1
        if row["saved"] != (saved := saved or row["saved"]):
            raise InputError(
                f"line {line}: saved at {shown(row['saved'])}, rows above at {shown(saved)}; keep what was saved at two times in two files"
            )
        try:
            correction = _correction(row, table, f"{file}, line {line}", known)
        except InputError as error:
            raise InputError(f"line {line}: {error}") from None
        if correction:
            found.append(correction)
        else:
            aside.append(f"'{shown(row['video'])}'")
    if not rows:
        raise InputError("expected corrections below the header, found none; remove the file")
    return found


def _correction(row: Mapping[str, str], table: Table, place: str, known: _Known) -> Correction | None:
    """Return what a row says; None where its video is to be left aside."""
    record = known.videos.get(row["video"])
    if record is None:
        if known.skip:
            return None
        raise InputError(
            f"no video is called '{shown(row['video'])}'{did_you_mean(row['video'], known.videos)}; correct it, remove its rows, or leave "
            "them aside with labels.unmatched: skip"
        )
    if (behaviour := known.behaviours.get(row["behaviour"])) is None:
        hint = did_you_mean(row["behaviour"], known.behaviours) or "."
        raise InputError(
            f"'{shown(row['behaviour'])}' is none of data.behaviours{hint} Corrections use these names, whatever labels.rename says"
        )
    _refuse_other_view(record, row.get(VIEW, ""))
    start, stop, frames = (_frames(row, column) for column in ("start_frame", "stop_frame", "video_frames"))
    if frames != record.facts.frames:
        raise InputError(f"'{record.id}' has {record.facts.frames} frames, but video_frames says {frames}; these are of another video")
    if not start < stop <= frames:
        raise InputError(f"expected a span within the video's {frames} frames, start_frame before stop_frame, found {start} to {stop}")
    if row["label"] not in _LABELS:
        raise InputError(f"expected a label of 1 (shown), 0 (not shown) or -1 (nobody knows), found '{shown(row['label'])}'")
    start_s, stop_s = (_seconds(row, column, table) for column in ("start_s", "stop_s"))
    saved, decision = _saved(row["saved"]), row.get(DECISION, "")
    return Correction(record.id, behaviour, start, stop, _LABELS[row["label"]], start_s, stop_s, saved, place, decision)


def _refuse_other_view(record: VideoRecord, view: str) -> None:
    """Refuse corrections that were saved while a session had the frames of another camera; files of before do not tell."""
    if view and view != record.view:
        now = f"'{record.id}' has the frames of '{record.view}'" if record.view else f"'{record.id}' is filmed by one camera"
        raise InputError(
            f"{now}, but these were saved on those of '{shown(view)}', by another clock; let it have these again (data.reference_view, or "
            "the name of its labels file), or remove its rows and correct it anew"
        )


def _frames(row: Mapping[str, str], column: str) -> int:
    if not (row[column].isascii() and row[column].isdigit()):
        raise InputError(f"{column}: expected a whole number of frames, found '{shown(row[column])}'")
    return int(row[column])


def _seconds(row: Mapping[str, str], column: str, table: Table) -> float:
    try:
        return table.number(row[column])
    except ValueError:
        raise InputError(f"{column}: expected a number of seconds, found '{shown(row[column])}'") from None


def _saved(text: str) -> datetime:
    try:
        saved = datetime.fromisoformat(text)
        in_utc = saved.utcoffset() == timedelta(0)
    except ValueError:
        in_utc = False
    if not in_utc:
        raise InputError(f"saved: expected a time in UTC such as 2026-11-28T10:15:00Z, found '{shown(text)}'")
    return saved
