import os
import shutil
import time

import pytest

from ethocache.common.last_result import LastResult
from ethocache.common.store import Store


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with one video's crop to read, written long enough ago to be trusted."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    for name in ("crops", "outputs"):
        (tmp_path / name).mkdir()
    (tmp_path / "crops/a.mp4").write_text("pixels")
    (tmp_path / "params.yaml").write_text("")
    return tmp_path


def open_last(store):
    return LastResult(store, [(store.root.parent / "crops", "*")], [store.root.parent / "params.yaml"], store.root.parent / "cost.json")


def write(bench):
    (bench.output / "features.h5").write_text("numbers")
    return {"frames": 2, "seconds": 0.5, "peak_memory_mb": 1.0, "device": "cpu"}


@pytest.fixture
def store(project, monkeypatch):
    """A store whose last result is noted."""
    monkeypatch.setattr("ethocache.common.last_look._COARSEST_CLOCK_S", 0.0)
    store = Store(project / "store")
    last = open_last(store)
    assert last.repeat() is None, "nobody has looked yet"
    entry = store.make("features", {"of": "a"}, write)
    assert last.put(project / "outputs", {"a.h5": (entry, "features.h5")}, "1 file") == "1 file"
    return store


def test_with_nothing_changed_the_same_files_and_costs_are_put_back(project, store):
    (project / "outputs/a.h5").unlink()
    (project / "outputs/b.h5").write_text("of another time")
    cost = (project / "cost.json").read_text()
    (project / "cost.json").unlink()
    assert open_last(store).repeat() == "1 file"
    assert [path.name for path in (project / "outputs").iterdir()] == ["a.h5"]
    assert (project / "outputs/a.h5").read_text() == "numbers"
    assert (project / "cost.json").read_text() == cost
    assert '"frames": 2' in cost


def change_params(project):
    (project / "params.yaml").write_text("batch_size: 2")


def add_a_crop(project):
    (project / "crops/b.mp4").write_text("pixels")


def change_a_crop_and_put_its_date_back(project):
    before = (project / "crops/a.mp4").stat()
    (project / "crops/a.mp4").write_text("PIXELS")
    os.utime(project / "crops/a.mp4", ns=(before.st_atime_ns, before.st_mtime_ns))


def prune(project):
    shutil.rmtree(next((project / "store/features").iterdir()))


def cut_a_result(project):
    next((project / "store/features").glob("*/features.h5")).write_text("numb")


@pytest.mark.parametrize("happens", [change_params, add_a_crop, change_a_crop_and_put_its_date_back, prune, cut_a_result])
def test_what_has_changed_or_is_no_longer_kept_is_not_repeated(project, store, happens):
    happens(project)
    assert open_last(store).repeat() is None


def test_repeating_a_result_dates_it_as_used(project, store):
    folder = next((project / "store/features").iterdir())
    os.utime(folder, (0, 0))
    assert open_last(store).repeat() == "1 file"
    assert time.time() - folder.stat().st_mtime < 60
