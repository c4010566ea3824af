"""The store under real projects and real experiments: what they use is never pruned, and wrong clocks change nothing."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pipeline import Project, environment_of_a_user, make_project

from ethocache.endtoend.demo import write_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rendered") / "demo"
    write_demo(folder, animals=3, unlabelled=1, seconds=4, size=(96, 72))
    return folder


@pytest.fixture
def project(tmp_path, demo) -> Project:
    """Four videos, three with labels, under git, with everything computed."""
    project = make_project(tmp_path / "project", demo)
    project.run("dvc", "repro", "-q")
    project.commit()
    return project


def date_everything(folder: Path, days: float) -> None:
    """Put all time stamps some days into the past, or with a negative number into the future."""
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (time.time() - days * 86400,) * 2)


def kinds(store: Path) -> dict[str, int]:
    return {kind.name: len(list(kind.glob("*/entry.json"))) for kind in sorted(store.iterdir()) if list(kind.glob("*/entry.json"))}


ALL = {"crop": 4, "features": 4, "fold": 3, "model": 1, "tags": 1, "times": 4, "track": 4}


@pytest.mark.slow
def test_only_what_no_experiment_holds_is_pruned_and_the_rest_needs_no_computing(project):
    store = project.store.root
    assert kinds(store) == ALL
    project.run("dvc", "exp", "run", "-q", "--name", "wide", "-S", "crop.margin_px=4")
    project.run("dvc", "exp", "run", "-q", "--temp", "--name", "temporary", "-S", "crop.size_px=32")
    project.run("git", "checkout", "-q", ".")
    project.run("dvc", "checkout", "-q")
    date_everything(store, days=30)
    assert "nothing to remove from store: all 47 results are used by a project" in project.run("ethocache", "store", "prune")

    project.run("dvc", "exp", "remove", "-q", "temporary")
    project.run("dvc", "gc", "-q", "-f", "--all-experiments")
    said = project.run("ethocache", "store", "prune")
    assert re.search(
        r"1[0-9] of 47 results in store, [\d.]+ MB, are used by nothing and would be removed:\n  crop [0-9a-f]{8} 0\.\d MB\n", said
    )
    assert "nothing was removed; to remove them, type: ethocache store prune --yes" in said
    assert kinds(store)["crop"] == 12
    table = {row.split()[0]: row.split()[1:] for row in project.run("ethocache", "store", "size").splitlines()[1:]}
    assert [table["crop"][0], table["crop"][2], table["track"][2], table["times"][2]] == ["12", "4", "0", "0"]

    assert re.search(r"1[0-9] results removed from store, ", project.run("ethocache", "store", "prune", "--yes"))
    assert kinds(store) == {kind: count if kind in ("times", "track") else 2 * count for kind, count in ALL.items()}
    assert "as they were written" in project.run("ethocache", "store", "verify")
    assert project.counting("dvc", "repro", "-f") == (0, 0, 0)
    assert project.counting("dvc", "exp", "run", "-q", "-S", "crop.margin_px=4") == (0, 0, 0)


@pytest.mark.slow
def test_on_another_disk_where_links_fail_nothing_that_is_used_is_pruned(tmp_path, demo):
    disk = Path("/dev/shm")
    if not disk.is_dir() or disk.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second disk here")
    store = disk / f"ethocache-test-{os.getpid()}"
    project = make_project(tmp_path / "project", demo)
    try:
        project.run("dvc", "repro", "-q", ETHOCACHE_STORE=str(store))
        date_everything(store, days=30)
        assert "nothing to remove" in project.run("ethocache", "store", "prune", ETHOCACHE_STORE=str(store))
        project.run("ethocache", "store", "prune", "--yes", ETHOCACHE_STORE=str(store))
        assert kinds(store) == ALL
        (project.folder / "params.yaml").rename(project.folder / "moved.yaml")
        refused = project.run("ethocache", "store", "prune", "--yes", ok=False, ETHOCACHE_STORE=str(store))
        assert f"the project in {project.folder} uses this store and is not there, so what it needs cannot be told" in refused
    finally:
        shutil.rmtree(store)


@pytest.mark.slow
def test_two_experiments_at_once_in_temporary_copies_compute_each_key_once(project):
    command = ("dvc", "exp", "run", "--temp", "-S", "backbone=tiny", "-S")
    runs = [
        subprocess.Popen(
            (*command, f"head={head}"),
            cwd=project.folder,
            env=environment_of_a_user(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for head in ("linear", "tcn")
    ]
    output = [run.communicate(timeout=300)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], output
    computed = [int(number) for text in output for number in re.findall(r"feature files of tiny, (\d+) computed now", text)]
    assert (len(computed), sum(computed)) == (2, 4), output
    assert kinds(project.store.root) == ALL | {"features": 8, "fold": 9, "model": 3, "tags": 3}
    shown = json.loads(project.run("dvc", "exp", "show", "--json"))
    assert str(shown).count("tiny") >= 2


@pytest.mark.slow
@pytest.mark.parametrize("days", [3650, -3650], ids=["ten years ago", "in ten years"])
def test_wrong_dates_of_kept_files_change_nothing(project, days):
    metrics = project.json("metrics/metrics.json")
    date_everything(project.store.root, days)
    date_everything(project.folder / "data", days)
    assert project.counting("dvc", "repro", "-f") == (0, 0, 0)
    assert project.json("metrics/metrics.json") == metrics


JUMP = """
import runpy, sys, time
real, jumps = time.time, iter(range(10**9))
time.time = lambda: real() + (-1) ** next(jumps) * 10.0**8
time.time_ns = lambda: int(time.time() * 1e9)
sys.argv = [sys.argv[1]]
runpy.run_module(f"ethocache.stages.{sys.argv[0]}", run_name="__main__")
"""


def test_a_clock_that_jumps_by_years_while_stages_run_changes_no_byte(tmp_path, demo):
    jumping, steady = (make_project(tmp_path / name, demo) for name in ("jumping", "steady"))
    stages = ("index", "track", "crop", "extract")
    steady.stage(*stages)
    for stage in stages:
        jumping.run(sys.executable, "-c", JUMP, stage)
    places = [
        path.relative_to(steady.folder) for path in steady.folder.glob("data/[cf]*/**/*") if path.is_file() and "cost" not in str(path)
    ]
    assert len(places) == 12
    assert all((jumping.folder / path).read_bytes() == (steady.folder / path).read_bytes() for path in places)
    assert [jumping.run(sys.executable, "-c", JUMP, stage).split()[-2:] for stage in ("extract",)] == [["computed", "now"]]
    assert jumping.counting(sys.executable, "-c", JUMP, "crop") == (0, 0, 0)
