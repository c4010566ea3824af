"""BORIS, tabular events: one row per event, a state has a row that starts and a row that stops it.

Up to version 7 the observation stands above the header (``Observation id``, ``Player #1``, ``Time offset (s)``), and the header
is ``Time, Media file path, Total length, FPS, Subject, Behavior, Behavioral category, Modifier 1, ..., Comment, Status``.
Since version 8 the header comes first, and every row says ``Observation id``, ``Source`` (the media of each player),
``Time offset (s)``, ``Media duration (s)``, ``FPS``, ``Subject``, ``Behavior``, ``Behavior type``, ``Time`` and more.
Columns ``time, subject, code, modifier, comment``, which BORIS imports, are read as well if a column ``status`` is there.
Only seconds count: FPS and frame numbers are not read.

Defined by BORIS's user guide, https://www.boris.unito.it/user_guide/export_events/; about times see `boris_timeline`.
"""

from pathlib import Path

from ethocache.dataset.formats.boris_table import BorisTable, headers
from ethocache.dataset.formats.boris_timeline import Event, labels_of, status_of
from ethocache.dataset.formats.contents import Format, Labels, Meaning
from ethocache.dataset.text import Head

_NEEDED = frozenset({"time", "subject", "behaviour", "status"})


def _recognise(head: Head, meaning: Meaning) -> bool:
    return any(columns.keys() >= _NEEDED and "start" not in columns for columns in headers(head))


def _read(path: Path, meaning: Meaning) -> tuple[Labels, ...]:
    boris = BorisTable.open(path, _NEEDED)
    events = []
    for row in boris.rows():
        subject, behaviour, status = (row.cells[role] for role in ("subject", "behaviour", "status"))
        time_s = boris.seconds(row, "time")
        said = status_of(status, f"{row.place}, column '{boris.table.header[boris.column['status']]}'")
        events.append((row, Event(row.place, row.line, time_s, subject, behaviour, row.modifiers, said, bool(row.comment))))
    return labels_of(boris.scored(events), meaning)


FORMAT = Format("BORIS's tabular events: columns Time, Subject, Behavior and Status or Behavior type", _recognise, _read)
