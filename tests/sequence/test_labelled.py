"""Labelled videos read their features from the workspace, or from the store where nothing else is seen."""

import shutil

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.features import assemble
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.labels import LabelSnapshot, LabelTable, write_snapshot
from ethocache.dataset.videos import VideoFacts
from ethocache.sequence.labelled import OpenFeatures, labelled_videos


@pytest.fixture
def kept(tmp_path):
    """Features of 4 frames in the store and in a folder; the store, and what opens them."""
    store = Store(tmp_path / "store")

    def build(bench):
        with bench.writing_segment(0, ".npy") as path, path.open("wb") as file:
            np.save(file, np.arange(8, dtype=np.float16).reshape(4, 2))
        assemble(bench.output / "features.h5", bench.finished_segments(".npy"), np.arange(4.0), np.ones(4, bool), {"a": 1}, key)
        return {}

    from ethocache.common.files import sha256_of

    key = sha256_of({"a": 1})
    entry = store.make("features", {"a": 1}, build)
    (tmp_path / "features").mkdir()
    shutil.copy(entry.path("features.h5"), tmp_path / "features/m1.tiny.h5")
    return store, OpenFeatures(tmp_path / "features", "m1", ("tiny",), (key,), store)


def test_features_are_read_here_or_from_the_store(kept, tmp_path):
    _, opener = kept
    for _ in range(2):
        with opener() as features:
            assert features.rows(0, 4).tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
        shutil.rmtree(tmp_path / "features", ignore_errors=True)
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(InputError, match=r"m1\.tiny\.h5 is not there: run `dvc repro extract`"):
        opener()


def test_other_features_of_the_same_name_are_not_taken_for_these(kept):
    store, opener = kept
    other = OpenFeatures(opener.folder, "m1", ("tiny",), ("another key",), store)
    with pytest.raises(InputError, match="m1: its features are no longer those with which the training began; run 'dvc repro' again"):
        other()


@pytest.mark.parametrize("mean", [True, False])
def test_each_persons_labels_come_along_only_where_their_mean_is_learned(kept, tmp_path, mean):
    store, opener = kept
    facts = VideoFacts(4, 32, 32, "yuv420p", "h264", 10.0, 1.0, False, (), "f" * 64)
    said = {name: LabelTable(("grooming",), np.full((4, 1), mark, np.int8)) for name, mark in (("Bo", 0), ("Al", 1))}
    write_snapshot(tmp_path / "labels/m1.json", LabelSnapshot(said["Al"], said, mean=mean), "s")
    records = [VideoRecord("m1", "m1.mp4", {}, "m1", facts)]
    behaviours, (video,) = labelled_videos(tmp_path / "labels", opener.folder, ("tiny",), records, store)
    assert (behaviours, video.labels.tolist()) == (("grooming",), said["Al"].values.tolist())
    assert [labels[0, 0] for labels in video.raters] == ([1, 0] if mean else [])


def test_a_camera_of_several_is_opened_with_no_numbers_where_it_does_not_show_the_animal(tmp_path):
    np.save(tmp_path / "rows.npy", np.ones((4, 2), np.float16))
    assemble(tmp_path / "m1.top.tiny.h5", [tmp_path / "rows.npy"], np.arange(4.0), np.arange(4) < 2, {}, "key")
    with OpenFeatures(tmp_path, "m1", ("top.tiny",), ("key",), Store(tmp_path / "store"))() as features:
        assert np.isnan(features.rows(0, 4)[:, 0]).tolist() == [False, False, True, True]
