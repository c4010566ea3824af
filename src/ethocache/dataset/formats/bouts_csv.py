"""Bouts as CSV: one row per bout, columns for behaviour, start and stop.

``behaviour,start_s,stop_s`` counts seconds, ``behaviour,start_frame,stop_frame`` frames (from 0, the stop frame is
the first that is no longer part of it), ``behaviour,start,stop`` whatever `labels.unit` says. Other headers are read where the
settings say which column plays which role; columns of videos and raters make one file hold the labels of many.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from ethocache.common.errors import InputError
from ethocache.dataset.formats.contents import Bout, BoutList, Format, Labels, Meaning, Unit
from ethocache.dataset.formats.frame_rows import UNNAMED, not_read
from ethocache.dataset.spreadsheet import sheet_notes
from ethocache.dataset.text import Head, Table, first_row, shown

_BEHAVIOUR = ("behaviour", "behavior", "label", "event")
_TIMES: dict[tuple[str, str], Unit | None] = {
    ("start_frame", "stop_frame"): "frames",
    ("start_s", "stop_s"): "seconds",
    ("start", "stop"): None,
}
_CARRY_NOTHING = {"comment", "comments", "note", "notes", "duration", "duration_s", "mean_probability"}  # no time, no behaviour
_Whose = tuple[str, str, str]  # video, rater, subject; empty where no column says it
_GROUPS = ("video", "rater", "subject")  # roles that say whose a row is
_NOT_THERE = {"na", "n/a", "nan"}  # as programs write it; a cell that a person left empty may have been forgotten
_LOOKS_LIKE = "columns behaviour, start_s and stop_s (or start_frame and stop_frame)"


@dataclass(frozen=True)
class _Layout:
    """Where the columns are, from 0; `seconds` are those of seconds beside frames, `groups` those of video, rater and subject."""

    behaviour: int
    start: int
    stop: int
    unit: Unit | None
    seconds: tuple[int, int] | None = None
    groups: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass
class _Group:
    """The rows of one video by one rater, of one animal where each is read by itself."""

    bouts: list[Bout]
    unfinished: list[int]


class _Subjects:
    """Keeps the rows of one animal, or of all where each is read by itself, where a column says whose they are."""

    def __init__(self, meaning: Meaning) -> None:
        self._subject, self._all = meaning.subject, meaning.by_subject
        self._first = 0  # the line that told the only animal's name; 0 where the settings did
        self._others = 0
        self._seen: dict[str, int] = {}  # name -> the first line of it

    def wanted(self, layout: _Layout, line: int, row: list[str]) -> bool:
        if "subject" not in layout.groups:
            return True
        found = row[layout.groups["subject"]]
        self._seen.setdefault(found, line)
        if self._all:
            return True
        if not self._subject and found:
            self._subject, self._first = found, line
        elif found != self._subject and self._first:
            raise InputError(
                f"line {line}: this is of '{shown(found)}', line {self._first} of '{shown(self._subject)}'; set labels.subject to one"
            )
        self._others += found != self._subject
        return found == self._subject

    def check(self) -> None:
        """Raise `InputError` where the subject that is wanted is not there, or some rows do not say whose they are."""
        named = sorted(name for name in self._seen if name)
        if named and "" in self._seen:
            raise InputError(
                f"line {self._seen['']}: the subject is missing, although others are named ({shown(', '.join(named))}); add it"
            )
        if self._seen and self._subject and self._subject not in self._seen:
            raise InputError(
                f"labels.subject is '{shown(self._subject)}', but the subjects are {shown(', '.join(named))}; name one of them"
            )

    def notes(self) -> tuple[str, ...]:
        return (f"{self._others} rows of other animals than '{shown(self._subject)}' not read",) if self._others else ()


def _recognise(head: Head, meaning: Meaning) -> bool:
    return _find(first_row(head.text)[1], meaning) is not None


def _read(path: Path, meaning: Meaning) -> tuple[Labels, ...]:
    table = Table.open(path)
    layout = _layout(table.header, meaning)
    subjects = _Subjects(meaning)
    groups: dict[_Whose, _Group] = {}
    for line, row in table.rows():
        if any(row) and subjects.wanted(layout, line, row):  # Excel leaves rows of empty cells behind
            _add(table, layout, line, row, groups.setdefault(_whose(table, layout, line, row, meaning), _Group([], [])))
    subjects.check()
    if not groups and not {"video", "rater"} & set(layout.groups):
        groups["", "", ""] = _Group([], [])
    notes = (*subjects.notes(), *not_read(_further(table.header, layout)), *sheet_notes(path))
    unit = layout.unit or meaning.unit
    return tuple(
        Labels(BoutList(unit, tuple(group.bouts)), media, rater, (*_unfinished(group), *notes), subject=subject)
        for (media, rater, subject), group in groups.items()
    )


def _plain(header: Sequence[str]) -> list[str]:
    return [name.strip().casefold() for name in header]


def _find(header: Sequence[str], meaning: Meaning) -> _Layout | None:
    """Return where behaviour, start and stop are: where the settings say, else under the usual names; None if they are not there."""
    names, plain = [name.strip() for name in header], _plain(header)
    said = {role: names.index(name) for role, name in meaning.columns.items() if name in names}
    behaviour = said.get("behaviour", next((plain.index(name) for name in _BEHAVIOUR if name in plain), None))
    pairs = [pair for pair in _TIMES if pair[0] in plain and pair[1] in plain]
    groups = {role: place for role, place in said.items() if role in _GROUPS}
    if behaviour is None:
        return None
    if "start" in said and "stop" in said:
        unit = _TIMES.get((plain[said["start"]], plain[said["stop"]]))
        return _Layout(behaviour, said["start"], said["stop"], unit, groups=groups)
    if not pairs:
        return None
    both = pairs[:2] == [("start_frame", "stop_frame"), ("start_s", "stop_s")]
    seconds = (plain.index("start_s"), plain.index("stop_s")) if both else None
    return _Layout(behaviour, plain.index(pairs[0][0]), plain.index(pairs[0][1]), _TIMES[pairs[0]], seconds, groups)


def _layout(header: Sequence[str], meaning: Meaning) -> _Layout:
    layout = _find(header, meaning)
    if layout is None:
        raise InputError(f"expected {_LOOKS_LIKE}, found the header '{shown(', '.join(header))}'")
    used = {header[place] for place in _used(layout)}
    if double := next((name for name in header if name in used and header.count(name) > 1 and _by_role(header, meaning)), None):
        raise InputError(f"the column '{shown(double)}' stands twice; keep one")
    plain = _plain(header)
    allowed = {*_plain(sorted(used)), *_CARRY_NOTHING}
    strange = [name for name, one in zip(header, plain, strict=True) if one not in allowed or plain.count(one) > 1]
    if strange and not _by_role(header, meaning):
        expected = ", ".join(plain[place] for place in (layout.behaviour, layout.start, layout.stop))
        raise InputError(
            f"the column '{shown(strange[0])}' is one too many; nothing is left out silently: "
            f"expected {expected} (and comment, note, duration and mean_probability, which are not read)"
        )
    return layout


def _used(layout: _Layout) -> tuple[int, ...]:
    return (layout.behaviour, layout.start, layout.stop, *(layout.seconds or ()), *layout.groups.values())


def _by_role(header: Sequence[str], meaning: Meaning) -> bool:
    return any(name in header for name in meaning.columns.values())


def _further(header: Sequence[str], layout: _Layout) -> list[str]:
    used = _used(layout)
    silent = {name for name in header if name.casefold() in _CARRY_NOTHING or UNNAMED.fullmatch(name)}
    return [name for place, name in enumerate(header) if place not in used and name not in silent]


def _whose(table: Table, layout: _Layout, line: int, row: list[str], meaning: Meaning) -> _Whose:
    media, rater = (_name(table, layout, role, line, row) for role in ("video", "rater"))
    return media, rater, row[layout.groups["subject"]] if meaning.by_subject and "subject" in layout.groups else ""


def _add(table: Table, layout: _Layout, line: int, row: list[str], group: _Group) -> None:
    if _says_nothing(*(row[place] for place in (layout.behaviour, layout.start, layout.stop))):
        group.unfinished.append(line)
    else:
        group.bouts.append(_bout(table, layout, line, row))


def _name(table: Table, layout: _Layout, role: str, line: int, row: list[str]) -> str:
    if role not in layout.groups:
        return ""
    if _is_missing(row[layout.groups[role]]):
        raise InputError(f"line {line}, column '{shown(table.header[layout.groups[role]])}': expected the {role}, found nothing")
    return row[layout.groups[role]]


def _says_nothing(behaviour: str, start: str, stop: str) -> bool:
    """Tell a row without any of the three, or of which a program wrote that it has neither a behaviour nor both times."""
    written = [cell.casefold() in _NOT_THERE for cell in (behaviour, start, stop)]
    return all(_is_missing(cell) for cell in (behaviour, start, stop)) or (written[0] and any(written[1:]))


def _is_missing(cell: str) -> bool:
    return not cell or cell.casefold() in _NOT_THERE


def _unfinished(group: _Group) -> tuple[str, ...]:
    if not group.unfinished:
        return ()
    rows, first = len(group.unfinished), ", ".join(map(str, group.unfinished[:5]))
    return (f"{rows} row{'s' * (rows > 1)} with neither a behaviour nor both times not read (line {first}{', ...' * (rows > 5)})",)


def _bout(table: Table, layout: _Layout, line: int, row: list[str]) -> Bout:
    if _is_missing(row[layout.behaviour]):
        raise InputError(f"line {line}: the behaviour is missing")
    start, stop = (_time(table, line, column, row[column]) for column in (layout.start, layout.stop))
    if layout.seconds is None:
        return Bout(row[layout.behaviour], start, stop, line)
    start_s, stop_s = (_time(table, line, column, row[column]) for column in layout.seconds)
    return Bout(row[layout.behaviour], start, stop, line, seconds=(start_s, stop_s))


def _time(table: Table, line: int, column: int, cell: str) -> float:
    try:
        return table.number(cell)
    except ValueError as error:
        raise InputError(f"line {line}, column '{shown(table.header[column])}': {error}") from None


FORMAT = Format(_LOOKS_LIKE, _recognise, _read)
