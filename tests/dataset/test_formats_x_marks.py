"""Sheets that people mark with x, one row per frame."""

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from ethocache.common.errors import InputError
from ethocache.dataset.formats import FORMATS, BoutList, Meaning, recognise

READER = FORMATS["x_marks"]
NAMES = ("Grooming", "Rearing mig", "Rearing paret")
MEANING = Meaning(names=frozenset(NAMES))


def sheet(path, rows, *merged):
    workbook = Workbook()
    for row in rows:
        workbook.active.append(row)
    for area in merged:
        workbook.active.merge_cells(area)
    workbook.save(path)
    return path


@pytest.fixture
def write(tmp_path):
    """Write rows as Excel, or text as it stands."""

    def write(content, *merged):
        path = tmp_path / "m1.xlsx"
        if not isinstance(content, str):
            return sheet(path, content, *merged)
        path.write_text(content, encoding="utf-8")
        return path

    return write


def read(path, meaning=MEANING):
    assert recognise(path, meaning) == "x_marks"
    return READER.read(path, meaning)[0]


JUNK = [["Anotació de conductes", None, None, None], ["Data:", datetime.datetime(2022, 3, 1), "Animal:", "HD_ChR2_12"], []]
HEADER = ["Fotograma", *NAMES]
FRAMES = [[0, None, None, None], [1, "x", None, None], [2, "X", "x", None], [3, None, None, 1], [4, None, None, None]]
EXPECTED = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_a_sheet_with_titles_numbers_and_totals_gives_every_frame(write):
    found = read(write([*JUNK, HEADER, *FRAMES, [], ["Total", 2, 1, 1]], "A1:D1"))
    assert found.content.behaviours == NAMES and not found.content.open_end
    np.testing.assert_array_equal(found.content.values, EXPECTED)
    assert found.notes == (
        "the header is line 4; what stands above is not read",
        "line 11 and what stands below are no frames and are not read",
        "the value of merged cells counts for each of them: A1:D1",
    )


def test_the_same_sheet_saved_as_text_with_semicolons_reads_the_same(write):
    rows = ["Anotació;;;", "Data:;1,5;;", ";;;", "Fotograma;Grooming;Rearing mig;Rearing paret", "0;;;", "1;x;;", "2;X;x;", "3;;;1", "4;;;"]
    np.testing.assert_array_equal(read(write("\n".join(rows) + "\nTotal;2;1;1\n")).content.values, EXPECTED)


def test_a_title_without_a_separator_does_not_hide_what_separates_the_cells(write):
    path = write("Anotacions, primera sessió\n" + "\n".join(["Fotograma;Grooming"] + [f"{frame};" for frame in range(9)] + ["9;x"]))
    assert read(path).content.values[:, 0].tolist() == [0] * 9 + [1]


def test_frames_may_count_from_one_and_blank_rows_between_them_are_for_the_eye(write):
    rows = [["frame", "Grooming"], [1, "x"], [], [2, None], [3, "x"]]
    assert read(write(rows)).content.values[:, 0].tolist() == [1, 0, 1]


def test_a_column_of_numbers_without_a_name_counts_frames(write):
    found = read(write([[None, "Grooming"], [0, None], [1, "x"], [2, None]]))
    assert found.content.values[:, 0].tolist() == [0, 1, 0] and not found.content.open_end


@pytest.mark.parametrize("times", [("0", "0,1", "0,2"), ("0:00", "0:00.1", "1:00:00"), ("0", "0", "1")])
def test_a_column_of_times_makes_each_row_a_frame(write, times):
    found = read(write("Temps;Grooming\n" + "".join(f"{time};{'x' * (number == 1)}\n" for number, time in enumerate(times))))
    assert found.content.values[:, 0].tolist() == [0, 1, 0] and not found.content.open_end


def test_the_settings_may_name_the_column_of_frames(write):
    meaning = Meaning(names=frozenset(NAMES), columns={"frame": "Imatge"})
    assert read(write([["Imatge", "Grooming"], [0, "x"], [1, None]]), meaning).content.values[:, 0].tolist() == [1, 0]


@pytest.mark.parametrize("kind", ["Excel", "text"])
def test_without_a_column_of_frames_blank_rows_are_frames_and_the_end_is_open(write, kind):
    rows = [["Grooming", "Rearing mig"], [], ["x", None], [], [], [None, "x"]]
    found = read(write(rows if kind == "Excel" else "Grooming,Rearing mig\n\nx,\n,\n\n,x\n,\n,\n"))
    assert found.content.open_end
    np.testing.assert_array_equal(found.content.values, [[0, 0], [1, 0], [0, 0], [0, 0], [0, 1]])
    assert found.notes == (
        "no column counts the frames: line 2 is the first, and those after the last mark (5 frames in all until it) count as 'no'",
    )


@pytest.mark.parametrize("comment", ["two\nlines", "ends with a line end\r\n", "\ncut\u2028in\x1cother ways\n\n"])
def test_a_comment_of_several_lines_is_one_frame(write, comment):
    found = read(write(f'Grooming,Observacions\nx,"{comment}"\n,\nx,\n'))
    assert found.content.values[:, 0].tolist() == [1, 0, 1]
    assert found.notes[0] == "columns not read: 'Observacions'"


def test_a_mark_in_merged_cells_counts_for_each_of_its_frames(write):
    found = read(write([["frame", "Grooming"], [0, None], [1, "x"], [2, None], [3, None]], "B3:B4"))
    assert found.content.values[:, 0].tolist() == [0, 1, 1, 0]


def test_a_sheet_of_names_that_nobody_has_told_is_read_from_the_row_above_the_first_x(write):
    found = read(write([["Sheet of June"], ["frame", "a", "b"], [0, None, None], [1, "x", None], [2, None, "x"]]), Meaning())
    assert found.content.behaviours == ("a", "b")
    np.testing.assert_array_equal(found.content.values, [[0, 0], [1, 0], [0, 1]])


def test_a_column_of_marks_that_nobody_has_told_is_not_left_out(write):
    assert read(write([["frame", "Grooming", "Jumping"], [0, "x", None], [1, None, "x"]])).content.behaviours == ("Grooming", "Jumping")


def test_columns_of_anything_else_are_not_read_and_listed(write):
    found = read(write([["frame", "Grooming", "Comment", "Light"], [0, "x", None, 1], [1, None, "blurred", 1]]))
    assert found.content.behaviours == ("Grooming",) and found.notes == ("columns not read: 'Comment', 'Light'",)


def test_a_sheet_that_is_marked_late_is_still_recognised(write):
    rows = [HEADER, *([frame, None, None, None] for frame in range(400)), [400, "x", None, None]]
    assert read(write(rows)).content.values.sum() == 1


def test_a_sheet_without_any_mark_may_be_one_that_nobody_has_filled_in(write):
    found = read(write([["frame", "Grooming"], [0, None], [1, None]]))
    assert found.content == BoutList("frames", ()) and found.notes == ("no frame is marked",)


def test_zeros_below_titles_are_read_and_leave_no_open_end(write):
    found = read(write("Session 1,\nGrooming,Rearing mig\n0,1\n0,0\n"))
    np.testing.assert_array_equal(found.content.values, [[0, 1], [0, 0]])
    assert not found.content.open_end


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12), st.booleans(), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_random_marks_are_read_frame_for_frame(tmp_path_factory, marks, numbered, junk):
    rows = [[frame] * numbered + ["x" if cell else None for cell in row] for frame, row in enumerate(marks)]
    header = ["frame"] * numbered + ["Grooming", "Rearing mig"]
    path = sheet(tmp_path_factory.mktemp("marks") / "m.xlsx", [*[["Junk"]] * junk, header, *rows])
    found = READER.read(path, MEANING)[0].content if any(map(any, marks)) else None
    if found is None:
        return
    values = np.zeros((len(marks), 2), np.int8)
    values[: len(found.values)] = found.values  # the rest is "no", where the end is open
    assert found.open_end or len(found.values) == len(marks)
    np.testing.assert_array_equal(values, marks)


def test_blank_lines_count_as_frames_whatever_blank_is(write):
    found = read(write("Grooming,Rearing mig\nx,\n\n  \n,,\n,\nx,\n"))
    assert found.content.values[:, 0].tolist() == [1, 0, 0, 0, 0, 1]


FAULTS = {
    "frame,Grooming\n0,x\n2,\n": "line 3: expected frame 1, found '2'; frames go from 0 or from 1, each once, in order",
    "frame,Grooming\n0,x\n0,\n": "line 3: expected frame 1, found '0'",
    "frame,Grooming\n0,x\nnan,x\n": "line 3: a frame, at or below line 3, which is none; number each frame",
    "frame,Grooming\n0,x\nTotal,1\n1,x\n": "line 4: a frame, at or below line 3, which is none",
    "frame,Grooming\n0,x\n,\n,x\n": "line 4: a frame, at or below line 4, which is none",
    "frame,Grooming\n0,x\n1,maybe\n": "line 3, column 'Grooming': expected x (or 1) or nothing, found 'maybe'",
    "frame,Grooming\n0,x\n1,712\n": "line 3, column 'Grooming': expected x (or 1) or nothing, found '712'",
    "frame,Grooming\n0,x\n1,\x1b[31mred\n": "line 3, column 'Grooming': expected x (or 1) or nothing, found ' [31mred'",
    "Temps,Grooming\n1,x\n0.5,\n": "line 3: time 0.5 comes after 1 s; rows are frames, in order of time",
    "frame,Grooming,Grooming\n0,x,\n": "the column 'Grooming' stands twice; keep one",
    "frame,Grooming,\n0,x,\n1,,x\n": "line 3: expected 2 cells as in the header, found 3",
    "frame,,Grooming\n0,x,\n": "column 2 holds marks and no name in the header, line 1; name it",
    "Title\nframe,Grooming\n0,0\n1,\n": "some cells are 0 and some are empty; does empty mean 'no' or 'nobody looked'? Write 0, or -1",
    "frame,Grooming\n": "expected a row for each frame below the header in line 1, found none",
    "one,two\n1,2\n": "found neither a name of data.behaviours nor an x in the first 200 rows",
    "": "found neither a name of data.behaviours nor an x in the first 200 rows",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_faulty_sheet_is_refused_with_its_place(write, text):
    with pytest.raises(InputError) as error:
        READER.read(write(text), MEANING)
    assert FAULTS[text] in str(error.value) and "\n" not in str(error.value)


def test_a_formula_without_its_value_is_refused_and_its_cell_named(write):
    with pytest.raises(InputError, match="cell B3 holds a formula whose value was not kept"):
        READER.read(write([["frame", "Grooming"], [0, "x"], [1, '=IF(A3>0,"x","")']]), MEANING)


def test_a_word_of_totals_in_a_comment_ends_no_sheet(write):
    rows = [["Grooming", "Comments"], ["x", None], [None, "count again"], [None, "count"], ["x", None]]
    found = read(write(rows))
    assert found.content.values[:, 0].tolist() == [1, 0, 0, 1]


def test_marks_below_the_totals_are_refused(write):
    rows = [["frame", "Grooming"], [0, "x"], [1, None], ["Total", 1], [None, 1]]
    with pytest.raises(InputError, match="a frame, at or below line 4, which is none"):
        read(write(rows))


def test_a_sheet_of_unknown_frames_is_not_an_empty_one(write):
    (found,) = READER.read(write([["frame", "Grooming"], [0, -1], [1, None]]), MEANING)
    assert found.content.values.tolist() == [[-1], [0]]
