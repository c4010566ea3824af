"""Sheets that people mark by hand: one row per frame, an ``x`` where a behaviour is shown, nothing where it is not.

Titles, dates and names may stand above the header, totals below the last frame, and comments beside. The header is the row that
holds most names that the settings know; where it holds none, the row above the first ``x``. Where a column counts frames or tells
the time, each row with one is a frame. Where there is none, the row below the header is frame 0 and a blank row is a frame without
a mark; then nobody can tell how many frames follow the last mark (`FrameMarks.open_end`).
"""

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from ethocache.common.errors import InputError
from ethocache.dataset.formats import boris_bouts, boris_events, bouts_csv, clip_table, one_hot_csv
from ethocache.dataset.formats.contents import BoutList, Format, FrameMarks, Labels, Meaning
from ethocache.dataset.formats.frame_rows import (
    EMPTY,
    FRAME_NAMES,
    NO,
    TIME_NAMES,
    UNNAMED,
    YES,
    Clock,
    FrameCount,
    bad_mark,
    column_of,
    grid,
    is_letter,
    is_merged,
    is_number,
    mark,
    not_read,
    seconds,
    separator_of,
    trimmed,
)  # fmt: skip
from ethocache.dataset.formats.simba import has_pose
from ethocache.dataset.formats.tags_csv import is_tags
from ethocache.dataset.spreadsheet import sheet_notes
from ethocache.dataset.text import Head, Table, read_head, rows

_LOOKS_LIKE = "one row per frame, one column per behaviour and an x where it is shown, titles above allowed"
_PREAMBLE = 200  # rows among which the header is looked for
_TOTALS = {"total", "totals", "totales", "sum", "suma", "count", "recompte", "recuento", "mean", "mitjana", "media", "%"}
_LINE_END = re.compile(r"\r\n|\r|\n")
_NOT_A_MARK = 9
_EXPECTED = "x (or 1) or nothing"


@dataclass(frozen=True)
class _Layout:
    """Where the columns are: `frame` and `time` tell frames; `known` are of names in the settings; `others` may be marks too."""

    frame: int | None
    time: int | None
    known: tuple[int, ...]
    others: tuple[int, ...]

    @property
    def index(self) -> int | None:
        return self.time if self.frame is None else self.frame

    @classmethod
    def find(cls, header: Sequence[str], below: Sequence[Sequence[str]], meaning: Meaning) -> "_Layout":
        frame = column_of(header, "frame", meaning, FRAME_NAMES)
        if frame is None and UNNAMED.fullmatch(header[0]) and below and is_number(below[0][0] if below[0] else ""):
            frame = 0
        time = column_of(header, "time", meaning, TIME_NAMES)
        names = {name.casefold() for name in meaning.names}
        rest = [place for place in range(len(header)) if place not in (frame, time)]
        known = tuple(place for place in rest if header[place].casefold() in names)
        return cls(frame, time, known, tuple(place for place in rest if place not in known))

    def is_footer(self, row: Sequence[str]) -> bool:
        """Tell a row of totals, or what else stands below the frames."""
        filled = [cell for cell in row if cell]
        if len(filled) > 1 and filled[0].casefold().rstrip(": ") in _TOTALS:  # alone, it may be a comment
            return True
        return self.index is not None and any(row) and not _is_time(row[self.index])


@dataclass
class _Frames:
    """What the rows below the header say, as they are read."""

    marks: dict[int, "array[int]"]
    letters: set[int] = field(default_factory=set)
    footer: int = 0

    def skip_to(self, place: int) -> None:
        for of in self.marks.values():
            of.extend([EMPTY] * (place - len(of)))


def _recognise(head: Head, meaning: Meaning) -> bool:
    found = grid(head, _PREAMBLE)
    place = _header_place(found, meaning)
    if place is None or any("bodyparts" in row for row in found[:5]):  # DeepLabCut's tables have a row of x and y
        return False
    header, below = found[place], [row for row in found[place + 1 :] if any(row)]
    if any(is_tags(row) or has_pose(row) for row in found[: place + 1]) or (place == 0 and is_merged(header, below, meaning)):
        return False
    others = (boris_bouts.FORMAT, boris_events.FORMAT, bouts_csv.FORMAT, clip_table.FORMAT, one_hot_csv.FORMAT)
    if any(other.recognise(head, meaning) for other in others):
        return False
    return bool(below) and _holds_marks(header, below, meaning)


def _holds_marks(header: Sequence[str], below: Sequence[Sequence[str]], meaning: Meaning) -> bool:
    padded = [[*row, *[""] * (len(header) - len(row))] for row in below]
    layout = _Layout.find(header, padded, meaning)
    end = next((number for number, row in enumerate(padded) if layout.is_footer(row)), len(padded))
    marked = [place for place in layout.others if any(is_letter(row[place]) for row in padded[:end])]
    cells = [row[place] for row in padded[:end] for place in (layout.known or marked)]
    return bool(layout.known or cells) and all(mark(cell) is not None for cell in cells)


def _read(path: Path, meaning: Meaning) -> tuple[Labels, ...]:
    table = _table(path, meaning)
    below = [row for _, row in islice(table.rows(), 1)]
    layout = _Layout.find(table.header, below, meaning)
    frames = _frames(table, layout)
    labels = _labels(table, layout, frames)
    values = np.array([frames.marks[place] for place in labels], np.int8).T
    zeros = bool((values == NO).any())
    open_end = layout.index is None and not zeros
    if open_end:
        values = values[: np.flatnonzero((values != EMPTY).any(axis=1))[-1] + 1] if (values != EMPTY).any() else values[:0]
    if zeros and (values == EMPTY).any():
        raise InputError("some cells are 0 and some are empty; does empty mean 'no' or 'nobody looked'? Write 0, or -1")
    names = tuple(table.header[place] for place in labels)
    content = FrameMarks(names, np.where(values == EMPTY, np.int8(NO), values), open_end)
    notes = (*_notes(table, layout, frames, content, labels), *sheet_notes(path))
    if not zeros and (values == EMPTY).all():
        return (Labels(BoutList("frames", ()), notes=notes),)  # nothing shown, or a sheet that nobody has filled in yet
    return (Labels(content, notes=notes),)


def _table(path: Path, meaning: Meaning) -> Table:
    separator = separator_of(read_head(path))
    first = [(line, [trimmed(cell) for cell in row]) for line, row in islice(rows(path, separator), _PREAMBLE)]
    place = _header_place([row for _, row in first], meaning)
    if place is None:
        raise InputError(f"expected {_LOOKS_LIKE}; found neither a name of data.behaviours nor an x in the first {_PREAMBLE} rows")
    line, header = first[place]
    while header and not header[-1]:
        header.pop()
    return Table(path, separator, tuple(header), line)


def _header_place(found: Sequence[Sequence[str]], meaning: Meaning) -> int | None:
    """Return which row is the header: that with most names that the settings know, else the text above the first x."""
    names = {name.casefold() for name in meaning.names}
    known = [sum(cell.casefold() in names for cell in row if cell) for row in found]
    if any(known):
        return known.index(max(known))
    first = next((place for place, row in enumerate(found) if any(is_letter(cell) for cell in row)), 0)
    return next((place for place in range(first - 1, -1, -1) if any(_is_text(cell) for cell in found[place])), None)


def _is_text(cell: str) -> bool:
    return not is_number(cell) and mark(cell) is None and not _is_time(cell)


def _is_time(cell: str) -> bool:
    try:
        seconds(cell)
    except ValueError:
        return False
    return True


def _frames(table: Table, layout: _Layout) -> _Frames:
    frames = _Frames({place: array("b") for place in (*layout.known, *layout.others)})
    count, clock, places = FrameCount(), Clock(), _places(table)
    for line, row in table.rows():
        if frames.footer or layout.is_footer(row):
            _check_footer(layout, line, row, frames)
            continue
        if layout.index is None:
            frames.skip_to(next(place for at, place in places if at == line))
        elif not any(row):
            continue  # a blank row is for the eye where frames are numbered
        elif layout.frame is not None:
            count.check(line, row[layout.frame])
        else:
            clock.check(line, row[layout.index])
        _add(table, layout, line, row, frames)
    return frames


def _places(table: Table) -> Iterator[tuple[int, int]]:
    """Give, for each row below the header, its line and how many rows, blank ones too, stand between it and the header."""
    sheet = read_head(table.path).start.startswith(b"PK")
    last, place = table.header_line, 0
    for line, row in rows(table.path, table.separator):
        if line > table.header_line:
            first = line if sheet else line - sum(len(_LINE_END.findall(cell)) for cell in row)  # a text's cell may hold line ends
            place += first - last - 1
            yield line, place
            last, place = line, place + 1


def _check_footer(layout: _Layout, line: int, row: Sequence[str], frames: _Frames) -> None:
    frames.footer = frames.footer or line
    below = line > frames.footer
    numbered = below and layout.index is not None and _is_time(row[layout.index])
    if numbered or any(is_letter(row[place]) or (below and mark(row[place]) == YES) for place in layout.known):
        raise InputError(
            f"line {line}: a frame, at or below line {frames.footer}, which is none; number each frame, and move totals to the end"
        )


def _add(table: Table, layout: _Layout, line: int, row: Sequence[str], frames: _Frames) -> None:
    for place, of in frames.marks.items():
        found = mark(row[place])
        if found is None and place in layout.known:
            raise bad_mark(line, table.header[place], row[place], _EXPECTED)
        of.append(_NOT_A_MARK if found is None else found)
        if is_letter(row[place]):
            frames.letters.add(place)


def _labels(table: Table, layout: _Layout, frames: _Frames) -> list[int]:
    """Return the columns that are labels: known ones, and others that hold nothing but marks, as nobody may drop a behaviour."""
    marked = [place for place in layout.others if place in frames.letters and _NOT_A_MARK not in frames.marks[place]]
    if nameless := next((place for place in marked if not table.header[place]), None):
        raise InputError(f"column {nameless + 1} holds marks and no name in the header, line {table.header_line}; name it")
    labels = sorted([*layout.known, *marked])
    if not labels or not frames.marks[labels[0]]:
        raise InputError(f"expected a row for each frame below the header in line {table.header_line}, found none")
    return labels


def _notes(table: Table, layout: _Layout, frames: _Frames, content: FrameMarks, labels: Sequence[int]) -> list[str]:
    notes = list(not_read([table.header[place] for place in layout.others if place not in labels]))
    if table.header_line > 1:
        notes.append(f"the header is line {table.header_line}; what stands above is not read")
    if frames.footer:
        notes.append(f"line {frames.footer} and what stands below are no frames and are not read")
    if content.open_end:
        notes.append(
            f"no column counts the frames: line {table.header_line + 1} is the first, and those after the last mark "
            f"({len(content.values)} frames in all until it) count as 'no'"
        )
    if not (content.values == YES).any():
        notes.append("no frame is marked")
    return notes


FORMAT = Format(_LOOKS_LIKE, _recognise, _read)
