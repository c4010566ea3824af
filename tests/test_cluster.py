"""Stages that hand their work to other processes: the same files, whoever dies in the middle."""

import os
import signal

import psutil
import pytest
from clusters import (
    VIDEOS,
    begun,
    communicated,
    copy_of,
    cropped_project,
    ended,
    features,
    holder_of,
    resumed,
    start_stage,
    wait_until,
    workers_of,
)
from pipeline import Project

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills processes by signals")


@pytest.fixture(scope="module")
def cropped(tmp_path_factory) -> Project:
    return cropped_project(tmp_path_factory.mktemp("cropped"))


@pytest.fixture(scope="module")
def undisturbed(cropped, tmp_path_factory) -> Project:
    """The same project, embedded by one process."""
    project = copy_of(cropped, tmp_path_factory.mktemp("undisturbed") / "project")
    project.stage("extract")
    return project


@pytest.fixture
def project(cropped, undisturbed, tmp_path) -> Project:
    return copy_of(cropped, tmp_path / "project")


def all_gone(processes: list[psutil.Process], seconds: float) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_a_worker_that_is_killed_in_mid_video_changes_nothing(project, undisturbed):
    stage = start_stage(project, "extract", "local:2")
    wait_until(lambda: begun(project.store), stage)
    holder_of(project.store, begun(project.store)[0]).kill()
    assert ended(stage) == f"extract: {VIDEOS} feature files of mean_colour, {VIDEOS} computed now\n"
    assert features(project) == features(undisturbed)
    assert [frames >= 10 for frames in resumed(project)] == [False] * (VIDEOS - 1) + [True], "the killed one went on where it was"
    assert project.stage("extract", ETHOCACHE_CLUSTER="nowhere") == f"extract: {VIDEOS} feature files of mean_colour, 0 computed now\n"


@pytest.mark.slow
def test_a_dead_parent_takes_its_workers_along_and_loses_nothing(project, undisturbed):
    stage = start_stage(project, "extract", "local:2")
    wait_until(lambda: begun(project.store), stage)
    workers = workers_of(stage.pid)
    stage.kill()
    stage.communicate()
    assert all_gone(workers, 60)
    assert project.stage("extract") == f"extract: {VIDEOS} feature files of mean_colour, {VIDEOS} computed now\n"
    assert features(project) == features(undisturbed)
    assert max(resumed(project)) >= 10


@pytest.mark.slow
def test_folds_and_the_model_are_the_same_from_workers(undisturbed, tmp_path):
    project = copy_of(undisturbed, tmp_path / "project")
    undisturbed.stage("train")
    train = start_stage(project, "train", "local:2")
    assert "4 networks trained now, 0 kept" in ended(train)
    for place in ("models/lstm", "data/predictions"):
        files = {path.name: path.read_bytes() for path in (undisturbed.folder / place).iterdir()}
        assert files == {path.name: path.read_bytes() for path in (project.folder / place).iterdir()}
        assert files


@pytest.mark.slow
def test_ctrl_c_ends_with_one_line_and_without_workers(project):
    stage = start_stage(project, "extract", "local:2")
    wait_until(lambda: begun(project.store), stage)
    workers = workers_of(stage.pid)
    os.killpg(stage.pid, signal.SIGINT)
    output = communicated(stage)
    assert (stage.returncode, output) == (1, "extract: stopped; what is finished is kept, run again to go on\n")
    assert all_gone(workers, 30)
