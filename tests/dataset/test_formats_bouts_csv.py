"""Bouts as CSV."""

import pytest
from pipeline import SHARED

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


ROLES = Meaning(unit="seconds", columns={"behaviour": "type", "start": "from", "stop": "to", "rater": "who", "video": "file"})


def test_files_that_hold_frames_and_seconds_are_read_by_frames(write):
    (found,) = READER.read(write("behaviour,start_s,stop_s,start_frame,stop_frame\na,1,2,25,50\n"), Meaning())
    assert found.content.unit == "frames" and found.content.bouts == (Bout("a", 25, 50, 2, seconds=(1, 2)),)
    assert found.notes == ()


def test_the_settings_say_which_columns_play_which_role(write):
    path = write("file;who;from;to;type;ID\nv1;A;1,5;2;a;7\nv2;A;0;1;b;7\nv1;B;1;2;a;7\nv1;A;3;4;a;7\n")
    assert recognise(path, ROLES) == "bouts_csv"
    found = READER.read(path, ROLES)
    assert [(one.media, one.rater, one.content.unit, one.content.bouts) for one in found] == [
        ("v1", "A", "seconds", (Bout("a", 1.5, 2, 2), Bout("a", 3, 4, 5))),
        ("v2", "A", "seconds", (Bout("b", 0, 1, 3),)),
        ("v1", "B", "seconds", (Bout("a", 1, 2, 4),)),
    ]
    assert {one.notes for one in found} == {("columns not read: 'ID'",)}


def test_the_headers_tell_the_unit_also_where_the_settings_name_them(write):
    columns = {"behaviour": "type", "start": "start_frame", "stop": "stop_frame"}
    (found,) = READER.read(write("type,start_frame,stop_frame\na,1,2\n"), Meaning(columns=columns, unit="seconds"))
    assert found.content.unit == "frames"


def test_columns_of_row_numbers_need_no_note(write):
    (found,) = READER.read(write(",Unnamed: 0.1,Unnamed: 0,from,to,type\n0,0,7,1,2,a\n"), ROLES)
    assert found.content.bouts == (Bout("a", 1, 2, 2),) and found.notes == ()


@pytest.mark.parametrize("row", ["v,A,NA,NA,NA", "v,A,,,", "v,A,312.5,NA,NA"])
def test_a_row_that_says_nothing_is_left_out_with_a_note(write, row):
    (found,) = READER.read(write(f"file,who,from,to,type\nv,A,1,2,a\n{row}\n"), ROLES)
    assert found.content.bouts == (Bout("a", 1, 2, 2),)
    assert found.notes == ("1 row with neither a behaviour nor both times not read (line 3)",)


def test_a_video_of_which_nothing_is_said_is_not_lost(write):
    (found,) = READER.read(write("file,who,from,to,type\nv,A,NA,NA,NA\n"), ROLES)
    assert found.media == "v" and found.content.bouts == ()


SUBJECTS = Meaning(columns={"subject": "animal"}, subject="m2")


def test_only_the_bouts_of_the_wanted_animal_are_read(write):
    path = write("animal,behaviour,start_s,stop_s\nm1,a,1,2\nm2,b,3,4\n")
    (found,) = READER.read(path, SUBJECTS)
    assert found.content.bouts == (Bout("b", 3, 4, 3),) and found.notes == ("1 rows of other animals than 'm2' not read",)
    with pytest.raises(InputError, match=r"line 3: this is of 'm2', line 2 of 'm1'; set labels\.subject to one"):
        READER.read(path, Meaning(columns={"subject": "animal"}))


ROLE_FAULTS = {
    "file,who,from,to,type\nv,A,5,3,a\n": "line 2, 'a' from 5 to 3: it stops before it starts",
    "file,who,from,to,type\nv,A,NA,3,a\n": "line 2, column 'from': expected a number, found 'NA'",
    "file,who,from,to,type\nv,A,1,3,NA\n": "line 2: the behaviour is missing",
    "file,who,from,to,type\nv,A,1,,\n": "line 2: the behaviour is missing",
    "file,who,from,to,type\n,A,1,3,a\n": "line 2, column 'file': expected the video, found nothing",
    "file,who,from,to,type\nv,NA,1,3,a\n": "line 2, column 'who': expected the rater, found nothing",
    "file,who,from,to,type,type\nv,A,1,3,a,b\n": "the column 'type' stands twice; keep one",
    "file,who,from,type\nv,A,1,a\n": "expected columns behaviour, start_s and stop_s",
}


@pytest.mark.parametrize("text", ROLE_FAULTS)
def test_a_faulty_table_of_roles_is_refused_with_its_place(write, text):
    with pytest.raises(InputError) as error:
        READER.read(write(text), ROLES)
    assert ROLE_FAULTS[text] in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("media", ["../../etc/passwd", "/etc/passwd", "C:\\videos\\m1.mp4", "http://host/m1.mp4", "\x1b[31m"])
def test_names_of_videos_are_given_as_they_stand_and_never_opened(write, media):
    assert READER.read(write(f"file,who,from,to,type\n{media},A,1,2,a\n"), ROLES)[0].media == media


OFT = Meaning(unit="seconds", columns={"behaviour": "type", "start": "from", "stop": "to", "rater": "Experimenter", "video": "DLCFile"})
REAL = pytest.mark.skipif(not SHARED.is_dir(), reason="the real labels are not beside the repository (../shared/data)")


@REAL
def test_three_raters_of_twenty_real_videos_are_read():
    found = READER.read(SHARED / "oft_raters/AllLabDataOFT_final.csv", OFT)
    assert len(found) == 60 and len({one.media for one in found}) == 20 and len({one.rater for one in found}) == 3
    names = [bout.behaviour for one in found for bout in one.content.bouts]
    assert [names.count(name) for name in ("Supported", "Unsupported", "Grooming")] == [3003, 2090, 275] and len(names) == 5517
    assert [one.notes[0] for one in found if len(one.notes) > 1] == ["1 row with neither a behaviour nor both times not read (line 5032)"]


@REAL
@pytest.mark.parametrize(("kind", "raters", "bouts"), [("12_01_A_190507144429.full", 3, 229), ("8_01_A_190507134142.trimmed", 1, 20)])
def test_what_pandas_saved_of_them_is_read_too(kind, raters, bouts):
    path = SHARED / f"oft_raters/{kind}.csv"
    assert recognise(path, OFT) == "bouts_csv"
    found = READER.read(path, OFT)
    assert len(found) == raters and sum(len(one.content.bouts) for one in found) == bouts


OF_TWO = "behaviour,start_s,stop_s,who\na,0,1,A\nb,1,2,B\n"


def test_the_bouts_of_one_animal_are_read_and_a_wrong_or_missing_name_is_refused(write):
    def of(subject):
        return Meaning(columns={"subject": "who"}, subject=subject)

    assert [bout.behaviour for bout in READER.read(write(OF_TWO), of("B"))[0].content.bouts] == ["b"]
    with pytest.raises(InputError, match=r"labels.subject is 'a', but the subjects are A, B; name one of them"):
        READER.read(write(OF_TWO), of("a"))
    for text in (OF_TWO + "a,3,4,\n", OF_TWO.replace("a,0,1,A", "a,0,1,")):
        with pytest.raises(InputError, match=r"line \d: the subject is missing, although others are named"):
            READER.read(write(text), of("B"))
