"""Who uses a store: a lock for each key, a mark for each process that adds to it, and the date of each result's last use."""

import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ethocache.common.interrupts import undisturbed

_RUN = "run-"
_marks: dict[Path, Any] = {}  # lock folder -> the lock of this process, held until it ends, however it ends


@contextmanager
def waiting_for(path: Path, note: str) -> Iterator[None]:
    """Hold the lock of a file; where another process has it, print `note` and wait for it."""
    from filelock import Timeout

    held = _lock(path)
    try:
        held.acquire(timeout=2)
    except Timeout:
        print(note, file=sys.stderr)
        held.acquire()
    try:
        yield
    finally:
        held.release()


@contextmanager
def held_if_free(path: Path) -> Iterator[bool]:
    """Hold the lock of a file unless another process has it; say whether it is held."""
    from filelock import Timeout

    held = _lock(path)
    try:
        held.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        held.release()


def mark_run(folder: Path) -> None:
    """Let others know, until this process ends, that it is at work and since when; the system frees the mark of a killed one."""
    if folder not in _marks:
        oldest_run_s(folder)  # takes away the marks of ended runs, so that they do not pile up
        mark = folder / f"{_RUN}{time.time_ns()}-{secrets.token_hex(4)}.lock"
        held = _lock(mark)
        held.acquire()
        while not mark.exists():  # taken for that of an ended run just before it was locked
            held.release()
            held.acquire()
        _marks[folder] = held


def oldest_run_s(folder: Path) -> float | None:
    """Return when the longest-running process began (seconds since 1970), None if none is at work; removes marks of ended ones."""
    begun = []
    for mark in folder.glob(f"{_RUN}*.lock"):
        with held_if_free(mark) as ended:
            if not ended:
                begun.append(int(mark.stem.split("-")[1]) / 1e9)
        if ended:
            mark.unlink(missing_ok=True)
    return min(begun, default=None)


def note_use(folder: Path) -> None:
    """Date the folder of a result, which tells when it was last used; a store that may only be read keeps no such dates."""
    with suppress(OSError):
        os.utime(folder)


def _lock(path: Path) -> Any:
    from filelock import FileLock  # slow to import, and most runs find everything kept

    path.parent.mkdir(parents=True, exist_ok=True)
    with undisturbed():
        return FileLock(path)
