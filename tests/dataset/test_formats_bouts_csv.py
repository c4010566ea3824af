"""Bouts as CSV."""

import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.formats import FORMATS, Bout, Meaning, recognise
from ethocache.dataset.text import read_head

READER = FORMATS["bouts_csv"]


@pytest.fixture
def write(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "m1.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


HEADERS = {
    "behaviour,start_s,stop_s": "seconds",
    "behavior,start_frame,stop_frame": "frames",
    "Label,START,Stop": None,
    " Event ; Start_S ; Stop_S ": "seconds",
    "behaviour\tstart_s\tstop_s": "seconds",
}


@pytest.mark.parametrize("header", HEADERS)
def test_every_header_of_bouts_is_understood(write, header):
    row = "grooming,1,2".replace(",", ";" if ";" in header else "\t" if "\t" in header else ",")
    path = write(f"{header}\n{row}\n")
    assert recognise(path, Meaning()) == "bouts_csv"
    found = READER.read(path, Meaning())[0].content
    assert found.unit == HEADERS[header]
    assert found.bouts == (Bout("grooming", 1, 2, 2),)


def test_columns_may_stand_in_any_order_with_comments_between(write):
    found = READER.read(write('stop_s,Comment,behaviour,duration_s,start_s\n2.5,"a, b",wall rearing,1,1.5\n'), Meaning())[0].content
    assert found.bouts == (Bout("wall rearing", 1.5, 2.5, 2),)


def test_decimal_commas_are_read_where_semicolons_separate(write):
    found = READER.read(write("behaviour;start_s;stop_s\nTête;1,5;2,25\n;;\n", "utf-8-sig"), Meaning())[0].content
    assert found.bouts == (Bout("Tête", 1.5, 2.25, 2),)


def test_a_file_without_bouts_gives_none(write):
    path = write("behaviour,start_s,stop_s\n")
    assert recognise(path, Meaning()) == "bouts_csv" and READER.read(path, Meaning())[0].content.bouts == ()


FAULTS = {
    "behaviour,start_s,stop_s,rater\na,1,2,Ann\n": "the column 'rater' is one too many; nothing is left out silently: "
    "expected behaviour, start_s, stop_s (and comment, note, duration and mean_probability, which are not read)",
    "behaviour,start_s,stop_s,Label\na,1,2,b\n": "the column 'Label' is one too many",
    "behaviour,start_s,stop_s,start_s\na,1,2,3\n": "the column 'start_s' is one too many",
    "behaviour,start_s,stop_s,start,stop\na,1,2,3,4\n": "the column 'start' is one too many",
    "behaviour,start_frame,stop_frame,start,stop\na,1,2,3,4\n": "the column 'start' is one too many",
    "behaviour,start_s,stop_s,comment,Comment\na,1,2,,\n": "the column 'comment' is one too many",
    "behaviour,begin,end\na,1,2\n": "expected columns behaviour, start_s and stop_s (or start_frame and stop_frame), found the header",
    "behaviour,start_s,stop_s\n,1,2\n": "line 2: the behaviour is missing",
    "behaviour,start_s,stop_s\na,1,2\nb,soon,2\n": "line 3, column 'start_s': expected a number, found 'soon'",
    "behaviour,start_s,stop_s\na,1,\n": "line 2, column 'stop_s': expected a number, found ''",
    "behaviour,start_s,stop_s\na,nan,2\n": "line 2, column 'start_s': expected a number, found 'nan'",
    'behaviour,start_s,stop_s\na,"1,5",2\n': "expected a number, found '1,5'",
    "behaviour,start_s,stop_s\na,5,3\n": "line 2, 'a' from 5 to 3: it stops before it starts",
    "behaviour,start_s,stop_s\na,-1,3\n": "line 2, 'a' from -1 to 3: it starts before the video does",
    "behaviour,start_s,stop_s\na,1\n": "line 2: expected 3 cells as in the header, found 2",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_faulty_file_is_refused_with_its_place(write, text):
    with pytest.raises(InputError) as error:
        READER.read(write(text), Meaning())
    assert FAULTS[text] in str(error.value) and "\n" not in str(error.value)


def test_a_bout_without_an_end_cannot_be_built():
    with pytest.raises(InputError, match="expected a start and a stop"):
        Bout("a", 1, float("nan"), 7)


@pytest.mark.parametrize("text", ["", "scorer,DLC,DLC\nbodyparts,a,a\n", "frame,grooming\n0,1\n", "behaviour,start_s\n", "PK\0\0"])
def test_other_files_are_not_taken_for_bouts(write, text):
    assert not READER.recognise(read_head(write(text)), Meaning())
