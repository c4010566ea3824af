"""Tracks check themselves, fit their videos, and are kept byte for byte."""

import csv
import io
import tarfile
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.common.errors import InputError
from ethocache.dataset.tracks import Track, fit_track, is_track, load_track, read_track, write_track

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="real recordings lie in ../shared/data, which is not there")


def track(frames=5, individuals=("",), names=("snout", "tail")):
    points = np.random.default_rng(0).random((frames, len(individuals), len(names), 3)).astype(np.float32)
    points[1:3, 0, 0] = (np.nan, np.nan, 0)
    return Track(points, names, individuals)


def with_point(value, coordinate):
    points = track().points.copy()
    points[3, 0, 1, coordinate] = value
    return Track(points, ("snout", "tail"))


FAULTS = {
    "frame 3, 'tail': expected a position in pixels, found an infinite one": lambda: with_point(np.inf, 1),
    "frame 3, 'tail': expected a likelihood between 0 and 1, found 7.5; are the columns mixed up?": lambda: with_point(7.5, 2),
    "found -0.1": lambda: with_point(-0.1, 2),
    "found inf; are": lambda: with_point(np.inf, 2),
    "no point is seen in any frame": lambda: Track(np.full((3, 1, 1, 3), np.nan, np.float32), ("snout",)),
    "two key points have the same name: a, a": lambda: track(names=("a", "a")),
    "two individuals have the same name: m, m": lambda: track(individuals=("m", "m")),
    "at least one frame, individual and key point, found 0, 1 and 2": lambda: Track(np.zeros((0, 1, 2, 3), np.float32), ("a", "b")),
    "found (5, 1, 2, 3) float64": lambda: Track(track().points.astype(np.float64), ("a", "b")),
    "found (5, 1, 2, 3) float32": lambda: Track(track().points, ("a",)),
}


@pytest.mark.parametrize("message", FAULTS)
def test_a_track_that_cannot_be_right_cannot_be_built(message):
    with pytest.raises(InputError) as error:
        FAULTS[message]()
    assert message in str(error.value)


def test_a_faulty_file_is_named(tmp_path):
    path = tmp_path / "m1DLC.csv"
    path.write_text("scorer,D,D,D\nbodyparts,a,a,a\ncoords,x,y,likelihood\n0,1,2,3\n")
    with pytest.raises(InputError) as error:
        read_track(path)
    assert str(error.value).startswith(f"{path}: frame 0, 'a': expected a likelihood between 0 and 1, found 3")


def test_a_number_that_float32_cannot_hold_is_an_infinite_position(tmp_path):
    path = tmp_path / "m1DLC.csv"
    path.write_text("scorer,D,D,D\nbodyparts,a,a,a\ncoords,x,y,likelihood\n0,1e300,2,1\n")
    with pytest.raises(InputError, match="infinite"):
        read_track(path)


def test_a_track_of_as_many_rows_as_frames_is_left_alone():
    whole = track(5)
    assert fit_track(whole, 5, "m.csv") == (whole, None)


def test_one_surplus_last_row_is_dropped_and_said():
    fitted, note = fit_track(track(5), 4, "m.csv")
    np.testing.assert_array_equal(fitted.points, track(5).points[:4])
    assert note == "m.csv: the track has one row more than the video's 4 frames; its last row is dropped"


@pytest.mark.parametrize("frames", [3, 6, 100])
def test_any_other_difference_is_refused_with_both_counts(frames):
    with pytest.raises(InputError, match=rf"m.csv: expected one row for each of the video's {frames} frames .*, found 5 rows"):
        fit_track(track(5), frames, "m.csv")


@given(st.integers(1, 9), st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), min_size=1, max_size=4, unique=True))
@settings(max_examples=25, deadline=None)
def test_a_kept_track_is_read_equal(tmp_path_factory, frames, names):
    path = tmp_path_factory.mktemp("track") / "m.h5"
    kept = Track(np.random.default_rng(frames).random((frames, 2, len(names), 3)).astype(np.float32), tuple(names), ("a", "é"))
    write_track(path, kept)
    found = load_track(path)
    np.testing.assert_array_equal(found.points, kept.points)
    assert (found.names, found.individuals) == (kept.names, kept.individuals)


def test_the_same_track_gives_the_same_bytes_a_second_later(tmp_path):
    write_track(tmp_path / "a.h5", track())
    time.sleep(1.1)
    write_track(tmp_path / "b.h5", track())
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "m.h5"
    write_track(path, track(200))
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 499):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"not a track of ethocache, or a damaged one .*; run 'ethocache store verify'"):
            load_track(path)


def test_a_flipped_byte_among_the_points_is_refused(tmp_path):
    path = tmp_path / "m.h5"
    write_track(path, track(200))
    whole = bytearray(path.read_bytes())
    place = bytes(whole).index(track(200).points[100].tobytes())
    whole[place] ^= 1
    path.write_bytes(whole)
    with pytest.raises(InputError, match="damaged"):
        load_track(path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as file:
        file.attrs["format"] = "features"
    with pytest.raises(InputError, match="its format is 'features', expected 'ethocache track 1'"):
        load_track(path)
    with h5py.File(path, "w") as file:
        file.attrs["format"] = "ethocache track 1"
        file.create_group("points")
    with pytest.raises(InputError, match="damaged"):
        load_track(path)


def test_a_missing_file_is_no_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_track(tmp_path / "m.h5")


@shared
def test_the_open_field_recording_is_read():
    (path,) = (SHARED / "openfield").glob("*.h5")
    found = read_track(path)
    assert is_track(path)
    assert found.points.shape == (2330, 1, 4, 3)
    assert found.names == ("snout", "leftear", "rightear", "tailbase")
    np.testing.assert_allclose(found.points[0, 0, 0], [75.86107159, 88.50700188, 0.99863523], rtol=1e-6)


@shared
def test_a_real_csv_of_one_row_too_many_is_fitted_to_its_video():
    found = read_track(SHARED / "vame_offbyone" / "cropped_video.csv")
    assert found.points.shape == (750, 1, 6, 3)
    fitted, note = fit_track(found, 749, "cropped_video.csv")
    assert fitted.frames == 749 and note is not None


@shared
def test_two_real_csvs_that_pandas_wrote_again_are_read():
    paths = sorted((SHARED / "oft_raters").glob("*DeepCut*.csv"))
    assert [read_track(path).points.shape for path in paths] == [(1998, 1, 18, 3)] * 2


@shared
def test_a_real_track_of_two_animals_is_read():
    (path,) = (SHARED / "boris_ethome").glob("*DLC*.csv")
    found = read_track(path)
    assert found.points.shape == (5700, 2, 7, 3)
    assert found.individuals == ("adult", "juvenile")
    assert not is_track(next((SHARED / "boris_ethome").glob("*reencode.csv")))


@shared
def test_a_real_track_of_two_rats_is_read_as_another_reader_reads_it(tmp_path):
    with tarfile.open(SHARED / "rats" / "rats.tar.xz") as archive:
        name = "./tracks/1DLC_dlcrnetms5_DLC_ratJan24shuffle1_5000_el_filtered.csv"
        member = next(member for member in archive if member.name == name)  # its first: the archive is not read to its end
        text = archive.extractfile(member).read()
    path = tmp_path / Path(name).name
    path.write_bytes(text)
    found = read_track(path)
    assert found.points.shape[1:] == (2, 5, 3)
    rows = list(csv.reader(io.StringIO(text.decode())))[4:]
    assert found.frames == len(rows)
    cells = np.array([[float(cell or "nan") for cell in row[1:]] for row in rows], np.float32).reshape(-1, 2, 5, 3)
    seen = ~np.isnan(cells).any(axis=-1)
    np.testing.assert_array_equal(found.points[seen], cells[seen])
    assert np.isnan(found.points[~seen][:, :2]).all() and (found.points[~seen][:, 2] == 0).all()
