"""What BORIS's files have in common: events in time, and the media on which they were scored.

Times. BORIS adds an observation's *time offset* to the time in the media when it stores an event, and exports what it stored. So
the time in the video is the file's time **minus** the offset, in tables and projects alike (the offset may be negative).
Media that are queued in the first player share one clock: the second begins where the first ends. The other players show the
same moments from another side.

States. A state event is stored twice; the first of a subject, behaviour and modifiers is its START, the next its STOP, and so on.

Facts from the user guide (https://www.boris.unito.it/user_guide/observations/) and from what BORIS 7 to 10 write.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from ethocache.common.errors import InputError
from ethocache.dataset.formats.contents import Bout, BoutList, Labels, Meaning
from ethocache.dataset.text import shown

Status = Literal["START", "STOP", "POINT"]

NO_SUBJECT = "No focal subject"  # what BORIS calls it in its aggregated tables
SUBJECTS_SCORED = "subjects scored"
"""The independent variable that tells whom an observation is of, with ``;`` between: no event tells of one who does nothing."""
_STATUSES: dict[str, Status] = {"START": "START", "STOP": "STOP", "POINT": "POINT"}
_TICK_S = 1e-3  # BORIS counts in whole milliseconds


@dataclass(frozen=True)
class Event:
    """A moment at which a behaviour starts, stops or just happens.

    Attributes
    ----------
    place
        Where it stands, for messages.
    line
        The same as a number from 1: the row of a table, or the number of the event in its observation.
    time_s
        As the file has it: time offset and earlier media included.
    subject, behaviour, modifiers
        As the file has them.
    status
        What happens then.
    comment
        Whether somebody wrote one.
    """

    place: str
    line: int
    time_s: float
    subject: str
    behaviour: str
    modifiers: str
    status: Status
    comment: bool = False

    def __post_init__(self) -> None:
        if not self.behaviour:
            raise InputError(f"{self.place}: the behaviour is missing; choose one in BORIS, or remove the event")

    def __str__(self) -> str:
        return f"{self.status} of '{shown(self.behaviour)}', subject '{shown(self.who)}', at {self.time_s:.10g} s"

    @property
    def who(self) -> str:
        """The subject, by the name that `labels.subject` may give."""
        return self.subject or NO_SUBJECT


@dataclass(frozen=True)
class Observation:
    """What the events of one sitting were scored on.

    Attributes
    ----------
    name
        Its id in BORIS; may be empty.
    media
        Files of the first player, in the order in which they ran.
    lengths_s
        How long each runs; None where the file does not say.
    offset_s
        What BORIS added to every time.
    notes
        What a person should know of it.
    scored_s
        From and to which second of a single medium it was scored; None is all of it.
    subjects
        Whom it says that it is of (`SUBJECTS_SCORED`), also those without an event; empty where it does not say.
    """

    name: str
    media: tuple[str, ...] = ()
    lengths_s: tuple[float | None, ...] = ()
    offset_s: float = 0.0
    notes: tuple[str, ...] = ()
    scored_s: tuple[float, float] | None = None
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True)
class _State:
    begun: Event
    stop_s: float


def labels_of(scored: Sequence[tuple[Observation, Sequence[Event]]], meaning: Meaning) -> tuple[Labels, ...]:
    """Lay the events of each observation over its media.

    Where several observations are of one video, each counts as a rater of the observation's name.

    Raises
    ------
    InputError
        If a state is not closed, nobody said which subject is meant or how long a point lasts, or queued media have no length.
    """
    _check_subject([event for _, events in scored for event in events], meaning)
    times_scored = Counter(file_name(media) for observation, _ in scored for media in observation.media)
    found: list[Labels] = []
    for observation, events in scored:
        several = any(times_scored[file_name(media)] > 1 for media in observation.media)
        for subject in _subjects(observation, events, meaning):
            found += _labels(observation, events, meaning, observation.name if several else "", subject)
    return tuple(found)


def file_name(media: str) -> str:
    """Return a media file's own name, whatever computer its path is of."""
    return re.split(r"[\\/]", media)[-1].casefold()


def _check_subject(events: Sequence[Event], meaning: Meaning) -> None:
    subjects = {event.who for event in events}
    if meaning.subject and events and meaning.subject not in subjects:
        raise InputError(f"labels.subject is '{shown(meaning.subject)}', but the subjects are {_listed(subjects)}; name one of them")


def _subjects(observation: Observation, events: Sequence[Event], meaning: Meaning) -> list[str]:
    """Return whose behaviour is read, one by one; a single "" where the settings say it, or nothing does."""
    subjects = sorted({event.who for event in events} | set(observation.subjects)) if meaning.by_subject else []
    return subjects if subjects and subjects != [NO_SUBJECT] else [""]


def _labels(observation: Observation, events: Sequence[Event], meaning: Meaning, rater: str, subject: str) -> Iterator[Labels]:
    chosen = [event for event in events if event.who == subject] if subject else _of_one_subject(observation, events, meaning)
    media = observation.media or (observation.name,)
    bouts: list[list[Bout]] = [[] for _ in media]
    for state in _states(chosen, meaning.point_s):
        start_s, stop_s = (_in_video(state.begun, time_s, observation.offset_s) for time_s in (state.begun.time_s, state.stop_s))
        for place, start, stop in _over_media(observation, start_s, stop_s):
            bouts[place].append(Bout(state.begun.behaviour, start, stop, state.begun.line))
    notes = (*observation.notes, *_not_read(chosen), *(() if subject else _others(events, chosen, meaning)))
    lengths = observation.lengths_s or (None,) * len(media)
    for name, found, length_s in zip(media, bouts, lengths, strict=True):
        yield Labels(BoutList("seconds", tuple(found)), name, rater, notes, observation.scored_s, length_s, subject)


def _of_one_subject(observation: Observation, events: Sequence[Event], meaning: Meaning) -> list[Event]:
    subjects = {event.who for event in events}
    if not meaning.subject and len(subjects) > 1:
        of = f"observation '{shown(observation.name)}': " if observation.name else ""
        raise InputError(f"{of}events of several subjects, {_listed(subjects)}; say in labels.subject whose behaviour is meant")
    return [event for event in events if event.who == (meaning.subject or event.who)]


def _states(events: Iterable[Event], point_s: float | None) -> list[_State]:
    """Pair each START with its STOP; in the order of their starts."""
    begun: dict[tuple[str, str], Event] = {}
    states = []
    for event in events:
        what = event.behaviour, event.modifiers
        if event.status == "POINT":
            states.append(_State(event, event.time_s + _length_of_point(event, point_s)))
        elif event.status == "START":
            _check_closed(event, begun.get(what))
            begun[what] = event
        else:
            states.append(_closed(begun.pop(what, None), event))
    for event in begun.values():
        raise InputError(f"{event.place}: {event} has no STOP; close the event in BORIS")
    return sorted(states, key=lambda state: state.begun.line)


def _length_of_point(event: Event, point_s: float | None) -> float:
    if point_s is None:
        raise InputError(f"{event.place}: {event} has no duration; say in labels.point_s how many seconds a point lasts, or ignore it")
    return point_s


def _check_closed(event: Event, before: Event | None) -> None:
    if before is not None:
        raise InputError(f"{event.place}: {event}, but the one before it ({before.place}) has no STOP; close the event in BORIS")


def _closed(begun: Event | None, event: Event) -> _State:
    if begun is None:
        raise InputError(f"{event.place}: {event} has no START before it; add the START in BORIS, or remove the STOP")
    if event.time_s < begun.time_s:
        raise InputError(f"{event.place}: {event} is before its START at {begun.time_s:.10g} s ({begun.place}); correct the times in BORIS")
    return _State(begun, event.time_s)


def _in_video(event: Event, time_s: float, offset_s: float) -> float:
    in_video = round(time_s - offset_s, 6)  # 12.3 - 10 is not quite 2.3
    if in_video < 0:
        raise InputError(
            f"{event.place}: {event} is before the video's first frame (BORIS added the observation's time offset, {offset_s:g} s, "
            "to each time); correct the time or the offset in BORIS"
        )
    return in_video


def _over_media(observation: Observation, start_s: float, stop_s: float) -> Iterator[tuple[int, float, float]]:
    """Give each medium that a bout runs over, and the bout's start and stop in it."""
    if len(observation.media) < 2:
        yield 0, start_s, stop_s
        return
    ends = [*accumulate(_lengths(observation))]
    for place, (begins, ends_at) in enumerate(zip([0.0, *ends], [*ends[:-1], float("inf")], strict=False)):
        start, stop = max(start_s, begins), min(stop_s, ends_at)
        whole = begins <= start_s < ends_at and stop_s <= ends_at
        if whole or stop - start > _TICK_S:  # a millisecond beyond the border is rounding
            yield place, round(start - begins, 6), round(stop - begins, 6)


def _lengths(observation: Observation) -> list[float]:
    lengths = [length for length in observation.lengths_s if length is not None and length > 0]
    if len(lengths) != len(observation.media):
        raise InputError(
            f"observation '{shown(observation.name)}' runs over {len(observation.media)} media one after the other, and the file does "
            "not say how long each of them is; open the observation in BORIS, pick the media again, save, and give the .boris project"
        )
    return lengths


def _not_read(events: Sequence[Event]) -> Iterator[str]:
    if count := sum(bool(event.modifiers) for event in events):
        yield f"modifiers are not read ({count} events have some)"
    if count := sum(event.comment for event in events):
        yield f"comments are not read ({count} events have one)"


def _others(events: Sequence[Event], chosen: Sequence[Event], meaning: Meaning) -> Iterator[str]:
    if len(chosen) < len(events):
        yield f"{len(events) - len(chosen)} events of other subjects than '{shown(meaning.subject)}' are left out"


def _listed(names: Iterable[str]) -> str:
    quoted = [f"'{shown(name)}'" for name in sorted(names)]
    return ", ".join(quoted[:10]) + (f" and {len(quoted) - 10} more" if len(quoted) > 10 else "") if quoted else "none"


def status_of(text: str, place: str) -> Status:
    """Return what a cell says of an event."""
    status = _STATUSES.get(text.strip().upper())
    if status is None:
        raise InputError(f"{place}: expected START, STOP or POINT, found '{shown(text)}'; export the events from BORIS again")
    return status
