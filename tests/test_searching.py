"""``ethocache tune`` and ``ethocache learning-curve`` on a small project, from the command line."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import yaml
from pipeline import ROOT, Project, make_project
from typer.testing import CliRunner

from ethocache.cli import app
from ethocache.endtoend.demo import write_demo


@pytest.fixture(scope="module")
def embedded(tmp_path_factory) -> Project:
    """A project of five labelled animals, as far as training."""
    folder = tmp_path_factory.mktemp("searching")
    write_demo(folder / "demo", animals=5, unlabelled=0, seconds=6, size=(96, 72))
    project = make_project(folder / "project", folder / "demo")
    (project.folder / "params.yaml").write_text(
        (project.folder / "params.yaml").read_text().replace("    units: 8\n", "    units: 8 # narrow\n"), encoding="utf-8"
    )
    project.stage("index", "track", "crop", "extract")
    return project


def ethocache(project: Project, *arguments: str, monkeypatch, ok: bool = True) -> str:
    monkeypatch.chdir(project.folder)
    monkeypatch.delenv("ETHOCACHE_STORE", raising=False)
    answer = CliRunner().invoke(app, list(arguments))
    assert (answer.exit_code == 0) == ok, answer.output
    return answer.output


def test_a_search_writes_the_best_settings_and_only_animals_kept_out_are_scored(embedded, monkeypatch):
    project = embedded
    said = ethocache(project, "tune", "--head", "lstm", "--trials", "2", monkeypatch=monkeypatch)
    assert "lstm: 2 trials (0 given up early), average precision 0." in said and "4 animals searched on" in said
    assert "'dvc repro' now scores honestly on the 1 kept out" in said
    text = (project.folder / "params.yaml").read_text()
    head = yaml.safe_load(text)["heads"]["lstm"]
    assert "# narrow" in text and len(head["tuned_on"]) == 4 and {"learning_rate", "window_s"} <= set(head["train"])
    header, *rows = (project.folder / "tuning/lstm/trials.csv").read_text().splitlines()
    assert header.startswith("number,state,score,folds,seconds,frames,") and "train.learning_rate" in header and len(rows) == 2
    assert "<svg" in (project.folder / "tuning/lstm/trials.svg").read_text()
    kept = sum(entry.kind == "fold" for entry in project.store.entries())
    ethocache(project, "tune", "--trials", "2", monkeypatch=monkeypatch)
    assert sum(entry.kind == "fold" for entry in project.store.entries()) == kept, "nothing is trained anew"
    output = project.stage("index", "train", "evaluate")
    assert "4 animals not scored, as the head's settings were searched on them" in output
    assert json.loads((project.folder / "metrics/metrics.json").read_text())["data"] | {"frames": 0} == {
        "animals": 1, "animals_seen": 4, "folds": 1, "frames": 0, "videos": 1,
    }  # fmt: skip


def test_a_search_that_is_killed_from_outside_goes_on_with_no_trial_lost_and_no_fold_trained_twice(embedded, tmp_path, monkeypatch):
    def folds() -> int:
        return sum(entry.kind == "fold" for entry in embedded.store.entries())

    arguments = ("tune", "--head", "tcn", "--trials", "3", "--storage", str(tmp_path))
    before = folds()
    with subprocess.Popen(
        (sys.executable, "-c", "from ethocache.cli import app; app()", *arguments),
        cwd=embedded.folder, env={name: value for name, value in os.environ.items() if name != "ETHOCACHE_STORE"}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as search:  # fmt: skip
        while folds() < before + 6 and search.poll() is None:  # in the middle of the second trial
            time.sleep(0.02)
        assert search.poll() is None, "it was over before it was killed"
        os.killpg(search.pid, signal.SIGKILL)
    journal = (tmp_path / "tcn/journal.log").read_text()
    assert "average precision" in ethocache(embedded, *arguments, monkeypatch=monkeypatch)
    assert (tmp_path / "tcn/journal.log").read_text().startswith(journal[: journal.rfind("\n") + 1]), "what was written down stays"
    with (tmp_path / "tcn/trials.csv").open(encoding="utf-8") as file:
        trials = list(csv.DictReader(file))
    assert len(trials) == 3
    assert folds() - before == sum(int(trial["folds"]) for trial in trials)


def test_where_nothing_better_is_found_params_yaml_stays_as_it_is_and_all_animals_are_scored(embedded, tmp_path, monkeypatch):
    before = (embedded.folder / "params.yaml").read_bytes()
    said = ethocache(
        embedded, "tune", "--head", "linear", "--trials", "1", "--keep-out", "0", "--storage", str(tmp_path), monkeypatch=monkeypatch
    )
    assert "note: no animal is kept out, so none is left for an honest score: label more animals" in said
    assert "linear: nothing better found in 1 trial (0 given up early): params.yaml stays as it is, average precision 0." in said
    assert (embedded.folder / "params.yaml").read_bytes() == before
    assert (tmp_path / "linear/trials.csv").is_file()


def test_a_learning_curve_writes_its_table_and_one_line(embedded, monkeypatch):
    said = ethocache(embedded, "learning-curve", "--head", "tcn", "--draws", "1", monkeypatch=monkeypatch)
    assert "tcn: fitted on 2 animals, average precision is 0." in said and "with scores at fewer than 3 numbers of animals" in said
    assert len((embedded.folder / "learning_curve/tcn.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tune", "--space", "thesiss"), "--space: 'thesiss' is not a space, did you mean 'thesis'?; known: own, thesis"),
        (("tune", "--head", "lstn"), "params.yaml: head: 'lstn' is not a recipe of 'heads', did you mean 'lstm'?"),
        (("tune", "--head", "two"), "--head: 'two' is an ensemble; search its members one by one: linear, tcn"),
        (("learning-curve", "--sizes", "2,many"), "--sizes: expected numbers of animals such as 2,4,8, found '2,many'"),
    ],
)
def test_what_cannot_be_searched_is_said_in_one_line(embedded, monkeypatch, arguments, said):
    embedded.edit_params(heads__two={"kind": "ensemble", "members": [{"head": "linear"}, {"head": "tcn"}]})
    assert said in ethocache(embedded, *arguments, monkeypatch=monkeypatch, ok=False)


def test_another_backbone_than_that_of_the_last_run_is_refused(embedded, monkeypatch):
    embedded.edit_params(backbone="tiny")
    for command in ("tune", "learning-curve"):
        said = ethocache(embedded, command, monkeypatch=monkeypatch, ok=False)
        assert "expected the recipe of the last run ('mean_colour'), found another ('tiny'); run 'dvc repro' first" in said
    embedded.edit_params(backbone="mean_colour")


def test_a_head_whose_tags_cannot_be_decided_is_refused_before_it_is_trained(embedded, monkeypatch):
    embedded.edit_params(heads__odd={"kind": "linear", "decide": {"min_bout_s": {"flying": 1}}})
    said = ethocache(embedded, "learning-curve", "--head", "odd", monkeypatch=monkeypatch, ok=False)
    assert "params.yaml: decide.min_bout_s: expected behaviours among" in said and "found 'flying'" in said


def test_before_the_pipeline_ran_it_is_said_what_to_do(tmp_path, monkeypatch):
    shutil.copy2(ROOT / "params.yaml", tmp_path / "params.yaml")
    said = ethocache(Project(tmp_path), "tune", monkeypatch=monkeypatch, ok=False)
    assert "is not there: run 'dvc repro' in the project's folder, which makes it" in said
