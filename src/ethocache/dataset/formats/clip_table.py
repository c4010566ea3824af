"""One class per clip: a table with one row per video, for sets of short clips that show one behaviour each.

Which columns hold the clip and its class is said by the settings (roles ``video`` and ``behaviour``).
"""

from collections.abc import Sequence
from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.dataset.formats import bouts_csv
from ethocache.dataset.formats.contents import Format, Labels, Meaning, WholeVideo
from ethocache.dataset.formats.frame_rows import not_read, twice
from ethocache.dataset.spreadsheet import sheet_notes
from ethocache.dataset.text import Head, Table, first_row, shown

_LOOKS_LIKE = "one row per clip, its columns named in labels.columns as video and behaviour, none as start and stop"
_TELL_TIMES = ("start", "stop", "time", "frame number")  # headers that begin so count something within a clip


def _recognise(head: Head, meaning: Meaning) -> bool:
    header = [name.strip() for name in first_row(head.text)[1]]
    within = any(name.casefold().startswith(_TELL_TIMES) for name in header)
    return _places(header, meaning) is not None and not within and not bouts_csv.FORMAT.recognise(head, meaning)


def _read(path: Path, meaning: Meaning) -> tuple[Labels, ...]:
    table = Table.open(path)
    places = _places(table.header, meaning)
    if places is None:
        raise InputError(f"expected {_LOOKS_LIKE}, found the header '{shown(', '.join(table.header))}'")
    others = [name for place, name in enumerate(table.header) if place not in places]
    notes = (*not_read(others), *sheet_notes(path))
    clips = [_clip(table, places, line, row, notes) for line, row in table.rows() if any(row)]
    if again := twice(clip.media for clip in clips):
        lines = [clip.content.line for clip in clips if clip.media == again and isinstance(clip.content, WholeVideo)]
        raise InputError(f"line {lines[1]}: the clip '{shown(again)}' has a class already, in line {lines[0]}; keep one")
    return tuple(clips)


def _places(header: Sequence[str], meaning: Meaning) -> tuple[int, int] | None:
    """Return the columns of the clip and of its class, if both are there once."""
    names = [meaning.columns.get(role, "") for role in ("video", "behaviour")]
    if "" in names or any(header.count(name) != 1 for name in names) or meaning.columns.get("frame") in header:
        return None
    return header.index(names[0]), header.index(names[1])


def _clip(table: Table, places: tuple[int, int], line: int, row: list[str], notes: tuple[str, ...]) -> Labels:
    for place in places:
        if not row[place]:
            raise InputError(f"line {line}, column '{shown(table.header[place])}': expected a name, found nothing")
    return Labels(WholeVideo(row[places[1]], line), media=row[places[0]], notes=notes)


FORMAT = Format(_LOOKS_LIKE, _recognise, _read)
