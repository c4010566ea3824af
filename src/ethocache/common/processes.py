"""Processes of this machine, side by side, for jobs that use one core each."""

import os
import signal
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from ethocache.common.errors import InputError
from ethocache.common.progress import progress, silence
from ethocache.common.store import Store

if TYPE_CHECKING:
    from ethocache.common.compute import Job

CORES = "OMP_NUM_THREADS"  # who limits this means all of our processes together
_BYTES_EACH = 2 << 30  # a network, its libraries, and features in memory
_ONE_CORE = dict.fromkeys((CORES, "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def processes_at_once() -> int:
    """Return how many jobs of one core this machine can do at once: one for each core that we may use, as far as its memory goes."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    if (limit := os.environ.get(CORES, "")).isdecimal():
        cores = min(cores, int(limit))
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        cores = min(cores, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _BYTES_EACH)
    return max(1, cores)


class Processes:
    """Processes that wait for jobs; they end when this object is closed, and when this process dies, however it dies.

    Parameters
    ----------
    count
        How many there are at most.
    """

    def __init__(self, count: int) -> None:
        context = get_context("spawn")  # a copy of this process would take over its threads' locks
        self._busy = False  # at jobs that are not done, also after an error
        ours, self._alive = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(count, context, initializer=_begin, initargs=(ours,))

    def make(self, store: Store, jobs: "Mapping[int, Job]", what: str) -> dict[int, str]:
        """Do jobs, each by its number; return the messages of those that failed.

        Raises
        ------
        InputError
            If a process died, which is mostly for want of memory.
        """
        try:
            return self._make(store, jobs, what)
        except BrokenProcessPool:  # now, or before: then no job is even taken
            raise InputError(
                f"{what}: one of the processes died, most likely for want of memory; what is finished is kept. Run again with "
                f"fewer at once, such as {CORES}=1, or on a machine with more memory"
            ) from None

    def _make(self, store: Store, jobs: "Mapping[int, Job]", what: str) -> dict[int, str]:
        failed, self._busy = {}, True
        doing = {self._pool.submit(_make, job, store): number for number, job in jobs.items()}
        with progress(what, len(jobs), "job") as bar:
            for done in as_completed(doing):
                answer = done.result()
                if isinstance(answer, str):
                    failed[doing[done]] = answer
                else:
                    store.made += answer
                bar.update()
        self._busy = False
        return failed

    def close(self) -> None:
        """Send the processes home at once: what they were at was not finished, and so is not kept."""
        if not self._busy:
            self._pool.shutdown()  # in peace; ended in the middle of their work, they leave semaphores behind, of which Python would tell
        self._alive.close()
        self._pool.shutdown(cancel_futures=True)


def _begin(alive: Connection) -> None:
    """Prepare a process: one core, no bars, no word at Ctrl-C, and no life after that of the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ |= _ONE_CORE
    silence()
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()


def _end_with(alive: Connection) -> None:
    with suppress(EOFError, OSError):
        alive.recv_bytes()  # nobody sends anything: it returns when the other end is closed
    os._exit(1)


def _make(job: "Job", store: Store) -> int | str:
    """Do one job; return how many entries were made, or the message of an `InputError`."""
    made = store.made
    try:
        job.make(store)
    except InputError as error:
        return str(error)
    return store.made - made
