"""BORIS's tabular events, as versions 7 to 10 export them."""

import pytest
from openpyxl import Workbook
from pipeline import SHARED

from ethocache.common.errors import InputError
from ethocache.dataset.formats import FORMATS, Bout, Meaning, recognise
from ethocache.dataset.text import read_head

OLD_HEADER = "Time,Media file path,Total length,FPS,Subject,Behavior,Behavioral category,Modifier 1,Comment,Status"
NEW_HEADER = (
    "Observation id,Observation date,Description,Observation duration,Observation type,Source,Time offset (s),Media duration (s),FPS,"
    "Subject,Behavior,Behavioral category,Modifier #1,Behavior type,Time,Media file name,Image index,Image file path,Comment"
)
HERE = "/home/lab/m1.avi"


@pytest.fixture
def write(tmp_path):
    def write(text, name="events.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", newline="")
        return path

    return write


def old(*events, offset="0.0", media=(HERE,)):
    """A table of version 7: (time, subject, behaviour, modifier, comment, status) below what stands above the header."""
    above = ["Observation id,o1", "", "Media file(s)", "", *(f"Player #1,{medium}" for medium in media), "Observation date,2021-06-15"]
    above += ["Description", f"Time offset (s),{offset}", "independent variables", "variable,value"]
    rows = [f"{time},{HERE},190.000,NA,{who},{what},,{how},{said},{status}" for time, who, what, how, said, status in events]
    return "".join(line + "," * (9 - line.count(",")) + "\r\n" for line in [*above, OLD_HEADER, *rows])


def new(*events, offset="0.0", source=f"player #1:{HERE}", lengths="190.000"):
    """A table of version 8 and later: (time, subject, behaviour, modifier, comment, type)."""
    start = f"o1,2024-05-01 10:00:00,,190.0,Media file(s),{source},{offset},{lengths},NA"
    rows = [f"{start},{who},{what},,{how},{kind},{time},Not found,NA,NA,{said}" for time, who, what, how, said, kind in events]
    return "".join(line + "\n" for line in [NEW_HEADER, *rows])


def a_bout(start=1.5, stop=3, who="ann", what="groom", how="", said=""):
    return (start, who, what, how, said, "START"), (stop, who, what, how, said, "STOP")


def read(path, **meaning):
    assert recognise(path, Meaning(**meaning)) == "boris_events"
    return FORMATS["boris_events"].read(path, Meaning(**meaning))


def times(labels):
    return [(bout.behaviour, bout.start, bout.stop) for bout in labels.content.bouts]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real export is not beside the repository (../shared/data)")
def test_a_real_export_holds_ten_bouts_of_22_seconds():
    (labels,) = read(next((SHARED / "boris_ethome").glob("*_reencode.csv")))
    bouts = labels.content.bouts
    assert {bout.behaviour for bout in bouts} == {"interact"} and len(bouts) == 10
    assert round(sum(bout.stop - bout.start for bout in bouts), 1) == 22.1
    assert bouts[0] == Bout("interact", 29.85, 34.725, 17)
    assert labels.media.endswith("/e3v813a-20210610T122332-122642_reencode.avi") and labels.notes == ()


@pytest.mark.parametrize("table", [old, new])
def test_a_state_lasts_from_its_start_to_its_stop(write, table):
    (labels,) = read(write(table(*a_bout())))
    assert times(labels) == [("groom", 1.5, 3.0)]
    assert (labels.content.unit, labels.media, labels.rater, labels.notes) == ("seconds", HERE, "", ())


@pytest.mark.parametrize("table", [old, new])
@pytest.mark.parametrize(("offset", "start"), [("10", 2.3), ("-10.0", 22.3)])
def test_the_time_offset_is_taken_away_from_every_time(write, table, offset, start):
    (labels,) = read(write(table(*a_bout(12.3, 13), offset=offset)))
    assert times(labels) == [("groom", start, start + 0.7)]


def test_tabs_separate_as_well(write):
    (labels,) = read(write(new(*a_bout()).replace(",", "\t"), "events.tsv"))
    assert times(labels) == [("groom", 1.5, 3.0)]


def test_a_workbook_reads_as_the_text_does(tmp_path, write):
    book = Workbook()
    for line in old(*a_bout(), offset="1").splitlines():
        book.active.append([float(cell) if cell.replace(".", "").isdigit() else cell for cell in line.split(",")])
    book.save(tmp_path / "events.xlsx")
    assert times(read(tmp_path / "events.xlsx")[0]) == times(read(write(old(*a_bout(), offset="1")))[0]) == [("groom", 0.5, 2.0)]


def test_behaviours_overlap_and_bouts_are_in_order_of_their_starts(write):
    rear, groom = a_bout(1, 5, what="rear"), a_bout(2, 3)
    (labels,) = read(write(old(rear[0], *groom, rear[1])))
    assert times(labels) == [("rear", 1, 5), ("groom", 2, 3)]


def test_a_behaviour_may_go_over_into_itself_with_another_modifier(write):
    first, second = a_bout(1, 2, how="fast", said="!"), a_bout(2, 3, how="slow")
    (labels,) = read(write(new(first[0], second[0], first[1], second[1])))
    assert times(labels) == [("groom", 1, 2), ("groom", 2, 3)]
    assert labels.notes == ("modifiers are not read (4 events have some)", "comments are not read (2 events have one)")


def test_media_in_one_player_share_a_clock_that_is_split_again(write):
    source, lengths = r"player #1:C:\v\a.mp4;b.mp4;c.mp4|player #2:side.mp4", "10.000;20.000;5.000|40.000"
    labels = read(write(new(*a_bout(101, 112.5), *a_bout(129.5, 130), offset="100", source=source, lengths=lengths)))
    assert [(one.media, times(one)) for one in labels] == [
        (r"C:\v\a.mp4", [("groom", 1, 10)]),
        ("b.mp4", [("groom", 0, 2.5), ("groom", 19.5, 20)]),
        ("c.mp4", []),
    ]


def test_a_live_observation_is_called_by_its_name(write):
    (labels,) = read(write(new(*a_bout(), source="NA", lengths="NA")))
    assert labels.media == "o1"


def test_the_subject_is_the_one_that_was_asked_for(write):
    table = new(*a_bout(), *a_bout(4, 5, who="bob", what="rear"), *a_bout(6, 7, who=""))
    assert times(read(write(table), subject="bob")[0]) == [("rear", 4, 5)]
    (labels,) = read(write(table), subject="No focal subject")
    assert times(labels) == [("groom", 6, 7)] and labels.notes == ("4 events of other subjects than 'No focal subject' are left out",)


def test_a_point_lasts_as_long_as_the_settings_say(write):
    (labels,) = read(write(new((4, "ann", "bite", "", "", "POINT"))), point_s=0.25)
    assert times(labels) == [("bite", 4, 4.25)]


@pytest.mark.parametrize("table", [old, new])
def test_a_table_without_events_has_no_bouts(write, table):
    (labels,) = read(write(table()))
    assert labels.content.bouts == () and labels.media == (HERE if table is old else "")


START, STOP = a_bout()
TWO_FILES = f"player #1:{HERE};b.mp4"
FAULTS = {
    "a state that never stops": (new(START), "line 2: START of 'groom', subject 'ann', at 1.5 s has no STOP; close the event in BORIS"),
    "a state that never starts": (
        old(STOP),
        "line 12: STOP of 'groom', subject 'ann', at 3 s has no START before it; add the START in BORIS",
    ),
    "two starts": (
        new(START, (2, *START[1:]), STOP),
        "line 3: START of 'groom', subject 'ann', at 2 s, but the one before it (line 2) has no",
    ),
    "a stop before its start": (
        new(START, (1, *STOP[1:])),
        "line 3: STOP of 'groom', subject 'ann', at 1 s is before its START at 1.5 s (line 2)",
    ),
    "another one's stop": (new(START, (3, "ann", "rear", "", "", "STOP")), "line 3: STOP of 'rear', subject 'ann', at 3 s has no START"),
    "no behaviour": (new((1, "ann", "", "", "", "START")), "line 2: the behaviour is missing; choose one in BORIS, or remove the event"),
    "an unknown status": (
        old((1, "ann", "groom", "", "", "BEGIN")),
        "line 12, column 'Status': expected START, STOP or POINT, found 'BEGIN'",
    ),
    "no status": (new((1, "ann", "groom", "", "", "")), "line 2, column 'Behavior type': expected START, STOP or POINT, found ''"),
    "no time": (new(("NA", *START[1:])), "line 2, column 'Time': expected a number, found 'NA'; only events with a time can be read"),
    "an endless time": (new(("1e999", *START[1:])), "line 2, column 'Time': expected a number, found '1e999'"),
    "a time before the video": (
        new(*a_bout(), offset="2"),
        "line 2: START of 'groom', subject 'ann', at 1.5 s is before the video's first frame "
        "(BORIS added the observation's time offset, 2 s, to each time); correct the time or the offset in BORIS",
    ),
    "an offset in words": (
        old(*a_bout(), offset="soon"),
        "the time offset of observation 'o1': expected a number, found 'soon'; correct it in BORIS",
    ),
    "two offsets": (
        new(START) + new(STOP, offset="5").splitlines()[1] + "\n",
        "line 3, column 'Time offset (s)': '5', although observation 'o1' had '0.0' before",
    ),
    "a point without a length": (
        new((4, "ann", "bite", "", "", "POINT")),
        "line 2: POINT of 'bite', subject 'ann', at 4 s has no duration; say in labels.point_s how",
    ),
    "several subjects": (
        new(*a_bout(), *a_bout(who="bob"), *a_bout(who="")),
        "observation 'o1': events of several subjects, 'No focal subject', 'ann', 'bob'; say in labels.subject whose",
    ),
    "queued media of unknown length": (
        old(*a_bout(), media=(HERE, "b.mp4")),
        "observation 'o1' runs over 2 media one after the other, and the file does not say how long each of them is; open",
    ),
    "a length that is no number": (
        new(*a_bout(), source=TWO_FILES, lengths="NA;NA"),
        "observation 'o1' runs over 2 media one after the other, and the file does not say how",
    ),
    "a column twice": (
        new(*a_bout()).replace("Description", "Subject"),
        "the column 'Subject' stands twice; rename the independent variable 'Subject' in BORIS and export",
    ),
    "a row that is cut": (new(*a_bout()) + "o1,2024\n", "line 4: expected 19 cells as in the header, found 2"),
    "a quote that does not close": (new(*a_bout()) + 'o1,"2024\n', "look for a quote that is not closed"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_table_is_refused_with_its_place(write, fault):
    text, message = FAULTS[fault]
    with pytest.raises(InputError) as error:
        FORMATS["boris_events"].read(write(text), Meaning())
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_subject_that_nobody_has_is_refused(write):
    with pytest.raises(InputError, match=r"labels\.subject is 'eve', but the subjects are 'ann'; name one of them"):
        read(write(new(*a_bout())), subject="eve")


@pytest.mark.parametrize(
    "text", ["", "Time,Subject,Behavior\n1,a,b\n", "behaviour,start_s,stop_s\na,1,2\n", "frame,groom\n0,1\n", '{"time": 1}']
)
def test_other_files_are_not_taken_for_events(write, text):
    assert not FORMATS["boris_events"].recognise(read_head(write(text)), Meaning())


def test_no_other_format_takes_events_for_its_own(write):
    for text in (old(*a_bout()), new(*a_bout()), old(), new()):
        assert recognise(write(text), Meaning(names=frozenset({"groom"}))) == "boris_events"
