"""Read tables of text as people save them: any usual encoding and separator, never more than one line in memory."""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ethocache.common.errors import InputError

HEAD_BYTES = 64 * 1024  # what is looked at to recognise a file
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
        The whole lines among them; empty where this is not text.
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
    """Give line number (from 1) and cells of every line that is not blank.

    Raises
    ------
    InputError
        If quotes do not close, or `lines` refuses the file. The path is not named.
    """
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


@dataclass(frozen=True)
class Table:
    """A table of text with one header row.

    Attributes
    ----------
    path
        Where it is.
    separator
        What stands between its cells.
    header
        The names of its columns, trimmed.
    """

    path: Path
    separator: str
    header: tuple[str, ...]

    @classmethod
    def open(cls, path: Path) -> "Table":
        """Read the header of a file."""
        separator, cells = first_row(next((line for line in lines(path) if line.strip()), ""))
        if not cells:
            raise InputError("expected a table with a header row, found an empty file")
        return cls(path, separator, tuple(_trimmed(cell) for cell in cells))

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Give line number and trimmed cells of each row below the header, as many cells as the header has."""
        width = len(self.header)
        below = (item for item in rows(self.path, self.separator) if any(cell.strip() for cell in item[1]) or len(item[1]) == width)
        next(below)
        for line, row in below:
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
