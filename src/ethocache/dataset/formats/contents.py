"""What a labels file can say, whatever tool wrote it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.text import Head, shown

Unit = Literal["seconds", "frames"]


@dataclass(frozen=True)
class Bout:
    """One stretch of a behaviour: [start, stop) in the unit of its list.

    Attributes
    ----------
    behaviour
        What the file calls it.
    start, stop
        Seconds from the first frame, or frames from 0; finite, start before stop.
    line
        Where it stands in the file, from 1; for messages.
    stream
        Which of several parallel streams of annotation it is of, such as ``S1``; empty where there is one.
    seconds
        What a file of frames says of start and stop in seconds besides; it must fit the video's time stamps.
    """

    behaviour: str
    start: float
    stop: float
    line: int
    stream: str = ""
    seconds: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.stop)):
            raise InputError(f"{self}: expected a start and a stop")
        if self.start < 0:
            raise InputError(f"{self}: it starts before the video does")
        if self.stop < self.start:
            raise InputError(f"{self}: it stops before it starts; swap the two")

    def __str__(self) -> str:
        return f"line {self.line}, '{shown(self.behaviour)}' from {self.start:.10g} to {self.stop:.10g}"


@dataclass(frozen=True)
class BoutList:
    """Bouts, in the file's order; frames that no bout covers are "no".

    Attributes
    ----------
    unit
        What starts and stops are counted in; None where the file does not say (`labels.unit` must).
    bouts
        The bouts.
    """

    unit: Unit | None
    bouts: tuple[Bout, ...]


@dataclass(frozen=True, eq=False)
class FrameMarks:
    """One row of marks per frame.

    Attributes
    ----------
    behaviours
        B names, each once.
    values
        (rows, B) int8: 1 yes, 0 no, -1 nobody looked.
    open_end
        Whether the frames after the last row are "no", however many there are: a sheet of marks without a column of frames
        ends at its last mark and cannot tell how many frames follow. More rows than frames are an error all the same.
    """

    behaviours: tuple[str, ...]
    values: npt.NDArray[np.int8]
    open_end: bool = False

    def __post_init__(self) -> None:
        twice = next((name for name in self.behaviours if self.behaviours.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"the column '{shown(twice)}' stands twice; keep one")


@dataclass(frozen=True)
class WholeVideo:
    """One class for a whole video, as sets of short clips have it; every other behaviour is "no" throughout.

    Attributes
    ----------
    behaviour
        What the file calls it.
    line
        Where it stands in the file, from 1.
    """

    behaviour: str
    line: int


Content = BoutList | FrameMarks | WholeVideo


@dataclass(frozen=True)
class Labels:
    """What a file says of one video, by one rater.

    Attributes
    ----------
    content
        The labels.
    media
        What the file calls the video, as it stands there (a path, perhaps of another computer; it is never opened).
        Empty where only the name of the labels file can tell.
    rater
        Who labelled it; empty where the file does not say.
    subject
        Whose behaviour it is, as the file calls that animal, where `Meaning.by_subject` asks for it; empty where the file does
        not say.
    notes
        What was not read, or decided, that a person should know.
    scored_s
        Seconds from and to which somebody looked; None where that is the whole video.
    length_s
        How long the video is, as the file says; None where it does not.
    """

    content: Content
    media: str = ""
    rater: str = ""
    notes: tuple[str, ...] = ()
    scored_s: tuple[float, float] | None = None
    length_s: float | None = None
    subject: str = ""


@dataclass(frozen=True)
class Meaning:
    """What the settings say of files that do not say it themselves.

    Attributes
    ----------
    names
        Every name that the settings know: behaviours, renamed, ignored and not scored ones. Readers need it only to tell
        columns of labels from others.
    unit
        What ``start`` and ``stop`` count where the file does not say.
    columns
        Role -> the header that plays it in these files. Roles: behaviour, start, stop, video, rater, subject, frame.
    subject
        Whose behaviour is read where a file tells of several animals; empty for the only one.
    streams
        Which streams are read; all where empty.
    point_s
        How long an event without duration lasts, in seconds; None refuses such events.
    by_subject
        Read the behaviour of every animal that a file tells of, each by itself.
    """

    names: frozenset[str] = frozenset()
    unit: Unit | None = None
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    subject: str = ""
    streams: tuple[str, ...] = ()
    point_s: float | None = None
    by_subject: bool = False


@dataclass(frozen=True)
class Format:
    """How one tool writes labels.

    Attributes
    ----------
    looks_like
        What a file must hold, for the message to a person whose file nothing recognises.
    recognise
        Tells from a file's beginning whether it is of this format; says no rather than fail.
    read
        Reads a file, one `Labels` for each video and rater in it (and subject, where that is asked for), in the file's order; its
        `InputError` names line or column, and leaves the path to its caller.
    """

    looks_like: str
    recognise: Callable[[Head, Meaning], bool]
    read: Callable[[Path, Meaning], tuple[Labels, ...]]
