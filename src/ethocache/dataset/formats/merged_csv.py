"""Tracks, design and labels in one table: one row per frame, in which the columns that the settings know are labels.

A label's cell is 1, ``x`` or true, 0 or false, or empty. Empty means "nobody looked" where others are 0, and "no" where only what is
shown was marked. Several videos may follow each other, if a column (role ``video`` in the settings) names them.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.formats import bouts_csv, clip_table
from ethocache.dataset.formats.contents import Format, FrameMarks, Labels, Meaning
from ethocache.dataset.formats.frame_rows import (
    EMPTY,
    FRAME_NAMES,
    NO,
    NOBODY,
    FrameCount,
    bad_mark,
    column_of,
    grid,
    is_letter,
    is_merged,
    mark,
    not_read,
)  # fmt: skip
from ethocache.dataset.formats.simba import has_pose
from ethocache.dataset.formats.tags_csv import is_tags
from ethocache.dataset.spreadsheet import sheet_notes
from ethocache.dataset.text import Head, Table, shown

_LOOKS_LIKE = "one row per frame, columns named in data.behaviours among others, such as coordinates"


@dataclass
class _Block:
    """The rows of one video by one rater, which follow each other."""

    frames: FrameCount = field(default_factory=FrameCount)
    marks: "array[int]" = field(default_factory=lambda: array("b"))


@dataclass(frozen=True)
class _Columns:
    """Where labels are, and what says which frame of which video by which rater a row is of."""

    labels: tuple[int, ...]
    frame: int | None
    video: int | None
    rater: int | None

    @classmethod
    def find(cls, header: Sequence[str], meaning: Meaning) -> "_Columns":
        labels = tuple(place for place, name in enumerate(header) if name in meaning.names)
        frame = column_of(header, "frame", meaning, FRAME_NAMES)
        return cls(labels, frame, column_of(header, "video", meaning), column_of(header, "rater", meaning))

    def key(self, line: int, row: list[str]) -> tuple[str, str]:
        if self.video is not None and not row[self.video]:
            raise InputError(f"line {line}: expected the name of the video, found nothing")
        return tuple("" if place is None else row[place] for place in (self.video, self.rater))  # type: ignore[return-value]


def _recognise(head: Head, meaning: Meaning) -> bool:
    header, *below = grid(head) or [[]]
    labels = [place for place, name in enumerate(header) if name in meaning.names]
    cells = [row[place] for row in below for place in labels if len(row) > place]
    filled = [row for row in below if any(row)]
    others = (bouts_csv.FORMAT, clip_table.FORMAT)
    if not labels or is_tags(header) or has_pose(header) or any(other.recognise(head, meaning) for other in others):
        return False
    return is_merged(header, filled, meaning) and all(mark(cell) is not None for cell in cells)


def _read(path: Path, meaning: Meaning) -> tuple[Labels, ...]:
    table = Table.open(path)
    columns = _Columns.find(table.header, meaning)
    if not columns.labels:
        raise InputError(f"expected {_LOOKS_LIKE}, found the header '{shown(', '.join(table.header))}'")
    blocks = _blocks(table, columns)
    if not blocks:
        raise InputError("expected a row for each frame below the header, found none")
    used = {*columns.labels, columns.frame, columns.video, columns.rater}
    unread = not_read([name for place, name in enumerate(table.header) if place not in used])
    names = tuple(table.header[place] for place in columns.labels)
    values = {key: np.array(block.marks, np.int8).reshape(-1, len(names)) for key, block in blocks.items()}
    empty, note = _meaning_of_empty(list(values.values()))
    notes = (*note, *unread, *sheet_notes(path))
    return tuple(Labels(FrameMarks(names, np.where(of == EMPTY, np.int8(empty), of)), *key, notes) for key, of in values.items())


def _blocks(table: Table, columns: _Columns) -> dict[tuple[str, str], _Block]:
    blocks: dict[tuple[str, str], _Block] = {}
    last, blank = None, 0
    for line, row in table.rows():
        if not any(row):
            blank = blank or line
            continue
        if blank:
            raise InputError(f"line {blank}: expected a frame, found an empty row with others below; remove it, or fill it")
        key = columns.key(line, row)
        if key != last and key in blocks:
            raise InputError(
                f"line {line}: rows of '{shown(' '.join(key).strip())}' stand above too, with others between; sort them by video"
            )
        last = key
        _add(table, columns, line, row, blocks.setdefault(key, _Block()))
    return blocks


def _add(table: Table, columns: _Columns, line: int, row: list[str], block: _Block) -> None:
    if columns.frame is not None:
        block.frames.check(line, row[columns.frame])
    for place in columns.labels:
        found = mark(row[place])
        if found is None:
            raise bad_mark(line, table.header[place], row[place], "1 or x, 0, or nothing")
        block.marks.append(found * (2 if is_letter(row[place]) else 1))


def _meaning_of_empty(values: list[npt.NDArray[np.int8]]) -> tuple[int, tuple[str, ...]]:
    """Decide what empty cells mean, and turn the letters (2, until here) into 1."""
    found = {int(value) for of in values for value in np.unique(of)}
    for of in values:
        of[of == 2] = 1
    if EMPTY not in found:
        return NO, ()
    if 2 in found and NO in found:
        raise InputError("labels are marked by x, by 0 and by empty cells; does empty mean 'no' or 'nobody looked'? Write 0, or -1")
    if NO in found or not found & {1, 2}:
        return NOBODY, ("empty cells of labels count as 'nobody looked'",)
    return NO, ("empty cells of labels count as 'no', as only what is shown is marked",)


FORMAT = Format(_LOOKS_LIKE, _recognise, _read)
