"""Tags and labels as other programs take them, from a project with results, and back."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ethocache.cli import app
from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.formats import recognise
from ethocache.dataset.index import VideoRecord, write_index
from ethocache.dataset.label_table import LabelTable
from ethocache.dataset.labels import LabelParams, LabelSnapshot, read_labels, write_snapshot
from ethocache.dataset.tags import read_tags, write_tags
from ethocache.dataset.videos import VideoFacts
from ethocache.endtoend.exporting import EXPORTS, export

BEHAVIOURS = ("grooming", "rearing")
FACTS = VideoFacts(8, 32, 32, "yuv420p", "h264", 10.0, 0.8, False, (), "f" * 64)
TIME_S = np.arange(8) / 10
LABELS = np.array([[0, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 0], [-1, -1], [-1, -1]], np.int8)
TAGS = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 0], [1, 1], [1, 1], [0, 0]], np.int8)


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A project in which one video has labels and one has tags."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.delenv("ETHOCACHE_STORE", raising=False)
    (tmp_path / "lab").mkdir()
    (tmp_path / "params.yaml").write_text("data: {dir: lab, behaviours: [grooming, rearing]}\n")
    records = []
    for name, genotype in (("m1", "WT"), ("m2", "=HD")):
        (tmp_path / f"lab/{name}.mp4").write_text("a video")
        records.append(VideoRecord(name, f"{name}.mp4", {"genotype": genotype}, name, replace(FACTS, fingerprint=name * 32)))
        recipe = {"kind": "times", "video": name * 32, "revision": 1}
        Store(tmp_path / "store").make("times", recipe, lambda bench: np.save(bench.output / "time_s.npy", TIME_S) or {})
    write_index(tmp_path / "data/index.json", records)
    write_snapshot(tmp_path / "data/labels/m1.json", LabelSnapshot(LabelTable(BEHAVIOURS, LABELS)), "s")
    write_tags(tmp_path / "data/tags/m2.csv", np.arange(8), TIME_S, TAGS * 0.5 + 0.25, TAGS, BEHAVIOURS)
    return tmp_path


def run(*arguments: str):
    return CliRunner().invoke(app, ["export", *arguments])


def test_tags_are_read_as_they_were_written(project):
    behaviours, time_s, probability, tags = read_tags(project / "data/tags/m2.csv")
    assert behaviours == BEHAVIOURS
    np.testing.assert_array_equal(tags, TAGS)
    np.testing.assert_allclose(probability, TAGS * 0.5 + 0.25)
    np.testing.assert_allclose(time_s, TIME_S)


def test_files_that_are_no_tables_of_tags_are_refused(project):
    path = project / "data/tags/m2.csv"
    for text, message in {
        "frame,time_s,a\n0,0,1\n": "expected the columns of a table of tags",
        "frame,time_s,a_probability,a\n0,zero,1,1\n": "not a table of tags, or an edited one",
        "": "expected the columns of a table of tags",
    }.items():
        path.write_text(text)
        with pytest.raises(InputError, match=message):
            read_tags(path)
    with pytest.raises(InputError, match=r"gone.csv is not there: run 'dvc repro', which tags"):
        read_tags(project / "gone.csv")


@pytest.mark.parametrize(("name", "file"), [("boris", "labels.boris"), ("bouts", "m1.csv")])
def test_labels_come_back_equal_also_where_nobody_looked(project, name, file):
    answer = run(name, "--to", "out", "--labels")
    assert answer.exit_code == 0, answer.output
    assert "written: out" in answer.output
    found = read_labels(project / "out" / file, BEHAVIOURS, TIME_S, LabelParams(not_scored=("not_scored",)))
    np.testing.assert_array_equal(found.values, LABELS)


@pytest.mark.parametrize(("name", "file"), [("boris", "tags.boris"), ("bouts", "m2.csv")])
def test_tags_come_back_equal(project, name, file):
    assert run(name, "--to", "out").exit_code == 0
    path = project / "out" / file
    assert recognise(path, LabelParams().meaning(BEHAVIOURS)) == {"boris": "boris_project", "bouts": "bouts_csv"}[name]
    np.testing.assert_array_equal(read_labels(path, BEHAVIOURS, TIME_S, LabelParams()).values, TAGS)


def test_boris_finds_the_video_where_it_lies(project):
    run("boris", "--to", "out")
    assert str((project / "lab/m2.mp4").resolve()) in (project / "out/tags.boris").read_text()


def test_the_summary_has_a_row_a_video_with_the_parts_of_its_name(project):
    assert run("summary").exit_code == 0
    with (project / "exports/tags-summary.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["video"], row["genotype"], row["grooming_count"], row["rearing_total_s"]) == ("m2", "'=HD", "2", "0.400000")


def test_nwb_is_written_one_file_a_video(project):
    pynwb = pytest.importorskip("pynwb", reason="the extra nwb is not installed")
    assert run("nwb").exit_code == 0
    with pynwb.NWBHDF5IO(str(project / "exports/m2.nwb"), "r") as io:
        bouts = io.read().processing["behavior"]["bouts"].to_dataframe()
    assert bouts[["label", "start_frame", "stop_frame"]].to_numpy().tolist() == [
        ["grooming", 0, 2],
        ["rearing", 2, 4],
        ["grooming", 5, 7],
        ["rearing", 5, 7],
    ]


def test_what_a_format_cannot_say_is_refused(project):
    partly = LABELS.copy()
    partly[3] = (-1, 0)
    write_snapshot(project / "data/labels/m1.json", LabelSnapshot(LabelTable(BEHAVIOURS, partly)), "s")
    answer = run("boris", "--labels")
    assert answer.exit_code == 1 and "m1: at frame 3 somebody looked for some behaviours and not for others" in str(answer.exception)
    assert not (project / "exports").exists()


def test_an_unknown_format_and_a_project_without_results_are_refused(project):
    assert "'bris' is not a format of results, did you mean 'boris'?; known: boris, bouts, nwb, summary" in str(run("bris").exception)
    (project / "data/tags/m2.csv").unlink()
    for name in EXPORTS:
        with pytest.raises(InputError, match=r"there are no tags to export .*; run 'dvc repro' first"):
            export(name, "tags", project / "out", DataFolder("lab"), Store(project / "store"))
    (project / "data/index.json").unlink()
    assert "data/index.json is not there: run 'dvc repro'" in str(run("boris").exception).replace("\\", "/")


def test_labels_that_somebody_corrected_are_written_corrected_and_called_curated(project, monkeypatch):
    corrected = np.zeros(LABELS.shape, bool)
    corrected[1, 0] = True
    write_snapshot(project / "data/labels/m1.json", LabelSnapshot(LabelTable(BEHAVIOURS, LABELS), corrected=corrected), "s")
    methods = []
    monkeypatch.setitem(EXPORTS, "nwb", lambda videos, fields, what, target: methods.extend(v.method for v in videos) or [target])
    assert run("nwb", "--to", "out", "--labels").exit_code == run("nwb", "--to", "out").exit_code == 0
    assert methods == ["curated", "automated"]


def test_a_video_that_was_only_corrected_is_left_out_of_formats_that_cannot_say_what_nobody_looked_for(project):
    spans = np.full(LABELS.shape, -1, np.int8)
    spans[2:4, 0] = 1
    snapshot = LabelSnapshot(LabelTable(BEHAVIOURS, spans), corrected=spans == 1)
    write_snapshot(project / "data/labels/m2.json", snapshot, "s")
    assert run("bouts", "--to", "out", "--labels").exit_code == 0
    assert [path.name for path in project.glob("out/*")] == ["m1.csv"]
    assert run("summary", "--to", "table", "--labels").exit_code == 0
    _, row = csv.DictReader((project / "table/labels-summary.csv").read_text().splitlines())
    assert (row["video"], row["grooming_scored_s"], row["rearing_scored_s"]) == ("m2", "0.200000", "0.000000")
    assert run("bouts", "--to", "tags").exit_code == 0 and (project / "tags/m2.csv").is_file(), "its tags are there as before"


@pytest.mark.parametrize("target", ["lab", "lab/labels", "data/tags", "models", "report/videos", "."])
def test_nothing_is_exported_among_the_labs_files_or_the_results(project, target):
    answer = run("bouts", "--to", target, "--labels")
    assert answer.exit_code == 1 and "expected a folder of its own for exports" in str(answer.exception)


def test_a_file_where_the_exports_would_go_and_labels_of_another_length_are_refused(project):
    (project / "exports").write_text("mine")
    assert "exports: expected a folder, found a file there" in str(run("summary").exception)
    write_snapshot(project / "data/labels/m1.json", LabelSnapshot(LabelTable(BEHAVIOURS, LABELS[:5])), "s")
    assert "labels of 5 frames for a video of 8; run 'dvc repro'" in str(run("summary", "--to", "out", "--labels").exception)


def test_a_behaviour_called_as_unlooked_time_is_told_apart(project):
    write_snapshot(project / "data/labels/m1.json", LabelSnapshot(LabelTable(("grooming", "not_scored"), LABELS)), "s")
    assert "m1: a behaviour is called 'not_scored', as time in which nobody looked is" in str(run("boris", "--labels").exception)
