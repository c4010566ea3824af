"""One progress bar that names the work, shown to people only."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

_silent = False
_whole: "tqdm[Any] | None" = None


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
    if _whole is not None:
        return _Part(_whole, what, total)
    return tqdm(desc=what, total=total, unit=unit, file=sys.stderr, disable=_silent or not sys.stderr.isatty(), leave=False, delay=1)


@contextmanager
def one_bar(what: str, total: int, unit: str = "frame") -> Iterator["tqdm[Any]"]:
    """Show one bar for a work of many parts: inside, the bars of the parts only move it on, and say on it what is being done."""
    global _whole
    with progress(what, total, unit) as bar:
        _whole = bar
        try:
            yield bar
        finally:
            _whole = None


class _Part(tqdm):  # type: ignore[type-arg]
    """A bar that is not shown, and moves another one on."""

    def __init__(self, whole: "tqdm[Any]", what: str, total: int) -> None:
        super().__init__(total=total, disable=True)
        self._of = whole
        if not whole.disable:
            whole.set_description_str(what)

    def update(self, n: float | None = 1) -> bool | None:
        return self._of.update(n)
