"""DeepLabCut's files: every shape they come in, and every way they go wrong."""

import io
import itertools
import os
import pickle
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.deeplabcut import is_named_after, is_track, match_tracks, read_points
from ethocache.dataset.deeplabcut_h5 import RefusedPickle, _NamesUnpickler, load_names, read_h5
from ethocache.dataset.text import LONGEST_LINE

SCORER = "DLC_resnet50_demoMay1shuffle1_50000"
POINTS = ("snout", "tail base é")
NAN = float("nan")


def columns(points=POINTS, individuals=(), scorer=SCORER):
    """Column levels as DeepLabCut has them."""
    levels = [[scorer], *([individuals] if individuals else []), points, ["x", "y", "likelihood"]]
    return [tuple(column) for column in itertools.product(*levels)]


def numbers(frames, width, seed=0):
    values = np.random.default_rng(seed).random((frames, width))
    values[1, :3] = NAN
    return values


def write_csv(path, levels, values, *, separator=",", first="", mangled=False, index=None, text=None):
    names = ["scorer", "individuals", "bodyparts", "coords"] if len(levels[0]) == 4 else ["scorer", "bodyparts", "coords"]
    header = [[name, *level] for name, level in zip(names, zip(*levels, strict=True), strict=True)]
    if mangled:
        header[0] = [names[0], *(f"{scorer}.{number}" if number else scorer for number, scorer in enumerate(header[0][1:]))]
    index = range(len(values)) if index is None else index
    body = [[frame, *("" if np.isnan(value) else float(value) for value in row)] for frame, row in zip(index, values, strict=True)]
    rows = [[str(cell) for cell in row] for row in header + body]
    if first == "row numbers":
        rows = [[str(number - 1) if number else "", *row] for number, row in enumerate(rows)]
    lines = "\n".join(separator.join(row) for row in rows) + "\n"
    path.write_text(lines if text is None else text(lines), encoding="utf-8")
    return path


def write_table_h5(path, levels, values, *, blocks=1, index=None, pickled=None, key="df_with_missing"):
    """Write what pandas writes with ``format="table"``; each block holds every `blocks`-th column."""
    places = [list(range(len(levels)))[start::blocks] for start in range(blocks)]
    fields = [("index", "<i8"), *((f"values_block_{n}", "<f4" if n else "<f8", (len(place),)) for n, place in enumerate(places))]
    table = np.zeros(len(values), fields)
    table["index"] = np.arange(len(values)) if index is None else index
    with h5py.File(path, "w") as file:
        group = file.create_group(key)
        group.attrs["pandas_type"] = np.bytes_(b"frame_table")
        for number, place in enumerate(places):
            table[f"values_block_{number}"] = values[:, place]
        dataset = group.create_dataset("table", data=table)
        for number, place in enumerate(places):
            names = pickle.dumps([levels[column] for column in place], 0) if pickled is None else pickled
            dataset.attrs[f"values_block_{number}_kind"] = np.bytes_(names)
    return path


def write_fixed_h5(path, levels, values, *, index=None, transposed=True, codes=None, stored=None):
    """Write what pandas writes with ``format="fixed"``."""
    with h5py.File(path, "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs["pandas_type"] = np.bytes_(b"frame")
        group.attrs["nblocks"] = 1
        group.attrs["block0_items_nlevels"] = len(levels[0])
        for number, level in enumerate(zip(*levels, strict=True)):
            names = sorted(set(level))
            group[f"block0_items_level{number}"] = np.array([name.encode() for name in names])
            group[f"block0_items_label{number}"] = np.array([names.index(name) for name in level] if codes is None else codes, np.int8)
        group["axis1"] = np.arange(len(values)) if index is None else index
        values = values if stored is None else stored
        group["block0_values"] = values if transposed else values.T
        if transposed:
            group["block0_values"].attrs["transposed"] = np.uint8(1)
    return path


def write_european_csv(path, levels, values):
    return write_csv(path, levels, values, separator=";", text=lambda lines: lines.replace(".", ","))


WRITERS = {
    "csv": write_csv,
    "csv with semicolons and decimal commas": write_european_csv,
    "csv that pandas wrote again": lambda path, levels, values: write_csv(path, levels, values, first="row numbers", mangled=True),
    "h5 table": write_table_h5,
    "h5 table of two kinds of number": lambda path, levels, values: write_table_h5(path, levels, values, blocks=2),
    "h5 fixed": write_fixed_h5,
    "h5 fixed, not transposed": lambda path, levels, values: write_fixed_h5(path, levels, values, transposed=False),
}


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("individuals", [(), ("m1", "m2")], ids=["one animal", "two animals"])
def test_every_shape_of_file_gives_the_same_points(tmp_path, writer, individuals):
    levels = columns(individuals=individuals)
    values = numbers(4, len(levels))
    path = writer(tmp_path / "m1DLC.any", levels, values)
    points, names, found = read_points(path)
    expected = values.reshape(4, len(individuals) or 1, 2, 3).astype(np.float32)
    expected[1, 0, 0] = (NAN, NAN, 0)
    assert set(names) == set(POINTS) and found == (individuals or ("",))
    np.testing.assert_allclose(points, expected[:, :, [POINTS.index(name) for name in names]], rtol=1e-6)
    assert points.dtype == np.float32
    assert is_track(path)


@pytest.mark.parametrize("layout", ["table", "fixed"])
def test_what_pandas_itself_writes_is_read(tmp_path, layout):
    pytest.importorskip("tables", reason="pandas writes HDF5 only with pytables, which DeepLabCut brings")
    import pandas as pd

    levels = columns(individuals=("m1", "m2"))
    values = numbers(5, len(levels))
    index = pd.MultiIndex.from_tuples(levels, names=["scorer", "individuals", "bodyparts", "coords"])
    pd.DataFrame(values, columns=index).to_hdf(tmp_path / "m.h5", key="df_with_missing", format=layout, mode="w")
    points, names, individuals = read_points(tmp_path / "m.h5")
    assert (points.shape, names, individuals) == ((5, 2, 2, 3), POINTS, ("m1", "m2"))
    np.testing.assert_allclose(points[2:], values.reshape(5, 2, 2, 3)[2:], rtol=1e-6)


def test_a_point_that_lacks_its_likelihood_or_half_its_place_was_not_seen(tmp_path):
    values = np.array([[1, 2, NAN, 3, NAN, 1.0], [1, 2, 0.5, NAN, NAN, 1.0]])
    points, *_ = read_points(write_csv(tmp_path / "m.csv", columns(), values))
    np.testing.assert_array_equal(points[0, 0], [[NAN, NAN, 0], [NAN, NAN, 0]])
    np.testing.assert_array_equal(points[1, 0], [[1, 2, 0.5], [NAN, NAN, 0]])


def test_a_point_that_only_one_animal_has_is_never_seen_on_the_other(tmp_path):
    levels = columns(("snout",), ("m1",)) + columns(("corner",), ("single",))
    points, names, individuals = read_points(write_csv(tmp_path / "m.csv", levels, np.full((2, 6), 0.5)))
    assert (names, individuals) == (("snout", "corner"), ("m1", "single"))
    np.testing.assert_array_equal(points[0], [[[0.5] * 3, [NAN, NAN, 0]], [[NAN, NAN, 0], [0.5] * 3]])


def test_accents_are_equal_however_they_are_written(tmp_path):
    _, names, _ = read_points(write_csv(tmp_path / "m.csv", columns(("tail e\u0301",)), np.ones((2, 3))))
    assert names == ("tail é",)


def test_half_an_hour_of_ten_points_is_read_in_about_a_second(tmp_path):
    levels = columns(tuple(f"point{number}" for number in range(10)))
    path = write_csv(tmp_path / "m.csv", levels, np.random.default_rng(0).random((9000, 30)))
    start = time.process_time()
    assert read_points(path)[0].shape == (9000, 1, 10, 3)
    assert time.process_time() - start < 1.5  # a quarter of the real thing; generous for a loaded machine


def swap(old, new):
    return {"text": lambda lines: lines.replace(old, new)}


CSV_FAULTS = {
    "line 5: expected frame 1, found '2'": {"index": [0, 2, 3]},
    "line 4: expected frame 0, found '1'": {"index": [1, 2, 3]},
    "line 4: expected frame 0, found 'img0.png'": {"index": ["img0.png", "b", "c"]},
    "line 6: expected 7 cells as in the header, found 6": {"text": lambda lines: lines.rstrip().rpartition(",")[0] + "\n"},
    "line 5, column 'snout y': expected a number or an empty cell, found 'lost'": swap("\n1,,", "\n1,,lost"),
    "line 5, column 'snout x': expected a number or an empty cell, found '1_0'": swap("\n1,", "\n1,1_0"),
    "expected DeepLabCut's header rows (scorer, bodyparts, coords), found 'scorer,": swap("coords", "joints"),
    "the header rows have": swap("coords,x", "coords,x,x"),
    "line 1: this is a binary file": {"text": lambda lines: "\0\1" + lines},
    f"line 1 is longer than {LONGEST_LINE} characters": {"text": lambda lines: "scorer," + "x" * (LONGEST_LINE + 9)},
    "not a row of a CSV file": {"text": lambda lines: lines + '"'},
}


@pytest.mark.parametrize("message", CSV_FAULTS)
def test_a_faulty_csv_is_refused_with_its_place(tmp_path, message):
    path = write_csv(tmp_path / "m.csv", columns(), numbers(3, 6), **CSV_FAULTS[message])
    with pytest.raises(InputError) as error:
        read_points(path)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_text_that_is_not_utf_8_is_refused(tmp_path):
    path = tmp_path / "m.csv"
    path.write_bytes("scorer,ä\n".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8 text; save it as UTF-8"):
        read_points(path)


COLUMN_FAULTS = {
    "found 'bone length' (2 such)": [("s", "bone", "length"), ("s", "bone", "orientation"), ("s", "bone", "likelihood")],
    "the column 'snout x' stands twice; expected the result of one model": columns(("snout",)) + columns(("snout",), scorer="DLC_other"),
    "the column 'snout likelihood' is missing": columns(("snout",))[:2],
}


@pytest.mark.parametrize("message", COLUMN_FAULTS)
@pytest.mark.parametrize("writer", [write_csv, write_table_h5, write_fixed_h5])
def test_columns_that_are_no_track_are_named(tmp_path, writer, message):
    levels = COLUMN_FAULTS[message]
    with pytest.raises(InputError) as error:
        read_points(writer(tmp_path / "m.any", levels, np.ones((2, len(levels)))))
    assert message in str(error.value)


def fixed(**changes):
    return lambda path: write_fixed_h5(path, columns(), numbers(3, 6), **changes)


def table(**changes):
    return lambda path: write_table_h5(path, columns(), numbers(3, 6), **changes)


H5_FAULTS = {
    "row 2: expected frame 1, found 5": table(index=[0, 5, 6]),
    "row 1: expected frame 0, found 1": fixed(index=[1, 2, 3]),
    "found float64 values": fixed(index=[0.0, 1.0, 2.0]),
    "a column has no name": fixed(codes=[-1] * 6),
    "a damaged one (index 9 is out of bounds": fixed(codes=[9] * 6),
    "holds bytes8 values, expected numbers": fixed(stored=np.full((3, 6), b"x")),
    "has the shape (3, 5)": fixed(stored=np.ones((3, 5))),
    "no list of scorer, bodyparts and coords": table(pickled=pickle.dumps(["x"], 0)),
    "found 2 levels such as 'bone/x'": table(pickled=pickle.dumps([("bone", "x")], 0)),
}


@pytest.mark.parametrize("message", H5_FAULTS)
def test_a_faulty_h5_is_refused(tmp_path, message):
    H5_FAULTS[message](tmp_path / "m.h5")
    with pytest.raises(InputError) as error:
        read_points(tmp_path / "m.h5")
    assert message in str(error.value)


def test_a_missing_h5_is_no_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_h5(tmp_path / "m.h5")


def test_an_h5_of_other_things_is_no_track(tmp_path):
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.create_group("a")["table"] = np.ones(3)
    assert not is_track(tmp_path / "m.h5")
    with pytest.raises(InputError, match="expected one table of DeepLabCut in the file, found 0"):
        read_points(tmp_path / "m.h5")


def test_a_table_without_frame_numbers_is_refused(tmp_path):
    with h5py.File(tmp_path / "m.h5", "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs["pandas_type"] = "frame_table"
        group["table"] = np.zeros(3, [("level_0", "<i8"), ("values_block_0", "<f8", (6,))])
    with pytest.raises(InputError, match="found no index"):
        read_points(tmp_path / "m.h5")


@pytest.mark.parametrize("place", ["axis1", "block0_values", "block0_items_label0"])
def test_a_small_h5_that_claims_terabytes_is_refused_before_it_is_read(tmp_path, place):
    path = write_fixed_h5(tmp_path / "m.h5", columns(), numbers(3, 6))
    with h5py.File(path, "a") as file:
        group = file["df_with_missing"]
        del group[place]
        group.create_dataset(place, shape=(10**13,), dtype="i8", chunks=(1024,))
    with pytest.raises(InputError, match=rf"{place}' claims the shape \(10000000000000,\), more than a file of \d+ bytes can hold"):
        read_h5(path)


def test_a_small_table_h5_that_claims_terabytes_is_refused_before_it_is_read(tmp_path):
    path = write_table_h5(tmp_path / "m.h5", columns(), numbers(3, 6))
    with h5py.File(path, "a") as file:
        group = file["df_with_missing"]
        dtype, kind = group["table"].dtype, group["table"].attrs["values_block_0_kind"]
        del group["table"]
        group.create_dataset("table", shape=(2**62,), dtype=dtype, chunks=(1024,)).attrs["values_block_0_kind"] = kind
    with pytest.raises(InputError, match=r"table' claims the shape .* more than a file of \d+ bytes can hold"):
        read_h5(path)


def test_a_cut_h5_is_refused_at_every_length(tmp_path):
    whole = write_table_h5(tmp_path / "whole.h5", columns(), numbers(50, 6)).read_bytes()
    cut = tmp_path / "cut.h5"
    for length in range(8, len(whole) - 8, 397):
        cut.write_bytes(whole[:length])
        assert not is_track(cut)
        with pytest.raises(InputError, match="damaged"):
            read_points(cut)


class _Hostile:
    def __reduce__(self):
        return os.mkdir, (str(self.target),)


def _hostile(tmp_path, protocol):
    _Hostile.target = tmp_path / "pwned"
    return pickle.dumps([_Hostile()], protocol)


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_a_pickle_that_would_run_a_program_does_not(tmp_path, protocol):
    path = write_table_h5(tmp_path / "m1DLC.h5", columns(), numbers(3, 6), pickled=_hostile(tmp_path, protocol))
    with pytest.raises(RefusedPickle, match=r"a pickled object, which ethocache never loads .* export the track as CSV from DeepLabCut"):
        read_points(path)
    assert not (tmp_path / "pwned").exists()
    assert is_track(path)  # so that its reader hears why


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_the_unpickler_refuses_it_by_itself_too(tmp_path, protocol):
    with pytest.raises(pickle.UnpicklingError, match="mkdir"):
        _NamesUnpickler(io.BytesIO(_hostile(tmp_path, protocol))).load()
    assert not (tmp_path / "pwned").exists()


PICKLES = {
    "a numpy array": pickle.dumps(np.arange(3), 0),
    "a numpy string": pickle.dumps([(np.str_("snout"),)], 2),
    "a class": pickle.dumps(Path, 0),
    "a dictionary": pickle.dumps({"a": 1}, 0),
    "a float": pickle.dumps([1.5], 2),
    "an extension": b"\x80\x02\x82\x01.",
    "a persistent name": b"Psecret\n.",
    "a memo that would fill the memory": b"\x80\x02]r\xff\xff\xff\x7f.",
    "an empty stack": b".",
    "an unknown memo": b"g9\n.",
    "an append to a string": b"Va\nVb\na.",
    "a number of a million digits": b"I" + b"9" * 10**6 + b"\n.",
    "nothing": b"",
    "noise": bytes(range(256)),
}


@pytest.mark.parametrize("pickled", PICKLES.values(), ids=PICKLES)
def test_every_pickle_but_plain_names_is_refused(pickled):
    with pytest.raises(RefusedPickle):
        load_names(pickled)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_names_are_loaded_from_every_protocol(protocol):
    names = [("scorer", "é\u4e00", "x"), ("scorer", "b", None), [1, 300, 70000, 2**40]]
    assert load_names(pickle.dumps(names, protocol)) == names


def test_python_2_strings_are_loaded():
    assert load_names(b"(lp0\n(S'snout'\np1\nS'x'\np2\ntp3\na.") == [("snout", "x")]


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("mouse1DLC_resnet50.csv", True),
        ("mouse1DLC_resnet50_filtered.h5", True),
        ("mouse1DeepCut_resnet50.CSV", True),
        ("mouse1.csv", True),
        ("mouse1.h5", True),
        ("mouse10DLC_resnet50.csv", False),
        ("mouse1_DLC.csv", False),
        ("mouse1dlc.csv", False),
        ("mouse1DLC_labeled.mp4", False),
        ("mouse1DLC_meta.pickle", False),
        ("amouse1DLC.csv", False),
    ],
)
def test_a_track_is_named_after_its_video(name, fits):
    assert is_named_after("mouse1", Path("videos") / name) is fits


@pytest.mark.parametrize("stem", ["a b", "WT [1] (x)", "1.2.3", "caf\u00e9", "*", "m+"])
def test_odd_names_are_taken_literally(stem):
    assert is_named_after(stem, Path(f"{stem}DLC_resnet50.csv"))
    assert not is_named_after(stem, Path("xDLC_resnet50.csv"))


def test_accents_match_in_both_of_their_spellings():
    assert is_named_after("caf\u00e9", Path("cafe\u0301DLC_x.csv")) and is_named_after("cafe\u0301", Path("caf\u00e9DLC_x.csv"))


def tracks(folder, *names):
    return [write_csv(folder / name, columns(), numbers(2, 6)) for name in names]


def test_the_one_track_of_a_video_is_found(tmp_path):
    paths = tracks(tmp_path, "m1DLC_a.csv", "m10DLC_a.csv", "m2DLC_a.csv")
    assert match_tracks("m1", paths) == paths[0]
    assert match_tracks("m3", paths) is None


def test_a_labels_file_of_the_bare_name_is_no_track(tmp_path):
    labels = tmp_path / "m1.csv"
    labels.write_text("behaviour,start_s,stop_s\n")
    assert match_tracks("m1", [labels]) is None
    (track,) = tracks(tmp_path, "m1DLC_a.csv")
    assert match_tracks("m1", [labels, track]) == track
    (bare,) = tracks(tmp_path, "m2.csv")
    assert match_tracks("m2", [bare]) == bare


def test_the_same_result_twice_counts_once_and_the_h5_is_taken(tmp_path):
    (csv,) = tracks(tmp_path, "m1DLC_a.csv")
    h5 = write_table_h5(tmp_path / "m1DLC_a.h5", columns(), numbers(2, 6))
    assert match_tracks("m1", [h5, csv]) == h5


def test_a_skeleton_beside_the_track_is_not_taken_for_it(tmp_path):
    (track,) = tracks(tmp_path, "m1DLC_a.csv")
    skeleton = tmp_path / "m1DLC_a_skeleton.csv"
    skeleton.write_text(",bone,bone,bone\n,length,orientation,likelihood\n0,1,2,1\n")
    assert match_tracks("m1", [track, skeleton]) == track


def test_two_tracks_of_a_video_are_both_named(tmp_path):
    one, other = tracks(tmp_path, "m1DLC_a.csv", "m1DLC_a_filtered.csv")
    with pytest.raises(InputError) as error:
        match_tracks("m1", [one, other])
    both = f"{one} and {other} (filtered and unfiltered)"
    assert str(error.value) == f"'m1' has 2 tracks: {both}; keep one in data.dir, or narrow data.tracks"
    (third,) = tracks(tmp_path, "m1DeepCut_b.csv")
    with pytest.raises(InputError, match=r"m1DLC_a.csv and .*m1DeepCut_b.csv; keep one"):
        match_tracks("m1", [one, third])
