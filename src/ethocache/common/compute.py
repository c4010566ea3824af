"""Where the arithmetic runs: on what this machine has, and, where ``ETHOCACHE_CLUSTER`` says so, in other processes and machines."""

import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from ethocache.common.batch import stop_if_failed
from ethocache.common.errors import InputError
from ethocache.common.locks import mark_run
from ethocache.common.store import Build, Entry, Store

if TYPE_CHECKING:
    from ethocache.common.processes import Processes

CLUSTER = "ETHOCACHE_CLUSTER"
CLUSTER_DEVICE = "ETHOCACHE_CLUSTER_DEVICE"
_SOME_WORKERS = 8
_PAYS_S = 3.0  # of one job: starting a process and loading torch takes about as long
_SHOWN_LATER_S = 90  # NFS remembers for up to a minute that a file was not there

at_the_end = ExitStack()
"""What is closed when the stage ends."""

Item = TypeVar("Item")
Device = Literal["cpu", "cuda", "mps"]


def device() -> Device:
    """Return ``cuda``, ``mps`` or ``cpu``, whatever this machine has."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def device_of_workers() -> Device | None:
    """Return what ``ETHOCACHE_CLUSTER_DEVICE`` says of the workers; None where it says nothing, or there are no workers.

    Where a network runs is decided before any worker is there, by a machine that may have no graphics card.

    Raises
    ------
    InputError
        If it is no kind of device.
    """
    named = os.environ.get(CLUSTER_DEVICE, "").strip()
    if not named or not os.environ.get(CLUSTER, "").strip():
        return None
    for known in get_args(Device):
        if named == known:
            return known  # type: ignore[no-any-return]
    raise InputError(f"{CLUSTER_DEVICE}: expected {', '.join(get_args(Device))} (what the workers have), found '{named}'")


@dataclass(frozen=True)
class Job:
    """One entry of the store that is to be made, here or elsewhere.

    Attributes
    ----------
    name
        The work in the user's words, such as ``"embedding WT_YFP_01 (resnet50)"``.
    kind, recipe, build
        As `Store.make` wants them. To be made elsewhere, `build` must be a function of a module, or a `functools.partial`
        of one, whose arguments can be pickled and which reads nothing but the store.
    anywhere
        False if `build` needs files of this machine.
    one_core
        Whether it uses no more than that of a processor, so that several side by side gain time.
    """

    name: str
    kind: str
    recipe: dict[str, Any]
    build: Build
    anywhere: bool = True
    one_core: bool = False

    def make(self, store: Store) -> Entry:
        """Return the entry; compute it in this process if it is not kept yet."""
        return store.make(self.kind, self.recipe, self.build)


def make_all(store: Store, items: Iterable[Item], job: Callable[[Item], Job], what: str) -> list[Entry]:
    """Return the entry of each item in order; those that are not kept yet are made, by many workers if the user has them.

    Without ``ETHOCACHE_CLUSTER`` in this process; with it, elsewhere, several at a time. Jobs of one core are made by several
    processes of this machine as soon as one has taken so long that starting them pays. The entries are the same. No worker is
    started as long as nothing is to be made.

    Parameters
    ----------
    job
        Says what an item needs; called here, once per item.
    what
        What the progress bar calls the whole work.

    Raises
    ------
    InputError
        After all items, with the message of each that failed; or if what ``ETHOCACHE_CLUSTER`` names cannot be had.
    """
    elsewhere, pays = bool(os.environ.get(CLUSTER, "").strip()), False
    if elsewhere:
        _stay_until_the_end(store)
    failed: dict[int, str] = {}
    found: dict[int, Entry] = {}
    missing: dict[int, Job] = {}
    for number, item in enumerate(items):
        try:
            wanted = job(item)
            if wanted.anywhere and (elsewhere or (pays and wanted.one_core)):
                kept = store.get(wanted.kind, wanted.recipe)
            else:
                watch, made = time.perf_counter(), store.made
                kept = wanted.make(store)
                pays |= wanted.one_core and store.made > made and time.perf_counter() - watch > _PAYS_S and _processes_help()
        except InputError as error:
            failed[number] = str(error)
            continue
        if kept:
            found[number] = kept
        else:
            missing[number] = wanted
    if missing:
        failed |= _make_elsewhere(store, missing, what) if elsewhere else _make_side_by_side(store, missing, what)
        found |= {number: _made(store, wanted) for number, wanted in missing.items() if number not in failed}
    stop_if_failed([failed[number] for number in sorted(failed)], len(found))
    return [found[number] for number in sorted(found)]


def _stay_until_the_end(store: Store) -> None:
    """Keep what is found from now on from being pruned before the last worker is done."""
    with suppress(OSError):  # a store that may only be read: nothing is taken away from it either
        mark_run(store.locks)


def _processes_help() -> bool:
    from ethocache.common.processes import processes_at_once  # a run that makes nothing does without

    return device() == "cpu" and processes_at_once() > 1


def _make_side_by_side(store: Store, jobs: Mapping[int, Job], what: str) -> dict[int, str]:
    if len(jobs) == 1:
        ((number, job),) = jobs.items()
        try:
            job.make(store)
        except InputError as error:
            return {number: str(error)}
        return {}
    _stay_until_the_end(store)
    return _processes().make(store, jobs, what)


@cache
def _processes() -> "Processes":
    """Return the processes of this run, which stay for the jobs that follow."""
    from ethocache.common.processes import Processes, processes_at_once

    processes = Processes(processes_at_once())
    at_the_end.callback(_processes.cache_clear)
    at_the_end.callback(processes.close)
    return processes


def at_once() -> int:
    """Return how many jobs are worth handing out at once: as many as there are workers, or a few where only Dask knows how many."""
    named = os.environ.get(CLUSTER, "").strip()
    here = re.fullmatch(r"local:(\d+)", named)
    return max(1, int(here[1])) if here else _SOME_WORKERS if named else 1


def release_workers() -> None:
    """Send the workers home that `make_all` has called; the next call would start others."""
    at_the_end.close()


def _make_elsewhere(store: Store, jobs: Mapping[int, Job], what: str) -> dict[int, str]:
    try:
        from ethocache.common.cluster import make_elsewhere
    except ModuleNotFoundError as error:
        if error.name not in ("dask", "distributed"):
            raise
        raise InputError(
            f"{CLUSTER} is set, but Dask is not installed: run `uv sync --extra cluster` (or `pip install 'ethocache[cluster]'`), "
            f"or unset {CLUSTER} to work in this process"
        ) from None
    return make_elsewhere(os.environ[CLUSTER].strip(), store, jobs, what)


def _made(store: Store, job: Job) -> Entry:
    """Return an entry that a worker has made; a network drive may show it here a little later than there."""
    for _ in range(_SHOWN_LATER_S):
        if entry := store.get(job.kind, job.recipe):
            return entry
        time.sleep(1)
    raise InputError(
        f"{job.name}: a worker has made it, but {store.root.absolute()} does not show it: the workers see another folder under this "
        "name; set ETHOCACHE_STORE to a folder that all machines share"
    )
