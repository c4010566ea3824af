"""Corrections come back: look, correct, save, ``dvc repro``; on tiny rendered videos, run by DVC as a user runs it."""

import csv
import time
from pathlib import Path

import pytest
from pipeline import Project, make_project

from ethocache.dataset.corrections import COLUMNS
from ethocache.endtoend.demo import write_demo

FRAMES, FPS = 60, 10


@pytest.fixture
def project(tmp_path) -> Project:
    """Three labelled videos and one without labels."""
    write_demo(tmp_path / "demo", animals=3, unlabelled=1, seconds=FRAMES / FPS, size=(96, 72))
    project = make_project(tmp_path / "project", tmp_path / "demo")
    project.edit_params(head="linear")
    project.commit()
    return project


def stems(project: Project, folder: str) -> set[str]:
    return {path.stem for path in project.folder.glob(f"data/demo/{folder}/*") if "DLC" not in path.name}


def correct(project: Project, video: str, behaviour: str, start: int, stop: int, label: int, file: str = "corrections.csv") -> Path:
    """Save one correction as the report does."""
    path = project.folder / "data/demo/corrections" / file
    path.parent.mkdir(exist_ok=True)
    row = [video, behaviour, start, stop, label, FRAMES, f"{start / FPS:.3f}", f"{stop / FPS:.3f}", "2026-11-28T10:15:00Z"]
    with path.open("w", encoding="utf-8", newline="") as table:
        csv.writer(table, lineterminator="\n").writerows([COLUMNS, row])
    return path


def ran(project: Project) -> set[str]:
    """The stages that ran the last time, but for the one that always does."""
    return {line.split("'")[1] for line in project.output.splitlines() if line.startswith("Running stage")} - {"index"}


@pytest.mark.timeout(1800)  # eight runs of DVC; a busy machine takes ten times as long
def test_a_correction_trains_again_and_nothing_else_and_its_removal_trains_nothing(project):
    labelled, unlabelled = min(stems(project, "labels")), next(iter(stems(project, "videos") - stems(project, "labels")))
    assert project.counting("dvc", "repro") == (4, 4, 1)
    before = {place: project.json(place) for place in ("metrics/metrics.json", f"data/labels/{labelled}.json")}
    tags = project.folder / "data/tags" / f"{unlabelled}.csv"

    saved = correct(project, labelled, "grooming", 10, 40, 1)
    assert project.counting("dvc", "repro") == (0, 0, 1)
    assert ran(project) == {"train", "evaluate", "predict", "cost", "report"}, "no video was cropped or looked at again"
    assert "3 with labels, 1 to be tagged, 1 correction of 1 video" in project.output
    assert project.json(f"data/labels/{labelled}.json")["corrected"]["grooming"] == [[10, 40]]
    assert project.json("metrics/metrics.json") != before["metrics/metrics.json"]
    assert project.counting("dvc", "repro") == (0, 0, 0) and ran(project) == set(), "the same file, nothing to do"

    saved.unlink()
    assert project.counting("dvc", "repro") == (0, 0, 0)
    assert "correction" not in project.output
    assert {place: project.json(place) for place in before} == before

    correct(project, unlabelled, "mid_rearing", 0, 30, 1)
    assert project.counting("dvc", "repro") == (0, 0, 1)
    assert "3 with labels, 1 to be tagged, 1 correction of 1 video" in project.output
    assert "1 video without labels or with labels of a part only (1)" in project.output
    assert len(tags.read_text().splitlines()) == FRAMES + 1, "the rest of it is tagged"
    assert (project.folder / "data/predictions" / f"{unlabelled}.h5").is_file(), "and what is corrected is scored"

    correct(project, unlabelled, "mid_rearing", 0, 90, 1, file="more.csv")
    project.run("dvc", "repro", ok=False)
    assert "index: corrections/more.csv: line 2: expected a span within the video's 60 frames" in project.output
    assert "Traceback" not in project.output


def test_index_sees_corrections_that_come_change_and_go(project):
    video = min(stems(project, "labels"))
    time.sleep(2.1)  # files as fresh as that may still change without another time stamp
    project.stage("index")
    assert "correction" not in project.stage("index")
    saved = correct(project, video, "grooming", 10, 40, 1)
    assert "1 correction of 1 video" in project.stage("index")
    time.sleep(2.1)
    project.stage("index")
    correct(project, video, "grooming", 10, 30, 1)
    project.stage("index")
    assert project.json(f"data/labels/{video}.json")["corrected"]["grooming"] == [[10, 30]]
    time.sleep(2.1)
    project.stage("index")
    saved.unlink()
    assert "correction" not in project.stage("index")
    assert "corrected" not in project.json(f"data/labels/{video}.json")
