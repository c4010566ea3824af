import numpy as np
import pytest

from ethocache.dataset.aligned_features import write_aligned
from ethocache.dataset.features import VIEW, FeatureFile, FeatureSet, assemble

FRAMES, TIMES = 6, np.arange(6) / 10.0


@pytest.fixture
def make(tmp_path):
    """Return a function that writes a plain feature file whose frame t holds t + 1."""

    def made(name, frames=FRAMES, valid=None):
        np.save(tmp_path / f"{name}.npy", np.repeat(np.arange(1, frames + 1)[:, None], 2, axis=1).astype(np.float16))
        valid = np.ones(frames, bool) if valid is None else valid
        assemble(tmp_path / f"{name}.h5", [tmp_path / f"{name}.npy"], np.arange(frames) / 10.0, valid, {"kind": name}, name)
        return tmp_path / f"{name}.h5"

    return made


def align(path, source, nearest):
    nearest = np.array(nearest)
    if source is None:
        write_aligned(path, None, 2, nearest, TIMES, {VIEW: "side"}, "key")
        return path
    with FeatureFile.open(source) as features:
        write_aligned(path, features, 2, nearest, TIMES, {VIEW: "side"}, "key")
    return path


def test_each_frame_of_the_session_has_the_row_of_the_views_frame_that_is_nearest(make, tmp_path):
    path = align(tmp_path / "aligned.h5", make("side", 9), [-1, 2, 2, 5, 8, -1])
    with FeatureFile.open(path) as aligned:
        assert aligned.rows(0, FRAMES)[:, 0].tolist() == [0, 3, 3, 6, 9, 0]
        assert aligned.valid.tolist() == [False, True, True, True, True, False]
        assert aligned.time_s.tolist() == TIMES.tolist()


def test_the_same_content_gives_the_same_bytes(make, tmp_path):
    source = make("side")
    one, other = (align(tmp_path / name, source, [0, 1, 2, 3, -1, -1]) for name in ("one.h5", "other.h5"))
    assert one.read_bytes() == other.read_bytes()


def test_a_view_that_does_not_show_the_animal_is_no_number_and_the_frame_is_valid_by_the_other(make, tmp_path):
    top = make("top", valid=np.array([True, True, False, False, True, True]))
    side = align(tmp_path / "side_aligned.h5", make("side", valid=np.arange(6) < 3), [0, 1, 2, 3, -1, -1])
    with FeatureSet.open_files([side, top]) as both:
        assert both.valid.tolist() == [True, True, True, False, True, True]
        rows = both.rows(0, FRAMES)
        assert np.isnan(rows[:, 0]).tolist() == [False, False, False, True, True, True]
        assert np.isnan(rows[:, 2]).tolist() == [False, False, True, True, False, False]
        assert rows[1:3, :2].tolist() == [[2, 2], [3, 3]]


def test_a_view_that_is_missing_takes_no_space(make, tmp_path):
    long = np.full(20_000, -1)
    write_aligned(tmp_path / "none.h5", None, 1280, long, np.arange(20_000) / 10.0, {VIEW: "side"}, "key")
    assert (tmp_path / "none.h5").stat().st_size < 1_000_000
    with FeatureSet.open_files([tmp_path / "none.h5"]) as lacking:
        assert np.isnan(lacking.rows(0, 10)).all()


def test_of_one_camera_a_frame_without_the_animal_keeps_its_numbers(make):
    with FeatureSet.open_files([make("top", valid=np.arange(6) < 3)]) as alone:
        assert alone.rows(0, FRAMES)[:, 0].tolist() == [1, 2, 3, 4, 5, 6]


def test_of_several_cameras_one_alone_is_no_number_where_it_does_not_show_the_animal(make, tmp_path):
    make("top", valid=np.arange(6) < 3).rename(tmp_path / "m1.top.plain.h5")
    for opened in (FeatureSet.open(tmp_path, "m1", ["top.plain"]), FeatureSet.open_files([tmp_path / "m1.top.plain.h5"], True)):
        with opened as alone:
            assert np.isnan(alone.rows(0, FRAMES)[:, 0]).tolist() == [False] * 3 + [True] * 3
