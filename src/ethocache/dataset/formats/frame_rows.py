"""What tables with one row per frame have in common: marks, frame numbers, times, and columns that are not read."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import islice

from ethocache.common.errors import InputError
from ethocache.dataset.formats.contents import Meaning
from ethocache.dataset.text import SEPARATORS, Head, number, shown

YES, NO, EMPTY, NOBODY = 1, 0, -2, -1
FRAME_NAMES = frozenset({"frame", "frames", "frame number", "index", "fotograma", "fotogrames", "fotogramas", "quadre", "cuadro"})
TIME_NAMES = frozenset({"time", "time_s", "time (s)", "seconds", "temps", "temps (s)", "tiempo", "tiempo (s)", "segons", "segundos"})
UNNAMED = re.compile(r"(unnamed: [\d.]+)?", re.IGNORECASE)  # what pandas and R call a column of row numbers
_MARKS = {
    **dict.fromkeys(("x", "×", "1", "1.0", "true", "verdadero", "cert"), YES),
    **dict.fromkeys(("0", "0.0", "false", "falso", "fals"), NO),
    **dict.fromkeys(("-1", "-1.0"), NOBODY),
    "": EMPTY,
}
_TYPED_LETTER = ("x", "×")
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)", re.ASCII)


def mark(cell: str) -> int | None:
    """Return what a cell says: `YES`, `NO`, `NOBODY` looked, `EMPTY`; None if it is no mark."""
    return _MARKS.get(cell.strip().lower().replace(",", "."))


def is_letter(cell: str) -> bool:
    """Tell whether a cell is marked by a letter, which no program writes."""
    return cell.strip().lower() in _TYPED_LETTER


def grid(head: Head, most: int = 200) -> list[list[str]]:
    """Return the trimmed cells of the first rows of a file that are not blank, split by what separates most of them."""
    reader = csv.reader(io.StringIO(head.text, newline=""), delimiter=separator_of(head))
    found: list[list[str]] = []
    try:
        found.extend([trimmed(cell) for cell in row] for row in islice((row for row in reader if any(row)), most))
    except csv.Error:  # whoever reads the file says where
        return found
    return found


def trimmed(cell: str) -> str:
    """Return a cell as `Table` gives it."""
    return unicodedata.normalize("NFC", cell.strip())


def separator_of(head: Head) -> str:
    """Return what separates the cells, judged by many lines: a title above the table holds no separator."""
    few = list(islice(_filled(head), 50))
    return max(SEPARATORS, key=lambda candidate: sum(line.count(candidate) for line in few))


def is_number(cell: str) -> bool:
    """Tell whether a cell is a number, with a point or a comma."""
    try:
        number(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def column_of(header: Sequence[str], role: str, meaning: Meaning, usual: frozenset[str] = frozenset()) -> int | None:
    """Return the column that plays a role: the one that the settings name, else the first under a usual name."""
    if meaning.columns.get(role) in header:
        return header.index(meaning.columns[role])
    return next((place for place, name in enumerate(header) if name.casefold() in usual), None)


def is_merged(header: Sequence[str], below: Sequence[Sequence[str]], meaning: Meaning) -> bool:
    """Tell whether a table holds more than marks: a column, not of labels, frames or times, that is filled with something else."""
    known = {*FRAME_NAMES, *TIME_NAMES, *(name.casefold() for name in meaning.names), ""}
    others = [place for place, name in enumerate(header) if name.casefold() not in known and name != meaning.columns.get("frame")]
    return any(_is_filled([row[place] for row in below if len(row) > place], len(below)) for place in others)


def _is_filled(cells: Sequence[str], rows: int) -> bool:
    return 2 * sum(bool(cell) for cell in cells) > rows and any(mark(cell) is None for cell in cells)


class FrameCount:
    """Checks that frames are numbered from 0 or from 1, each once, in order."""

    def __init__(self) -> None:
        self._next: int | None = None

    def check(self, line: int, cell: str) -> None:
        if self._next is None:
            self._next = 1 if cell in ("1", "1.0", "1,0") else 0
        if not is_number(cell) or number(cell.replace(",", ".")) != self._next:
            raise InputError(
                f"line {line}: expected frame {self._next}, found '{shown(cell)}'; frames go from 0 or from 1, each once, in order"
            )
        self._next += 1


class Clock:
    """Checks that times do not run backwards; two frames may have the same where times are rounded."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def check(self, line: int, cell: str) -> None:
        try:
            found = seconds(cell)
        except ValueError:
            raise InputError(f"line {line}: expected a time such as 12.4 or 0:12.4, found '{shown(cell)}'") from None
        if found < self._last:
            raise InputError(f"line {line}: time {shown(cell)} comes after {self._last:.10g} s; rows are frames, in order of time")
        self._last = found


def seconds(cell: str) -> float:
    """Return a time, written as a number of seconds or as ``m:ss`` or ``h:mm:ss``; else ValueError."""
    plain = cell.replace(",", ".")
    if clock := _CLOCK.fullmatch(plain):
        hours, minutes, rest = clock.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(rest)
    return number(plain)


def not_read(columns: Sequence[str], most: int = 6) -> tuple[str, ...]:
    """Return the note that lists columns which are not read, shortened; none where there are none."""
    named = [f"'{shown(name)}'" for name in columns if name]
    if not named:
        return ()
    more = f" and {len(named) - most} more" if len(named) > most else ""
    return (f"columns not read: {', '.join(named[:most])}{more}",)


def bad_mark(line: int, column: str, cell: str, expected: str) -> InputError:
    """Return the error of a cell that is no mark."""
    return InputError(f"line {line}, column '{shown(column)}': expected {expected}, found '{shown(cell)}'")


def twice(names: Iterable[str]) -> str | None:
    """Return the first name that stands twice."""
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), None)  # type: ignore[func-returns-value]


def _filled(head: Head) -> Iterable[str]:
    return (line for line in head.text.splitlines() if line.strip())
