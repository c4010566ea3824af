"""Read the first sheet of an Excel workbook (.xlsx) as rows of text, whatever the file is called.

The layout is that of ECMA-376 (Office Open XML), part 1, section 18.3: ``c`` is a cell, ``f`` its formula, ``v`` the value
that was last computed for it, and ``mergeCell`` a range of which only the first cell holds a value.
"""

import datetime
import struct
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

from ethocache.common.errors import InputError

_UNPACKED_LIMIT = 1024**3  # bytes; what unpacks to more is no table that a person typed
_MOST_CELLS = 20_000_000  # an hour at 30 frames per second with 100 columns has 11 million
_LAST_ROW = 1_048_576  # Excel's own limit
_MOST_MERGED = 2_000_000  # cells
_BAD_ZIP = (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, struct.error)  # what zipfile raises on damage
_SAVE_AGAIN = "open it in Excel and save it again as .xlsx, or as 'CSV UTF-8'"


def is_spreadsheet(start: bytes, path: Path) -> bool:
    """Tell from its content whether a file is an Excel workbook."""
    if not start.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as file:
            return "xl/workbook.xml" in file.namelist()
    except _BAD_ZIP:
        return False


def sheet_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Give row number (from 1) and cells of every row of the first sheet that holds anything and is not hidden.

    A formula counts as the value that Excel last computed for it, and the value of merged cells for each of them. Numbers come
    as people write them: ``3``, not ``3.0``.

    Raises
    ------
    InputError
        If the workbook is damaged, locked with a password, unpacks to more than 1 GiB, or a formula has no kept value. The
        path is not named.
    """
    with _opened(path) as workbook:
        sheet = next(iter(_filled(workbook)), None)
        if sheet is not None:
            yield from _rows(sheet, _examine(path, sheet.title))


def sheet_notes(path: Path) -> tuple[str, ...]:
    """Say what `sheet_rows` leaves out of a workbook, or fills in; nothing of a file that is none."""
    with path.open("rb") as file:
        if not is_spreadsheet(file.read(4), path):
            return ()
    with _opened(path) as workbook:
        first, *others = _filled(workbook) or [None]
        merged = _examine(path, first.title).merged if first is not None else ()
    notes = [f"only the sheet '{first.title}' is read, not " + ", ".join(f"'{sheet.title}'" for sheet in others)] if others else []
    return (*notes, *([f"the value of merged cells counts for each of them: {_listed([area.name for area in merged])}"] if merged else []))


@dataclass(frozen=True)
class _Area:
    """Merged cells: rows and columns from 1, both ends part of it."""

    name: str
    left: int
    top: int
    right: int
    bottom: int


@dataclass
class _Examined:
    """What openpyxl does not tell of a sheet that it reads row by row."""

    merged: tuple[_Area, ...] = ()
    values: dict[_Area, str] = field(default_factory=dict)

    @property
    def last_row(self) -> int:
        return max((area.bottom for area in self.values), default=0)

    def fill(self, number: int, cells: list[str]) -> None:
        for area in self.merged:
            if area.top == number and len(cells) >= area.left and cells[area.left - 1]:
                self.values[area] = cells[area.left - 1]
            if area in self.values and area.top <= number <= area.bottom:
                cells += [""] * (area.right - len(cells))
                cells[area.left - 1 : area.right] = [self.values[area]] * (area.right - area.left + 1)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    from openpyxl import load_workbook  # slow to import, and most labs have CSV

    _check_size(path)
    try:
        with path.open("rb") as file, warnings.catch_warnings():  # given a path, openpyxl would judge by its ending
            warnings.simplefilter("ignore")  # of styles and extensions that hold no labels
            workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            with closing(workbook):
                yield workbook
    except InputError:
        raise
    except Exception as error:  # openpyxl raises whatever its XML, zip and date code does on damaged files
        raise _damaged(error) from None


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as file:
            unpacked = sum(part.file_size for part in file.infolist())
    except _BAD_ZIP as error:
        raise _damaged(error) from None
    if unpacked > _UNPACKED_LIMIT:
        raise InputError(f"an Excel workbook that unpacks to {unpacked / 1e9:.1f} GB, which no table of labels does")


def _filled(workbook: Any) -> list[Any]:
    if not workbook.worksheets:
        raise InputError(f"an Excel workbook without a sheet; {_SAVE_AGAIN}")
    sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    for sheet in sheets:
        sheet.reset_dimensions()  # some programs write a wrong size, and rows beyond it would be lost
    return [sheet for sheet in sheets if _holds_something(sheet)]


def _holds_something(sheet: Any) -> bool:
    return any(value is not None for row in sheet.iter_rows(max_row=100, values_only=True) for value in row)


def _examine(path: Path, title: str) -> _Examined:
    """Look for merged cells, and for formulas of which nobody kept the value: they would silently be empty."""
    merged, last = [], 0
    with zipfile.ZipFile(path) as file, file.open(_part_of(file, title)) as part:
        for _, element in ElementTree.iterparse(part):
            tag = _local(element)
            if tag == "c":
                _check_formula(element)
            elif tag == "row":
                last = _check_order(element, last)
                element.clear()  # keeps the memory of a long sheet low
            elif tag == "mergeCell":
                merged.append(_area(element.get("ref", "")))
    if sum((area.right - area.left + 1) * (area.bottom - area.top + 1) for area in merged) > _MOST_MERGED:
        raise InputError(f"more than {_MOST_MERGED} merged cells; unmerge them")
    return _Examined(tuple(merged))


def _check_formula(cell: ElementTree.Element) -> None:
    children = {_local(child): child for child in cell}
    if "f" in children and not _kept(children.get("v")) and cell.get("t") != "str":  # text may well be computed to nothing
        raise InputError(
            f"cell {cell.get('r', '?')} holds a formula whose value was not kept; open the file in Excel, save it again, "
            "or paste the values over the formulas"
        )


def _check_order(row: ElementTree.Element, last: int) -> int:
    number = int(float(row.get("r", last + 1)))
    if number <= last:  # openpyxl would leave it out
        raise InputError(f"a damaged Excel workbook (row {number} comes after row {last}); {_SAVE_AGAIN}")
    return number


def _kept(value: ElementTree.Element | None) -> bool:
    return value is not None and bool(value.text)


def _part_of(file: zipfile.ZipFile, title: str) -> str:
    """Return the name of the part of the package that holds a sheet."""
    sheets = [element for element in ElementTree.fromstring(file.read("xl/workbook.xml")).iter() if _local(element) == "sheet"]
    wanted = next(element for element in sheets if element.get("name") == title)
    relation = next(value for key, value in wanted.attrib.items() if key.endswith("}id"))
    relations = ElementTree.fromstring(file.read("xl/_rels/workbook.xml.rels"))
    target = next(element.get("Target", "") for element in relations if element.get("Id") == relation)
    return str(PurePosixPath("/xl", target)).lstrip("/")


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _area(name: str) -> _Area:
    from openpyxl.utils.cell import range_boundaries

    left, top, right, bottom = (int(bound or 0) for bound in range_boundaries(name))
    return _Area(name, left, top, right, bottom)


def _rows(sheet: Any, examined: _Examined) -> Iterator[tuple[int, list[str]]]:
    number = cells = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        cells += len(row)
        if cells > _MOST_CELLS:
            raise InputError(
                f"a sheet of more than {_MOST_CELLS} cells; delete the columns on the right that hold nothing, and save it again"
            )
        if number > _LAST_ROW:
            raise InputError(f"a sheet with more than {_LAST_ROW} rows, which Excel cannot hold; {_SAVE_AGAIN}")
        yield from _row(number, [_text(value) for value in row], examined)
    for below in range(number + 1, examined.last_row + 1):
        yield from _row(below, [], examined)


def _row(number: int, cells: list[str], examined: _Examined) -> Iterator[tuple[int, list[str]]]:
    examined.fill(number, cells)
    while cells and not cells[-1]:
        cells.pop()
    if cells:
        yield number, cells


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime.timedelta):
        return repr(value.total_seconds())
    if isinstance(value, datetime.time):  # a cell in which a person typed 0:01:12.5
        return repr(value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6)
    return str(value)


def _listed(names: list[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _damaged(error: Exception) -> InputError:
    return InputError(f"a damaged Excel workbook ({' '.join(str(error).split())[:120] or type(error).__name__}); {_SAVE_AGAIN}")
