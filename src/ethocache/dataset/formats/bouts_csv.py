"""Bouts as CSV: one row per bout, columns for behaviour, start and stop.

``behaviour,start_s,stop_s`` counts seconds, ``behaviour,start_frame,stop_frame`` frames (from 0, the stop frame is
the first that is no longer part of it), ``behaviour,start,stop`` whatever `labels.unit` says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.dataset.formats.contents import Bout, BoutList, Format, Labels, Meaning, Unit
from ethocache.dataset.text import Head, Table, first_row, shown

_BEHAVIOUR = ("behaviour", "behavior", "label", "event")
_TIMES: dict[tuple[str, str], Unit | None] = {
    ("start_s", "stop_s"): "seconds",
    ("start_frame", "stop_frame"): "frames",
    ("start", "stop"): None,
}
_CARRY_NOTHING = {"comment", "comments", "note", "notes", "duration", "duration_s", "mean_probability"}  # no time, no behaviour
_LOOKS_LIKE = "columns behaviour, start_s and stop_s (or start_frame and stop_frame)"


@dataclass(frozen=True)
class _Layout:
    behaviour: int
    start: int
    stop: int
    unit: Unit | None


def _recognise(head: Head, meaning: Meaning) -> bool:
    _, header = first_row(head.text)
    names = _plain(header)
    return any(name in names for name in _BEHAVIOUR) and any(start in names and stop in names for start, stop in _TIMES)


def _read(path: Path, meaning: Meaning) -> tuple[Labels, ...]:
    table = Table.open(path)
    layout = _layout(table.header)
    rows = (item for item in table.rows() if any(item[1]))  # Excel leaves rows of empty cells behind
    return (Labels(BoutList(layout.unit or meaning.unit, tuple(_bout(table, layout, line, row) for line, row in rows))),)


def _plain(header: Sequence[str]) -> list[str]:
    return [name.strip().casefold() for name in header]


def _layout(header: Sequence[str]) -> _Layout:
    names = _plain(header)
    behaviour = next((name for name in _BEHAVIOUR if name in names), None)
    times = next((pair for pair in _TIMES if pair[0] in names and pair[1] in names), None)
    if behaviour is None or times is None:
        raise InputError(f"expected {_LOOKS_LIKE}, found the header '{shown(', '.join(header))}'")
    used = (behaviour, *times)
    strange = [name for name, plain in zip(header, names, strict=True) if plain not in {*used, *_CARRY_NOTHING} or names.count(plain) > 1]
    if strange:
        raise InputError(
            f"the column '{shown(strange[0])}' is one too many; nothing is left out silently: "
            f"expected {', '.join(used)} (and comment, note, duration and mean_probability, which are not read)"
        )
    return _Layout(names.index(behaviour), names.index(times[0]), names.index(times[1]), _TIMES[times])


def _bout(table: Table, layout: _Layout, line: int, row: list[str]) -> Bout:
    if not row[layout.behaviour]:
        raise InputError(f"line {line}: the behaviour is missing")
    start, stop = (_time(table, line, column, row[column]) for column in (layout.start, layout.stop))
    return Bout(row[layout.behaviour], start, stop, line)


def _time(table: Table, line: int, column: int, cell: str) -> float:
    try:
        return table.number(cell)
    except ValueError as error:
        raise InputError(f"line {line}, column '{shown(table.header[column])}': {error}") from None


FORMAT = Format(_LOOKS_LIKE, _recognise, _read)
