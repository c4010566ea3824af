"""The one error whose reader is expected to fix it."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(Exception):
    """Something in the user's files or settings is wrong, and the user can put it right.

    The message is one line: what was expected, what was found, in which file, what to do.
    Anything else that goes wrong is a fault of ours and keeps its traceback.
    """


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return ``", did you mean 'x'?"`` for the nearest known name, or an empty string."""
    known = list(known)
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    near = get_close_matches(str(name).lower().strip(), by_lower_case, n=1, cutoff=0.5)
    return f", did you mean '{by_lower_case[near[0]]}'?" if near else ""
