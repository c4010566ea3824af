"""A running scheduler with a worker of its own, and what a worker answers that cannot do the work."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from toy_jobs import seeing, squaring

from ethocache.common.cluster import _make, installed
from ethocache.common.compute import CLUSTER, make_all, release_workers
from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.common.store import Store
from ethocache.common.workers import _NOT_OF_JOBS, _SYSTEMS, ClusterFile, import_dask_jobqueue, job_settings

DOCS = (Path(__file__).parents[2] / "docs/cluster.md").read_text(encoding="utf-8")


@pytest.fixture
def scheduler(tmp_path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The address of a scheduler with one worker, which works in a folder of its own, and the scheduler's process."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    start = [sys.executable, "-m"]
    running = subprocess.Popen(
        [*start, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    found = next(match for line in running.stderr if (match := re.search(r"Scheduler at:\s+(tcp://\S+)", line)))
    reading = threading.Thread(target=running.stderr.read)
    reading.start()
    work = ["distributed.cli.dask_worker", found[1], "--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "5"]
    worker = subprocess.Popen([*start, *work], stderr=subprocess.DEVNULL, cwd=tmp_path, env=environment)
    yield found[1], running
    release_workers()
    for process in (worker, running):
        process.kill()
        process.wait()
    reading.join()
    running.stderr.close()


def test_a_running_scheduler_does_the_work_and_its_end_is_told(scheduler, tmp_path, monkeypatch):
    address, process = scheduler
    monkeypatch.setenv(CLUSTER, address)
    store = Store(tmp_path / "store")
    assert [entry.path("square.txt").read_text() for entry in make_all(store, (2, 6), squaring, "squaring")] == ["4", "36"]
    assert store.made == 2
    threading.Timer(1, process.kill).start()
    with pytest.raises(InputError, match=rf"^ETHOCACHE_CLUSTER: the scheduler at {address} is gone; what is finished is kept, run again"):
        make_all(store, range(60), lambda number: seeing(("PATH",), number), "seeing")


def test_a_worker_with_another_installation_or_without_the_store_does_nothing(tmp_path):
    store = Store(tmp_path / "store")
    assert re.search(
        r"its worker runs ethocache .*, torch .*, expected other as here; use the same", str(_make(squaring(2), store, "other"))
    )
    assert re.search(r"its worker sees no .*store; set ETHOCACHE_STORE to a folder that all", str(_make(squaring(2), store, installed())))
    assert not store.root.exists()


@pytest.mark.parametrize("system", ["slurm", "pbs"])
def test_the_files_of_the_documentation_are_accepted(system, tmp_path):
    (text,) = re.findall(rf"^```yaml\n# {system}\.yaml\n(.*?)^```", DOCS, re.MULTILINE | re.DOTALL)
    values = parse_section(yaml.safe_load(text), ClusterFile, "docs")
    settings = {name: value for name, value in job_settings(values.jobqueue[system], tmp_path).items() if name not in _NOT_OF_JOBS}
    script = (
        getattr(import_dask_jobqueue(), _SYSTEMS[system]).job_cls("tcp://host:1", "name", **settings | {"log_directory": None}).job_script()
    )
    assert "export OMP_NUM_THREADS=8" in script
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert script.split("--nthreads")[-1].split()[0] == "1"
