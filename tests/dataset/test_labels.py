"""Labels: from a file of any format to one row per frame, and kept."""

import itertools
import json
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.dataset.formats import FORMATS, Bout, BoutList, Format, FrameMarks, Labels, WholeVideo
from ethocache.dataset.label_frames import lay_over
from ethocache.dataset.label_rules import Naming, naming
from ethocache.dataset.labels import (
    LabelParams,
    LabelSnapshot,
    LabelTable,
    raters_of,
    read_full_snapshot,
    read_labels,
    read_snapshot,
    snapshot_source,
    table_of,
    write_snapshot,
)

BEHAVIOURS = ("grooming", "rearing")
TIME_S = np.arange(20) / 10  # 20 frames, 10 a second
HEADER = "behaviour,start_s,stop_s\n"


@pytest.fixture
def read(tmp_path):
    def read(text, time_s=TIME_S, behaviours=BEHAVIOURS, **params):
        path = tmp_path / "m1.csv"
        path.write_text(text, encoding="utf-8")
        return read_labels(path, behaviours, time_s, LabelParams(**params))

    return read


def frames(table, name, mark=1):
    return np.flatnonzero(table.values[:, table.behaviours.index(name)] == mark).tolist()


def test_bouts_in_seconds_mark_the_frames_shown_in_them(read):
    table = read(HEADER + "rearing,0.5,0.8\ngrooming,0,0.2\nrearing,0.8,1\n")
    assert table.behaviours == BEHAVIOURS and table.values.shape == (20, 2)
    assert frames(table, "grooming") == [0, 1]
    assert frames(table, "rearing") == [5, 6, 7, 8, 9]


def test_bouts_in_frames_are_half_open(read):
    table = read("behaviour,start_frame,stop_frame\ngrooming,0,2\nrearing,18,20\ngrooming,2,3\n")
    assert frames(table, "grooming") == [0, 1, 2] and frames(table, "rearing") == [18, 19]


@pytest.mark.parametrize(("unit", "expected"), [("seconds", list(range(10, 20))), ("frames", [1])])
def test_labels_unit_says_what_start_and_stop_count(read, unit, expected):
    assert frames(read("behaviour,start,stop\ngrooming,1,2\n", unit=unit), "grooming") == expected


def test_start_and_stop_without_a_unit_are_refused(read):
    with pytest.raises(InputError, match=r"do not say what they count; name them start_s and stop_s .* or set labels.unit: seconds"):
        read("behaviour,start,stop\ngrooming,1,2\n")


def test_a_bout_up_to_the_end_of_the_last_frame_is_inside(read):
    assert frames(read(HEADER + "grooming,1.9,2.0005\n"), "grooming") == [19]


def test_behaviours_may_overlap_each_other_and_touch_themselves(read):
    table = read(HEADER + "grooming,0,1\nrearing,0.5,1.5\ngrooming,1,1.5\n")
    assert frames(table, "grooming") == list(range(15)) and frames(table, "rearing") == list(range(5, 15))


def test_ignored_names_are_left_out_and_not_scored_ones_hide_every_behaviour(read):
    text = HEADER + "sniffing,0,2\nbase,1,1.5\ngrooming,0.9,1.2\nsniffing,1,2\n"
    table = read(text, ignore=("sniffing",), not_scored=("base",))
    assert frames(table, "grooming") == [9]
    assert frames(table, "grooming", -1) == frames(table, "rearing", -1) == [10, 11, 12, 13, 14]


def test_a_file_without_bouts_is_refused_unless_it_is_meant(read):
    with pytest.raises(InputError, match=r"m1.csv: expected bouts .*, found none; .* labels.allow_empty: true; .* remove the file"):
        read(HEADER)
    assert not read(HEADER, allow_empty=True).values.any()


BOUT_FAULTS = {
    "groming,0,1\n": "line 2: 'groming' is none of data.behaviours, did you mean 'grooming'? Correct it, or add it to data.behaviours",
    "Grooming,0,1\n": "line 2: 'Grooming' is none of data.behaviours, did you mean 'grooming'?",
    "xyz,0,1\n": "line 2: 'xyz' is none of data.behaviours. Correct it, or add it to data.behaviours, labels.rename or labels.ignore",
    "grooming,1,2.1\n": "line 2, 'grooming' from 1 to 2.1 s: the video ends at 2 s; are these its labels, in seconds",
    "grooming,0.51,0.58\n": "line 2, 'grooming' from 0.51 to 0.58 s: no frame is shown in that time (one comes every 0.1 s)",
    "grooming,1,1\n": "no frame is shown in that time",
    "grooming,0,1\nrearing,0,1\ngrooming,0.9,2\n": (
        "line 2, 'grooming' from 0 to 1, and line 4, 'grooming' from 0.9 to 2: they overlap; one animal shows a behaviour once at a time"
    ),
    "grooming,0,2\ngrooming,0.5,1\n": "they overlap",
}


@pytest.mark.parametrize("rows", BOUT_FAULTS)
def test_bouts_that_would_be_lost_or_wrong_are_refused(read, rows):
    with pytest.raises(InputError) as error:
        read(HEADER + rows)
    assert BOUT_FAULTS[rows] in str(error.value) and "m1.csv: line 2" in str(error.value) and "\n" not in str(error.value)


FRAME_FAULTS = {
    "0.5,2": "frames are whole numbers; if these are seconds, name the columns start_s and stop_s",
    "0,21": "line 2, 'grooming' from 0 to 21: the video has 20 frames",
    "3,3": "it covers no frame, as the stop frame is the first that is not part of it",
    "0,3\ngrooming,2,4": "they overlap",
}


@pytest.mark.parametrize("times", FRAME_FAULTS)
def test_bouts_in_frames_that_cannot_be_right_are_refused(read, times):
    with pytest.raises(InputError) as error:
        read(f"behaviour,start_frame,stop_frame\ngrooming,{times}\n")
    assert FRAME_FAULTS[times] in str(error.value)


def test_the_only_frame_of_a_video_can_be_labelled(read):
    assert frames(read(HEADER + "grooming,0,0.04\n", time_s=np.zeros(1)), "grooming") == [0]


def test_marks_take_the_order_of_the_behaviours(read):
    text = "rearing,sniffing,grooming,base\n1,1,0,0\n0,0,1,0\n,1,1,0\n1,0,0,1\n"
    table = read(text, TIME_S[:4], ignore=("sniffing",), not_scored=("base",))
    np.testing.assert_array_equal(table.values, [[0, 1], [1, 0], [1, -1], [-1, -1]])


MARK_FAULTS = {
    "grooming,rearing\n1,0\n": "expected a row for each of the video's 2 frames, found 1 rows; is it the file of this video?",
    "grooming\n1\n0\n": "there is no column 'rearing'; add it (-1 where nobody looked), or take it out of data.behaviours",
    "grooming,rearing,Rearing\n1,0,0\n1,0,0\n": "the header: 'Rearing' is none of data.behaviours, did you mean 'rearing'?",
}


@pytest.mark.parametrize("text", MARK_FAULTS)
def test_marks_that_do_not_fit_the_video_or_the_behaviours_are_refused(read, text):
    with pytest.raises(InputError) as error:
        read(text, TIME_S[:2])
    assert MARK_FAULTS[text] in str(error.value)


def test_renamed_names_count_as_their_behaviour_and_columns_of_one_behaviour_are_joined(read):
    rename = {"Rearing mig": "rearing", "Rearing paret": "rearing", "Empolainament": "grooming"}
    text = HEADER + "Rearing mig,0,0.3\nRearing paret,0.2,0.5\nEmpolainament,1,1.2\ngrooming,1.5,1.6\n"
    table = read(text, rename=rename)
    assert frames(table, "rearing") == [0, 1, 2, 3, 4] and frames(table, "grooming") == [10, 11, 15]
    text = "Empolainament,Rearing mig,Rearing paret\n1,0,0\n0,1,0\n0,0,1\n0,,0\n0,,1\n"
    table = read(text, TIME_S[:5], rename=rename)
    assert table.values.tolist() == [[1, 0], [0, 1], [0, 1], [0, -1], [0, 1]]


def test_labels_behind_the_end_are_cut_off_where_that_is_asked_for(read):
    table = read(HEADER + "grooming,1.8,2.6\nrearing,2.3,2.5\n", past_end="clip")
    assert frames(table, "grooming") == [18, 19] and frames(table, "rearing") == []
    table = read("behaviour,start_frame,stop_frame\ngrooming,18,23\nrearing,20,21\n", past_end="clip")
    assert frames(table, "grooming") == [18, 19] and frames(table, "rearing") == []
    table = read("grooming,rearing\n" + "1,0\n" * 25, past_end="clip")
    assert frames(table, "grooming") == list(range(20))
    with pytest.raises(InputError, match="expected a row for each of the video's 20 frames, found 19 rows"):
        read("grooming,rearing\n" + "1,0\n" * 19, past_end="clip")


BOTH = "behaviour,start_s,stop_s,start_frame,stop_frame\n"


def test_frames_count_where_seconds_stand_beside_them_and_the_two_must_fit(read):
    assert frames(read(BOTH + "grooming,0.2,0.5,2,5\nrearing,1.8,2.0,18,20\n"), "grooming") == [2, 3, 4]
    same_time = np.array([0.0, 0.1, 0.1, 0.1, 0.2, 0.3])
    assert frames(read(BOTH + "grooming,0.1,0.1,2,3\n", time_s=same_time), "grooming") == [2]
    for row in ("grooming,0.3,0.5,2,5", "grooming,0.2,0.6,2,5"):
        with pytest.raises(InputError, match=r"these frames are 0.2 to 0.5 s of the video, but start_s and stop_s say .*; correct both"):
            read(BOTH + row + "\n")


def test_a_sheet_that_cannot_tell_its_end_is_no_after_its_last_mark():
    marks = FrameMarks(("grooming",), np.ones((3, 1), np.int8), open_end=True)
    table, _ = lay_over(marks, Naming(("grooming",)), LabelParams(), TIME_S)
    assert frames(table, "grooming") == [0, 1, 2] and table.frames == 20
    with pytest.raises(InputError, match="expected a row for each of the video's 2 frames, found 3 rows"):
        lay_over(marks, Naming(("grooming",)), LabelParams(), TIME_S[:2])


@pytest.mark.parametrize(
    ("content", "frames_lost"),
    [
        (BoutList("seconds", (Bout("grooming", 1.0, 2.5, 2),)), 5),
        (BoutList("frames", (Bout("grooming", 1, 27, 2),)), 7),
        (FrameMarks(("grooming",), np.ones((23, 1), np.int8)), 3),
    ],
)
def test_what_is_cut_off_is_said(content, frames_lost):
    _, notes = lay_over(content, Naming(("grooming",)), LabelParams(past_end="clip"), TIME_S)
    assert notes == (f"its labels go on for {frames_lost} frames after the video's last frame, which are cut off (labels.past_end)",)


def test_bouts_that_overlap_another_of_their_behaviour_are_joined_where_that_is_asked_for():
    bouts = (Bout("grooming", 0, 10, 2), Bout("grooming", 2, 4, 3), Bout("grooming", 6, 8, 4), Bout("grooming", 9, 12, 5))
    table, notes = lay_over(BoutList("frames", bouts), Naming(("grooming",)), LabelParams(overlaps="join"), TIME_S)
    assert frames(table, "grooming") == list(range(12))
    assert notes == ("3 bouts overlap another of their behaviour, and are joined with it (labels.overlaps)",)
    with pytest.raises(InputError, match=r"line 2, .*, and line 3, .*: they overlap; .* or set labels.overlaps: join"):
        lay_over(BoutList("frames", bouts), Naming(("grooming",)), LabelParams(), TIME_S)


def test_from_scored_until_on_nobody_looked(read):
    table = read(HEADER + "grooming,1.0,1.8\n", scored_until=1.5)
    assert frames(table, "grooming") == [10, 11, 12, 13, 14]
    assert frames(table, "grooming", -1) == frames(table, "rearing", -1) == [15, 16, 17, 18, 19]


def test_a_class_of_a_whole_video_is_yes_throughout_and_the_others_no():
    def table(name, **params):
        return table_of(Labels(WholeVideo(name, 2)), "clips.csv", BEHAVIOURS, TIME_S, LabelParams(**params))[0].values

    assert table("rearing")[:, 1].all() and not table("rearing")[:, 0].any()
    assert not table("other", ignore=("other",)).any()
    assert (table("unclear", not_scored=("unclear",)) == -1).all()
    with pytest.raises(InputError, match=r"line 2: 'other' is none of data.behaviours"):
        table("other")


def test_a_name_may_mean_something_in_one_stream_only():
    bouts = (Bout("base", 0, 5, 1, "S1"), Bout("rearing", 5, 20, 2, "S1"), Bout("base", 0, 20, 3, "S2"), Bout("grooming", 6, 8, 4, "S2"))
    params = LabelParams(not_scored=("S1:base",), ignore=("S2:base",))
    values = table_of(Labels(BoutList("frames", bouts)), "a.annot", BEHAVIOURS, TIME_S, params)[0].values
    assert (values[:5] == -1).all() and values[5:, 1].all() and np.flatnonzero(values[5:, 0]).tolist() == [1, 2]


def test_settings_that_cannot_be_meant_are_refused():
    faults = {
        "labels.rename: 'a' becomes 'reering', which is none of data.behaviours, did you mean 'rearing'?": {"rename": {"a": "reering"}},
        "labels.rename and labels.ignore or labels.not_scored both name 'a'": {"rename": {"a": "rearing"}, "ignore": ("a",)},
    }
    for message, params in faults.items():
        with pytest.raises(InputError, match=re.escape(message)):
            naming(LabelParams(**params), BEHAVIOURS)
    settings = {
        "expected {video} once, perhaps {rater}": {"name": "{rater}"},
        "expected some text between {video} and {rater}": {"name": "{video}{rater}"},
        "'begin' is not a role": {"columns": {"begin": "from"}},
        "one column plays two roles": {"columns": {"start": "from", "stop": "from"}},
    }
    for message, values in settings.items():
        with pytest.raises(InputError, match=re.escape(message)):
            parse_section(values, LabelParams, "params.yaml: labels")


def test_a_name_with_two_meanings_is_refused(read):
    with pytest.raises(InputError, match=r"labels.ignore and data.behaviours both name 'rearing'"):
        read(HEADER + "grooming,0,1\n", ignore=("rearing",))
    with pytest.raises(InputError, match=r"labels.not_scored and data.behaviours both name 'rearing'"):
        read(HEADER + "grooming,0,1\n", not_scored=("rearing",))
    with pytest.raises(InputError, match=r"labels.ignore and labels.not_scored both name 'base'"):
        read(HEADER + "grooming,0,1\n", not_scored=("base",), ignore=("base",))


def test_a_file_that_no_format_knows_is_refused_with_its_header(read):
    with pytest.raises(InputError) as error:
        read("Start,Animal,Weight\n1,a,21.5\n")
    assert "no format of labels recognises the header 'Start, Animal, Weight'; known: " in str(error.value)
    assert "bouts_csv (columns behaviour, start_s and stop_s" in str(error.value)


@pytest.mark.parametrize(("text", "problem"), [("", "this is empty"), ("PK\0\0", "this is a binary file")])
def test_a_file_that_is_no_text_is_refused(read, text, problem):
    with pytest.raises(InputError, match=problem):
        read(text)


def test_a_file_that_two_formats_know_needs_labels_format(read, monkeypatch):
    monkeypatch.setitem(FORMATS, "another", Format("anything", lambda head, meaning: True, FORMATS["bouts_csv"].read))
    with pytest.raises(InputError, match=r"this may be bouts_csv or another; say which in labels.format"):
        read(HEADER + "grooming,0,1\n")
    assert frames(read(HEADER + "grooming,0,0.1\n", format="another"), "grooming") == [0]


def test_a_format_that_is_named_is_taken(read):
    with pytest.raises(InputError, match=r"line 2, column 'behaviour': expected 0, 1 or nothing"):
        read(HEADER + "grooming,0,1\n", format="one_hot_csv")


def test_an_unknown_format_is_refused_with_the_nearest():
    with pytest.raises(InputError) as error:
        parse_section({"format": "bout_csv"}, LabelParams, "params.yaml: labels")
    assert str(error.value) == "params.yaml: labels: 'format': not a format of labels, did you mean 'bouts_csv'?, found 'bout_csv'"
    with pytest.raises(InputError, match=r"known: auto, .*bouts_csv, .*one_hot_csv"):
        parse_section({"format": "zzz"}, LabelParams, "labels")


@st.composite
def stamps_and_bouts(draw):
    """Time stamps of a variable rate, and bouts that touch or stand apart, with borders anywhere between two frames."""
    intervals = draw(st.lists(st.floats(0.005, 0.4), min_size=3, max_size=40))
    time_s = np.concatenate([[0.0], np.cumsum(intervals)])
    first = sorted(draw(st.sets(st.integers(1, len(intervals)), min_size=2, max_size=8)))  # the first frame behind each border
    before = draw(st.lists(st.floats(0, 0.9), min_size=len(first), max_size=len(first)))
    borders = [float(time_s[frame] - part * intervals[frame - 1]) for frame, part in zip(first, before, strict=True)]
    kept = [bout for bout in enumerate(itertools.pairwise(borders)) if draw(st.booleans())]
    return time_s, [Bout("grooming", start, stop, line) for line, (start, stop) in kept]


@given(stamps_and_bouts())
@settings(max_examples=150, deadline=None)
def test_bouts_mark_the_frames_shown_in_them_and_none_outside(case):
    time_s, bouts = case
    tolerance = min(1e-3, float(np.median(np.diff(time_s))) / 4) + 1e-9
    try:
        marked = lay_over(BoutList("seconds", tuple(bouts)), Naming(("grooming",)), LabelParams(), time_s)[0].values[:, 0] == 1
    except InputError as error:
        assume("no frame is shown" not in str(error))  # only a bout within the tolerance of one frame
        raise
    assert len(marked) == len(time_s)
    surely, perhaps = np.zeros((2, len(time_s)), bool)
    for bout in bouts:
        surely |= (time_s >= bout.start) & (time_s < bout.stop - tolerance)
        perhaps |= (time_s >= bout.start - tolerance) & (time_s < bout.stop)
    assert (marked[surely]).all() and not marked[~perhaps].any()


@given(st.text(max_size=80), st.sampled_from(["", HEADER, "grooming,rearing\n", "frame;grooming;rearing\n"]))
@settings(max_examples=150, deadline=None)
def test_whatever_the_file_holds_the_table_fits_the_video_or_it_is_refused_in_one_line(tmp_path_factory, text, header):
    path = tmp_path_factory.mktemp("fuzz") / "m.csv"
    path.write_bytes((header + text).encode("utf-8", "surrogatepass"))
    try:
        assert read_labels(path, BEHAVIOURS, TIME_S, LabelParams(allow_empty=True)).values.shape == (20, 2)
    except InputError as error:
        assert str(error).startswith(f"{path}: ") and len(str(error).splitlines()) == 1


tables = arrays.arrays(np.int8, st.tuples(st.integers(0, 30), st.integers(0, 3)), elements=st.integers(-1, 1))


@given(tables, st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
@settings(max_examples=40, deadline=None)
def test_a_snapshot_is_read_equal(tmp_path_factory, values, source):
    path = tmp_path_factory.mktemp("snapshot") / "m.json"
    names = ("grooming", 'wall "é"\n', "x")[: values.shape[1]]
    write_snapshot(path, LabelSnapshot(LabelTable(names, values)), source)
    found = read_snapshot(path)
    np.testing.assert_array_equal(found.values, values)
    assert (found.behaviours, snapshot_source(path)) == (names, source)


@given(st.integers(0, 12), st.dictionaries(st.text("abé\"'<", max_size=4), st.integers(-1, 1), min_size=2, max_size=4))
@settings(max_examples=40, deadline=None)
def test_each_raters_labels_are_read_equal(tmp_path_factory, frames, marks):
    path = tmp_path_factory.mktemp("snapshot") / "m.json"
    tables = {rater: LabelTable(("a", "b"), np.full((frames, 2), mark, np.int8)) for rater, mark in marks.items()}
    write_snapshot(path, LabelSnapshot(next(iter(tables.values())), tables, {"f.csv": "one_hot_csv"}, ("note",)), "s")
    found = read_full_snapshot(path)
    assert (found.files, found.notes, list(found.raters)) == ({"f.csv": "one_hot_csv"}, ("note",), list(tables))
    for rater, table in tables.items():
        np.testing.assert_array_equal(found.raters[rater].values, table.values)


def test_each_persons_labels_are_read_of_the_videos_that_have_some(tmp_path):
    tables = {rater: LabelTable(("a",), np.full((2, 1), mark, np.int8)) for rater, mark in (("Al", 1), ("Bo", 0))}
    write_snapshot(tmp_path / "m.json", LabelSnapshot(tables["Al"], tables, mean=True), "s")
    write_snapshot(tmp_path / "n.json", LabelSnapshot(tables["Al"], {"Al": tables["Al"]}), "s")
    found = raters_of(tmp_path, ["m", "n", "not labelled"])
    assert {video: list(raters) for video, raters in found.items()} == {"m": ["Al", "Bo"], "n": []}
    assert read_full_snapshot(tmp_path / "m.json").mean and not read_full_snapshot(tmp_path / "n.json").mean


def test_a_snapshot_is_readable_and_the_same_every_time(tmp_path):
    table = LabelTable(BEHAVIOURS, np.array([[1, 0], [1, 0], [0, -1], [1, 1]], np.int8))
    write_snapshot(tmp_path / "m.json", LabelSnapshot(table, {"": table}, {"m.csv": "bouts_csv"}, ("a note",)), "abc")
    assert (tmp_path / "m.json").read_text() == (
        '{\n "source": "abc",\n "frames": 4,\n "behaviours": {\n'
        '  "grooming": {"yes": [[0, 2], [3, 4]], "not_scored": []},\n'
        '  "rearing": {"yes": [[3, 4]], "not_scored": [[2, 3]]}\n },\n'
        ' "raters": {},\n "files": {"m.csv": "bouts_csv"},\n "notes": ["a note"]\n}\n'
    )
    before = (tmp_path / "m.json").stat().st_mtime_ns
    write_snapshot(tmp_path / "m.json", LabelSnapshot(table, {"": table}, {"m.csv": "bouts_csv"}, ("a note",)), "abc")
    assert (tmp_path / "m.json").stat().st_mtime_ns == before


GOOD = {"source": "s", "frames": 3, "behaviours": {"a": {"yes": [[0, 2]], "not_scored": []}}}
DAMAGED = {
    "cut": json.dumps(GOOD)[:-5],
    "another key": json.dumps(GOOD | {"extra": 1}),
    "no frames": json.dumps({"source": "s", "behaviours": {}}),
    "negative": json.dumps(GOOD | {"frames": -1}),
    "binary": "\0\1\2",
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_snapshot_is_refused_and_has_no_source(tmp_path, text):
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"not a snapshot of labels, or a damaged one .* delete it and run 'dvc repro'"):
        read_snapshot(path)
    assert snapshot_source(path) is None


@pytest.mark.parametrize("frame_range", [[2, 4], [2, 2], [2, 1]])
def test_a_snapshot_with_a_range_beyond_its_frames_is_refused(tmp_path, frame_range):
    path = tmp_path / "m.json"
    path.write_text(json.dumps(GOOD | {"behaviours": {"a": {"yes": [frame_range], "not_scored": []}}}))
    with pytest.raises(InputError, match=f"'a' has the range {frame_range[0]} to {frame_range[1]} of 3 frames"):
        read_snapshot(path)


def test_a_snapshot_that_is_not_there_has_no_source(tmp_path):
    assert snapshot_source(tmp_path / "m.json") is None


TABLE_FAULTS = {
    "expected labels (frames, 2 behaviours) int8, found (3, 1) int8": (BEHAVIOURS, np.zeros((3, 1), np.int8)),
    "found (3, 2) int64": (BEHAVIOURS, np.zeros((3, 2), np.int64)),
    "expected each behaviour once, found a, a": (("a", "a"), np.zeros((3, 2), np.int8)),
    "found another number": (BEHAVIOURS, np.full((3, 2), 2, np.int8)),
}


@pytest.mark.parametrize("message", TABLE_FAULTS)
def test_a_table_that_cannot_be_right_cannot_be_built(message):
    with pytest.raises(InputError) as error:
        LabelTable(*TABLE_FAULTS[message])
    assert message in str(error.value)


def test_a_table_knows_its_frames():
    assert LabelTable(BEHAVIOURS, np.zeros((3, 2), np.int8)).frames == 3


def test_a_name_of_two_streams_is_not_taken_for_unlooked_time_in_both():
    bouts = (Bout("grooming", 0, 5, 1, "S1"), Bout("base", 5, 20, 2, "S1"), Bout("base", 0, 20, 3, "S2"))
    with pytest.raises(InputError, match=r"'base' stands in the streams S1 and S2; say in which .* labels.not_scored: \['S1:base'\]"):
        lay_over(BoutList("frames", bouts), Naming(("grooming",), not_scored=("base",)), LabelParams(), TIME_S)


def test_labels_in_time_that_nobody_looked_at_are_counted():
    bouts = (Bout("grooming", 0, 8, 1), Bout("unclear", 5, 10, 2))
    table, notes = lay_over(BoutList("frames", bouts), Naming(("grooming",), not_scored=("unclear",)), LabelParams(), TIME_S)
    assert frames(table, "grooming", -1) == [5, 6, 7, 8, 9]
    assert notes == ("3 frames are labelled although nobody looked at them, and count as not looked at",)


def test_outside_the_time_that_a_file_says_was_scored_nobody_looked():
    content = BoutList("seconds", (Bout("grooming", 0.6, 0.9, 1),))
    table = table_of(Labels(content, scored_s=(0.5, 1.0)), "a.boris", BEHAVIOURS, TIME_S, LabelParams())[0]
    assert frames(table, "rearing", -1) == [*range(5), *range(10, 20)] and frames(table, "grooming") == [6, 7, 8]


def test_labels_of_a_longer_video_are_refused():
    content = BoutList("seconds", (Bout("grooming", 0.6, 0.9, 1),))
    for length_s in (2.0, 2.9):
        assert table_of(Labels(content, length_s=length_s), "a.csv", BEHAVIOURS, TIME_S, LabelParams())[0].frames == 20
    with pytest.raises(InputError, match=r"a.csv: the file says that its video lasts 66 s, but this one ends at 2 s; is it of another"):
        table_of(Labels(content, length_s=66.0), "a.csv", BEHAVIOURS, TIME_S, LabelParams())
