"""Go through many items, and report every one that failed at the end."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from ethocache.common.errors import InputError
from ethocache.common.wording import counted

Item = TypeVar("Item")
Result = TypeVar("Result")


def for_each(
    items: Iterable[Item], work: Callable[[Item], Result], *, keeps: bool = True, problems: list[str] | None = None
) -> list[Result]:
    """Return ``[work(item), ...]``; one bad item does not keep the others from being done.

    Parameters
    ----------
    keeps
        Whether what was done for the others outlives a failure; the error then says so.
    problems
        Takes the message of each item that failed, where they are to be listed rather than to stop the work.

    Raises
    ------
    InputError
        After all items, with the message of each that failed, one per line; a problem that several share is told once.
    """
    results, failed = [], []
    for item in items:
        try:
            results.append(work(item))
        except InputError as error:
            failed.append(str(error))
    if problems is not None:
        problems += dict.fromkeys(failed)
    else:
        stop_if_failed(failed, len(results) if keeps else 0)
    return results


def stop_if_failed(failed: Sequence[str], kept: int) -> None:
    """Raise one `InputError` with all messages, each once; `kept` is how many others are done and outlive it."""
    if failed:
        done = f" ({counted(kept, 'other is', 'others are')} done and kept)" if kept else ""
        raise InputError("\n".join(dict.fromkeys(failed)) + done)
