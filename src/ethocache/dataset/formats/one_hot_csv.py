"""Marks as CSV: one row per frame, one column per behaviour, 1 where it is shown (as DeepEthogram and others write).

0 is "no"; an empty cell or -1 is "nobody looked". A first column of frame numbers and a column ``background``
(1 exactly where no behaviour is) may be there and are checked.
"""

from array import array
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.formats.contents import Format, FrameMarks, Labels, Meaning
from ethocache.dataset.text import Head, Table, first_row, shown, split

_FRAME = {"frame", "index", "", "unnamed: 0"}
_BACKGROUND = "background"
_MARKS = {"1": 1, "1.0": 1, "true": 1, "0": 0, "0.0": 0, "false": 0, "": -1, "-1": -1, "-1.0": -1}
_LOOKS_LIKE = "one row per frame and one column of 0 and 1 per behaviour"


def _recognise(head: Head, meaning: Meaning) -> bool:
    separator, header = first_row(head.text)
    below = islice((line for line in head.text.splitlines() if line.strip()), 1, 2)
    row = next((split(line, separator) for line in below), [])
    first = _first_behaviour(header)
    return len(row) == len(header) > first and "" not in header[first:] and all(_mark(cell, separator) is not None for cell in row[first:])


def _read(path: Path, meaning: Meaning) -> tuple[Labels, ...]:
    table = Table.open(path)
    first = _first_behaviour(table.header)
    names = table.header[first:]
    if not names or "" in names:
        raise InputError(f"expected {_LOOKS_LIKE}, found the header '{shown(', '.join(table.header))}'")
    marks, lines = array("b"), array("q")
    one_based = False
    for number, (line, row) in enumerate(table.rows()):
        if first:
            one_based = one_based or (number == 0 and row[0] in ("1", "1.0"))
            _check_frame(table, line, row[0], number + one_based)
        marks.extend(_marks(table, line, names, row[first:]))
        lines.append(line)
    return (Labels(_without_background(names, np.array(marks, np.int8).reshape(len(lines), len(names)), lines)),)


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


def _check_frame(table: Table, line: int, cell: str, frame: int) -> None:
    try:
        found = table.number(cell)
    except ValueError:
        found = -1.0
    if found != frame:
        raise InputError(f"line {line}: expected frame {frame}, found '{shown(cell)}'; frames go from 0 or from 1, each once, in order")


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
