"""Tables that BORIS exports: their columns, and what they say of the observation above the header or in every row."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.dataset.formats.boris_timeline import Event, Observation
from ethocache.dataset.text import SEPARATORS, Head, Table, number, rows, shown, split

_COLUMNS = {  # role -> what BORIS has called the column
    "time": ("time",),
    "start": ("start (s)",),
    "stop": ("stop (s)",),
    "subject": ("subject",),
    "behaviour": ("behavior", "code"),
    "status": ("behavior type", "status"),
    "observation": ("observation id",),
    "offset": ("time offset (s)",),
    "source": ("source",),
    "lengths": ("media duration (s)",),
    "total": ("total length",),
    "media": ("media file path", "media file name", "media file"),
}
_NO_MEDIA = {"", "na", "not found", "live"}
_NO_OFFSET_SAID = "the table does not say the observation's time offset; 0 s is taken"


@dataclass(frozen=True)
class Row:
    """One row below the header.

    Attributes
    ----------
    line
        Where it stands, from 1.
    cells
        Role -> trimmed cell; empty for a role that has no column.
    modifiers, comment
        What is in all columns of that kind, joined.
    """

    line: int
    cells: Mapping[str, str]
    modifiers: str
    comment: str

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"line {self.line}"


@dataclass(frozen=True)
class BorisTable:
    """A table of events or bouts.

    Attributes
    ----------
    table
        The rows.
    column
        Role -> column.
    above
        What stands above the header: name -> values.
    """

    table: Table
    column: Mapping[str, int]
    above: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path, needed: frozenset[str]) -> "BorisTable":
        """Find the header, which has the columns of these roles.

        Raises
        ------
        InputError
            If there is no such header, or one of its columns stands twice. The path is not named.
        """
        table = Table.open(path, lambda cells: needed <= roles(cells).keys())
        for place in roles(table.header).values():
            if _plain(table.header).count(_plain(table.header)[place]) > 1:
                name = shown(table.header[place])
                raise InputError(f"the column '{name}' stands twice; rename the independent variable '{name}' in BORIS and export again")
        return cls(table, roles(table.header), _above(path, table))

    def rows(self) -> Iterator[Row]:
        """Give the rows below the header."""
        names = _plain(self.table.header)
        modifiers, comments = ([place for place, name in enumerate(names) if name.startswith(kind)] for kind in ("modifier", "comment"))
        for line, cells in self.table.rows():
            if any(cells):
                said = {role: cells[self.column[role]] if role in self.column else "" for role in _COLUMNS}
                yield Row(line, said, "|".join(cells[i] for i in modifiers).strip("|"), "".join(cells[i] for i in comments))

    def seconds(self, row: Row, role: str) -> float:
        """Return a time in s, as the file has it."""
        try:
            return self.table.number(row.cells[role])
        except ValueError as error:
            column = shown(self.table.header[self.column[role]])
            raise InputError(f"{row.place}, column '{column}': {error}; only events with a time can be read") from None

    def scored(self, events: Sequence[tuple[Row, Event]]) -> list[tuple[Observation, list[Event]]]:
        """Group events by observation, in the order in which these come first."""
        groups: dict[str, list[tuple[Row, Event]]] = {}
        for row, event in events:
            groups.setdefault(row.cells["observation"] or self._above("observation id"), []).append((row, event))
        if not groups:
            groups[self._above("observation id")] = []
        return [(self._observation(name, [row for row, _ in group]), [event for _, event in group]) for name, group in groups.items()]

    def _observation(self, name: str, rows: Sequence[Row]) -> Observation:
        said = {role: self._the_one(name, rows, role) for role in ("offset", "source", "lengths", "total")}
        offset = said["offset"] or self._above("time offset (s)")
        queued = _of_player_1(said["source"])
        listed = queued or self.above.get("player #1") or list(dict.fromkeys(row.cells["media"] for row in rows))
        media = tuple(medium for medium in listed if medium.casefold() not in _NO_MEDIA)
        lengths = [_length(cell) for cell in said["lengths"].split("|")[0].split(";")] if queued else [_length(said["total"])]
        return Observation(
            name,
            media,
            tuple(lengths) if len(lengths) == len(media) else (None,) * len(media),
            self._number(offset, name) if offset else 0.0,
            () if offset or not rows else (_NO_OFFSET_SAID,),
        )

    def _the_one(self, name: str, rows: Sequence[Row], role: str) -> str:
        different = list(dict.fromkeys(row.cells[role] for row in rows))
        if len(different) > 1:
            column = self.table.header[self.column[role]]
            second = next(row for row in rows if row.cells[role] == different[1])
            raise InputError(
                f"{second.place}, column '{shown(column)}': '{shown(different[1])}', although observation '{shown(name)}' "
                f"had '{shown(different[0])}' before; an observation has one, so export it again"
            )
        return different[0] if different else ""

    def _above(self, name: str) -> str:
        return next(iter(self.above.get(name, ())), "")

    def _number(self, cell: str, name: str) -> float:
        try:
            return self.table.number(cell)
        except ValueError as error:
            raise InputError(f"the time offset of observation '{shown(name)}': {error}; correct it in BORIS and export again") from None


def roles(header: Sequence[str]) -> dict[str, int]:
    """Return which column plays which role."""
    names = _plain(header)
    return {role: names.index(known) for role, called in _COLUMNS.items() for known in called[::-1] if known in names}


def headers(head: Head) -> Iterator[dict[str, int]]:
    """Give the roles that the columns of each of a file's first rows could play."""
    lines = [line for line in head.text.splitlines() if line.strip()]
    for line in lines[:200]:
        yield max((roles(split(line, separator)) for separator in SEPARATORS), key=len)


def _plain(cells: Sequence[str]) -> list[str]:
    return [cell.strip().casefold() for cell in cells]


def _above(path: Path, table: Table) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for _, row in takewhile(lambda item: item[0] < table.header_line, rows(path, table.separator)):
        if len(row) > 1 and row[1].strip():
            found.setdefault(row[0].strip().casefold(), []).append(row[1].strip())
    return found


def _of_player_1(source: str) -> list[str]:
    """Return the media of the first player from ``player #1:a.mp4;b.mp4|player #2:c.mp4``."""
    first = re.match(r"player #1:(.*?)(\|player #\d+:|$)", source, re.DOTALL)
    return [medium.strip() for medium in first[1].split(";")] if first else []


def _length(cell: str) -> float | None:
    try:
        return number(cell.strip())
    except ValueError:
        return None
