"""What is used stays, whoever uses it and however that can be seen; what goes, goes whole."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ethocache.common.errors import InputError
from ethocache.common.locks import oldest_run_s
from ethocache.common.store import Store
from ethocache.endtoend.holdings import forget_project, note_project, projects_of
from ethocache.endtoend.pruning import UNFINISHED, Needers, finish_removals, forget_stale_answers, look_over, remove
from ethocache.endtoend.upkeep import prune

DAY_S = 86400.0


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "elsewhere/store")


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "params.yaml").write_text("")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    return folder


def keep(store, text, kind="crop", days=30.0, **recipe):
    """An entry with one file, last used some days ago."""

    def build(bench):
        (bench.output / "text").write_text(text)
        return {}

    entry = store.make(kind, {"text": text} | recipe, build)
    used_days_ago(entry.folder, days)
    return entry


def used_days_ago(folder, days):
    for path in (folder, *folder.iterdir()):
        os.utime(path, (time.time() - days * DAY_S,) * 2)


def leave_unfinished(store, key="f" * 64, days=30.0):
    place = store.root / "crop" / f"{key}.building"
    (place / "segments").mkdir(parents=True)
    (place / "segments/000000.mp4").write_text("half")
    used_days_ago(place, days)
    return place


def unused(store, projects=(), days=7.0):
    return {kept.folder for kept in look_over(store, projects, days) if not kept.needed}


def test_what_nobody_has_used_for_long_is_unused_and_what_was_used_lately_is_not(store):
    old, new = keep(store, "old", days=8), keep(store, "new", days=6)
    assert unused(store) == {old.folder}
    assert unused(store, days=5) == {old.folder, new.folder}
    assert unused(store, days=9) == set()


def test_what_was_used_in_the_last_hour_stays_whatever_is_asked(store):
    keep(store, "now", days=0)
    assert unused(store, days=0) == set()


def test_taking_a_result_dates_it(store):
    entry = keep(store, "old")
    assert store.get("crop", entry.recipe) == entry
    assert unused(store) == set()


def test_a_date_in_the_future_counts_as_lately(store):
    keep(store, "from a clock that was wrong", days=-400)
    assert unused(store) == set()


def test_what_is_linked_anywhere_stays_also_for_a_project_that_nobody_remembers(store, tmp_path):
    entry, free = keep(store, "linked"), keep(store, "free")
    (tmp_path / "linked").hardlink_to(entry.path("text"))
    assert unused(store) == {free.folder}


@pytest.mark.parametrize("place", ["data/crops/WT_01.mp4", ".dvc/cache/files/md5/ab/cdef", ".dvc/tmp/exps/tmp1/data/crops/WT_01.mp4"])
def test_what_was_copied_into_a_project_stays_where_links_fail(store, project, place):
    entry, other = keep(store, "copied"), keep(store, "COPIED")
    (project / place).parent.mkdir(parents=True)
    shutil.copyfile(entry.path("text"), project / place)
    assert unused(store, [project]) == {other.folder}


def test_dvc_is_asked_where_its_cache_is(store, project, tmp_path):
    entry, cache = keep(store, "copied"), tmp_path / "big disk"
    cache.mkdir()
    shutil.copyfile(entry.path("text"), cache / "cdef")
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], check=True)
    assert unused(store, [project]) == {entry.folder}
    subprocess.run([sys.executable, "-m", "dvc", "cache", "dir", "--local", str(cache)], check=True)
    assert unused(store, [project]) == set()


def test_a_cache_that_is_not_there_or_not_told_is_not_taken_as_empty(store, project, tmp_path):
    keep(store, "copied")
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], check=True)
    shutil.rmtree(project / ".dvc/cache", ignore_errors=True)
    assert len(unused(store, [project])) == 1, "before its first run DVC has no cache yet"
    subprocess.run([sys.executable, "-m", "dvc", "cache", "dir", "--local", str(tmp_path / "drive")], check=True)
    shutil.rmtree(tmp_path / "drive", ignore_errors=True)
    with pytest.raises(InputError, match=r"project: DVC's cache .*drive is not there, so what it holds cannot be told: connect its drive"):
        unused(store, [project])
    (project / ".dvc/config").write_text("[no setting")
    with pytest.raises(InputError, match=r"project: DVC does not say where its cache is, .*; see 'dvc cache dir' there$") as refused:
        unused(store, [project])
    assert "\n" not in str(refused.value)


def test_a_file_that_goes_while_files_are_compared_is_passed_over(store, project):
    entry, other = keep(store, "copied"), keep(store, "COPIED")
    shutil.copyfile(entry.path("text"), project / "stays")
    (project / "goes").write_text("copieD")
    fingerprint, seen = store.fingerprint, []

    class Racing(Store):
        def fingerprint(self, path):
            seen.append(path.name)
            (project / "goes").unlink(missing_ok=True)
            return fingerprint(path)

    assert unused(Racing(store.root), [project]) == {other.folder}
    assert sorted(seen) == ["goes", "stays"]


def test_unfinished_work_stays_while_it_is_fresh_or_somebody_is_at_it(store):
    old, new = leave_unfinished(store), leave_unfinished(store, "e" * 64, days=1)
    kept = {kept.folder: kept for kept in look_over(store, (), 7)}
    assert (kept[old].kind, kept[old].bytes, kept[old].needed, kept[new].needed) == (UNFINISHED, 4, False, True)
    with store.lock("crop", "f" * 64):
        assert remove(store, kept[old]) is False
    assert old.is_dir()
    assert remove(store, kept[old]) is True
    assert not old.exists()


def test_what_a_kill_left_beside_a_finished_result_is_unused(store):
    entry = keep(store, "done", days=0)
    assert unused(store) == set()
    assert unused(store) | {leave_unfinished(store, entry.key, days=0)} == unused(store)


RUN = """
import sys
from pathlib import Path
from ethocache.common.locks import oldest_run_s
from ethocache.common.store import Store
Store(Path(sys.argv[1])).make("crop", {"by": "a run"}, lambda bench: {})
print("made", flush=True)
sys.stdin.read()
"""


def test_what_a_living_run_made_or_took_since_it_began_stays_however_long_it_takes(store, monkeypatch):
    running = subprocess.Popen(
        [sys.executable, "-c", RUN, str(store.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert running.stdout.readline() == "made\n"
    before = keep(store, "from before it began")
    now = time.time()
    monkeypatch.setattr("ethocache.endtoend.pruning.time.time", lambda: now + 20 * DAY_S)
    try:
        assert unused(store) == {before.folder}
    finally:
        running.communicate()
    assert oldest_run_s(store.locks) is not None, "this process has built, too"
    assert len(list(store.locks.glob("run-*.lock"))) == 1, "the mark of the ended run is gone"
    monkeypatch.setattr("ethocache.endtoend.pruning.oldest_run_s", lambda folder: None)
    assert len(unused(store)) == 2


def test_a_removed_result_is_made_again_when_it_is_wanted(store):
    entry = keep(store, "old")
    (kept,) = look_over(store, (), 7)
    assert remove(store, kept) is True
    assert [path.name for path in entry.folder.parent.iterdir()] == []
    assert store.get("crop", entry.recipe) is None
    assert keep(store, "old") == entry


def take(store, entry, tmp_path):
    store.get("crop", entry.recipe)


def link(store, entry, tmp_path):
    (tmp_path / "link").hardlink_to(entry.path("text"))


@pytest.mark.parametrize("use", [take, link])
def test_what_is_used_after_the_look_and_before_the_removal_stays(store, tmp_path, use):
    entry = keep(store, "old")
    (kept,) = look_over(store, (), 7)
    use(store, entry, tmp_path)
    assert remove(store, kept) is False
    assert store.get("crop", entry.recipe) == entry


def test_what_is_being_made_again_stays(store):
    entry = keep(store, "old")
    (kept,) = look_over(store, (), 7)
    with store.lock("crop", entry.key):
        assert remove(store, kept) is False
    assert remove(store, kept) is True
    assert remove(store, kept) is False, "it is gone already"


RACE = """
import sys
from pathlib import Path
from ethocache.common.locks import oldest_run_s
from ethocache.common.store import Store
store = Store(Path(sys.argv[1]))
def build(bench):
    (bench.output / "text").write_text("raced")
    return {}
for _ in range(400):
    entry = store.make("crop", {"text": "raced"}, build)
    try:
        assert entry.path("text").read_text() == "raced"
    except FileNotFoundError:
        pass  # it went after it was taken, which the hour's grace prevents
"""


def test_a_run_that_races_with_removals_always_reads_whole_results(store, monkeypatch):
    """With the hour's grace off, each side meets the other in all states; nothing is ever half."""
    monkeypatch.setattr("ethocache.endtoend.pruning._counts_as_recent_from", lambda store, days: time.time() + DAY_S)
    monkeypatch.setattr("ethocache.endtoend.pruning._last_used_s", lambda folder: 0.0)
    running = subprocess.Popen([sys.executable, "-c", RACE, str(store.root)], stderr=subprocess.PIPE, text=True)
    removed = 0
    while running.poll() is None:
        removed += sum(remove(store, kept) for kept in look_over(store, (), 0))
    assert running.communicate()[1] == ""
    assert removed > 1


def test_what_a_killed_removal_put_aside_is_no_result_and_goes_the_next_time(store):
    entry = keep(store, "old")
    aside = entry.folder.with_name(entry.key + ".removed")
    entry.path("text").chmod(0o444)
    entry.folder.replace(aside)
    assert list(store.entries()) == []
    finish_removals(store)
    assert not aside.exists()


def test_answers_about_files_that_are_gone_or_changed_are_forgotten_and_others_are_not(store, tmp_path):
    paths = [tmp_path / name for name in ("same", "gone", "changed")]
    for path in paths:
        path.write_text("1")
        store.fingerprint(path)
    store.remember({"what": "network"}, {"input_px": 224})
    paths[1].unlink()
    paths[2].write_text("22")
    assert forget_stale_answers(store) == 2
    assert len(list((store.root / "known").iterdir())) == 2
    assert store.recall({"what": "network"}) == {"input_px": 224}


def test_a_project_that_uses_a_store_elsewhere_is_known_to_it(store, project, tmp_path, monkeypatch):
    note_project(store)
    monkeypatch.chdir(tmp_path)
    assert projects_of(store) == [project]
    with pytest.raises(
        InputError, match=r"^--forget .*project: expected a project that is gone, found its params\.yaml; what it uses stays"
    ):
        prune(store, 7, really=True, answers=False, gone=project)
    assert projects_of(store) == [project]


def test_a_project_that_is_gone_is_forgotten_only_when_things_are_removed(store, project, tmp_path, monkeypatch):
    note_project(store)
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(project)
    said = prune(store, 7, really=False, answers=False, gone=project)
    assert said.endswith(f"; to forget the project, type: ethocache store prune --yes --forget {project}")
    keep(store, "old")
    said = prune(store, 7, really=False, answers=False, gone=project)
    assert said.endswith(f"nothing was removed; to remove them, type: ethocache store prune --yes --forget {project}")
    with pytest.raises(InputError, match="is not there"):
        projects_of(store)
    assert prune(store, 7, really=True, answers=False, gone=project).startswith("1 result removed")
    assert projects_of(store) == []


def test_a_store_in_its_project_needs_no_note_and_may_be_moved_with_it(project):
    store = Store(Path("store"))
    note_project(store)
    assert projects_of(store) == [project]
    assert not store.root.exists()


def test_a_project_that_is_not_there_stops_everything_until_it_is_forgotten(store, project, tmp_path, monkeypatch):
    note_project(store)
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(project)
    with pytest.raises(InputError, match=r"^the project in .*project uses this store and is not there.* prune --forget '.*project'$"):
        projects_of(store)
    with pytest.raises(InputError, match=r"^--forget other: expected a project that uses .*store from elsewhere; known: .*project$"):
        forget_project(store, Path("other"))
    forget_project(store, project)
    assert projects_of(store) == []


def test_a_temporary_copy_of_an_experiment_counts_as_its_project(store, project, tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(project))
    monkeypatch.chdir(tmp_path)
    note_project(store)
    assert projects_of(store) == [project]


def test_time_stamps_belong_to_all_that_is_made_of_their_video(store):
    crop = keep(store, "crop", video="of the mouse", times=1)
    pose = keep(store, "pose", times={"video": "of the rat", "revision": 1})
    needers = Needers([crop, pose])
    for video, needed in {"of the mouse": True, "of the rat": True, "of the vole": False}.items():
        entry = store.make("times", {"kind": "times", "video": video}, lambda bench: {})
        assert needers.need(entry) is needed


def test_all_that_a_model_was_made_of_belongs_to_it(store):
    fold, verdict, other = (
        store.make(kind, {"kind": kind, "n": n}, lambda bench: {}) for n, kind in enumerate(("fold", "verdict", "fold"))
    )
    model = store.make("model", {"kind": "model", "made_of": [fold.key, verdict.key]}, lambda bench: {})
    needers = Needers([model])
    assert [needers.need(entry) for entry in (fold, verdict, other)] == [True, True, False]
