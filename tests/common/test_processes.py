"""Jobs of one core, made by several processes of this machine once one took long."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from toy_jobs import dying, long_squaring, seeing, squaring

from ethocache.common import compute
from ethocache.common.compute import CLUSTER, make_all, release_workers
from ethocache.common.errors import InputError
from ethocache.common.processes import CORES, processes_at_once
from ethocache.common.store import Store


@pytest.fixture(autouse=True)
def every_job_takes_long(monkeypatch):
    monkeypatch.setattr(compute, "_PAYS_S", -1.0)
    monkeypatch.setattr(compute, "_processes_help", lambda: True)
    monkeypatch.delenv(CLUSTER, raising=False)
    monkeypatch.setenv(CORES, "2")


@pytest.fixture(scope="module", autouse=True)
def processes_that_stay_for_all_tests():
    yield
    release_workers()


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


def made_here(entry) -> bool:
    return entry.facts["pid"] == os.getpid()


def test_after_one_long_job_the_others_are_made_side_by_side_in_order_and_once(store):
    entries = make_all(store, (4, 2, 9, 4), long_squaring, "squaring")
    assert [entry.path("square.txt").read_text() for entry in entries] == ["16", "4", "81", "16"]
    assert [made_here(entry) for entry in entries] == [True, False, False, True]
    assert store.made == 3
    make_all(store, (9, 4, 2), long_squaring, "squaring")
    assert store.made == 3


def test_a_single_one_that_is_left_is_made_here(store):
    assert all(map(made_here, make_all(store, (1, 2), long_squaring, "squaring")))
    assert store.made == 2


def test_work_that_uses_all_cores_stays_in_this_process(store):
    assert all(map(made_here, make_all(store, (1, 2, 4), squaring, "squaring")))


def test_one_that_cannot_be_done_does_not_keep_the_others_from_being_done(store):
    with pytest.raises(InputError, match=r"^3 cannot be squared: choose another number \(3 others are done and kept\)$"):
        make_all(store, (1, 3, 2, 4), long_squaring, "squaring")
    assert store.made == 3


def test_a_fault_of_ours_is_not_hidden(store):
    with pytest.raises(ZeroDivisionError):
        make_all(store, (1, 5, 2), long_squaring, "squaring")
    release_workers()


def test_each_process_uses_one_core(store):
    def job(number):
        return replace(seeing((CORES, "OPENBLAS_NUM_THREADS"), number), one_core=True)

    first, *others = make_all(store, (1, 2, 3), job, "seeing")
    assert first.path("seen.txt").read_text().startswith("2 ")
    assert {entry.path("seen.txt").read_text() for entry in others} == {"1 1"}
    assert len({entry.facts["pid"] for entry in others}) == 2


def test_a_process_that_dies_is_told_in_one_line_and_what_is_finished_is_kept(store, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()

    def job(number):
        return long_squaring(number) if number < 3 else replace(dying(marks, number), one_core=True)

    with pytest.raises(InputError, match=r"^dying: one of the processes died, most likely for want of memory; what is finished is kept"):
        make_all(store, (1, 8, 9), job, "dying")
    with pytest.raises(InputError, match=r"^again: one of the processes died"):
        make_all(store, (2, 8, 9), job, "again")
    release_workers()
    assert store.made == 2
    assert [entry.path("square.txt").read_text() for entry in make_all(store, (1,), long_squaring, "squaring")] == ["1"]


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_processes_end_with_the_one_that_started_them_however_that_ends(tmp_path, number):
    marks = tmp_path / "marks"
    marks.mkdir()
    code = (
        "import signal, sys; from pathlib import Path; from toy_jobs import long_squaring, waiting; from ethocache.common import compute; "
        "from ethocache.common.stage import run_stage; from ethocache.common.store import Store\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "compute._PAYS_S, compute._processes_help = -1.0, lambda: True\n"
        "def job(number): return long_squaring(number) if number in (1, 2) else waiting(Path(sys.argv[1]))\n"
        "run_stage(lambda: str(compute.make_all(Store(Path('store')), (1, 2, 3), job, 'waiting')))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(marks)], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until(lambda: any(marks.iterdir()), process)
    (worker,) = (int(path.name) for path in marks.iterdir())
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    until(lambda: not alive(worker))
    if number == signal.SIGINT:
        assert said == "-c: stopped; what is finished is kept, run again to go on\n"


def until(happens, process: subprocess.Popen[str] | None = None) -> None:
    for _ in range(600):
        if happens():
            return
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.1)
    raise AssertionError("it did not happen within a minute")


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    if sys.platform == "linux":
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_no_more_processes_than_cores_that_may_be_used_and_as_memory_allows(monkeypatch):
    monkeypatch.delenv(CORES)
    here = processes_at_once()
    assert 1 <= here <= (os.cpu_count() or 1)
    monkeypatch.setenv(CORES, "1")
    assert processes_at_once() == 1
    monkeypatch.setenv(CORES, "many")
    assert processes_at_once() == here
    if hasattr(os, "sysconf"):
        monkeypatch.setattr(os, "sysconf", lambda name: 1000)
        assert processes_at_once() == 1, "a machine with a megabyte"
