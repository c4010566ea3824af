"""Read tables as people save them: text of any usual encoding and separator, or Excel; never more than one row in memory."""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.dataset.spreadsheet import is_spreadsheet, sheet_rows

HEAD_BYTES = 64 * 1024  # what is looked at to recognise a file
_LONGEST_PREAMBLE = 200  # rows that may stand above a header
LONGEST_LINE = 1024 * 1024  # characters; a longer "line" is no table, and must not fill the memory
SEPARATORS = (",", ";", "\t")
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_BINARY = "a binary file (it holds NUL bytes), expected a table of text; save it as CSV in UTF-8"
_NOT_UTF8 = "not UTF-8 text; save it as UTF-8 (Excel: 'CSV UTF-8')"
_TOO_LONG = f"longer than {LONGEST_LINE} characters, which no table of text is; give a CSV file with one row per line"


@dataclass(frozen=True)
class Head:
    """The beginning of a file, from which it is recognised.

    Attributes
    ----------
    start
        Its first 64 KiB.
    text
        The whole lines among them; of an Excel workbook its first rows, separated by tabs. Empty where this is not text.
    problem
        Why there is no text; empty where there is.
    """

    start: bytes
    text: str
    problem: str = ""


def read_head(path: Path) -> Head:
    """Read the beginning of a file, whatever it is."""
    with path.open("rb") as file:
        start = file.read(HEAD_BYTES + 1)
    whole, start = len(start) <= HEAD_BYTES, start[:HEAD_BYTES]
    if is_spreadsheet(start, path):
        return _head_of_sheet(start, path)
    try:
        text = codecs.getincrementaldecoder(_encoding(start))().decode(start, final=whole)
    except UnicodeDecodeError:
        return Head(start, "", _BINARY if b"\0" in start else _NOT_UTF8)
    if "\0" in text:
        return Head(start, "", _BINARY)
    if not text.strip():
        return Head(start, "", "empty" if whole else "blank for its first 64 KiB")
    text = text if whole else _whole_lines(text)
    return Head(start, text, "" if text else "one line of more than 64 KiB at its start")


def lines(path: Path) -> Iterator[str]:
    """Give the lines of a text file, each at most 1 MiB long.

    Raises
    ------
    InputError
        If it is no UTF-8 (or UTF-16 with its mark), is binary, or a line is too long. The path is not named.
    """
    with path.open("rb") as file:
        encoding = _encoding(file.read(4))
    number = 1
    with path.open(encoding=encoding, newline="") as text:
        try:
            while line := text.readline(LONGEST_LINE + 1):
                _check_line(line, number)
                yield line
                number += 1
        except UnicodeDecodeError:
            raise InputError(f"line {number} or soon after: {_NOT_UTF8}") from None


def rows(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Give line number (from 1) and cells of every line, or row of an Excel workbook, that is not blank.

    Raises
    ------
    InputError
        If quotes do not close, or `lines` or `sheet_rows` refuses the file. The path is not named.
    """
    if _is_sheet(path):
        yield from sheet_rows(path)
        return
    reader = csv.reader(lines(path), delimiter=separator, strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise InputError(f"line {reader.line_num}: not a row of a CSV file ({error}); look for a quote that is not closed") from None


def first_row(text: str) -> tuple[str, list[str]]:
    """Return the separator and the cells of the first line that is not blank; ``(",", [])`` where there is none."""
    line = next((line for line in io.StringIO(text, newline="") if line.strip()), "")
    cells = {separator: split(line, separator) for separator in SEPARATORS}
    separator = max(SEPARATORS, key=lambda candidate: len(cells[candidate]))
    return separator, cells[separator]


def split(line: str, separator: str) -> list[str]:
    """Return the cells of one line; none where its quotes do not close."""
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def separator_of(path: Path) -> str:
    """Return what separates the cells of a table: the character that its first line holds most; a tab for Excel."""
    if _is_sheet(path):
        return "\t"
    return first_row(next((line for line in lines(path) if line.strip()), ""))[0]


@dataclass(frozen=True)
class Table:
    """A table with one header row, of text or from Excel.

    Attributes
    ----------
    path
        Where it is.
    separator
        What stands between its cells.
    header
        The names of its columns, trimmed.
    header_line
        Where the header stands, from 1.
    """

    path: Path
    separator: str
    header: tuple[str, ...]
    header_line: int

    @classmethod
    def open(cls, path: Path, is_header: Callable[[Sequence[str]], bool] = bool) -> "Table":
        """Find the header of a file.

        Parameters
        ----------
        is_header
            Tells the header (its trimmed cells) from what may stand above it; the first row is the header where nothing is said.

        Raises
        ------
        InputError
            If there is no such row among the first 200.
        """
        separator, found = separator_of(path), "an empty file"
        for line, row in islice(rows(path, separator), _LONGEST_PREAMBLE):
            cells = tuple(_trimmed(cell) for cell in row)
            if any(cells) and is_header(cells):
                return cls(path, separator, _without_trailing_blanks(cells) if is_header is not bool else cells, line)
            found = f"none in its first {_LONGEST_PREAMBLE} rows" if any(cells) else found
        raise InputError(f"expected a table with a header row, found {found}")

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Give line number and trimmed cells of each row below the header, as many cells as the header has."""
        width, sheet = len(self.header), _is_sheet(self.path)
        for line, row in rows(self.path, self.separator):
            if line <= self.header_line or not (any(cell.strip() for cell in row) or len(row) == width):
                continue
            if sheet:  # Excel does not keep the empty cells at a row's end
                row += [""] * (width - len(row))
            if len(row) < width or any(cell.strip() for cell in row[width:]):
                raise InputError(f"line {line}: expected {width} cells as in the header, found {len(row)}")
            yield line, [_trimmed(cell) for cell in row[:width]]

    def number(self, cell: str) -> float:
        """Return a finite number; a decimal comma counts where the comma does not separate cells. Else ValueError."""
        return number(cell if self.separator == "," else cell.replace(",", "."))


def number(cell: str) -> float:
    """Return a finite number as people write it, or raise ValueError (for ``1_0``, ``nan``, ``1e999`` too)."""
    value = float(cell) if _PLAIN_NUMBER.fullmatch(cell) else float("inf")
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"expected a number, found '{shown(cell)}'")
    return value


def shown(text: str) -> str:
    """Return text that fits into a message: short and on one line."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain if len(plain) <= 60 else plain[:57] + "..."


def _is_sheet(path: Path) -> bool:
    with path.open("rb") as file:
        return is_spreadsheet(file.read(4), path)


def _head_of_sheet(start: bytes, path: Path) -> Head:
    text = io.StringIO()
    try:
        for _, row in islice(sheet_rows(path), _LONGEST_PREAMBLE):
            csv.writer(text, delimiter="\t", lineterminator="\n").writerow(row)
    except InputError as error:
        return Head(start, "", str(error))
    return Head(start, text.getvalue(), "" if text.getvalue() else "an empty Excel workbook")


def _without_trailing_blanks(cells: tuple[str, ...]) -> tuple[str, ...]:
    return cells[: max((place for place, cell in enumerate(cells, 1) if cell), default=0)]


def _encoding(start: bytes) -> str:
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def _trimmed(cell: str) -> str:
    return unicodedata.normalize("NFC", cell.strip())  # macOS and Linux write the same accents in different bytes


def _whole_lines(text: str) -> str:
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1]


def _check_line(line: str, number: int) -> None:
    if len(line) > LONGEST_LINE:
        raise InputError(f"line {number} is {_TOO_LONG}")
    if "\0" in line:
        raise InputError(f"line {number}: this is {_BINARY}")
