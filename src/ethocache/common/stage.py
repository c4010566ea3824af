"""Run one stage of the pipeline: its summary on success, one clear line when the user can mend it."""

import errno
import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ethocache.common.compute import release_workers
from ethocache.common.errors import InputError
from ethocache.common.interrupts import never_swallowed

_CAN_BE_MENDED = {
    errno.ENOSPC: "the disk is full; free some space and run again, what is finished is kept",
    errno.EDQUOT: "your disk quota is used up; free some space and run again, what is finished is kept",
    errno.EROFS: "this place is read-only; set ETHOCACHE_STORE to a folder you can write, or ask for the right to write",
    errno.EACCES: "this may not be read or written by you; ask for the right, or use another folder",
    errno.EPERM: "this may not be changed by you; ask for the right, or use another folder",
    errno.ENOTDIR: "a file lies where a folder is expected; move it away, or use another folder",
}


def run_stage(stage: Callable[[], str]) -> None:
    """Run a stage and print the line it returns; exit 1 with one line for what the user can mend."""
    with explaining(name := Path(sys.argv[0]).stem):
        print(f"{name}: {stage()}", flush=True)


@contextmanager
def explaining(name: str) -> Iterator[None]:
    """End the process with one line and exit code 1 for what the user can mend; `name` is who speaks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name may hold letters that this terminal lacks
    try:
        with never_swallowed():
            yield
    except InputError as error:
        sys.exit(f"{name}: {error}")
    except KeyboardInterrupt:
        sys.exit(f"{name}: stopped; what is finished is kept, run again to go on")
    except OSError as error:
        if error.errno not in _CAN_BE_MENDED:
            raise
        sys.exit(f"{name}: {error.filename or 'writing'}: {_CAN_BE_MENDED[error.errno]}")
    finally:
        release_workers()


class Stopwatch:
    """Wall-clock seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._start


def peak_memory_mb() -> float:
    """Return the most memory this process has held, in MB (0 where the system does not tell)."""
    if os.name == "nt":
        return 0.0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)
