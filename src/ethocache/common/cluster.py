"""Hand work to processes of this machine, to a running Dask scheduler, or to the jobs of a batch system.

Dask starts workers, gives them work and hands it to another one when a worker dies. What is finished lies in the store, so
that nothing is lost with a worker, nor with the process that asks for the work.
"""

import logging
import platform
import sys
import uuid
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

import dask
from distributed import Client, as_completed
from distributed.scheduler import KilledWorker

from ethocache.common.compute import CLUSTER, Job, at_the_end
from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of, sha256_of_file
from ethocache.common.progress import progress, silence
from ethocache.common.store import Store
from ethocache.common.workers import Workers, find_workers

_SETTINGS = {
    "distributed.scheduler.allowed-failures": 10,  # so often may workers die with a task, which need not be its fault
    "distributed.scheduler.worker-saturation": 1.0,  # what waits, waits at the scheduler, and is not blamed when a worker dies
    "distributed.admin.large-graph-warning-threshold": "10GB",  # the labels of all videos go to each fold
}
_FIRST_WORKER_S = 20  # of waiting, after which we say so
_open: dict[str, Workers] = {}


def make_elsewhere(named: str, store: Store, jobs: Mapping[int, Job], what: str) -> dict[int, str]:
    """Have jobs done by the workers that `named` (of ``ETHOCACHE_CLUSTER``) describes.

    Parameters
    ----------
    jobs
        By number.
    what
        What the progress bar calls them.

    Returns
    -------
    dict
        The messages of those that failed, by number.

    Raises
    ------
    InputError
        If there are no such workers, or they can no longer be reached.
    """
    _be_quiet()
    store.root.mkdir(parents=True, exist_ok=True)
    failed = {}
    workers = _workers(named, store)
    workers.ask_for(len(jobs))
    with progress(what, len(jobs), "job") as bar:
        for number, answer in _answers(workers, store, jobs):
            if isinstance(answer, str):
                failed[number] = answer
            else:
                store.made += answer
            bar.update()
    return failed


def _workers(named: str, store: Store) -> Workers:
    if named not in _open:
        dask.config.set(_SETTINGS)
        _open[named] = find_workers(named, store.root.absolute())
        at_the_end.callback(_close, named)
    return _open[named]


def _close(named: str) -> None:
    _open.pop(named).close()


def _answers(workers: Workers, store: Store, jobs: Mapping[int, Job]) -> Iterator[tuple[int, int | str]]:
    """Give the number of each job with how many entries were made for it (0 if it was there already), or what is wrong."""
    client, name = workers.client, f"{next(iter(jobs.values())).kind}-{uuid.uuid4().hex}"
    futures = client.map(
        _make, list(jobs.values()), store=store, installed=installed(), key=[(name, number) for number in jobs], pure=False
    )
    finished = as_completed(futures, client.loop, with_results=True, raise_errors=False)
    del futures  # a result that is still held when its worker dies would be computed again
    _wait_for_the_first(workers)
    for future, answer in finished:
        number = future.key[1]
        if future.status == "error":
            answer = _explain(answer[1], answer[2], jobs[number], workers.place)
        elif future.status != "finished":
            raise InputError(f"{CLUSTER}: {workers.place} is gone; what is finished is kept, run again when it is back")
        future.release()
        yield number, answer


def _explain(error: BaseException, trace: Any, job: Job, place: str) -> str:
    """Return what is to be said of an error of a worker; what is our fault is raised, with the worker's traceback."""
    if isinstance(error, KilledWorker):
        return (
            f"{job.name}: the worker died {error.allowed_failures + 1} times at it; it may need more memory "
            f"(fewer processes at once, or more for each), or see the worker's log"
        )
    if isinstance(error, ModuleNotFoundError) and str(error.name).split(".")[0] == "ethocache":
        raise InputError(f"{CLUSTER}: the workers of {place} lack ethocache; start them with the same Python environment as here")
    raise error.with_traceback(trace)


def _make(job: Job, store: Store, installed: str) -> int | str:
    """Do one job in a worker; return how many entries were made, or the message of an `InputError`."""
    silence()
    if (found := _installed()) != installed:
        return f"{_here()}: its worker runs {found}, expected {installed} as here; use the same installation everywhere"
    if not store.root.is_dir():
        return f"{_here()}: its worker sees no {store.root}; set ETHOCACHE_STORE to a folder that all machines see under the same name"
    try:
        job.make(store)
    except InputError as error:
        return str(error)
    return store.made


def installed() -> str:
    """Return what of the software has a say in the numbers, which must be the same everywhere."""
    source = Path(__file__).parents[1]
    code = sha256_of([[path.relative_to(source).as_posix(), sha256_of_file(path)] for path in sorted(source.rglob("*.py"))])
    others = ", ".join(f"{name} {version(name)}" for name in ("torch", "timm", "numpy"))
    return f"ethocache {version('ethocache')} ({code[:8]}), {others}"


_installed = cache(installed)


def _here() -> str:
    return f"machine {platform.node()}"


def _wait_for_the_first(workers: Workers) -> None:
    """Wait until there is a worker; say so if that takes long, or why none will come."""
    for second in count():
        if workers.refused:
            raise InputError(f"{CLUSTER}: {workers.place}: not accepted: {workers.refused[0]}")
        if workers.client.status != "running" or _has_come(workers.client):
            return
        if second == _FIRST_WORKER_S:
            print(f"note: no worker has come yet from {workers.place}; waiting (Ctrl-C ends it)", file=sys.stderr)


def _has_come(client: Client) -> bool:
    try:
        client.wait_for_workers(1, timeout=1)
    except TimeoutError:
        return False
    return True


def _be_quiet() -> None:
    """Leave to us what is said to the user."""
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] in ("distributed", "dask_jobqueue", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
