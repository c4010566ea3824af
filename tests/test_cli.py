"""``ethocache``: short answers, and one clear line when something is wrong."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ethocache.cli import app
from ethocache.common.store import Store
from ethocache.common.workbench import Workbench


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def make_entry(store: Store, kind: str, text: str) -> Path:
    def build(bench: Workbench) -> dict[str, object]:
        (bench.output / "text").write_text(text)
        return {}

    return store.make(kind, {"text": text}, build).path("text")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("ETHOCACHE_STORE", str(tmp_path / "store"))
    return Store(tmp_path / "store")


def test_help_names_the_commands_and_loads_nothing_heavy() -> None:
    code = """
import sys
from typer.testing import CliRunner
from ethocache.cli import app
print(CliRunner().invoke(app, ["--help"]).output)
sys.exit(", ".join({"numpy", "torch", "av", "pandas", "matplotlib"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
    assert "demo" in done.stdout and "store" in done.stdout


def test_demo_refuses_a_folder_in_use_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("")
    done = run("demo", str(tmp_path))
    assert done.exit_code == 1
    assert "holds thesis.docx, which is not part of this demo" in done.output
    assert len(done.output.splitlines()) == 1


def test_demo_writes_and_says_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ethocache.endtoend import demo

    monkeypatch.setattr(demo, "write_demo", partial(demo.write_demo, animals=1, unlabelled=0, seconds=1, size=(64, 48)))
    done = run("demo", str(tmp_path / "demo"), "--seed", "3")
    assert done.exit_code == 0
    assert "1 video (1 with labels) of 1 s with their tracks" in done.output
    assert (tmp_path / "demo/labels/WT_YFP_01.csv").exists()


def test_size_sums_what_is_kept_by_kind(store: Store) -> None:
    make_entry(store, "crop", "x" * 200_000)
    make_entry(store, "crop", "y" * 300_000)
    make_entry(store, "features", "z" * 1_000_000)
    done = run("store", "size")
    assert done.exit_code == 0
    table = [line.split() for line in done.output.splitlines()]
    assert table[0][-3:] == ["keeps", "1.5", "MB"]
    assert table[1:] == [
        ["kind", "results", "MB", "unused", "their", "MB"],
        ["crop", "2", "0.5", "0", "0.0"],
        ["features", "1", "1.0", "0", "0.0"],
    ]


def test_an_empty_store_keeps_nothing_yet(store: Store) -> None:
    store.root.mkdir()
    assert "store keeps nothing yet" in run("store", "size").output


def test_verify_says_when_all_is_well(store: Store) -> None:
    make_entry(store, "crop", "a")
    assert "the 1 result in" in (said := run("store", "verify").output) and "is as it was written" in said


def test_verify_takes_away_what_is_damaged_and_names_it(store: Store) -> None:
    path = make_entry(store, "crop", "good")
    make_entry(store, "crop", "better")
    path.write_text("evil")
    done = run("store", "verify")
    assert done.exit_code == 1
    assert "1 of 2 results" in done.output and f"(crop {path.parent.name[:8]}); `dvc repro` makes them again" in done.output
    assert not path.exists()


def unused_entry(store: Store, kind: str, text: str) -> Path:
    path = make_entry(store, kind, text)
    for place in (path.parent, *path.parent.iterdir()):
        os.utime(place, (0, 0))
    return path


def test_prune_says_what_would_go_and_removes_nothing(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = unused_entry(store, "crop", "x" * 200_000)
    make_entry(store, "crop", "y")
    done = run("store", "prune")
    assert done.exit_code == 0
    first, second, third = done.output.splitlines()
    assert first.endswith(f"1 of 2 results in {store.root}, 0.2 MB, are used by nothing and would be removed:")
    assert second == f"  crop {path.parent.name[:8]} 0.2 MB"
    assert third == "  nothing was removed; to remove them, type: ethocache store prune --yes"
    assert path.exists()


def test_prune_removes_when_told_to_and_then_finds_nothing_more(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    gone, stays = unused_entry(store, "crop", "x" * 200_000), make_entry(store, "crop", "y")
    notes = tmp_path / "notes.txt"
    notes.write_text("1")
    store.fingerprint(notes)
    notes.unlink()
    said = run("store", "prune", "--yes", "--answers").output
    assert f"1 result removed from {store.root}, 0.2 MB; 1 remembered answers about other files forgotten" in said
    assert (gone.exists(), stays.exists()) == (False, True)
    assert (
        f"nothing to remove from {store.root}: the 1 result is used by a project, or was in the last 7 days" in run("store", "prune").output
    )


def test_two_prunes_at_once_are_one_too_many(store: Store) -> None:
    make_entry(store, "crop", "y")
    with store.lock("prune", "all"):
        done = run("store", "prune")
    assert done.exit_code == 1
    assert f"another 'ethocache store prune' is at work in {store.root}; wait until it has ended" in done.output


@pytest.mark.parametrize("command", ["verify", "size", "prune"])
def test_without_a_store_the_error_says_where_it_was_looked_for(store: Store, command: str) -> None:
    done = run("store", command)
    assert done.exit_code == 1
    assert f"there is no store at {store.root}: run from the project's folder, or name the store in ETHOCACHE_STORE" in done.output
    assert len(done.output.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [("a.mp4", "b.mp4"), ("-", "--to", "x"), ("-", "--tracks", "x"), ("-", "--overlay"), ("-", "--boris")], ids=" ".join
)
def test_a_stream_of_tags_has_one_source_and_writes_lines_only(arguments):
    said = run("tag", "--stream", *arguments, "--model", "live.zip")
    assert said.exit_code == 1
    expected = "--stream writes lines to standard output, of one video or - alone: leave --tracks, --to, --overlay, --boris away"
    assert expected in said.output


@pytest.mark.parametrize("arguments", [("--size", "6x4"), ("--fps", "30"), ("--box", "0,0,16")], ids=" ".join)
def test_what_only_a_stream_takes_is_refused_without_one(arguments):
    said = run("tag", "a.mp4", *arguments, "--model", "live.zip")
    assert said.exit_code == 1
    assert "--size, --fps and --box are for frames that come in: name --stream too, or leave them away" in said.output


def test_the_source_of_a_stream_of_tags_is_read_as_by_stream():
    said = run("tag", "--stream", "-", "--size", "wide", "--model", "live.zip")
    assert "--size: expected width x height in pixels such as 640x480, found 'wide'" in said.output
