"""Read DeepLabCut's CSV files: three or four header rows, then one row per frame.

Also those that pandas has read and written again, which puts a column of row numbers in front and makes
the scorers differ (``DeepCut...``, ``DeepCut....1``).
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from ethocache.common.errors import InputError
from ethocache.dataset.deeplabcut_columns import LEVELS, Column, PoseTable, column_of, label
from ethocache.dataset.text import first_row, lines, number, rows, shown

Rows = Iterator[tuple[int, list[str]]]
_UNSEEN = float("nan")


@dataclass(frozen=True)
class _Layout:
    """Where things are in the file: its columns, and the cell that holds the frame's number."""

    columns: tuple[Column, ...]
    frame_cell: int
    decimal_comma: bool


def read_columns(path: Path) -> tuple[Column, ...]:
    """Read only which columns the file has."""
    return _open(path)[0].columns


def read_csv(path: Path) -> PoseTable:
    """Read a DeepLabCut CSV file.

    Raises
    ------
    InputError
        If it is none, a frame is missing or out of order, or a cell is no number. The path is not named.
    """
    layout, below = _open(path)
    numbers = array("d")
    frames = 0
    for line, row in below:
        numbers.extend(_values(line, row, frames, layout))
        frames += 1
    return PoseTable(layout.columns, np.frombuffer(numbers, np.float64).reshape(frames, len(layout.columns)))


def _open(path: Path) -> tuple[_Layout, Rows]:
    separator, first = first_row(next((line for line in lines(path) if line.strip()), ""))
    below = rows(path, separator)
    start = 1 if [cell.strip() for cell in first[:2]] == ["", "scorer"] else 0
    header = [row for _, row in islice(below, 3)]
    if len(header) == 3 and _name(header[1], start) == "individuals":
        header += [row for _, row in islice(below, 1)]
    if tuple(_name(row, start) for row in header) not in LEVELS:
        raise InputError(f"expected DeepLabCut's header rows (scorer, bodyparts, coords), found '{shown(','.join(first))}'")
    if len({len(row) for row in header}) > 1:
        raise InputError(f"the header rows have {' and '.join(str(len(row)) for row in header)} cells; expected as many in each")
    columns = tuple(column_of(levels) for levels in zip(*(row[start + 1 :] for row in header), strict=True))
    return _Layout(columns, start, separator != ","), below


def _name(row: list[str], start: int) -> str:
    return row[start].strip() if len(row) > start else ""


def _values(line: int, row: list[str], frame: int, layout: _Layout) -> list[float]:
    first = layout.frame_cell + 1
    if len(row) != first + len(layout.columns):
        raise InputError(f"line {line}: expected {first + len(layout.columns)} cells as in the header, found {len(row)}")
    if row[first - 1] != str(frame):
        _check_frame(line, row[first - 1], frame)
    cells = [cell.replace(",", ".") for cell in row[first:]] if layout.decimal_comma else row[first:]
    try:
        return [_number(cell) for cell in cells]
    except ValueError:
        raise InputError(_explain(line, cells, layout.columns)) from None


def _number(cell: str) -> float:
    if not cell or cell.isspace():
        return _UNSEEN
    if "_" in cell:  # Python would read 1_0 as 10
        raise ValueError
    return float(cell)


def _check_frame(line: int, cell: str, frame: int) -> None:
    try:
        found = number(cell.strip())
    except ValueError:
        found = -1.0
    if found != frame:
        raise InputError(f"line {line}: expected frame {frame}, found '{shown(cell)}'; every frame must be there once and in order")


def _explain(line: int, cells: list[str], columns: tuple[Column, ...]) -> str:
    for cell, column in zip(cells, columns, strict=True):
        try:
            _number(cell)
        except ValueError:
            return f"line {line}, column '{label(column)}': expected a number or an empty cell, found '{shown(cell)}'"
    raise AssertionError("one of the cells is no number")
