"""Marks as CSV: one row per frame, one column per behaviour, 1 where it is shown (as DeepEthogram and others write).

0 is "no"; an empty cell or -1 is "nobody looked" (https://github.com/jbohnslav/deepethogram/blob/master/docs/file_structure.md,
"labels"; the first column has no name and counts frames from 0). A first column of frame numbers and a column ``background``
(1 exactly where no behaviour is) may be there and are checked.
"""

import io
from array import array
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.formats.contents import Format, FrameMarks, Labels, Meaning
from ethocache.dataset.formats.frame_rows import FrameCount
from ethocache.dataset.formats.simba import has_pose
from ethocache.dataset.formats.tags_csv import is_tags
from ethocache.dataset.spreadsheet import sheet_notes
from ethocache.dataset.text import Head, Table, first_row, shown, split

_FRAME = {"frame", "index", "", "unnamed: 0"}
_BACKGROUND = "background"
_MARKS = {"1": 1, "1.0": 1, "true": 1, "0": 0, "0.0": 0, "false": 0, "": -1, "-1": -1, "-1.0": -1}
_LOOKS_LIKE = "one row per frame and one column of 0 and 1 per behaviour"


def _recognise(head: Head, meaning: Meaning) -> bool:
    separator, header = first_row(head.text)
    below = list(islice((split(line, separator) for line in io.StringIO(head.text, newline="") if line.strip()), 1, None))
    first, whole = _first_behaviour(header), not head.start.startswith(b"PK")  # Excel does not keep empty cells at a row's end
    if not below or len(header) <= first or "" in header[first:] or is_tags(header) or has_pose(header):
        return False
    if any(len(row) > len(header) or (whole and len(row) < len(header)) for row in below):
        return False
    marks = {_mark(cell, separator) for row in below for cell in row[first:]}
    return None not in marks and (0 in marks or not _leaves_empty(below, first, len(header)))


def _leaves_empty(below: Sequence[Sequence[str]], first: int, width: int) -> bool:
    """Tell whether cells are empty; where nothing is 0 (or -1), empty must mean "no", and `x_marks` reads that."""
    cells = [cell.strip() for row in below for cell in row[first:]]
    return ("" in cells or any(len(row) < width for row in below)) and not any(cell.startswith("-1") for cell in cells)


def _read(path: Path, meaning: Meaning) -> tuple[Labels, ...]:
    table = Table.open(path)
    first = _first_behaviour(table.header)
    names = table.header[first:]
    if not names or "" in names:
        raise InputError(f"expected {_LOOKS_LIKE}, found the header '{shown(', '.join(table.header))}'")
    marks, lines = array("b"), array("q")
    frames = FrameCount()
    for line, row in table.rows():
        if first:
            frames.check(line, row[0])
        marks.extend(_marks(table, line, names, row[first:]))
        lines.append(line)
    content = _without_background(names, np.array(marks, np.int8).reshape(len(lines), len(names)), lines)
    return (Labels(content, notes=sheet_notes(path)),)


def _first_behaviour(header: Sequence[str]) -> int:
    return int(bool(header) and header[0].strip().casefold() in _FRAME)


def _mark(cell: str, separator: str) -> int | None:
    plain = cell.strip().lower()
    return _MARKS.get(plain if separator == "," else plain.replace(",", "."))


def _marks(table: Table, line: int, names: Sequence[str], cells: Sequence[str]) -> list[int]:
    marks = [mark for cell in cells if (mark := _mark(cell, table.separator)) is not None]
    if len(marks) < len(cells):
        name, cell = next((name, cell) for name, cell in zip(names, cells, strict=True) if _mark(cell, table.separator) is None)
        raise InputError(f"line {line}, column '{shown(name)}': expected 0, 1 or nothing (nobody looked), found '{shown(cell)}'")
    return marks


def _without_background(names: tuple[str, ...], values: npt.NDArray[np.int8], lines: Sequence[int]) -> FrameMarks:
    """Take the column of background away, once it is seen to say nothing that the others do not."""
    background = [name.casefold() == _BACKGROUND for name in names]
    if not any(background):
        return FrameMarks(names, values)
    place = background.index(True)
    rest = FrameMarks((*names[:place], *names[place + 1 :]), np.delete(values, place, axis=1))
    says, shown_any, all_no = values[:, place], (rest.values == 1).any(axis=1), (rest.values == 0).all(axis=1)
    if (wrong := np.flatnonzero(((says == 1) & shown_any) | ((says == 0) & all_no))).size:
        state = "1 although a behaviour is 1" if says[wrong[0]] == 1 else "0 although no behaviour is 1"
        raise InputError(f"line {lines[wrong[0]]}: '{names[place]}' is {state}; mend the row, or take the column away")
    return rest


FORMAT = Format(_LOOKS_LIKE, _recognise, _read)
