"""What a labels file can say, whatever tool wrote it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
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
    """

    behaviour: str
    start: float
    stop: float
    line: int

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
    """

    behaviours: tuple[str, ...]
    values: npt.NDArray[np.int8]

    def __post_init__(self) -> None:
        twice = next((name for name in self.behaviours if self.behaviours.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"the column '{shown(twice)}' stands twice; keep one")


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
        Reads a file; its `InputError` names line or column, and leaves the path to its caller.
    """

    looks_like: str
    recognise: Callable[[Head], bool]
    read: Callable[[Path], BoutList | FrameMarks]
