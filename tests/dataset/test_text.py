"""Tables of text: encodings, separators, junk."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.common.errors import InputError
from ethocache.dataset.text import HEAD_BYTES, LONGEST_LINE, Table, first_row, lines, number, read_head, rows, shown


def write(tmp_path, content, encoding="utf-8"):
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_reads_the_same_in_every_usual_encoding(tmp_path, encoding, separator, end):
    text = end.join([separator.join(row) for row in (["é", "b"], ["1", " 2 "], ["3", "4"])]) + end
    path = write(tmp_path, text, encoding)
    table = Table.open(path)
    assert table.header == ("é", "b")
    assert list(table.rows()) == [(2, ["1", "2"]), (3, ["3", "4"])]
    assert read_head(path).text == text


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_another_encoding_is_refused(tmp_path, encoding):
    path = write(tmp_path, "behaviour,start_s\népouillage,1\n", encoding)
    assert read_head(path).problem == "not UTF-8 text; save it as UTF-8 (Excel: 'CSV UTF-8')"
    with pytest.raises(InputError, match=r"line . or soon after: not UTF-8 text"):
        list(lines(path))


@pytest.mark.parametrize("content", [b"PK\x03\x04\x00\x00\xff\xff", b"a,b\n1,\0\n", "a,b\n".encode("utf-16-le")])
def test_binary_junk_is_said_to_be_binary(tmp_path, content):
    path = write(tmp_path, content)
    assert "binary file (it holds NUL bytes)" in read_head(path).problem
    with pytest.raises(InputError, match=r"binary|UTF-8"):
        list(lines(path))


@pytest.mark.parametrize("content", [b"", b"\n \n\r\n", b"\xef\xbb\xbf"])
def test_a_file_of_nothing_is_empty(tmp_path, content):
    path = write(tmp_path, content)
    assert read_head(path).problem == "empty"
    with pytest.raises(InputError, match="expected a table with a header row, found an empty file"):
        Table.open(path)


def test_a_blank_beginning_is_no_table(tmp_path):
    assert read_head(write(tmp_path, b" " * (HEAD_BYTES + 1))).problem == "blank for its first 64 KiB"


def test_one_endless_line_does_not_fill_the_memory(tmp_path):
    path = tmp_path / "line.csv"
    with path.open("wb") as file:
        file.seek(100 * 2**20)
        file.write(b"x")
        file.seek(0)
        file.write(b"a," * 2**20)
    tracemalloc.start()
    assert read_head(path).problem == "one line of more than 64 KiB at its start"
    with pytest.raises(InputError, match=f"line 1 is longer than {LONGEST_LINE} characters"):
        Table.open(path)
    assert tracemalloc.get_traced_memory()[1] < 30 * 2**20
    tracemalloc.stop()


def test_the_head_of_a_long_file_ends_with_a_whole_line(tmp_path):
    head = read_head(write(tmp_path, "é,b\n" + "1,2\n" * HEAD_BYTES))
    assert head.text.endswith("1,2\n") and not head.problem and len(head.start) == HEAD_BYTES


def test_a_character_cut_by_the_end_of_the_head_is_no_error(tmp_path):
    head = read_head(write(tmp_path, "x" + "é" * 100 + "\n" + "é" * HEAD_BYTES))
    assert head.text == "x" + "é" * 100 + "\n"


@pytest.mark.parametrize("content", ['a,b\n"1,2\n', 'a,b\n"1"x,2\n', "a,b\n" + '"' + "x" * 200000 + '",1\n'])
def test_quotes_that_do_not_close_are_refused(tmp_path, content):
    with pytest.raises(InputError, match=r"line \d: not a row of a CSV file .* look for a quote"):
        list(rows(write(tmp_path, content), ","))


def test_blank_lines_are_no_rows_and_rows_of_empty_cells_are(tmp_path):
    table = Table.open(write(tmp_path, "\n\na,b\n\n1,2\n,\n  \n3,4\n\n"))
    assert list(table.rows()) == [(5, ["1", "2"]), (6, ["", ""]), (8, ["3", "4"])]


@pytest.mark.parametrize(("row", "found"), [("1", 1), ("1,2,3", 3)])
def test_a_row_of_another_width_is_refused(tmp_path, row, found):
    with pytest.raises(InputError, match=f"line 3: expected 2 cells as in the header, found {found}"):
        list(Table.open(write(tmp_path, f"a,b\n1,2\n{row}\n")).rows())


def test_empty_cells_beyond_the_header_are_let_pass(tmp_path):
    assert list(Table.open(write(tmp_path, "a,b\n1,2,,\n")).rows()) == [(2, ["1", "2"])]


def test_accents_are_equal_however_they_are_written(tmp_path):
    assert Table.open(write(tmp_path, "e\u0301,b\n")).header == ("\u00e9", "b")


@pytest.mark.parametrize(("line", "expected"), [("a,b", ","), ("a;b", ";"), ("a\tb", "\t"), ('"a;b;c",d', ","), ("a", ","), ("", ",")])
def test_the_separator_is_the_one_that_gives_most_cells(line, expected):
    assert first_row(line)[0] == expected


def test_a_first_row_with_an_open_quote_has_no_cells():
    assert first_row("a" * 200000 + '"') == (",", [])


@pytest.mark.parametrize("cell", ["", "nan", "inf", "1e999", "1_0", "1,5", "x", "1 0", "٣", "0x1", "1.2.3", "--1"])
def test_what_is_no_number_is_refused(cell):
    with pytest.raises(ValueError, match="expected a number, found"):
        number(cell)


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=60, deadline=None)
def test_every_number_is_read_as_it_was_written(value):
    assert number(repr(value)) == value


def test_a_decimal_comma_counts_where_commas_do_not_separate(tmp_path):
    assert Table.open(write(tmp_path, "a;b\n")).number("1,5") == 1.5
    with pytest.raises(ValueError, match="found '1,5'"):
        Table.open(write(tmp_path, "a,b\n")).number("1,5")


def test_what_is_shown_in_a_message_is_short_and_on_one_line():
    assert shown("a\nb\x1b[31m") == "a b [31m"
    assert len(shown("x" * 1000)) == 60
