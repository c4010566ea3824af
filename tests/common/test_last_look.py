import os
import time
from pathlib import Path

import pytest

from ethocache.common import last_look
from ethocache.common.last_look import LastLook
from ethocache.common.store import Store


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with settings, a listed labels file, a weights file, an output; nothing in it counts as too fresh to trust."""
    for file in ("params.yaml", "labels/a.csv", "weights.pt", "out/a.json", "package/code.py"):
        path = tmp_path / file
        path.parent.mkdir(exist_ok=True)
        path.write_text("first")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.setattr(last_look, "_COARSEST_CLOCK_S", -3600)
    monkeypatch.setattr(last_look, "_PACKAGE", tmp_path / "package")
    return tmp_path


def open_look() -> LastLook:
    return LastLook(Store(Path("store")), [Path("params.yaml")], [Path("out")])


def look_once() -> None:
    look = open_look()
    note = look.begin([(Path("labels"), "*.csv")], [Path("weights.pt")])
    assert look.end(note, "3 videos") == "3 videos"


def test_the_first_look_has_no_summary(project):
    assert open_look().summary() is None


def test_the_summary_is_said_again_while_nothing_has_changed(project):
    look_once()
    assert open_look().summary() == "3 videos"
    (project / "labels/notes.txt").write_text("not a labels file")
    assert open_look().summary() == "3 videos"


@pytest.mark.parametrize("file", ["params.yaml", "labels/a.csv", "weights.pt", "package/code.py", "out/a.json"])
def test_an_edit_is_noticed_even_with_the_same_size_and_date(project, file):
    look_once()
    before = (project / file).stat()
    (project / file).write_text("other")
    os.utime(project / file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert open_look().summary() is None


@pytest.mark.parametrize("file", ["labels/b.csv", "package/more.py", "out/b.json"])
def test_a_file_that_comes_is_noticed(project, file):
    look_once()
    (project / file).write_text("new")
    assert open_look().summary() is None


@pytest.mark.parametrize("file", ["params.yaml", "labels/a.csv", "weights.pt", "package/code.py", "out/a.json"])
def test_a_file_that_goes_is_noticed(project, file):
    look_once()
    (project / file).unlink()
    assert open_look().summary() is None


def test_a_file_that_changes_while_it_is_being_read_is_looked_at_again(project):
    look = open_look()
    note = look.begin([(Path("labels"), "*.csv")])
    (project / "labels/a.csv").write_text("changed while it was read")
    look.end(note, "3 videos")
    assert open_look().summary() is None


def test_settings_that_change_before_the_look_begins_are_looked_at_again(project):
    look = open_look()
    (project / "params.yaml").write_text("changed after it was opened")
    look.end(look.begin([]), "3 videos")
    assert open_look().summary() is None


def test_files_as_fresh_as_the_clock_of_their_disk_are_not_trusted(project, monkeypatch):
    monkeypatch.setattr(last_look, "_COARSEST_CLOCK_S", 3600)
    look_once()
    assert open_look().summary() is None


def test_nothing_is_remembered_of_the_temporary_copy_of_an_experiment(project, monkeypatch, tmp_path):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "elsewhere"))
    look_once()
    assert open_look().summary() is None


def test_time_stamps_are_told_apart_to_the_nanosecond_that_the_system_gives(project):
    look_once()
    later = time.time_ns()
    os.utime(project / "labels/a.csv", ns=(later, later))
    assert open_look().summary() is None
