"""One progress bar that names the work, shown to people only."""

import sys
from typing import Any

from tqdm import tqdm

_silent = False


def silence() -> None:
    """Show no more bars in this process: another one tells of its work."""
    global _silent
    _silent = True


def progress(what: str, total: int, unit: str = "frame") -> "tqdm[Any]":
    """Return a bar with rate and time left; silent when the output is not a terminal.

    Parameters
    ----------
    what
        The work in the user's words, such as ``"cropping WT_YFP_01"``.
    total
        How many units there are to do.
    unit
        What is counted.
    """
    return tqdm(desc=what, total=total, unit=unit, file=sys.stderr, disable=_silent or not sys.stderr.isatty(), leave=False, delay=1)
