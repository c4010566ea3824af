"""Find the workers that ``ETHOCACHE_CLUSTER`` names: processes here, those of a running scheduler, or jobs of a batch system."""

import json
import logging
import os
import re
import shutil
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dask
from dask.system import CPU_COUNT
from distributed import Client, LocalCluster, Security
from pydantic import Field

from ethocache.common.compute import CLUSTER
from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.params import Section, load_params, parse_section

_CONNECT_S = 10
_LOST = "distributed.deploy.lost-worker-timeout"
_DEATH_TIMEOUT_S = 60  # a job ends when it has had no scheduler for so long
_SYSTEMS = {
    "htcondor": "HTCondorCluster",
    "lsf": "LSFCluster",
    "moab": "MoabCluster",
    "oar": "OARCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "slurm": "SLURMCluster",
}


_LISTS = {"job_script_prologue", "worker_extra_args", "job_directives_skip", "submit_command_extra", "cancel_command_extra"}
_NOT_OF_JOBS = {"security", "shared_temp_directory", "scheduler_options", "silence_logs"}  # but of all jobs together


@dataclass(frozen=True)
class Workers:
    """Workers that can be given work.

    Attributes
    ----------
    place
        Where they are, in the user's words.
    client
        Takes the work.
    ask_for
        Says for how many tasks at once there is work; so many workers are started, up to the user's limit.
    close
        Sends them home.
    refused
        Why a batch system did not take a job, as often as that happened.
    """

    place: str
    client: Client
    ask_for: Callable[[int], None]
    close: Callable[[], None]
    refused: list[str] = field(default_factory=list)


class ClusterFile(Section):
    """A file that says how to start jobs on a batch system.

    Attributes
    ----------
    jobs
        How many run at once.
    jobqueue
        The batch system's name, and its settings as dask-jobqueue knows them.
    """

    jobs: int = Field(ge=1)
    jobqueue: dict[str, dict[str, Any]] = Field(min_length=1, max_length=1)


def find_workers(named: str, store: Path) -> Workers:
    """Return the workers of a value of ``ETHOCACHE_CLUSTER``.

    Parameters
    ----------
    store
        The store's folder, which jobs can see.

    Raises
    ------
    InputError
        If it is none of the three forms, or there are no such workers.
    """
    if found := re.fullmatch(r"local:([1-9]\d{0,3})", named):
        return _processes(int(found[1]))
    if re.fullmatch(r"(tcp|tls)://\S+:\d+", named):
        return _of_scheduler(named)
    if named.endswith((".yaml", ".yml")):
        return _jobs(_file(named), store)
    raise InputError(
        f"{CLUSTER}: expected local:4 (so many processes on this machine), tcp://host:8786 (a running Dask scheduler) or a .yaml file "
        f"(jobs of Slurm, PBS, ...), found '{named}'"
    )


def _processes(count: int) -> Workers:
    """Start processes on this machine, one per GPU where there are several; nobody else can give them work."""
    dask.config.set({_LOST: "1h"})  # its guard starts a dead process again at once; Dask would take the guard away as well
    quiet = "ignore:resource_tracker"  # Python would tell of what a killed worker left behind
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), quiet)))
    cluster = _Processes(count, visible_gpus())
    return _started(f"{count} processes here", cluster, lambda tasks: cluster.scale(max(len(cluster.worker_spec), min(tasks, count))))


class _Processes(LocalCluster):  # type: ignore[misc]
    """Processes that share this machine's cores and GPUs between them."""

    def __init__(self, count: int, gpus: list[str]) -> None:
        self._share = count, gpus
        super().__init__(
            n_workers=0,
            threads_per_worker=1,
            memory_limit=0,
            dashboard_address=None,
            security=Security.temporary(),
            preload=["ethocache.common.interrupts"],
            silence_logs=logging.CRITICAL + 1,
        )

    def new_worker_spec(self) -> dict[Any, Any]:
        """Give the next process its share."""
        return {
            name: spec | {"options": spec["options"] | {"env": share_of(int(name), *self._share)}}
            for name, spec in super().new_worker_spec().items()
        }


def share_of(number: int, count: int, gpus: list[str]) -> dict[str, str]:
    """Return the environment of one of `count` processes on this machine: its share of the cores, and a GPU in turn."""
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, CPU_COUNT // count))
    shares = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
    return shares | ({"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} if gpus else {})


def visible_gpus() -> list[str]:
    """Return the names under which CUDA knows the GPUs that this process may use."""
    if not shutil.which("nvidia-smi"):  # torch takes seconds to say so
        return []
    import torch

    if not (count := torch.cuda.device_count()):
        return []
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    return allowed.split(",")[:count] if allowed else [str(number) for number in range(count)]


def _of_scheduler(address: str) -> Workers:
    try:
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError):
        raise InputError(
            f"{CLUSTER}: no Dask scheduler answers at {address} within {_CONNECT_S} s; start one there with `dask scheduler`, or correct "
            "the address"
        ) from None
    return Workers(f"the scheduler at {address}", client, lambda tasks: None, client.close)


def _file(named: str) -> Path:
    """Return the file; an experiment that runs in a copy of the project finds it in the project."""
    path = next((path for path in (Path(named), Path(os.environ.get("DVC_ROOT", ".")) / named) if path.is_file()), None)
    if path is None:
        raise InputError(f"{CLUSTER}: there is no file {Path(named).absolute()}; docs/cluster.md has examples")
    return path


def _jobs(path: Path, store: Path) -> Workers:
    """Start jobs of a batch system; lost ones are replaced."""
    settings = parse_section(load_params(path), ClusterFile, str(path))
    ((system, found),) = settings.jobqueue.items()
    dask.config.set({_LOST: "1s"})  # then another job takes the place of one that is gone
    refused: list[str] = []
    cluster = _cluster_of(path, system, found, store, refused)

    def ask_for(tasks: int) -> None:
        jobs = max(len(cluster.worker_spec), min(-(-tasks // cluster._dummy_job.worker_processes), settings.jobs))
        cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)

    return _started(f"{settings.jobs} jobs of {system} ({path})", cluster, ask_for, refused)


def job_settings(found: Mapping[str, Any], store: Path) -> dict[str, Any]:
    """Return the settings of dask-jobqueue with what this work needs beside: one task at a time, with all cores of its process."""
    given: dict[str, Any] = {"processes": 1, "security": True, "shared_temp_directory": str(store), "death_timeout": _DEATH_TIMEOUT_S}
    given |= {name.replace("-", "_"): value for name, value in found.items()}
    threads = max(1, int(given.get("cores") or 1) // int(given["processes"] or 1))
    return given | {
        "job_script_prologue": [f"export OMP_NUM_THREADS={threads}", *given.get("job_script_prologue", ())],
        "worker_extra_args": ["--nthreads", "1", "--memory-limit", "0", *given.get("worker_extra_args", ())],
        "scheduler_options": {"dashboard": False, "dashboard_address": ":0"} | given.get("scheduler_options", {}),  # two runs may meet
        "silence_logs": logging.CRITICAL + 1,
    }


def import_dask_jobqueue() -> Any:
    """Import it, and take back its handler of Ctrl-C, which would end this process as if all were well."""
    before = signal.getsignal(signal.SIGINT)
    try:
        import dask_jobqueue
    except ModuleNotFoundError:
        raise InputError(f"{CLUSTER}: jobs need dask-jobqueue, which is not installed: run `uv sync --extra cluster`") from None
    finally:
        signal.signal(signal.SIGINT, before)
    return dask_jobqueue


def _cluster_of(path: Path, system: str, found: dict[str, Any], store: Path, refused: list[str]) -> Any:
    if system not in _SYSTEMS:
        raise InputError(f"{path}: jobqueue: '{system}' is no batch system{did_you_mean(system, _SYSTEMS)}; known: {', '.join(_SYSTEMS)}")
    _refuse_text_for_lists(found, system, f"{path}: jobqueue.{system}")
    kind = getattr(import_dask_jobqueue(), _SYSTEMS[system])
    try:
        settings = job_settings(found, store)
        kind.job_cls("tcp://check:1", "check", **{name: value for name, value in settings.items() if name not in _NOT_OF_JOBS})
        _check_that_jobs_can_be_submitted(kind.job_cls.submit_command.split()[0])
        return kind(job_cls=_listening(kind.job_cls, refused), **settings)
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        reason = re.sub(r"^.*unexpected keyword argument", "it has no setting", " ".join(str(error).split()))
        raise InputError(f"{path}: jobqueue.{system}: dask-jobqueue says: {reason}") from None


def _refuse_text_for_lists(found: Mapping[str, Any], system: str, place: str) -> None:
    """Raise `InputError` for a text where dask-jobqueue expects a list; it would be taken letter by letter."""
    lists = _LISTS if system == "htcondor" else _LISTS | {"job_extra_directives"}  # which HTCondor takes by name
    for name, value in found.items():
        if name.replace("-", "_") in lists and isinstance(value, str):
            raise InputError(f"{place}.{name}: expected a list, found a text: write {name}: [{json.dumps(value, ensure_ascii=False)}]")


def _listening(job: type[Any], refused: list[str]) -> type[Any]:
    """Return a kind of job that notes why the batch system did not take it; Dask would only try again, for ever."""

    class Job(job):  # type: ignore[misc]
        async def _submit_job(self, script: str) -> Any:
            try:
                return await super()._submit_job(script)
            except RuntimeError as error:
                refused.append(" ".join(str(error).split("stderr:")[-1].split()))
                raise

    return Job


def _check_that_jobs_can_be_submitted(command: str) -> None:
    if not shutil.which(command):
        raise InputError(f"{CLUSTER}: '{command}' is not there: run from a machine that may submit jobs")


def _started(place: str, cluster: Any, ask_for: Callable[[int], None], refused: list[str] | None = None) -> Workers:
    client = Client(cluster, set_as_default=False)

    def close() -> None:
        client.close()
        with suppress(AssertionError):  # Dask takes it for impossible that a job was not accepted
            cluster.close()

    return Workers(place, client, ask_for, close, [] if refused is None else refused)
