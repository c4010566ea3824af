"""Jobs done in this process and by workers: the same entries, the same errors."""

import os
import shutil
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from toy_jobs import dying, seeing, squaring

from ethocache.common.compute import CLUSTER, make_all, release_workers
from ethocache.common.errors import InputError
from ethocache.common.locks import oldest_run_s
from ethocache.common.store import Store

WAYS = pytest.mark.parametrize("cluster", ["", "local:2"], ids=["here", "local"])


@pytest.fixture(scope="module", autouse=True)
def workers_that_stay_for_all_tests():
    yield
    release_workers()


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


def squares(store: Store, numbers) -> list[str]:
    return [entry.path("square.txt").read_text() for entry in make_all(store, numbers, squaring, "squaring")]


@WAYS
def test_entries_come_in_order_and_are_made_once(store, monkeypatch, cluster):
    monkeypatch.setenv(CLUSTER, cluster)
    assert squares(store, (4, 2, 9)) == ["16", "4", "81"]
    assert store.made == 3
    assert squares(store, (9, 1, 4)) == ["81", "1", "16"]
    assert store.made == 4, "only what was missing"
    here = {entry.facts["pid"] == os.getpid() for entry in store.entries()}
    assert here == {not cluster}


@WAYS
def test_a_job_that_cannot_be_done_does_not_keep_the_others_from_being_done(store, monkeypatch, cluster):
    monkeypatch.setenv(CLUSTER, cluster)
    with pytest.raises(InputError, match=r"^3 cannot be squared: choose another number \(3 others are done and kept\)$"):
        squares(store, (1, 3, 2, 4))
    assert store.made == 3

    def refusing(number):
        if number == 7:
            raise InputError("7 is not asked for")
        return squaring(number)

    with pytest.raises(InputError, match=r"^7 is not asked for\n3 cannot be squared: choose another number \(1 other is done"):
        make_all(store, (7, 3, 1), refusing, "squaring")


@WAYS
def test_a_fault_of_ours_keeps_its_traceback(store, monkeypatch, cluster):
    monkeypatch.setenv(CLUSTER, cluster)
    with pytest.raises(ZeroDivisionError) as caught:
        squares(store, (5,))
    assert "_square" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


def test_a_job_whose_worker_dies_is_done_by_another_and_given_up_if_that_does_not_end(store, tmp_path, monkeypatch):
    from ethocache.common import cluster

    monkeypatch.setenv(CLUSTER, "local:2")
    marks = tmp_path / "marks"
    marks.mkdir()
    (entry,) = make_all(store, (2,), lambda times: dying(marks, times), "dying")
    assert entry.path("deaths.txt").read_text() == "2"
    monkeypatch.setitem(cluster._SETTINGS, "distributed.scheduler.allowed-failures", 1)
    release_workers()  # other workers, with this setting
    with pytest.raises(InputError, match=r"^dying: the worker died 2 times at it; it may need more memory \(fewer processes at once"):
        make_all(store, (9,), lambda times: dying(marks, times), "dying")
    release_workers()


def test_workers_on_this_machine_share_its_cores_and_do_not_see_a_cluster(store, monkeypatch):
    monkeypatch.setenv(CLUSTER, "local:2")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    entries = make_all(store, (1, 2), lambda number: seeing(("OMP_NUM_THREADS",), number), "seeing")
    assert {entry.path("seen.txt").read_text() for entry in entries} == {"3"}
    assert len({entry.facts["pid"] for entry in entries}) == 2


def test_what_must_be_made_here_is_made_here(store, monkeypatch):
    from dataclasses import replace

    monkeypatch.setenv(CLUSTER, "nowhere")
    (entry,) = make_all(store, (2,), lambda number: replace(squaring(number), anywhere=False), "squaring")
    assert entry.facts["pid"] == os.getpid()
    assert squares(store, (2,)) == ["4"], "nobody is asked where nothing is missing"


def test_who_hands_out_work_is_seen_to_be_at_work_before_the_first_look_into_the_store(store, monkeypatch):
    monkeypatch.setenv(CLUSTER, "nowhere")
    seen = []

    def asked_for(number):
        seen.append(oldest_run_s(store.locks))
        raise InputError("not asked for")

    with pytest.raises(InputError, match=r"^not asked for$"):
        make_all(store, (2,), asked_for, "squaring")
    assert None not in seen
    assert len(seen) == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything may be written to")
def test_all_that_is_kept_can_be_taken_from_a_store_that_may_only_be_read(store, tmp_path, monkeypatch):
    squares(store, (2,))
    copy = Store(tmp_path / "copy")
    shutil.copytree(store.root, copy.root)
    shutil.rmtree(copy.locks)
    monkeypatch.setenv(CLUSTER, "nowhere")
    copy.root.chmod(0o500)
    try:
        assert squares(copy, (2,)) == ["4"]
    finally:
        copy.root.chmod(0o700)


def test_a_relative_store_is_the_same_folder_for_workers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(CLUSTER, "local:2")
    store = Store(Path("here/store"))
    assert squares(store, (6,)) == ["36"]
    assert list(tmp_path.glob("here/store/square/*/square.txt"))


def test_dask_is_not_imported_unless_it_is_asked_for(tmp_path):
    code = (
        "import sys; from pathlib import Path; from toy_jobs import squaring; from ethocache.common.compute import make_all; "
        "from ethocache.common.store import Store; import ethocache.stages.extract, ethocache.stages.train; "
        "make_all(Store(Path('store')), (1, 2), squaring, 'squaring'); print([m for m in sys.modules if m in ('dask', 'distributed')])"
    )
    environment = {name: value for name, value in os.environ.items() if name != CLUSTER} | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_dask_one_line_says_how_to_get_it(tmp_path):
    code = (
        "import sys; sys.modules['distributed'] = None; from pathlib import Path; from toy_jobs import squaring; "
        "from ethocache.common.compute import make_all; from ethocache.common.stage import run_stage; "
        "from ethocache.common.store import Store; "
        "run_stage(lambda: str(make_all(Store(Path('store')), (1,), squaring, 'squaring')))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), CLUSTER: "local:2"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    expected = (
        "ETHOCACHE_CLUSTER is set, but Dask is not installed: run `uv sync --extra cluster` (or `pip install 'ethocache[cluster]'`), or"
    )
    assert done.stderr.count("\n") == 1, done.stderr
    assert expected in done.stderr
