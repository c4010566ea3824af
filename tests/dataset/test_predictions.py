"""Predictions survive the disk, and say which frames are tagged."""

import dataclasses
import time

import h5py
import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.predictions import Prediction, fill_predictions, read_prediction, tags_of, write_prediction


def prediction(**changes):
    values = {
        "video": "WT_1_Älve",
        "animal": "Älve",
        "fold": "Älve",
        "behaviours": ("grooming", "rearing"),
        "probability": np.array([[0.1, 0.6], [0.4, 0.3], [0.45, 0.5]], np.float32),
        "label": np.array([[0, 1], [-1, -1], [1, 0]], np.int8),
        "tag": np.array([[0, 1], [0, 0], [1, 0]], np.int8),
        "time_s": np.array([0.0, 0.1, 0.2]),
        "threshold": np.array([0.4, 0.6], np.float32),
        "exclusive": False,
    }
    return Prediction(**values | changes)


def same(one, other):
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in dataclasses.fields(Prediction))


@pytest.mark.parametrize("frames", [3, 0])
def test_a_prediction_comes_back_as_it_was(tmp_path, frames):
    whole = prediction()
    cut = {name: getattr(whole, name)[:frames] for name in ("probability", "label", "tag", "time_s")}
    kept = prediction(**cut)
    write_prediction(tmp_path / "a.h5", kept)
    assert same(read_prediction(tmp_path / "a.h5"), kept)


def test_the_same_prediction_gives_the_same_bytes_a_second_later(tmp_path):
    write_prediction(tmp_path / "a.h5", prediction())
    time.sleep(1.1)
    write_prediction(tmp_path / "b.h5", prediction())
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_the_bytes_do_not_depend_on_when_python_lets_go_of_an_array(tmp_path, monkeypatch):
    write_prediction(tmp_path / "a.h5", prediction())
    held, create = [], h5py.File.create_dataset

    def held_at_first(file, *values, **options):
        made = create(file, *values, **options)
        held.extend([made] * (not held))
        return made

    monkeypatch.setattr(h5py.File, "create_dataset", held_at_first)
    write_prediction(tmp_path / "b.h5", prediction())
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


THIRDS = [[0.1, 0.6], [0.4, 0.3], [0.45, 0.5]]


def tags(probability, exclusive, thresholds=(0.4, 0.6)):
    return tags_of(np.array(probability, np.float32), np.array(thresholds, np.float32), exclusive).tolist()


def test_overlapping_behaviours_are_tagged_from_their_threshold_on():
    assert tags(THIRDS, exclusive=False) == [[0, 1], [1, 0], [1, 0]]


def test_exclusive_behaviours_are_tagged_where_they_are_likelier_than_none():
    assert tags(THIRDS, True, (0.5, 0.5)) == [[0, 1], [1, 0], [0, 1]]
    assert tags([[0.5, 0.0], [0.2, 0.2], [1, 0]], True, (0.5, 0.5)) == [[0, 0], [0, 0], [1, 0]]


def test_of_exclusive_behaviours_that_with_the_largest_multiple_of_its_threshold_is_tagged():
    assert tags([[0.45, 0.5], [0.1, 0.5], [0.2, 0.25]], True) == [[1, 0], [0, 1], [0, 0]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threshold": np.zeros(3, np.float32)}, "threshold of shape"),
        ({"time_s": np.zeros(2)}, "probability, label and tag of shape"),
        ({"tag": np.full((3, 2), -1, np.int8)}, r"tags 0 or 1 for WT_1_Älve, got \[-1\]"),
        ({"tag": np.ones((3, 2), np.int8), "exclusive": True}, "at most one tag in a frame of WT_1_Älve"),
        ({"probability": np.full((3, 2), 1.5, np.float32)}, "probabilities from 0 to 1 for WT_1_Älve"),
        ({"probability": np.full((3, 2), np.nan, np.float32)}, "probabilities from 0 to 1"),
        ({"label": np.full((3, 2), 2, np.int8)}, r"labels -1, 0 or 1 for WT_1_Älve, got \[2\]"),
    ],
)
def test_a_prediction_that_cannot_be_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        prediction(**changes)


def test_a_missing_prediction_says_what_to_run(tmp_path):
    with pytest.raises(InputError, match=r"a.h5: expected a prediction, found no file; run dvc repro train"):
        read_prediction(tmp_path / "a.h5")


def test_a_damaged_prediction_is_refused(tmp_path):
    path = tmp_path / "a.h5"
    write_prediction(path, prediction())
    content = path.read_bytes()
    path.write_bytes(content[:200])
    with pytest.raises(InputError, match="damaged, or not a prediction"):
        read_prediction(path)
    with h5py.File(path, "w") as file:
        file["other"] = 1
    with pytest.raises(InputError, match="damaged, or not a prediction"):
        read_prediction(path)


def test_a_flipped_byte_is_noticed(tmp_path):
    path = tmp_path / "a.h5"
    write_prediction(path, prediction())
    content = bytearray(path.read_bytes())
    place = content.index(prediction().probability.tobytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        read_prediction(path)


def test_another_version_is_refused(tmp_path):
    path = tmp_path / "a.h5"
    write_prediction(path, prediction())
    with h5py.File(path, "a") as file:
        file.attrs["ethocache_prediction"] = 99
    with pytest.raises(InputError, match="expected format version 2, found 99"):
        read_prediction(path)


def test_a_folder_holds_the_predictions_of_this_training_only(tmp_path):
    fill_predictions(tmp_path / "predictions", [prediction(video="a"), prediction(video="b")])
    fill_predictions(tmp_path / "predictions", [prediction(video="b", fold="c")])
    assert [path.name for path in (tmp_path / "predictions").iterdir()] == ["b.h5"]
    assert read_prediction(tmp_path / "predictions" / "b.h5").fold == "c"
    fill_predictions(tmp_path / "predictions", [])
    assert list((tmp_path / "predictions").iterdir()) == []


def test_whether_settings_were_searched_on_its_animal_is_kept(tmp_path):
    write_prediction(tmp_path / "v.h5", prediction(seen=True))
    assert read_prediction(tmp_path / "v.h5").seen is True
