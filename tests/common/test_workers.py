"""What ETHOCACHE_CLUSTER may say, and what is said where that cannot be had."""

import os
import socket

import pytest
from toy_jobs import squaring

from ethocache.common.compute import CLUSTER, make_all
from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.common.workers import ClusterFile, find_workers, job_settings, share_of


@pytest.mark.parametrize(
    "named", ["4", "local", "local:0", "local:two", "slurm", "tcp://host", "http://host:8786", "jobs.json", "local:99999"]
)
def test_a_word_that_names_no_workers_is_answered_with_the_three_forms(named, tmp_path):
    message = rf"^ETHOCACHE_CLUSTER: expected local:4 \(so .*\), tcp://host:8786 \(.*\) or a \.yaml file \(.*\), found '{named}'$"
    with pytest.raises(InputError, match=message):
        find_workers(named, tmp_path)


def test_the_variable_is_read_where_work_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv(CLUSTER, " four ")
    with pytest.raises(InputError, match="found 'four'"):
        make_all(Store(tmp_path), (1,), squaring, "squaring")


def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("ethocache.common.workers._CONNECT_S", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(
            InputError, match=f"^ETHOCACHE_CLUSTER: no Dask scheduler answers at {address} within 1 s; start one there with"
        ):
            find_workers(address, tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jobs: [", r"jobs\.yaml is not valid YAML"),
        ("jobs: 2", r"jobs\.yaml: 'jobqueue' is missing"),
        ("jobqueue: {slurm: {cores: 1, memory: 1GB}}", r"jobs\.yaml: 'jobs' is missing"),
        ("jobs: 0\njobqueue: {slurm: {}}", r"jobs\.yaml: 'jobs': .*greater than or equal to 1, found 0"),
        ("jobs: 2\njob: {}\njobqueue: {slurm: {}}", r"jobs\.yaml: 'job' is not a setting, did you mean 'jobs'\?"),
        ("jobs: 2\njobqueue: {slurm: {}, pbs: {}}", r"jobs\.yaml: 'jobqueue': .*at most 1"),
        ("jobs: 2\njobqueue: {slrum: {}}", r"jobqueue: 'slrum' is no batch system, did you mean 'slurm'\?; known: htcondor, lsf, moab"),
        ("jobs: 2\njobqueue: {slurm: {cores: 1}}", r"jobqueue\.slurm: dask-jobqueue says: You must specify how much cores and memory"),
        ("jobs: 2\njobqueue: {slurm: {cores: 1, memory: 1GB, wall: 1}}", r"jobqueue\.slurm: dask-jobqueue says: it has no setting 'wall'$"),
        ("jobs: 2\njobqueue: {slurm: {cores: many, memory: 1GB}}", r"jobqueue\.slurm: dask-jobqueue says: .*'many'"),
        ("jobs: 2\njobqueue: {slurm: {cores: 1, memory: 1GB, job-script-prologue: 7}}", r"jobqueue\.slurm: dask-jobqueue says: "),
        (
            "jobs: 2\njobqueue: {slurm: {cores: 1, memory: 1GB, job-script-prologue: module load cuda}}",
            r'slurm\.job-script-prologue: expected a list, found a text: write job-script-prologue: \["module load cuda"\]$',
        ),
        (
            "jobs: 2\njobqueue: {pbs: {cores: 1, memory: 1GB, worker_extra_args: --lifetime}}",
            r'pbs\.worker_extra_args: expected a list, found a text: write worker_extra_args: \["--lifetime"\]$',
        ),
        (
            "jobs: 2\njobqueue: {htcondor: {cores: 1, memory: 1GB, disk: 1GB, submit-command-extra: -spool}}",
            r'htcondor\.submit-command-extra: expected a list, found a text: write submit-command-extra: \["-spool"\]$',
        ),
        (
            "jobs: 2\njobqueue: {htcondor: {cores: 1, memory: 1GB, disk: 1GB, job-extra-directives: getenv}}",
            r"jobqueue\.htcondor: dask-jobqueue says: dictionary update sequence",
        ),
        ("jobs: !!python/object/apply:os.getcwd []", r"jobs\.yaml is not valid YAML"),
    ],
)
def test_a_wrong_file_of_jobs_is_one_line(tmp_path, text, message):
    path = tmp_path / "jobs.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        find_workers(str(path), tmp_path)
    assert "\n" not in str(caught.value)


def test_jobs_are_submitted_from_a_machine_that_may(tmp_path, monkeypatch):
    path = tmp_path / "jobs.yaml"
    path.write_text("jobs: 2\njobqueue: {slurm: {cores: 1, memory: 1GB}}")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"^ETHOCACHE_CLUSTER: 'sbatch' is not there: run from a machine that may submit jobs$"):
        find_workers(str(path), tmp_path)


def test_a_file_of_jobs_that_is_not_there_is_named_by_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=rf"^ETHOCACHE_CLUSTER: there is no file {tmp_path}/jobs\.yaml; docs/cluster\.md has examples$"):
        find_workers("jobs.yaml", tmp_path)


def test_an_experiment_in_a_copy_finds_the_file_of_the_project(tmp_path, monkeypatch):
    (tmp_path / "copy").mkdir()
    (tmp_path / "jobs.yaml").write_text("jobs: 0")
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    with pytest.raises(InputError, match="'jobs': Input should be"):
        find_workers("jobs.yaml", tmp_path)


def test_jobs_do_one_task_at_a_time_with_all_cores_of_their_process(tmp_path):
    settings = job_settings({"cores": 8, "processes": 2, "job-script-prologue": ["module load python"], "memory": "8GB"}, tmp_path)
    assert settings["job_script_prologue"] == ["export OMP_NUM_THREADS=4", "module load python"]
    assert settings["worker_extra_args"][:2] == ["--nthreads", "1"]
    assert (settings["death_timeout"], settings["shared_temp_directory"]) == (60, str(tmp_path))
    assert job_settings({"death-timeout": 10}, tmp_path)["death_timeout"] == 10, "the user's own word goes before"


def test_processes_share_cores_and_take_gpus_in_turn(monkeypatch):
    monkeypatch.setattr("ethocache.common.workers.CPU_COUNT", 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    shares = [share_of(number, 3, ["0", "GPU-8f"]) for number in range(3)]
    assert [share["CUDA_VISIBLE_DEVICES"] for share in shares] == ["0", "GPU-8f", "0"]
    assert {share["OMP_NUM_THREADS"] for share in shares} == {"2"}
    assert "CUDA_VISIBLE_DEVICES" not in share_of(0, 3, [])
    assert share_of(0, 99, [])["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    assert share_of(0, 3, [])["OMP_NUM_THREADS"] == "6"


def test_a_file_of_jobs_says_how_many():
    assert ClusterFile.model_validate({"jobs": 3, "jobqueue": {"slurm": {"cores": 2}}}).jobs == 3
    assert os.environ.get(CLUSTER) is None, "no test of this project runs on somebody's cluster"
