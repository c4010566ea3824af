"""Go through many items, and report every one that failed at the end."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from ethocache.common.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")


def for_each(items: Iterable[Item], work: Callable[[Item], Result], *, keeps: bool = True) -> list[Result]:
    """Return ``[work(item), ...]``; one bad item does not keep the others from being done.

    Parameters
    ----------
    keeps
        Whether what was done for the others outlives a failure; the error then says so.

    Raises
    ------
    InputError
        After all items, with the message of each that failed, one per line; a problem that several share is told once.
    """
    results, problems = [], []
    for item in items:
        try:
            results.append(work(item))
        except InputError as error:
            problems.append(str(error))
    if problems:
        done = f" ({len(results)} others are done and kept)" if results and keeps else ""
        raise InputError("\n".join(dict.fromkeys(problems)) + done)
    return results
