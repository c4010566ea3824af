"""BORIS, the project file (``.boris``, or ``.boris.gz``): JSON with the ethogram and the events of every observation.

``observations`` maps an id to ``type``, ``file`` (player -> media), ``media_info`` (``length`` and more, by media), ``time offset``
and ``events``: ``[time s, subject, behaviour, modifiers, comment, frame]``. ``behaviors_conf`` says of each behaviour whether it is
a ``State event`` or a ``Point event``. ``independent_variables`` of an observation may
list `SUBJECTS_SCORED`, as our export does. Events are taken in order of time, as BORIS does when it opens a project.

Defined by BORIS's user guide, https://www.boris.unito.it/user_guide/create_project/, and by what BORIS 7 to 10 write; about times
see `boris_timeline`.
"""

import gzip
import json
import unicodedata
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError
from ethocache.dataset.formats.boris_timeline import SUBJECTS_SCORED, Event, Observation, Status, labels_of
from ethocache.dataset.formats.contents import Format, Labels, Meaning
from ethocache.dataset.text import Head, shown

LIMIT = 256 * 1024**2  # bytes; the largest projects of years of scoring have a few MB
_LOOKED_AT = 2**16  # bytes; enough to tell that a huge file is something else
_GZIP = b"\x1f\x8b"
_SIGNS = (b'"behaviors_conf"', b'"subjects_conf"', b'"project_format_version"')
_SAVE_AGAIN = "open it in BORIS and save it again"
_KINDS: dict[type, str] = {dict: "an object", list: "a list", str: "text", float: "a number"}


def _recognise(head: Head, meaning: Meaning) -> bool:
    start = head.start
    if start.startswith(_GZIP):
        try:
            start = zlib.decompressobj(wbits=31).decompress(start, 2**16)
        except zlib.error:
            return False
    return start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") and any(sign in start for sign in _SIGNS)


def _read(path: Path, meaning: Meaning) -> tuple[Labels, ...]:
    project = _is(dict, _parsed(_content(path)), "the project")
    is_state = dict(_is_state(_is(dict, project.get("behaviors_conf"), "behaviors_conf")))
    observations = _is(dict, project.get("observations"), "observations")
    return labels_of([_scored(name, found, is_state) for name, found in observations.items()], meaning)


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        is_packed = file.read(2) == _GZIP
    try:
        with gzip.open(path) if is_packed else path.open("rb") as file:
            content: bytes = file.read(_LOOKED_AT)
            if not content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
                raise InputError(f"expected a BORIS project, which starts with '{{', found something else; {_SAVE_AGAIN}")
            content += file.read(LIMIT + 1 - len(content))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"a damaged .gz file ({error}); copy it again, or save the project in BORIS without compression") from None
    if len(content) > LIMIT:
        raise InputError(f"larger than {LIMIT // 1024**2} MB, which no BORIS project is; save the observations in several projects")
    return content


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_each_once)
    except UnicodeDecodeError as error:
        raise InputError(f"a BORIS project that is not UTF-8 text at byte {error.start}; {_SAVE_AGAIN}") from None
    except RecursionError:
        raise InputError(f"a BORIS project with brackets nested too deeply to be one; {_SAVE_AGAIN}") from None
    except json.JSONDecodeError as error:
        raise InputError(f"line {error.lineno}, column {error.colno}: a damaged BORIS project ({error.msg}); {_SAVE_AGAIN}") from None
    except ValueError:  # a number of thousands of digits
        raise InputError(f"a damaged BORIS project (a number that is too long); {_SAVE_AGAIN}") from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"a damaged BORIS project ('{shown(twice)}' stands twice in the same place); {_SAVE_AGAIN}")
    return found


def _is_state(behaviours: Mapping[str, object]) -> Iterator[tuple[str, bool]]:
    for key, behaviour in behaviours.items():
        place = f"behaviors_conf '{shown(key)}'"
        said = _is(dict, behaviour, place)
        kind = _is(str, said.get("type"), f"{place}, type").casefold()
        if not kind.startswith(("state event", "point event")):
            raise InputError(f"{place}, type: expected 'State event' or 'Point event', found '{shown(kind)}'; correct it in BORIS")
        yield _text(said.get("code"), f"{place}, code"), kind.startswith("state")


def _scored(name: str, found: object, is_state: Mapping[str, bool]) -> tuple[Observation, list[Event]]:
    place = f"observation '{shown(name)}'"
    said = _is(dict, found, place)
    _check_times_can_be_read(said, place)
    events = [_event(event, f"{place}, event {number}", number) for number, event in enumerate(_is(list, said.get("events"), place), 1)]
    return _observation(name, said, place), list(_with_status(sorted(events, key=lambda event: event.time_s), is_state))


def _check_times_can_be_read(said: Mapping[str, object], place: str) -> None:
    if said.get("type") == "IMAGES":
        raise InputError(f"{place} is of pictures, not of a video, and has no times; remove it from the project")
    if said.get("media_creation_date_as_offset"):
        raise InputError(f"{place} counts time from the media's creation date, which cannot be read; switch that off in BORIS")


def _observation(name: str, said: Mapping[str, object], place: str) -> Observation:
    players = said.get("file") or {}  # a live observation has an empty list
    media = _media(players, place)
    lengths = _is(dict, _is(dict, said.get("media_info") or {}, f"{place}, media_info").get("length") or {}, f"{place}, length")
    return Observation(
        name,
        media,
        tuple(None if lengths.get(medium) is None else _is(float, lengths[medium], f"{place}, length") for medium in media),
        _is(float, said.get("time offset") or 0.0, f"{place}, time offset"),
        tuple(_notes(said, players, place)),
        _interval(said) if len(media) < 2 else None,
        tuple(_subjects(said, place)),
    )


def _subjects(said: Mapping[str, object], place: str) -> Iterator[str]:
    variables = said.get("independent_variables")
    if isinstance(variables, dict) and (listed := variables.get(SUBJECTS_SCORED)):
        yield from filter(None, (name.strip() for name in _text(listed, f"{place}, {SUBJECTS_SCORED}").split(";")))


def _interval(said: Mapping[str, object]) -> tuple[float, float] | None:
    """Return from and to which second BORIS let people score; an end of 0 is the end of the medium."""
    limits = said.get("observation time interval")
    if not isinstance(limits, list) or len(limits) != 2 or not any(limits) or not all(isinstance(limit, int | float) for limit in limits):
        return None
    return float(limits[0]), float(limits[1]) or float("inf")


def _media(players: object, place: str) -> tuple[str, ...]:
    first = _is(list, _is(dict, players, f"{place}, file").get("1") or [], f"{place}, file, player 1")
    return tuple(_is(str, medium, f"{place}, file, player 1") for medium in first)


def _notes(said: Mapping[str, object], players: object, place: str) -> Iterator[str]:
    assert isinstance(players, dict)
    if others := sum(len(_is(list, media, f"{place}, file")) for player, media in players.items() if player != "1"):
        yield f"{place}: {others} media of other players show the same moments, and get no labels"
    limits = said.get("observation time interval")
    if isinstance(limits, list) and any(limits):
        from_to = " to ".join(str(limit) for limit in limits if isinstance(limit, int | float))
        outside = "nobody looked at" if len(_media(players, place)) < 2 and _interval(said) else "'no' is taken for"
        yield f"{place} was limited to {shown(from_to)} s in BORIS; {outside} the frames outside"


def _event(found: object, place: str, number: int) -> Event:
    fields = _is(list, found, place)
    if len(fields) < 3:
        raise InputError(f"{place}: expected time, subject and behaviour, found {len(fields)} values; {_SAVE_AGAIN}")
    time_s = _is(float, fields[0], f"{place}, time")
    subject, behaviour, modifiers, comment = (_text(text, place) for text in [*fields[1:5], "", ""][:4])
    return Event(place, number, time_s, subject, behaviour, modifiers, "START", bool(comment))


def _with_status(events: Sequence[Event], is_state: Mapping[str, bool]) -> Iterator[Event]:
    running: set[tuple[str, str, str]] = set()
    for event in events:
        if event.behaviour not in is_state:
            raise InputError(
                f"{event.place}: '{shown(event.behaviour)}' is not in the project's ethogram, so nobody can tell whether it is a state or "
                "a point; add it to the ethogram in BORIS"
            )
        what = event.subject, event.behaviour, event.modifiers
        status: Status = "POINT" if not is_state[event.behaviour] else "STOP" if what in running else "START"
        if status != "POINT":
            running ^= {what}
        yield Event(event.place, event.line, event.time_s, event.subject, event.behaviour, event.modifiers, status, event.comment)


def _text(value: object, place: str) -> str:
    return unicodedata.normalize("NFC", _is(str, value, place).strip())  # as tables have it


def _is(kind: type, value: object, place: str) -> Any:
    """Return a value that has the type that BORIS writes there; a number comes as a finite float."""
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12:
        return float(value)
    if kind is not float and isinstance(value, kind):
        return value
    what = "nothing" if value is None else f"'{shown(str(value)[:100])}'" if isinstance(value, str | int | float) else _KINDS[type(value)]
    raise InputError(f"{place}: expected {_KINDS[kind]}, found {what}; {_SAVE_AGAIN}")


FORMAT = Format("a BORIS project (.boris): JSON with behaviors_conf and observations", _recognise, _read)
