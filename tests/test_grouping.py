"""``ethocache groups`` on a small project, from the command line."""

import csv
import json
from pathlib import Path

import pytest
from pipeline import Project, make_project
from typer.testing import CliRunner

from ethocache.cli import app
from ethocache.endtoend.demo import write_demo

TABLES = {"videos", "animals", "groups", "over_time", "over_time_videos", "transitions", "transitions_videos", "comparisons", "tagger"}


@pytest.fixture(scope="module")
def tagged(tmp_path_factory) -> Project:
    """A project of six animals, five of them labelled, in which every stage ran that has a say."""
    folder = tmp_path_factory.mktemp("grouping")
    write_demo(folder / "demo", animals=5, unlabelled=1, seconds=6, size=(96, 72))
    project = make_project(folder / "project", folder / "demo")
    project.edit_params(head="linear")
    project.stage("index", "track", "crop", "motion", "extract", "train", "predict")
    return project


def groups(project: Project, *arguments: str, monkeypatch, ok: bool = True) -> str:
    monkeypatch.chdir(project.folder)
    monkeypatch.delenv("ETHOCACHE_STORE", raising=False)
    answer = CliRunner().invoke(app, ["groups", *arguments])
    assert (answer.exit_code == 0) == ok, answer.output
    return answer.output


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_groups_are_compared_by_the_same_tags_for_all_animals(tagged, monkeypatch):
    said = groups(tagged, "--by", "genotype", "--control", "WT", "--bin", "2", monkeypatch=monkeypatch)
    assert "6 videos of 6 animals in 2 groups (WT 3, HD 3)" in said and said.splitlines()[0].endswith("; tables and pictures in groups/")
    assert "all measured by the model's tags; labelled videos by those of models that never saw the animal" in said
    assert "WT and HD: with 3 against 3 animals p cannot be smaller than 0.1" in said
    folder = tagged.folder / "groups"
    names = {f"{name}.csv" for name in TABLES} | {f"{name}.{kind}" for name in ("groups", "over_time") for kind in ("svg", "png")}
    assert {path.name for path in folder.iterdir()} == names | {"notes.txt"}
    videos = rows(folder / "videos.csv")
    assert {video["measured_by"] for video in videos} == {"tags"} and all(float(video["distance_px"]) > 0 for video in videos)
    assert len(rows(folder / "over_time_videos.csv")) == 6 * 3 * 3
    compared = rows(folder / "comparisons.csv")
    assert {row["measure"] for row in compared} == {"fraction", "bouts_per_min", "mean_s", "latency_s", "distance_px"}
    assert "asked: by genotype; measures fraction, " in (folder / "notes.txt").read_text()


def test_the_same_question_gives_the_same_bytes(tagged, monkeypatch):
    for folder in ("one", "two"):
        groups(tagged, "--by", "genotype,treatment", "--from", "mixed", "--to", folder, monkeypatch=monkeypatch)
    one, two = (tagged.folder / folder for folder in ("one", "two"))
    assert all(path.read_bytes() == (two / path.name).read_bytes() for path in one.iterdir())
    assert {row["measured_by"] for row in rows(one / "videos.csv")} == {"labels", "tags"}
    assert (one / "overall.csv").is_file()


def test_a_table_about_the_animals_makes_groups_too(tagged, monkeypatch):
    animals = sorted({video["animal"] for video in json.loads((tagged.folder / "data/index.json").read_text())})
    table = tagged.folder / "about.csv"
    table.write_text("animal,sex\n" + "".join(f"{animal},{'fm'[n % 2]}\n" for n, animal in enumerate(animals)))
    said = groups(
        tagged,
        "--metadata",
        "about.csv",
        "--by",
        "sex",
        "--from",
        "labels",
        "--measures",
        "fraction",
        "--to",
        "sex",
        monkeypatch=monkeypatch,
    )
    assert "in 2 groups (f " in said and "1 of 6 videos have no labels and are left out: " in said
    assert "sex" in rows(tagged.folder / "sex/videos.csv")[0]
    table.write_text("animal,sex\n" + "".join(f"{animal},f\n" for animal in animals[1:]))
    said = groups(tagged, "--metadata", "about.csv", "--by", "sex", monkeypatch=monkeypatch, ok=False)
    assert f"--metadata: about.csv: expected one row for each animal of the project, found animal '{animals[0]}', which has no row" in said


def test_without_groups_the_animals_are_described(tagged, monkeypatch):
    said = groups(tagged, "--to", "all", monkeypatch=monkeypatch)
    assert "no groups were compared; name them with --by genotype" in said
    assert not (tagged.folder / "all/comparisons.csv").exists() and rows(tagged.folder / "all/groups.csv")[0]["animals"] == "6"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--by", "genotyp"),
            "--by: 'genotyp' is no part of the videos' names (data.name) and no column of --metadata",
        ),
        (("--by", "genotype", "--measures", "laziness"), "--measures: 'laziness' is not a measure; known: fraction, "),
        (("--from", "people"), "--from: 'people' is not a source of ethograms"),
        (("--metadata", "gone.csv"), "--metadata: gone.csv is not there"),
        (("--within", "genotype"), "--within: expected --by too, which says what is compared within it"),
        (("--to", "data/tags"), "data/tags: expected a folder of its own for tables, found one that holds other files"),
        (("--to", "data/demo/tables"), "expected a folder of its own for tables, found one that holds other files"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_in_one_line(tagged, monkeypatch, arguments, said):
    output = groups(tagged, *arguments, monkeypatch=monkeypatch, ok=False)
    assert said in output.replace("\\", "/") and len(output.strip().splitlines()) == 1


def test_before_the_pipeline_ran_it_is_said_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "lab").mkdir()
    (tmp_path / "params.yaml").write_text("data: {dir: lab, behaviours: [grooming]}\n")
    said = groups(Project(tmp_path), monkeypatch=monkeypatch, ok=False)
    assert "data/index.json is not there: run 'dvc repro' in the project's folder" in said.replace("\\", "/")
    (tmp_path / "params.yaml").write_text("data: {dir: lab/videos, behaviours: [grooming]}\n")
    (tmp_path / "lab/videos").mkdir()
    said = groups(Project(tmp_path), "--to", "lab", monkeypatch=monkeypatch, ok=False)
    assert "data.dir: 'lab/videos' overlaps with 'lab', where results are written" in said
