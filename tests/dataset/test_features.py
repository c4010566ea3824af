import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.common.errors import InputError
from ethocache.dataset.features import FeatureFile, FeatureSet, assemble, file_name, segment_shape

RECIPE = {"kind": "features", "weights": "é" * 64, "precision": "fp32"}


def write(path, rows, segments=(), recipe=RECIPE, valid=None, time_s=None):
    """Write a feature file of `rows` (T, D), cut into segments before the given frames."""
    parts = np.split(np.asarray(rows, np.float16), list(segments))
    files = []
    for number, part in enumerate(parts):
        files.append(path.parent / f"{path.stem}-{number:06d}.npy")
        np.save(files[-1], part)
    time_s = np.arange(len(rows)) / 10 if time_s is None else time_s
    valid = np.ones(len(rows), bool) if valid is None else valid
    assemble(path, files, time_s, valid, recipe, "k" * 64)
    return path


def some_rows(frames, dimensions, seed=0):
    return np.random.default_rng(seed).normal(size=(frames, dimensions)).astype(np.float16)


def test_what_was_written_comes_back_with_times_flags_and_recipe(tmp_path):
    rows, valid, time_s = some_rows(50, 7), np.arange(50) % 3 > 0, np.cumsum(np.random.default_rng(1).uniform(0.01, 0.2, 50))
    with FeatureFile.open(write(tmp_path / "a.h5", rows, [20, 40], valid=valid, time_s=time_s)) as file:
        assert (file.frames, file.dimensions, file.recipe, file.key) == (50, 7, RECIPE, "k" * 64)
        np.testing.assert_array_equal(file.time_s, time_s)
        np.testing.assert_array_equal(file.valid, valid)
        assert file.rows(0, 50).dtype == np.float32
        np.testing.assert_array_equal(file.rows(0, 50), rows)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_range_holds_the_same_rows_however_the_file_was_cut_into_segments(tmp_path_factory, data):
    frames, dimensions = data.draw(st.integers(1, 400)), data.draw(st.sampled_from([1, 3, 700, 2048]))
    cuts = sorted(data.draw(st.sets(st.integers(1, frames - 1), max_size=4))) if frames > 1 else []
    start = data.draw(st.integers(0, frames))
    stop = data.draw(st.integers(start, frames))
    rows = some_rows(frames, dimensions)
    with FeatureFile.open(write(tmp_path_factory.mktemp("features") / "a.h5", rows, cuts)) as file:
        np.testing.assert_array_equal(file.rows(start, stop), rows[start:stop])


def test_the_same_content_gives_the_same_bytes_a_second_later_and_from_other_segments(tmp_path):
    rows = some_rows(700, 600)
    first = write(tmp_path / "first.h5", rows, [100, 350]).read_bytes()
    time.sleep(1.1)
    assert write(tmp_path / "again.h5", rows, [100, 350]).read_bytes() == first
    assert write(tmp_path / "other.h5", rows, [512]).read_bytes() == first


def test_the_bytes_do_not_depend_on_when_python_lets_go_of_an_array(tmp_path, monkeypatch):
    rows = some_rows(50, 7)
    first = write(tmp_path / "first.h5", rows).read_bytes()
    held, create = [], h5py.File.create_dataset

    def held_at_first(file, *values, **options):
        made = create(file, *values, **options)
        held.extend([made] * (not held))
        return made

    monkeypatch.setattr(h5py.File, "create_dataset", held_at_first)
    assert write(tmp_path / "again.h5", rows).read_bytes() == first


def test_a_range_reads_only_the_chunks_that_it_needs(tmp_path):
    rows = some_rows(400, 1280)
    path = write(tmp_path / "a.h5", rows)
    flip(path, at=path.read_bytes().index(rows[390].tobytes()))
    with FeatureFile.open(path) as file:
        np.testing.assert_array_equal(file.rows(0, 100), rows[:100])
        with pytest.raises(InputError, match="damaged"):
            file.rows(380, 400)


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.write_bytes(content)


def test_a_flipped_byte_in_the_features_is_an_error_that_names_the_file_and_what_to_do(tmp_path):
    rows = some_rows(40, 16)
    path = write(tmp_path / "a.h5", rows)
    flip(path, at=path.read_bytes().index(rows[20].tobytes()) + 5)
    with FeatureFile.open(path) as file, pytest.raises(InputError) as error:
        file.rows(0, 40)
    assert str(error.value).startswith(f"{path} is damaged (")
    assert str(error.value).endswith("run `ethocache store verify`, then `dvc repro`")


def test_a_flipped_byte_anywhere_is_an_error_or_changes_nothing(tmp_path):
    rows, valid = some_rows(12, 2), np.arange(12) % 2 == 0
    path = write(tmp_path / "a.h5", rows, valid=valid)
    whole = path.read_bytes()
    time_s = np.arange(12) / 10
    found = 0
    for at in range(0, len(whole), 17):
        path.write_bytes(whole)
        flip(path, at)
        try:
            with FeatureFile.open(path) as file:
                assert (file.recipe, file.key) == (RECIPE, "k" * 64)
                np.testing.assert_array_equal(file.rows(0, 12), rows)
                np.testing.assert_array_equal(file.valid, valid)
                np.testing.assert_array_equal(file.time_s, time_s)
        except InputError:
            found += 1
    assert found > 30


@pytest.mark.parametrize("kept", [0, 10, 500])
def test_a_file_that_was_cut_short_is_an_error(tmp_path, kept):
    path = write(tmp_path / "a.h5", some_rows(40, 16))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match="damaged"):
        FeatureFile.open(path)


def test_a_missing_file_says_which_stage_makes_it(tmp_path):
    with pytest.raises(InputError, match=r"a\.h5 is not there: run `dvc repro extract`"):
        FeatureFile.open(tmp_path / "a.h5")


def test_a_folder_in_place_of_a_file_is_not_called_damaged(tmp_path):
    with pytest.raises(OSError, match=r"Is a directory|Permission|Unable"):
        FeatureFile.open(tmp_path)


def test_another_hdf5_file_is_not_taken_for_features(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["features"] = np.zeros((3, 2))
    with pytest.raises(InputError, match="is not a feature file of this version"):
        FeatureFile.open(tmp_path / "a.h5")


def test_rows_outside_the_video_are_a_fault_of_the_caller(tmp_path):
    with FeatureFile.open(write(tmp_path / "a.h5", some_rows(5, 2))) as file, pytest.raises(IndexError, match="not within the 5"):
        file.rows(3, 6)


def test_segments_that_do_not_hold_all_frames_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"the video has 8 frames \(5 flags\), its segments hold 5"):
        write(tmp_path / "a.h5", some_rows(5, 2), time_s=np.arange(8.0))


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_segments_with_a_number_that_is_not_finite_are_refused(tmp_path, number):
    rows = some_rows(5, 2)
    rows[3, 1] = number
    with pytest.raises(InputError, match=r"a-000000\.npy holds numbers that are not finite"):
        write(tmp_path / "a.h5", rows)


def test_the_shape_of_a_segment_is_known_from_its_header(tmp_path):
    np.save(tmp_path / "s.npy", some_rows(6, 4))
    assert segment_shape(tmp_path / "s.npy") == (6, 4)


def two_streams(folder: Path, frames_of_b=20, time_s_of_b=None):
    write(folder / file_name("mouse 1", "a"), some_rows(20, 3, seed=1), valid=np.arange(20) % 2 == 0)
    rows, valid = some_rows(frames_of_b, 4, seed=2), np.arange(frames_of_b) % 3 == 0
    write(folder / file_name("mouse 1", "b"), rows, valid=valid, time_s=time_s_of_b)


def test_streams_stand_side_by_side(tmp_path):
    two_streams(tmp_path)
    with FeatureSet.open(tmp_path, "mouse 1", ["a", "b"]) as both:
        assert (both.frames, both.dimensions, both.keys) == (20, 7, ("k" * 64, "k" * 64))
        assert both.widths == (3, 4)
        np.testing.assert_array_equal(both.rows(5, 9)[:, :3], some_rows(20, 3, seed=1)[5:9])
        np.testing.assert_array_equal(both.rows(5, 9)[:, 3:], some_rows(20, 4, seed=2)[5:9])
        np.testing.assert_array_equal(both.time_s, np.arange(20) / 10)
        np.testing.assert_array_equal(both.valid, np.arange(20) % 6 == 0)


def test_one_stream_is_a_set_too(tmp_path):
    two_streams(tmp_path)
    with FeatureSet.open(tmp_path, "mouse 1", ["b"]) as one:
        assert one.rows(0, 2).shape == (2, 4)


@pytest.mark.parametrize("second", [{"frames_of_b": 19}, {"time_s_of_b": np.arange(20) / 11}])
def test_streams_of_different_crops_are_refused(tmp_path, second):
    two_streams(tmp_path, **second)
    with pytest.raises(InputError, match=r"b\.h5 \(\d+ frames\) and .*a\.h5 \(20 frames\) have different time stamps"):
        FeatureSet.open(tmp_path, "mouse 1", ["a", "b"])


def test_a_missing_stream_is_named(tmp_path):
    two_streams(tmp_path)
    with pytest.raises(InputError, match=r"mouse 1\.c\.h5 is not there"):
        FeatureSet.open(tmp_path, "mouse 1", ["a", "c"])
