"""Excel workbooks, read as rows of text (ECMA-376, part 1, section 18.3)."""

import datetime
import re
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from ethocache.common.errors import InputError
from ethocache.dataset.spreadsheet import is_spreadsheet, sheet_notes, sheet_rows
from ethocache.dataset.text import Table, read_head


@pytest.fixture
def book(tmp_path):
    """Write rows as a workbook; `edit` changes the sheet before it is saved."""

    def book(rows, edit=lambda sheet: None, name="m1.xlsx"):
        workbook = Workbook()
        for row in rows:
            workbook.active.append(row)
        edit(workbook.active)
        workbook.save(tmp_path / name)
        return tmp_path / name

    return book


@pytest.fixture
def patched(book, tmp_path):
    """Write rows as a workbook, then replace text in one part of its package: what openpyxl itself would not write."""

    def patched(rows, old, new, part="xl/worksheets/sheet1.xml"):
        source = book(rows)
        with zipfile.ZipFile(source) as file:
            parts = {name: file.read(name) for name in file.namelist()}
        assert old.encode() in parts[part], parts[part]
        parts[part] = parts[part].replace(old.encode(), new.encode())
        path = tmp_path / "patched.xlsx"
        with zipfile.ZipFile(path, "w") as file:
            for name, content in parts.items():
                file.writestr(name, content)
        return path

    return patched


def cells(path):
    return [row for _, row in sheet_rows(path)]


CELLS = {
    "whole number": (3, "3"),
    "whole number kept as decimal": (3.0, "3"),
    "decimal": (0.1, "0.1"),
    "large": (1e300, "1e+300"),
    "yes": (True, "true"),
    "no": (False, "false"),
    "text": (" Épouillage ", " Épouillage "),
    "time of day": (datetime.time(0, 1, 12, 500000), "72.5"),
    "duration": (datetime.timedelta(seconds=90.25), "90.25"),
    "date": (datetime.datetime(2022, 3, 1), "2022-03-01 00:00:00"),
    "error": ("#REF!", "#REF!"),
}


@pytest.mark.parametrize("kind", CELLS)
def test_each_kind_of_cell_comes_as_people_write_it(book, kind):
    value, text = CELLS[kind]
    assert cells(book([[value, "end"]])) == [[text, "end"]]


def test_blank_rows_are_left_out_and_the_others_keep_their_numbers(book):
    path = book([["a", None, "b", None], [], [None, None], [None, "x"]])
    assert list(sheet_rows(path)) == [(1, ["a", "", "b"]), (4, ["", "x"])]


@given(st.lists(st.lists(st.sampled_from([None, "x", "a b", 0, 1, 7.25]), max_size=5), max_size=8))
@settings(max_examples=30, deadline=None)
def test_what_was_written_is_read_cell_for_cell(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("book") / "b.xlsx"
    workbook = Workbook()
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            workbook.active.cell(number, column, value)
    workbook.save(path)
    expected = [(number, ["" if value is None else str(value) for value in row]) for number, row in enumerate(rows, 1)]
    filled = [(number, row[: max(place for place, cell in enumerate(row, 1) if cell)]) for number, row in expected if any(row)]
    assert list(sheet_rows(path)) == filled


def test_a_sheet_reads_as_a_table_whatever_the_file_is_called(book):
    path = book([["behaviour", "start_s"], ["grooming", 1.5], ["rearing", None]], name="m1.csv")
    assert read_head(path).text == "behaviour\tstart_s\ngrooming\t1.5\nrearing\n"
    assert list(Table.open(path).rows()) == [(2, ["grooming", "1.5"]), (3, ["rearing", ""])]


def test_a_wrong_size_in_the_sheet_loses_no_row(patched):
    path = patched([["a", "b"], ["x", "x"], ["x", "x"]], '<dimension ref="A1:B3"', '<dimension ref="A1:A1"')
    assert cells(path) == [["a", "b"], ["x", "x"], ["x", "x"]]


def test_the_first_visible_sheet_that_holds_anything_is_read_and_the_others_are_named(tmp_path):
    workbook = Workbook()
    hidden = workbook.active
    hidden.append(["lists"])
    hidden.sheet_state = "hidden"
    workbook.create_sheet("Empty")
    workbook.create_sheet("Marks").append(["Grooming"])
    workbook.create_sheet("Totals").append([12])
    workbook.save(tmp_path / "b.xlsx")
    assert cells(tmp_path / "b.xlsx") == [["Grooming"]]
    assert sheet_notes(tmp_path / "b.xlsx") == ("only the sheet 'Marks' is read, not 'Totals'",)


def test_a_workbook_of_one_plain_sheet_and_a_text_need_no_note(book, tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n")
    assert sheet_notes(book([["a"]])) == sheet_notes(book([])) == sheet_notes(tmp_path / "a.csv") == ()


def test_an_empty_workbook_has_no_rows_and_says_so(book):
    assert cells(book([])) == [] and read_head(book([])).problem == "an empty Excel workbook"


def test_the_value_of_merged_cells_counts_for_each_of_them(book):
    path = book([["Title", None, "c"], ["a", "x"], ["b"], ["c"]], lambda sheet: [sheet.merge_cells(area) for area in ("A1:B1", "B2:C6")])
    assert list(sheet_rows(path)) == [
        (1, ["Title", "Title", "c"]),
        (2, ["a", "x", "x"]),
        (3, ["b", "x", "x"]),
        (4, ["c", "x", "x"]),
        (5, ["", "x", "x"]),
        (6, ["", "x", "x"]),
    ]
    assert sheet_notes(path) == ("the value of merged cells counts for each of them: A1:B1, B2:C6",)


def test_empty_merged_cells_stay_empty(book):
    path = book([["a"], ["b"]], lambda sheet: sheet.merge_cells("B1:D4"))
    assert list(sheet_rows(path)) == [(1, ["a"]), (2, ["b"])]


def test_cells_merged_over_a_whole_sheet_are_refused(patched):
    path = patched([["a"]], "</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="A1:C1000000" /></mergeCells>')
    with pytest.raises(InputError, match="more than 2000000 merged cells; unmerge them"):
        cells(path)


def test_a_formula_counts_as_its_kept_value(patched):
    assert cells(patched([["=1+1", "b"]], "<f>1+1</f><v />", "<f>1+1</f><v>2</v>")) == [["2", "b"]]


def test_a_formula_that_gave_nothing_is_an_empty_cell(patched):
    path = patched([['=IF(C1>3,"x","")', "b"]], '<c r="A1"><f>', '<c r="A1" t="str"><f>')
    assert cells(path) == [["", "b"]]


def test_a_formula_without_its_value_is_refused_and_its_cell_named(book):
    path = book([["Grooming"], ["x"], ["=A2"]])
    expected = "cell A3 holds a formula whose value was not kept; open the file in Excel, save it again, or paste the values"
    with pytest.raises(InputError, match=expected):
        cells(path)
    assert read_head(path).problem.startswith("cell A3 holds a formula")


def test_formulas_on_another_sheet_do_not_matter(tmp_path):
    workbook = Workbook()
    workbook.active.append(["a"])
    workbook.create_sheet("Totals").append(["=1"])
    workbook.save(tmp_path / "b.xlsx")
    assert cells(tmp_path / "b.xlsx") == [["a"]]


def test_a_row_number_beyond_excels_limit_is_refused(patched):
    with pytest.raises(InputError, match="a sheet with more than 1048576 rows, which Excel cannot hold"):
        cells(patched([["a"], ["b"]], '<row r="2"', '<row r="99999999999"'))


def test_what_unpacks_to_too_much_is_refused(book, tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(book([["a"]])) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in source.namelist():
            file.writestr(name, source.read(name))
        with file.open("xl/media/zeros.bin", "w", force_zip64=True) as part:
            for _ in range(1025):
                part.write(bytes(2**20))
    tracemalloc.start()
    with pytest.raises(InputError, match=r"an Excel workbook that unpacks to 1\.1 GB, which no table of labels does"):
        cells(path)
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()


DAMAGE = {
    "a sheet that is not XML": ("xl/worksheets/sheet1.xml", "<sheetData>", "<sheetData"),
    "rows in another order": ("xl/worksheets/sheet1.xml", '<row r="2"', '<row r="1"'),
    "a row whose number is no number": ("xl/worksheets/sheet1.xml", '<row r="1"', '<row r="one"'),
    "a cell that is nowhere": ("xl/worksheets/sheet1.xml", '<c r="A1"', '<c r="1A"'),
    "a number that is none": ("xl/worksheets/sheet1.xml", "<v>7</v>", "<v>seven</v>"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_workbook_is_refused_in_one_line(patched, damage):
    part, old, new = DAMAGE[damage]
    with pytest.raises(InputError, match=r"a damaged Excel workbook \(.*\); open it in Excel and save it again as .xlsx") as error:
        cells(patched([[7], [8]], old, new, part))
    assert "\n" not in str(error.value)


def test_a_truncated_workbook_is_no_workbook_and_no_text(book):
    path = book([["a", "b"]] * 50)
    path.write_bytes(path.read_bytes()[:-200])
    assert not is_spreadsheet(path.read_bytes()[:4], path)
    assert re.search("binary file|not UTF-8", read_head(path).problem)
    with pytest.raises(InputError, match="a damaged Excel workbook"):
        cells(path)


def test_a_zip_renamed_xlsx_is_no_workbook(tmp_path):
    path = tmp_path / "m1.xlsx"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("m1.csv", "a,b\n1,0\n")
    assert not is_spreadsheet(path.read_bytes()[:4], path)
    assert re.search("binary file|not UTF-8", read_head(path).problem)


def test_a_workbook_whose_sheet_is_missing_is_refused(patched):
    with pytest.raises(InputError, match="an Excel workbook without a sheet; open it in Excel"):
        cells(patched([[7]], "sheet1.xml", "sheet9.xml", "xl/_rels/workbook.xml.rels"))


def test_a_sheet_cannot_draw_in_other_files_of_the_machine(patched, tmp_path):
    (tmp_path / "secret").write_text("42")
    entity = f'<!DOCTYPE worksheet [<!ENTITY s SYSTEM "file://{tmp_path}/secret">]><worksheet '
    path = patched([[7]], "<worksheet ", entity)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b"<v>7</v>", b"<v>&s;</v>")
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    with pytest.raises(InputError, match="a damaged Excel workbook"):
        cells(path)


def test_a_zip_of_a_version_that_nobody_knows_is_no_workbook(book):
    path = book([["a"]])
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 242  # the version needed to unpack the first part: 24.2
    path.write_bytes(content)
    assert not is_spreadsheet(path.read_bytes()[:4], path)
    with pytest.raises(InputError, match=r"a damaged Excel workbook \(zip file version 24\.2\)"):
        cells(path)
