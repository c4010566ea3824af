"""One row per video."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from openpyxl import Workbook

from ethocache.common.errors import InputError
from ethocache.dataset.summary_table import MEASURES, write_summary
from ethocache.dataset.tagged_video import TaggedVideo

MARKS = {"#": 1, ".": 0, "?": -1}


def drawn(*columns, video="m1", fields=None, time_s=None):
    """Return a video at 10 frames/s: `#` shows the behaviour, `.` does not, `?` nobody looked; one text a behaviour."""
    tags = np.array([[MARKS[mark] for mark in column] for column in columns], np.int8).T
    time_s = np.arange(len(tags)) / 10 if time_s is None else time_s
    return TaggedVideo(video, ("a", "b", "c")[: tags.shape[1]], time_s, tags, fields=fields or {})


@pytest.fixture
def table(tmp_path):
    """Write videos and return the rows as dicts."""

    def table(*videos, fields=(), behaviours=("a",)):
        write_summary(tmp_path / "s.csv", iter(videos), fields, behaviours)
        with (tmp_path / "s.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    return table


def measures(row, behaviour="a"):
    return [row[f"{behaviour}_{measure}"] for measure in MEASURES]


def test_a_row_holds_the_name_its_parts_and_each_behaviour(table):
    video = drawn(".##..#....", "..........", fields={"genotype": "wt", "animal": "07"})
    assert table(video, fields=("animal", "genotype"), behaviours=("groom", "rear")) == [
        {
            "video": "m1", "animal": "07", "genotype": "wt", "duration_s": "1.000000", "frames": "10",
            "groom_count": "2", "groom_total_s": "0.300000", "groom_mean_s": "0.150000", "groom_latency_s": "0.100000",
            "groom_fraction": "0.300000", "groom_scored_s": "1.000000",
            "rear_count": "0", "rear_total_s": "0.000000", "rear_mean_s": "", "rear_latency_s": "",
            "rear_fraction": "0.000000", "rear_scored_s": "1.000000",
        }
    ]  # fmt: skip


def test_frames_that_nobody_looked_at_are_out_of_fraction_and_latency(table):
    (row,) = table(drawn("??..##????"))
    assert measures(row) == ["1", "0.200000", "0.200000", "0.200000", "0.500000", "0.400000"]
    assert (row["duration_s"], row["frames"]) == ("1.000000", "10")


def test_a_frame_that_nobody_looked_at_ends_a_bout(table):
    assert table(drawn("##?##"))[0]["a_count"] == "2"


def test_a_behaviour_that_nobody_looked_for_is_unknown_and_not_zero(table):
    (row,) = table(drawn("?????", "....."), behaviours=("a", "b"))
    assert measures(row) == ["", "", "", "", "", "0.000000"]
    assert measures(row, "b") == ["0", "0.000000", "", "", "0.000000", "0.500000"]


def test_time_is_that_of_the_frames_where_their_rate_varies(table):
    (row,) = table(drawn(".##.", time_s=np.array([0, 1, 1.5, 4])))
    assert row["duration_s"] == "5.000000"  # the last frame lasts for the median interval, 1 s
    assert measures(row) == ["1", "3.000000", "3.000000", "1.000000", "0.600000", "5.000000"]


def test_videos_without_frames_or_of_one_frame_have_no_fraction(table):
    nothing = TaggedVideo("none", ("a",), np.empty(0), np.empty((0, 1), np.int8))
    empty, single = table(nothing, drawn("#", video="single"))
    assert [empty["frames"], *measures(empty)] == ["0", "", "", "", "", "", "0.000000"]
    assert [single["frames"], *measures(single)] == ["1", "1", "0.000000", "0.000000", "0.000000", "", "0.000000"]


def test_a_video_without_a_part_of_the_name_has_an_empty_cell(table):
    assert table(drawn(".", fields={"animal": "1"}), fields=("animal", "dose"))[0]["dose"] == ""


def test_no_videos_give_a_header(table, tmp_path):
    assert table() == []
    assert (tmp_path / "s.csv").read_text().startswith("video,duration_s,frames,a_count,a_total_s,")


@pytest.mark.parametrize("name", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", " =1", "＝1+1", "-", '=HYPERLINK("x")'])
def test_a_name_that_a_spreadsheet_would_run_gets_an_apostrophe(table, name):
    (row,) = table(drawn(".", video=name, fields={"dose": name}), fields=("dose",))
    assert (row["video"], row["dose"]) == (f"'{name}", f"'{name}")


def test_a_line_break_or_a_tab_in_a_name_cannot_start_a_row_or_hide_a_formula(table):
    assert [row["video"] for row in table(drawn(".", video="\t=1"), drawn(".", video="a\r\nb"))] == ["' =1", "a  b"]


@pytest.mark.parametrize("name", ["m1", "-5", "+0.5", "1-2", "a=b", "'quoted'", 'Tête à tête, "x"; y', ""])
def test_other_names_and_numbers_stay_as_they_are(table, name):
    assert table(drawn(".", fields={"dose": name}), fields=("dose",))[0]["dose"] == name


def test_a_behaviour_that_looks_like_a_formula_gets_an_apostrophe_in_the_header(table):
    assert "'=a_count" in table(drawn("."), behaviours=("=a",))[0]


def test_an_escaped_cell_is_text_in_a_workbook(table):
    sheet = Workbook().active
    sheet["A1"], sheet["A2"] = "=1+1", table(drawn(".", video="=1+1"))[0]["video"]
    assert (sheet["A1"].data_type, sheet["A2"].data_type) == ("f", "s")


@pytest.mark.parametrize(("fields", "behaviours"), [(("frames",), ("a",)), (("video",), ("a",)), (("a_count",), ("a",)), ((), ("a", "a"))])
def test_two_columns_of_one_name_are_refused(tmp_path, fields, behaviours):
    expected = r"s\.csv: two columns would be named '(frames|video|a_count)'; rename that part in data\.name, or that behaviour"
    with pytest.raises(InputError, match=expected):
        write_summary(tmp_path / "s.csv", [], fields, behaviours)
    assert not list(tmp_path.iterdir())


def test_arrays_that_do_not_belong_together_are_our_fault(tmp_path):
    with pytest.raises(ValueError, match=r"Expected tags and probability of shape \(2, 1\) for m1, got \[\(3, 1\)\]"):
        drawn("...", time_s=np.arange(2.0))
    with pytest.raises(ValueError, match="Expected tags of 2 behaviours of m1, got 1"):
        write_summary(tmp_path / "s.csv", [drawn("...")], (), ("a", "b"))


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.int8, st.integers(1, 40), elements=st.integers(-1, 1)), st.lists(st.integers(1, 5), min_size=40, max_size=40))
def test_the_numbers_of_any_video_hang_together(tmp_path_factory, column, steps):
    time_s = np.cumsum([0, *steps])[: len(column)] / 8
    path = tmp_path_factory.mktemp("any") / "s.csv"
    write_summary(path, [TaggedVideo("v", ("a",), time_s, column[:, None])], (), ("a",))
    row = pd.read_csv(path).iloc[0]
    looked = column >= 0
    assert row["a_scored_s"] <= row["duration_s"]
    assert row["frames"] == len(column)
    if not looked.any():
        assert row[["a_count", "a_total_s", "a_fraction"]].isna().all()
        return
    assert row["a_count"] == sum(mark == 1 and (n == 0 or column[n - 1] != 1) for n, mark in enumerate(column))
    assert (row["a_total_s"] > 0) == (row["a_count"] > 0) or len(column) == 1
    if row["a_count"]:
        assert row["a_mean_s"] * row["a_count"] == pytest.approx(row["a_total_s"], abs=1e-4)
        assert time_s[looked][0] + row["a_latency_s"] == pytest.approx(time_s[column == 1][0])
    if row["a_scored_s"]:
        assert row["a_fraction"] * row["a_scored_s"] == pytest.approx(row["a_total_s"], abs=1e-4)
