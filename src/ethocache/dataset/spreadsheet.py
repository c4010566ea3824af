"""Read the first sheet of an Excel workbook (.xlsx) as rows of text, whatever the file is called."""

import datetime
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError

_UNPACKED_LIMIT = 1024**3  # bytes; what unpacks to more is no table that a person typed
_WIDEST = 16_384  # columns, Excel's own limit
_SAVE_AGAIN = "open it in Excel and save it again as .xlsx, or as 'CSV UTF-8'"


def is_spreadsheet(start: bytes, path: Path) -> bool:
    """Tell from its content whether a file is an Excel workbook."""
    if not start.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as file:
            return "xl/workbook.xml" in file.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def sheet_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Give row number (from 1) and cells of every row of the first sheet that holds anything.

    A formula counts as the value that Excel last computed for it. Numbers come as people write them: ``3``, not ``3.0``.

    Raises
    ------
    InputError
        If the workbook is damaged, locked with a password, unpacks to more than 1 GiB, or a formula has no kept value. The
        path is not named.
    """
    from openpyxl import load_workbook  # slow to import, and most labs have CSV

    _check_size(path)
    try:
        values = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            sheet = next((sheet for sheet in values.worksheets if _holds_something(sheet)), None)
            if sheet is not None:
                yield from _rows(sheet)
        finally:
            values.close()
    except InputError:
        raise
    except Exception as error:  # openpyxl raises whatever its XML, zip and date code does on damaged files
        raise InputError(f"a damaged Excel workbook ({_short(error)}); {_SAVE_AGAIN}") from None


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as file:
            unpacked = sum(part.file_size for part in file.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InputError(f"a damaged Excel workbook ({_short(error)}); {_SAVE_AGAIN}") from None
    if unpacked > _UNPACKED_LIMIT:
        raise InputError(f"an Excel workbook that unpacks to {unpacked / 1e9:.1f} GB, which no table of labels does")


def _holds_something(sheet: Any) -> bool:
    return any(value is not None for row in sheet.iter_rows(max_row=100, values_only=True) for value in row)


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=_WIDEST), 1):
        cells = [_text(value) for value in row]
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


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
