"""``ethocache compare`` on real git and DVC: revisions, experiments, the workspace and folders."""

import csv
import json
import shutil
import subprocess
from dataclasses import replace

import pytest
import yaml
from pipeline import ROOT, Project
from typer.testing import CliRunner

from ethocache.cli import app
from ethocache.dataset.predictions import fill_predictions, read_prediction
from ethocache.scoring.comparison_report import ON_ITS_RUN

MAKE = """
import json, sys
from pathlib import Path
import numpy as np, yaml
from ethocache.dataset.predictions import Prediction, fill_predictions
from ethocache.scoring.settings import EvaluateParams
from ethocache.scoring.summary import score

params = yaml.safe_load(Path("params.yaml").read_text())["system"]
labels, random = np.random.default_rng(7), np.random.default_rng(params["seed"])
made = []
for number in range(params["animals"]):
    label = (np.cumsum(labels.random((300, 2)) < 0.08, axis=0) % 3 == 1).astype(np.int8)
    seen = np.clip(label * 0.4 + 0.3 + random.normal(0, params["noise"], label.shape), 0, 1).astype(np.float32)
    about = dict(video=f"v{number}", animal=f"a{number}", fold=f"f{number}", behaviours=("grooming", "rearing"), exclusive=False)
    arrays = dict(probability=seen, label=label, tag=(seen >= 0.5).astype(np.int8), time_s=np.arange(300) / 10)
    made.append(Prediction(**about, **arrays, threshold=np.full(2, 0.5, np.float32)))
fill_predictions(Path("data/predictions"), made)
stages = {"extract": 10.0, "train": params["seconds"]}
costs = {name: {"seconds": seconds, "bytes": 2_000_000, "frames_per_second": 480.0} for name, seconds in stages.items()}
Path("metrics").mkdir(exist_ok=True)
Path("metrics/metrics.json").write_text(json.dumps(score(made, EvaluateParams(resamples=100))))
Path("metrics/cost.json").write_text(json.dumps(costs))
"""
PIPELINE = {
    "stages": {
        "train": {
            "cmd": "python make.py",
            "params": ["system"],
            "outs": ["data/predictions"],
            "metrics": [{"metrics/metrics.json": {"cache": False}}, {"metrics/cost.json": {"cache": False}}],
        }
    }
}
PARAMS = {"head": "linear", "backbone": "mean_colour", "evaluate": {"resamples": 200}} | {
    "system": {"animals": 7, "noise": 0.6, "seed": 0, "seconds": 5.0}
}


@pytest.fixture(scope="module")
def tracked(tmp_path_factory) -> Project:
    """A project whose only stage answers with noise at once: a noisy system in HEAD, experiments with less and with other noise."""
    folder = tmp_path_factory.mktemp("comparing") / "project"
    folder.mkdir()
    project = Project(folder)
    (folder / "make.py").write_text(MAKE)
    (folder / "dvc.yaml").write_text(yaml.safe_dump(PIPELINE))
    (folder / "params.yaml").write_text(yaml.safe_dump(PARAMS, sort_keys=False))
    (folder / ".gitignore").write_text("/data/\n")
    (folder / ".dvc").mkdir()
    shutil.copy2(ROOT / ".dvc/config", folder / ".dvc/config")
    project.run("git", "init", "-q")
    project.commit()
    project.run("git", "tag", "untrained")
    project.run("dvc", "repro", "-q")
    project.commit()
    project.run("dvc", "exp", "run", "-q", "-n", "clean", "-S", "system.noise=0.2", "-S", "system.seconds=50", "-S", "head=lstm")
    project.run("dvc", "exp", "run", "-q", "-n", "more", "-S", "system.noise=0.6", "-S", "system.animals=8", "-S", "system.seed=1")
    return project


def compare(project: Project, *arguments: str, monkeypatch, ok: bool = True) -> str:
    monkeypatch.chdir(project.folder)
    answer = CliRunner().invoke(app, ["compare", *arguments])
    assert (answer.exit_code == 0) == ok, answer.output
    return answer.output


def test_an_experiment_that_is_better_is_said_to_be_better_by_how_much(tracked, tmp_path, monkeypatch):
    said = compare(tracked, "HEAD", "clean", "--csv", str(tmp_path / "table.csv"), monkeypatch=monkeypatch)
    sentence, table, costs, settings = said.split("\n\n")
    assert "clean is better than HEAD by 0." in sentence and "p = 0.016" in sentence and sentence.endswith("on 7 animals")
    assert "HEAD is worse" not in said
    assert table.splitlines()[0].split() == ["score", "behaviour", "HEAD", "clean", "difference", "95", "%", "interval", "p"]
    assert [line.split() for line in settings.splitlines()] == [
        ["setting", "HEAD", "clean"], ["head", "linear", "lstm"], ["system.noise", "0.6", "0.2"], ["system.seconds", "5.0", "50"],
    ]  # fmt: skip
    *figures, on_its_run = costs.splitlines()
    assert on_its_run == ON_ITS_RUN
    assert [line.split() for line in figures] == [
        ["cost", "HEAD", "clean"], ["embedding,", "frames/s", "480.0", "480.0"], ["training,", "s", "5.0", "50.0"],
        ["all", "stages,", "s", "15.0", "60.0"], ["kept,", "MB", "4.0", "4.0"],
    ]  # fmt: skip
    rows = list(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))
    assert [(row["score"], row["behaviour"]) for row in rows[:4]] == [
        ("average_precision", "macro"), ("average_precision", "grooming"), ("average_precision", "rearing"), ("f1", "macro"),
    ]  # fmt: skip
    assert float(rows[0]["difference"]) == pytest.approx(float(rows[0]["second"]) - float(rows[0]["first"]), abs=2e-6)
    metrics = json.loads(tracked.run("git", "show", "HEAD:metrics/metrics.json"))
    assert float(rows[0]["first"]) == pytest.approx(metrics["macro"]["average_precision"], abs=1e-4)
    turned = compare(tracked, "clean", "HEAD", monkeypatch=monkeypatch).split("\n\n")[0]
    assert turned == sentence, "whichever is named first"


def test_two_seeds_do_not_differ_and_are_compared_on_the_animals_of_both(tracked, monkeypatch):
    said = compare(tracked, "HEAD", "more", monkeypatch=monkeypatch)
    assert "no difference between HEAD and more that can be told from chance: macro average precision of more" in said
    assert "on 7 animals that both scored (left out: videos of a7 that only one has)" in said


def test_without_names_the_workspace_is_compared_with_the_last_commit_and_one_name_is_compared_with_it(tracked, monkeypatch):
    assert "between HEAD and workspace" in compare(tracked, monkeypatch=monkeypatch)
    same = compare(tracked, "more", monkeypatch=monkeypatch)
    assert "no difference: more and workspace gave the same answers in every frame, on 8 animals" in same
    folder = tracked.folder / "elsewhere"
    shutil.copytree(tracked.folder / "data/predictions", folder)
    said = compare(tracked, "elsewhere", "workspace", monkeypatch=monkeypatch)
    shutil.rmtree(folder)
    assert "elsewhere and workspace gave the same answers" in said
    assert said.splitlines()[-2].split() == ["kept,", "MB", "-", "4.0"], "nobody knows what a folder cost"


def test_all_experiments_stand_in_one_table_with_score_cost_and_front(tracked, tmp_path, monkeypatch):
    said = compare(tracked, "--all", "--csv", str(tmp_path / "all.csv"), monkeypatch=monkeypatch)
    assert "4 scored, best first by macro average precision; no other scores as much in less time than (*) clean, " in said
    rows = list(csv.DictReader((tmp_path / "all.csv").read_text().splitlines()))
    assert {row["experiment"] for row in rows} == {"HEAD", "workspace", "clean", "more"}
    assert (rows[0]["experiment"], rows[0]["head"], rows[0]["seconds"], rows[0]["front"]) == ("clean", "lstm", "60.000000", "1")
    assert float(rows[0]["average_precision_low"]) < float(rows[0]["average_precision"]) < float(rows[0]["average_precision_high"])
    assert said.splitlines()[3].split()[:4] == ["*", "clean", "lstm", "mean_colour"]
    more = "system.animals=8, system.seconds=50, system.seed=1"  # it began with what "clean" left in the workspace
    assert {row["experiment"]: row["settings"] for row in rows} == {
        "HEAD": "", "clean": "system.noise=0.2, system.seconds=50", "more": more, "workspace": more,
    }  # fmt: skip
    assert said.splitlines()[3].endswith("  system.noise=0.2, system.seconds=50")


def test_what_cannot_be_compared_is_refused_with_what_to_do(tracked, monkeypatch):
    def refused(*names: str) -> str:
        said = compare(tracked, *names, monkeypatch=monkeypatch, ok=False)
        assert len(said.splitlines()) == 1
        return said

    assert "'cleen' is no experiment, no revision of git and no folder with predictions, did you mean 'clean'?" in refused("cleen")
    assert "untrained has no predictions: nothing was trained before it was committed" in refused("untrained")
    assert "'git checkout untrained', 'dvc repro'" in refused("untrained")
    (tracked.folder / "empty").mkdir(exist_ok=True)
    assert "empty: expected predictions, found none in empty; name a state with files such as" in refused("empty")
    assert "--all takes no names, found clean" in refused("clean", "--all")


def test_a_workspace_without_predictions_or_with_damaged_metrics_is_refused(tracked, monkeypatch):
    predictions, metrics = tracked.folder / "data/predictions", tracked.folder / "metrics/metrics.json"
    away, text = tracked.folder / "away", metrics.read_text()
    predictions.rename(away)
    try:
        said = compare(tracked, "workspace", "workspace", monkeypatch=monkeypatch, ok=False)
    finally:
        away.rename(predictions)
    assert "workspace: expected predictions, found none in data/predictions; name a state trained with 'train.score: true'" in said
    metrics.write_text("{")
    try:
        said = compare(tracked, "--all", monkeypatch=monkeypatch, ok=False)
    finally:
        metrics.write_text(text)
    assert "metrics/metrics.json of workspace is damaged: run 'dvc repro' there" in said


def test_animals_that_settings_were_searched_on_are_not_compared_and_if_all_were_that_is_said(tracked, tmp_path, monkeypatch):
    def searched_on(animals: int) -> str:
        found = [read_prediction(path) for path in sorted((tracked.folder / "data/predictions").glob("*.h5"))]
        fill_predictions(tmp_path / str(animals), [replace(one, seen=place < animals) for place, one in enumerate(found)])
        return str(tmp_path / str(animals))

    some, everybody = searched_on(2), searched_on(8)
    said = compare(tracked, some, "workspace", monkeypatch=monkeypatch)
    assert "on 6 animals; 2 more are not compared, as settings were searched on them" in said
    said = compare(tracked, everybody, "workspace", monkeypatch=monkeypatch, ok=False)
    assert f"{everybody} and workspace have no score in common: no animal that both scored shows a behaviour, or the head's" in said


def test_predictions_that_dvc_has_lost_are_refused_with_how_to_get_them_back(tracked, monkeypatch):
    cache, away = tracked.folder / ".dvc/cache", tracked.folder / "away"
    cache.rename(away)
    try:
        said = compare(tracked, "clean", monkeypatch=monkeypatch, ok=False)
    finally:
        shutil.rmtree(cache, ignore_errors=True)
        away.rename(cache)
    assert "clean: DVC no longer has its predictions (" in said
    assert "'dvc fetch --all-commits', or make them again: 'dvc exp apply clean', then 'dvc repro'" in said


def test_a_name_of_two_experiments_means_the_one_on_the_last_commit_else_it_is_refused(tracked, monkeypatch):
    head, before = (tracked.run("git", "rev-parse", revision).strip() for revision in ("HEAD", "untrained"))
    commits = dict(
        zip(
            ("clean", "more"),
            (tracked.run("git", "for-each-ref", "--format=%(objectname)", f"refs/exps/**/{name}").strip() for name in ("clean", "more")),
            strict=True,
        )
    )
    twin, third = (f"refs/exps/{base[:2]}/{base[2:]}/clean" for base in (before, "f" * 40))
    tracked.run("git", "update-ref", twin, commits["more"])
    try:
        assert "clean is better than HEAD" in compare(tracked, "HEAD", "clean", monkeypatch=monkeypatch)
        own = f"refs/exps/{head[:2]}/{head[2:]}/clean"
        tracked.run("git", "update-ref", "-d", own)
        tracked.run("git", "update-ref", third, commits["clean"])
        said = compare(tracked, "clean", monkeypatch=monkeypatch, ok=False)
        assert "'clean' is the name of 2 experiments; name one by its commit: " in said and commits["clean"][:10] in said
        assert "is better than HEAD" in compare(tracked, "HEAD", commits["clean"][:10], monkeypatch=monkeypatch)
    finally:
        tracked.run("git", "update-ref", f"refs/exps/{head[:2]}/{head[2:]}/clean", commits["clean"])
        tracked.run("git", "update-ref", "-d", twin)
        tracked.run("git", "update-ref", "-d", third)


def test_a_project_in_a_subfolder_of_a_repository_is_compared_too(tracked, tmp_path, monkeypatch):
    inner = Project(tmp_path / "lab" / "project")
    inner.folder.parent.mkdir()
    shutil.copytree(tracked.folder, inner.folder, ignore=shutil.ignore_patterns(".git", "cache", "tmp", "data"))
    subprocess.run(("git", "init", "-q"), cwd=inner.folder.parent, check=True)
    inner.edit_params(system=PARAMS["system"])
    inner.run("dvc", "repro", "-q")
    inner.commit()
    inner.run("dvc", "exp", "run", "-q", "-n", "clean", "-S", "system.noise=0.2")
    assert "clean is better than HEAD" in compare(inner, "HEAD", "clean", monkeypatch=monkeypatch)
    assert "workspace is better than HEAD" in compare(inner, monkeypatch=monkeypatch)
    assert "3 scored" in compare(inner, "--all", monkeypatch=monkeypatch)


def test_without_any_score_or_git_that_is_said(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text("evaluate: {}\n")
    project = Project(tmp_path)
    assert "nothing here has a score yet: run 'dvc repro'" in compare(project, "--all", monkeypatch=monkeypatch, ok=False)
    assert "nothing is committed here yet, so there is nothing to compare with" in compare(project, monkeypatch=monkeypatch, ok=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not installed, and experiments lie in git" in compare(project, "HEAD", monkeypatch=monkeypatch, ok=False)
