"""The extraction on a real Slurm, through dask-jobqueue, with a job that is cancelled in the middle."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from clusters import VIDEOS, begun, communicated, copy_of, cropped_project, ended, features, holder_of, resumed, start_stage, wait_until
from slurms import jobs, slurm, why_not

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(600)]

FILE = """
jobs: 2
jobqueue:
  slurm:
    cores: 1
    memory: 1GB
    interface: lo
    queue: test
    walltime: "00:30:00"
    log-directory: {logs}
"""


@pytest.fixture
def environment():
    if reason := why_not():
        pytest.skip(reason)
    with slurm() as environment:
        yield environment


@pytest.fixture
def cluster(tmp_path) -> str:
    path = tmp_path / "slurm.yaml"
    path.write_text(FILE.format(logs=tmp_path / "logs"))
    return str(path)


def test_a_job_that_is_cancelled_in_mid_video_changes_nothing_and_nothing_is_done_twice(environment, cluster, tmp_path):
    project = cropped_project(tmp_path)
    undisturbed = copy_of(project, tmp_path / "undisturbed")
    undisturbed.stage("extract")
    stage = start_stage(project, "extract", cluster, **environment)
    wait_until(lambda: begun(project.store, 30), stage)
    job = holder_of(project.store, begun(project.store, 30)[0]).environ()["SLURM_JOB_ID"]
    subprocess.run(["scancel", job], env=os.environ | environment, check=True)
    assert ended(stage) == f"extract: {VIDEOS} feature files of mean_colour, {VIDEOS} computed now\n"
    assert features(project) == features(undisturbed)
    assert [frames >= 30 for frames in resumed(project)] == [False] * (VIDEOS - 1) + [True], "the cancelled one went on where it was"
    until_no_job_is_left(environment)


def test_ctrl_c_ends_with_one_line_and_cancels_the_jobs(environment, cluster, tmp_path):
    project = cropped_project(tmp_path)
    stage = start_stage(project, "extract", cluster, **environment)
    wait_until(lambda: begun(project.store), stage)
    os.killpg(stage.pid, signal.SIGINT)
    output = communicated(stage)
    assert (stage.returncode, output) == (1, "extract: stopped; what is finished is kept, run again to go on\n")
    until_no_job_is_left(environment)


def until_no_job_is_left(environment):
    deadline = time.monotonic() + 60
    while jobs(environment):
        assert time.monotonic() < deadline, "jobs are left behind"
        time.sleep(0.5)


def test_what_slurm_refuses_is_one_line(environment, cluster, tmp_path):
    path = Path(cluster)
    path.write_text(path.read_text().replace("queue: test", "queue: nowhere"))
    project = cropped_project(tmp_path, seconds=2)
    stage = start_stage(project, "extract", cluster, **environment)
    output = communicated(stage)
    assert stage.returncode == 1
    assert "invalid partition specified: nowhere" in output
    assert output.count("\n") == 1, output
