"""BORIS, aggregated events: one row per bout, ``Start (s)`` and ``Stop (s)``; ``Behavior type`` is STATE or POINT.

A table may hold several observations. Rows of a point have the same start and stop. Since version 8 every row says the
observation's ``Source``, ``Media duration (s)`` and ``Time offset (s)``; before that only ``Media file``.

Defined by BORIS's user guide, https://www.boris.unito.it/user_guide/export_events/; about times see `boris_timeline`.
"""

from collections.abc import Iterator
from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.dataset.formats.boris_table import BorisTable, Row, headers
from ethocache.dataset.formats.boris_timeline import NO_SUBJECT, Event, Status, labels_of
from ethocache.dataset.formats.contents import Format, Labels, Meaning
from ethocache.dataset.text import Head, shown

_NEEDED = frozenset({"start", "stop", "subject", "behaviour", "status"})


def _recognise(head: Head, meaning: Meaning) -> bool:
    return any(columns.keys() >= _NEEDED for columns in headers(head))


def _read(path: Path, meaning: Meaning) -> tuple[Labels, ...]:
    boris = BorisTable.open(path, _NEEDED)
    return labels_of(boris.scored([(row, event) for row in boris.rows() for event in _events(boris, row)]), meaning)


def _events(boris: BorisTable, row: Row) -> Iterator[Event]:
    kind = row.cells["status"].upper()
    if kind == "STATE":
        yield _event(boris, row, "start", "START")
        yield _event(boris, row, "stop", "STOP")
    elif kind == "POINT":
        yield _event(boris, row, "start", "POINT")
    else:
        column = boris.table.header[boris.column["status"]]
        raise InputError(f"{row.place}, column '{column}': expected STATE or POINT, found '{shown(kind)}'; export it from BORIS again")


def _event(boris: BorisTable, row: Row, role: str, status: Status) -> Event:
    subject = "" if row.cells["subject"] == NO_SUBJECT else row.cells["subject"]
    time_s = boris.seconds(row, role)
    comment = bool(row.comment) and status != "STOP"  # a bout counts once
    return Event(row.place, row.line, time_s, subject, row.cells["behaviour"], row.modifiers, status, comment)


FORMAT = Format("BORIS's aggregated events: columns Subject, Behavior, Behavior type, Start (s) and Stop (s)", _recognise, _read)
