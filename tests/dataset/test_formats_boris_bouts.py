"""BORIS's aggregated events, as versions 7 to 10 export them."""

import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.formats import FORMATS, Bout, Meaning, recognise
from ethocache.dataset.text import read_head

HEADER = (
    "Observation id,Observation date,Description,Observation type,Source,Time offset (s),Coding duration,Media duration (s),FPS (frame/s),"
    "Subject,Behavior,Behavioral category,Modifier #1,Behavior type,Start (s),Stop (s),Duration (s),Media file name,"
    "Comment start,Comment stop"
)
OLD_HEADER = (
    "Observation id,Observation date,Description,Media file,Total length,FPS,Subject,Behavior,Behavioral category,Modifiers,"
    "Behavior type,Start (s),Stop (s),Duration (s),Comment start,Comment stop"
)


@pytest.fixture
def write(tmp_path):
    def write(*rows, header=HEADER):
        path = tmp_path / "aggregated.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write


def row(start, stop, what="groom", who="No focal subject", kind="STATE", **of):
    of = {"name": "o1", "source": "player #1:m1.avi", "offset": "0.0", "lengths": "60.000"} | of
    about = f"{of['name']},2024-05-01,,Media file,{of['source']},{of['offset']},9,{of['lengths']},25.000"
    return f"{about},{who},{what},Not defined,,{kind},{start},{stop},1,Not found,so,"


def read(path, **meaning):
    assert recognise(path, Meaning(**meaning)) == "boris_bouts"
    return FORMATS["boris_bouts"].read(path, Meaning(**meaning))


def times(labels):
    return [(bout.behaviour, bout.start, bout.stop) for bout in labels.content.bouts]


def test_each_row_is_a_bout(write):
    (labels,) = read(write(row(1.5, 3), row(4, 5.25), row(2, 6, "rear")))
    assert labels.content.bouts == (Bout("groom", 1.5, 3, 2), Bout("groom", 4, 5.25, 3), Bout("rear", 2, 6, 4))
    assert (labels.content.unit, labels.media, labels.rater) == ("seconds", "m1.avi", "")
    assert labels.notes == ("comments are not read (3 events have one)",)


def test_several_observations_are_told_apart(write):
    first, second = read(write(row(1, 2), row(3, 4, name="o2", source="player #1:m2.avi", offset="1")))
    assert (first.media, times(first)) == ("m1.avi", [("groom", 1, 2)])
    assert (second.media, times(second)) == ("m2.avi", [("groom", 2, 3)])


def test_two_observations_of_one_video_are_two_raters(write):
    labels = read(write(row(1, 2), row(1.1, 2, name="o2", source=r"player #1:D:\videos\m1.avi")))
    assert [(one.rater, one.media) for one in labels] == [("o1", "m1.avi"), ("o2", r"D:\videos\m1.avi")]


def test_points_have_the_length_that_the_settings_say(write):
    (labels,) = read(write(row(4, 4, kind="POINT")), point_s=0.5)
    assert times(labels) == [("groom", 4, 4.5)]


def test_media_in_one_player_share_a_clock_that_is_split_again(write):
    labels = read(write(row(9, 12, source="player #1:a.mp4;b.mp4|player #2:c.mp4", lengths="10.000;20.000|30.000")))
    assert [(one.media, times(one)) for one in labels] == [("a.mp4", [("groom", 9, 10)]), ("b.mp4", [("groom", 0, 2)])]


def test_a_bout_that_ends_a_rounding_after_a_medium_does_not_reach_into_the_next(write):
    queued = {"source": "player #1:a.mp4;b.mp4", "lengths": "10.000;20.000"}
    labels = read(write(row(9, 10.001, **queued), row(10, 11, "rear", **queued)))
    assert [times(one) for one in labels] == [[("groom", 9, 10)], [("rear", 0, 1)]]


def test_tables_of_version_7_do_not_say_the_offset_and_that_is_said(write):
    (labels,) = read(write("o1,2020,,/v/m1.avi,60.0,NA,ann,groom,,fast,STATE,1.5,3,1.5,,", header=OLD_HEADER))
    assert (labels.media, times(labels)) == ("/v/m1.avi", [("groom", 1.5, 3)])
    assert labels.notes == (
        "the table does not say the observation's time offset; 0 s is taken",
        "modifiers are not read (2 events have some)",
    )


FAULTS = {
    row(
        3, 1
    ): "line 2: STOP of 'groom', subject 'No focal subject', at 1 s is before its START at 3 s (line 2); correct the times in BORIS",
    row(1, "NA"): "line 2, column 'Stop (s)': expected a number, found 'NA'; only events with a time can be read",
    row(1, 2, kind="EVENT"): "line 2, column 'Behavior type': expected STATE or POINT, found 'EVENT'; export it from BORIS again",
    row(1, 1, kind="POINT"): "line 2: POINT of 'groom', subject 'No focal subject', at 1 s has no duration; say in labels.point_s",
    row(1, 2, what=""): "line 2: the behaviour is missing",
    row(-1, 2): "line 2: START of 'groom', subject 'No focal subject', at -1 s is before the video's first frame",
    row(1, 2)
    + "\n"
    + row(3, 4, who="ann"): "observation 'o1': events of several subjects, 'No focal subject', 'ann'; say in labels.subject",
    row(
        1, 2, source="player #1:a.mp4;b.mp4", lengths="9.0"
    ): "observation 'o1' runs over 2 media one after the other, and the file does not",
    row(1, 2)
    + "\n"
    + row(3, 4, source="player #1:b.mp4"): "line 3, column 'Source': 'player #1:b.mp4', although observation 'o1' had 'player #1:m1.avi'",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_faulty_table_is_refused_with_its_place(write, text):
    with pytest.raises(InputError) as error:
        FORMATS["boris_bouts"].read(write(text), Meaning())
    assert FAULTS[text] in str(error.value) and "\n" not in str(error.value)


def test_a_table_without_rows_has_no_bouts(write):
    (labels,) = read(write())
    assert labels.content.bouts == ()


def test_other_files_are_not_taken_for_aggregated_events(tmp_path):
    for text in ("", "behavior,start_s,stop_s\na,1,2\n", "Subject,Behavior,Start (s)\na,b,1\n"):
        (tmp_path / "other.csv").write_text(text)
        assert not FORMATS["boris_bouts"].recognise(read_head(tmp_path / "other.csv"), Meaning())
