"""How much time somebody has, and how much of it a moment takes."""

import re
from typing import TypeVar

from ethocache.common.errors import InputError
from ethocache.scoring.frames import Floats

Seconds = TypeVar("Seconds", float, Floats)

CONTEXT_S = 1.0
"""Played before and after a moment: whether a mouse rears is seen from how it comes up and down, and that takes about a second."""
SETTLE_S = 4.0
"""To open the place, decide and answer, whatever the length of the moment."""

_UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0}
_BUDGET = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")


def seconds_of(text: str) -> float:
    """Return the seconds that a text such as ``10min``, ``90s`` or ``600`` means.

    Raises
    ------
    InputError
        If it is no time, or none is left.
    """
    found = _BUDGET.fullmatch(text.strip().lower())
    if not found or found[2] not in _UNITS or not float(found[1]):
        raise InputError(f"--budget: expected a time such as 10min, 90s or 600 (seconds), found '{text}'")
    return float(found[1]) * _UNITS[found[2]]


def watching_s(length_s: Seconds) -> Seconds:
    """Return what it takes a person to look at a moment of this length, in seconds."""
    return length_s + 2 * CONTEXT_S + SETTLE_S
