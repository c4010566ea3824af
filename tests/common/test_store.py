import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ethocache.common.store as store_module
from ethocache.common.errors import InputError
from ethocache.common.interrupts import never_swallowed, undisturbed
from ethocache.common.store import ENTRY, Entry, Store, find_store

RECIPE = {"kind": "square", "of": 3}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def write_nine(bench):
    (bench.output / "square.txt").write_text("9")
    return {"frames": 1}


def must_not_run(bench):
    raise AssertionError("computed again")


def test_what_is_kept_is_not_computed_again(store):
    made = store.make("square", RECIPE, write_nine)
    again = store.make("square", RECIPE, must_not_run)
    assert again == made
    assert again.path("square.txt").read_text() == "9"
    assert (again.facts, again.recipe, again.bytes) == ({"frames": 1}, RECIPE, 1)


def test_another_recipe_is_another_entry(store):
    store.make("square", RECIPE, write_nine)
    assert store.get("square", RECIPE | {"of": 4}) is None
    assert store.get("cube", RECIPE) is None


def test_a_computation_that_fails_leaves_no_entry_but_keeps_its_segments(store):
    def fail(bench):
        with bench.writing_segment(0, ".txt") as path:
            path.write_text("first")
        with bench.writing_segment(2, ".txt") as path:
            path.write_text("not after a gap")
        (bench.output / "half.txt").write_text("half")
        raise RuntimeError

    def go_on(bench):
        assert [path.read_text() for path in bench.finished_segments(".txt")] == ["first"]
        assert not list(bench.output.iterdir())
        return write_nine(bench)

    with pytest.raises(RuntimeError):
        store.make("square", RECIPE, fail)
    assert store.get("square", RECIPE) is None
    entry = store.make("square", RECIPE, go_on)
    assert sorted(path.name for path in entry.folder.iterdir()) == [ENTRY, "square.txt"]
    assert not list((store.root / "square").glob("*.building"))


def test_a_killed_computation_leaves_nothing_that_reads_as_finished(store):
    script = (
        "import os, signal, sys; from pathlib import Path; from ethocache.common.store import Store\n"
        "def build(bench):\n"
        "    (bench.output / 'square.txt').write_text('wrong')\n"
        "    os.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))\n"
        f"Store(Path(sys.argv[1])).make('square', {RECIPE}, build)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(store.root)], check=False).returncode != 0
    assert store.get("square", RECIPE) is None
    assert store.make("square", RECIPE, write_nine).path("square.txt").read_text() == "9"


@pytest.mark.parametrize("damage", ["truncate", "remove"])
def test_a_file_that_is_missing_or_short_makes_the_entry_be_made_again(store, damage, capsys):
    path = store.make("square", RECIPE, write_nine).path("square.txt")
    path.write_text("") if damage == "truncate" else path.unlink()
    assert store.make("square", RECIPE, write_nine).path("square.txt").read_text() == "9"
    assert "was damaged" in capsys.readouterr().err


@pytest.mark.parametrize("record", [b"{half", b"\xff\xfe", b"[]", b"3", b'{"recipe":{"of":4},"facts":{},"files":{}}'])
def test_an_entry_whose_record_is_unreadable_or_of_something_else_is_made_again(store, record):
    entry = store.make("square", RECIPE, write_nine)
    entry.path(ENTRY).write_bytes(record)
    assert store.make("square", RECIPE, write_nine).path("square.txt").read_text() == "9"


def test_verify_finds_a_flipped_byte_that_size_and_time_hide(store):
    good = store.make("square", RECIPE | {"of": 4}, write_nine)
    entry = store.make("square", RECIPE, write_nine)
    path = entry.path("square.txt")
    before = path.stat()
    path.write_text("8")
    path.chmod(0o444)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    linked = store.root / "linked.txt"
    linked.hardlink_to(path)
    assert store.get("square", RECIPE) is not None
    assert [damaged.key for damaged in store.verify()] == [entry.key]
    assert store.get("square", RECIPE) is None
    assert store.get("square", RECIPE | {"of": 4}) == good
    assert linked.stat().st_mtime_ns != before.st_mtime_ns  # DVC looks at it again
    assert os.access(linked, os.W_OK)
    assert store.verify() == []


def test_verify_leaves_alone_what_another_run_has_made_again_meanwhile(store):
    entry = store.make("square", RECIPE, write_nine)
    stale = Entry(entry.folder, entry.recipe, entry.facts, {"square.txt": {"bytes": 1, "sha256": "of the damaged file"}})
    assert store._take_away(stale) is False
    assert store.get("square", RECIPE) == entry


def test_verify_clears_what_a_kill_left_beside_a_finished_entry(store):
    entry = store.make("square", RECIPE, write_nine)
    finished, unfinished = (entry.folder.with_name(f"{name}.building") for name in (entry.key, "f" * 64))
    for place in (finished, unfinished):
        (place / "segments").mkdir(parents=True)
    assert store.verify() == []
    assert not finished.exists()
    assert unfinished.exists()


def test_small_answers_are_remembered(store):
    assert store.recall({"file": "a"}) is None
    store.remember({"file": "a"}, {"frames": 3})
    assert store.recall({"file": "a"}) == {"frames": 3}


@pytest.mark.parametrize(
    "damage", [lambda kept: "{", lambda kept: "[]", lambda kept: kept.replace("3", "9", 1), lambda kept: kept.replace("a", "b", 1)]
)
def test_a_remembered_answer_with_a_changed_byte_is_forgotten(store, damage):
    store.remember({"file": "a"}, {"frames": 3})
    path = next((store.root / "known").iterdir())
    path.write_text(damage(path.read_text()))
    assert store.recall({"file": "a"}) is None


def test_a_file_is_hashed_again_only_when_it_changed(store, tmp_path, monkeypatch):
    path = tmp_path / "track.csv"
    path.write_text("1")
    first = store.fingerprint(path)
    monkeypatch.setattr("ethocache.common.store.sha256_of_file", lambda path: "hashed again")
    assert store.fingerprint(path) == first
    path.write_text("22")
    assert store.fingerprint(path) == "hashed again"


COMPUTE_SLOWLY = f"""
import sys, time
from pathlib import Path
from ethocache.common.store import Store

def build(bench):
    with Path(sys.argv[2]).open("a") as log:
        log.write("built,")
    time.sleep(3)
    (bench.output / "square.txt").write_text("9")
    return {{}}

Store(Path(sys.argv[1])).make("square", {RECIPE}, build)
"""


def test_two_runs_at_once_compute_a_key_once(store, tmp_path):
    command = [sys.executable, "-c", COMPUTE_SLOWLY, str(store.root), str(tmp_path / "log")]
    runs = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = "".join(run.communicate(timeout=60)[1] for run in runs)
    assert [run.returncode for run in runs] == [0, 0], said
    assert (tmp_path / "log").read_text() == "built,"
    assert store.get("square", RECIPE).path("square.txt").read_text() == "9"


def test_waiting_for_another_run_says_so(store, capfd):
    with store.lock("square", "0123456789"):
        script = (
            "import sys; from pathlib import Path; from ethocache.common.store import Store\n"
            "with Store(Path(sys.argv[1])).lock('square', '0123456789'): pass"
        )
        waiting = subprocess.Popen([sys.executable, "-c", script, str(store.root)], stderr=subprocess.PIPE, text=True)
        line = waiting.stderr.readline()
    waiting.communicate(timeout=30)
    assert line == "note: another run is computing square 01234567; waiting for it\n"
    assert waiting.returncode == 0


def test_the_store_is_found_through_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("ETHOCACHE_STORE", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    assert find_store().root == Path("store")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert find_store().root == tmp_path / "store"
    monkeypatch.setenv("ETHOCACHE_STORE", str(tmp_path / "elsewhere"))
    assert find_store().root == tmp_path / "elsewhere"


def test_a_store_on_a_drive_that_is_not_connected_is_refused_not_made_anew(monkeypatch, tmp_path):
    monkeypatch.setenv("ETHOCACHE_STORE", str(tmp_path / "drive" / "store"))
    with pytest.raises(InputError, match=r"^ETHOCACHE_STORE: expected the store at .*store, but .*drive is not there; connect its drive"):
        find_store()


def test_entries_lists_what_is_finished_and_nothing_else(store):
    entry = store.make("square", RECIPE, write_nine)
    store.remember({"a": 1}, {"b": 2})
    (store.root / "square" / ("f" * 64 + ".building") / "output").mkdir(parents=True)
    assert list(store.entries()) == [entry]


class Tidied:
    """Something during whose removal somebody presses Ctrl-C, or that fails in it."""

    def __init__(self, happens):
        self.happens = happens

    def __del__(self):
        self.happens()


@pytest.mark.timeout(120)  # it ends a wait, too
def test_ctrl_c_while_python_tidies_up_is_not_forgotten(capsys):
    with pytest.raises(KeyboardInterrupt), never_swallowed():
        Tidied(lambda: signal.raise_signal(signal.SIGINT))
        time.sleep(300)
    assert capsys.readouterr().err == ""


def test_another_error_while_python_tidies_up_is_told_as_ever(monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda found: told.append(found.exc_type))
    with never_swallowed():
        Tidied(lambda: 1 / 0)
    assert told == [ZeroDivisionError]


def test_ctrl_c_waits_until_what_is_being_made_is_made():
    made = []
    with pytest.raises(KeyboardInterrupt), undisturbed():
        signal.raise_signal(signal.SIGINT)
        made.append("whole")
    assert made == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_work_outside_of_projects_keeps_its_results_where_caches_are(tmp_path, monkeypatch):
    monkeypatch.delenv("ETHOCACHE_STORE", raising=False)
    monkeypatch.setattr(store_module.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store_module.find_own_store().root == tmp_path / "ethocache" / "store"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")  # such a value is to be ignored, says the specification
    monkeypatch.setattr(store_module.Path, "home", lambda: tmp_path)
    assert store_module.find_own_store().root == tmp_path / ".cache" / "ethocache" / "store"
    monkeypatch.setenv("ETHOCACHE_STORE", str(tmp_path / "named"))
    assert store_module.find_own_store().root == tmp_path / "named"
