import errno
import os

import pytest

from ethocache.common import files
from ethocache.common.errors import InputError
from ethocache.common.files import canonical_json, fill_folder, link, read_json, replacing, sha256_of, write_json, write_text


def test_canonical_json_does_not_depend_on_the_order_of_keys():
    assert canonical_json({"b": 1, "a": [1.5, "é"]}) == '{"a":[1.5,"é"],"b":1}'
    assert sha256_of({"a": 1, "b": 2}) == sha256_of({"b": 2, "a": 1})


def test_nan_has_no_canonical_json():
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": float("nan")})


def test_a_result_of_an_earlier_stage_that_is_missing_or_damaged_says_what_to_run(tmp_path):
    path = tmp_path / "index.json"
    with pytest.raises(InputError, match=r"index\.json is not there: run 'dvc repro' in the project's folder, which makes it$"):
        read_json(path)
    path.write_text('{"half": ')
    with pytest.raises(InputError, match=r"index\.json is damaged: delete it and run 'dvc repro'$"):
        read_json(path)
    write_json(path, {"a": "é"})
    assert read_json(path) == {"a": "é"}


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"


def test_the_same_text_keeps_its_time_stamp(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"é": 1})
    before = path.stat().st_mtime_ns
    os.utime(path, ns=(before - 10**9, before - 10**9))
    write_json(path, {"é": 1})
    assert path.stat().st_mtime_ns == before - 10**9
    write_text(path, "new")
    assert path.read_text() == "new"


def test_a_link_is_the_same_file_and_linking_twice_changes_nothing(tmp_path):
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_text("x")
    target.write_text("other")
    link(source, target)
    link(source, target)
    assert target.samefile(source)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", "b"]


def test_where_links_fail_files_are_copied_and_one_line_says_so(tmp_path, monkeypatch, capsys):
    def refuse(*_):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(files.os, "link", refuse)
    monkeypatch.setattr(files, "_said_that_links_fail", False)
    for name in "ab":
        (tmp_path / name).write_text(name)
        link(tmp_path / name, tmp_path / f"to_{name}")
    assert (tmp_path / "to_b").read_text() == "b"
    assert not (tmp_path / "to_b").samefile(tmp_path / "b")
    assert capsys.readouterr().err.count("hard links do not work here") == 1


def test_a_link_that_fails_for_another_reason_is_an_error(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "link", refuse)
    (tmp_path / "a").write_text("a")
    with pytest.raises(OSError, match="No space left"):
        link(tmp_path / "a", tmp_path / "b")


def test_a_filled_folder_holds_exactly_the_files_asked_for(tmp_path):
    source = tmp_path / "source"
    source.write_text("x")
    folder = tmp_path / "folder"
    (folder / "old folder").mkdir(parents=True)
    (folder / "old file").write_text("gone")
    fill_folder(folder, {"ratón nº 1.mp4": source})
    assert [file.name for file in folder.iterdir()] == ["ratón nº 1.mp4"]


def test_filling_a_folder_leaves_alone_what_another_run_is_just_writing(tmp_path):
    source = tmp_path / "source"
    source.write_text("x")
    folder = tmp_path / "folder"
    with replacing(folder / "a.txt") as temporary:
        temporary.write_text("of another run")
        fill_folder(folder, {"a.txt": source})
    assert (folder / "a.txt").read_text() == "of another run"
