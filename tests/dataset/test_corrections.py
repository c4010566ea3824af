"""Files of corrections are read strictly: each line that cannot be right is told with its place."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.corrections import COLUMNS, DECISION, VIEW, decisions, labels_and_corrections, read_corrections
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.videos import VideoFacts

FACTS = VideoFacts(10, 32, 32, "yuv420p", "h264", 10.0, 1.0, False, (), "f" * 64)
RECORDS = [VideoRecord(name, f"{name}.mp4", {}, name, FACTS) for name in ("mouse_a", "mouse_b")]
HEADER = ",".join(COLUMNS)
ROW = "mouse_a,grooming,2,5,1,10,0.200,0.500,2026-11-28T10:15:00Z"


@pytest.fixture
def read(tmp_path):
    """Write files of these texts, and read them as corrections."""

    def read(*texts, records=RECORDS, **settings):
        files = {}
        for number, text in enumerate(texts):
            files[f"corrections/{number}.csv"] = path = tmp_path / f"{number}.csv"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_corrections(files, records, ("grooming", "toilettage é, long"), Store(tmp_path / "store"), **settings)

    return read


def said(read, *texts, **settings):
    with pytest.raises(InputError) as caught:
        read(*texts, **settings)
    return str(caught.value)


def test_a_row_is_a_span_of_one_behaviour_in_one_video(read):
    (correction,) = read(f"{HEADER}\n{ROW}\n").of["mouse_a"]
    assert (correction.behaviour, correction.start, correction.stop, correction.label) == ("grooming", 2, 5, 1)
    assert (correction.start_s, correction.stop_s, correction.place) == (0.2, 0.5, "corrections/0.csv, line 2")
    assert correction.saved == datetime(2026, 11, 28, 10, 15, tzinfo=UTC)


def test_rows_of_all_files_come_in_the_order_in_which_they_were_saved(read):
    later = ROW.replace("10:15", "11:00")
    found = read(f"{HEADER}\n{later.replace(',1,10', ',0,10')}\n", f"{HEADER}\n{ROW}\n{ROW.replace('mouse_a', 'mouse_b')}\n")
    assert [one.label for one in found.of["mouse_a"]] == [1, 0]
    assert found.in_words == "3 corrections of 2 videos"


def test_rows_of_one_decision_are_one_correction(read):
    other = ROW.replace("grooming", '"toilettage é, long"').replace(",1,10", ",0,10")
    elsewhere = ROW.replace(",2,5,", ",6,8,").replace("0.200,0.500", "0.600,0.800")
    later = ROW.replace("10:15", "11:00").replace(",1,10", ",-1,10")
    found = read(f"{HEADER},{DECISION}\n{ROW},1\n{other},1\n{elsewhere},2\n", f"{HEADER}\n{later}\n")
    assert found.in_words == "3 corrections of 1 video"
    assert decisions(found.of["mouse_a"]) == 3 and len(found.of["mouse_a"]) == 4


def test_what_a_later_file_says_again_is_counted_once_however_its_rows_are_parted(read):
    def row(start, stop, label, decision, hour):
        return f"mouse_a,grooming,{start},{stop},{label},10,{start / 10:.3f},{stop / 10:.3f},2026-11-28T{hour}:00:00Z,{decision}\n"

    def counted(*files):
        return decisions(read(*(f"{HEADER},{DECISION}\n" + "".join(rows) for rows in files)).of["mouse_a"])

    first = [row(2, 5, 1, 1, 10)]
    both = [row(2, 5, 1, 1, 11), row(5, 7, 1, 2, 11)]
    parted = [row(2, 3, 1, 1, 12), row(3, 5, 0, 3, 12), row(5, 7, 1, 2, 12)]
    back = [row(2, 3, 1, 1, 13), row(3, 5, 1, 4, 13), row(5, 7, 0, 5, 13)]
    assert [counted(first), counted(first, both), counted(first, both, parted), counted(first, both, parted, back)] == [1, 2, 3, 5]
    assert counted(both, back) == 3, "in between nothing else was said of frames 3 and 4"


def test_no_file_is_no_correction(read):
    assert (read().of, read().in_words, read().notes) == ({}, "", ())


def test_quoted_names_accents_and_what_excel_makes_of_a_table_are_read(read):
    row = "﻿" + HEADER.replace(",", ";") + '\nmouse_a;"toilettage é, long";2;5;-1;10;0,2;0,5;2026-11-28T10:15:00+00:00\n'
    assert [(one.behaviour, one.label, one.stop_s) for one in read(row).of["mouse_a"]] == [("toilettage é, long", -1, 0.5)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("mouse_a", "mouse_c", "line 2: no video is called 'mouse_c', did you mean 'mouse_"),
        ("grooming", "groming", "line 2: 'groming' is none of data.behaviours, did you mean 'grooming'? Corrections use these names"),
        (",1,10,", ",1,12,", "line 2: 'mouse_a' has 10 frames, but video_frames says 12; these are of another video"),
        (",2,5,", ",2,11,", "line 2: expected a span within the video's 10 frames, start_frame before stop_frame, found 2 to 11"),
        (",2,5,", ",5,5,", "found 5 to 5"),
        (",2,5,", ",5,2,", "found 5 to 2"),
        (",2,5,", ",-2,5,", "line 2: start_frame: expected a whole number of frames, found '-2'"),
        (",2,5,", ",2,5.5,", "line 2: stop_frame: expected a whole number of frames, found '5.5'"),
        (",2,5,", ",2,,", "line 2: stop_frame: expected a whole number of frames, found ''"),
        (",1,10,", ",yes,10,", "line 2: expected a label of 1 (shown), 0 (not shown) or -1 (nobody knows), found 'yes'"),
        (",1,10,", ",2,10,", "found '2'"),
        ("0.200", "nan", "line 2: start_s: expected a number of seconds, found 'nan'"),
        ("0.500", "", "line 2: stop_s: expected a number of seconds, found ''"),
        ("T10:15:00Z", "T10:15:00", "line 2: saved: expected a time in UTC such as 2026-11-28T10:15:00Z, found '2026-11-28T10:15:00'"),
        ("T10:15:00Z", "T10:15:00+01:00", "line 2: saved: expected a time in UTC"),
        ("2026-11-28T10:15:00Z", "yesterday", "line 2: saved: expected a time in UTC such as 2026-11-28T10:15:00Z, found 'yesterday'"),
        (",0.500,", ",", "line 2: expected 9 cells as in the header, found 8"),
    ],
)
def test_a_row_that_cannot_be_right_is_told_with_its_line(read, old, new, message):
    assert ROW.count(old) == 1
    told = said(read, f"{HEADER}\n{ROW.replace(old, new)}\n")
    assert told.startswith("corrections/0.csv: ") and message in told and "\n" not in told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a table with a header row, found an empty file"),
        (f"{HEADER}\n", "expected corrections below the header, found none; remove the file"),
        (
            "behaviour,start_s,stop_s\ngrooming,1,2\n",
            f"expected the columns of saved corrections, {HEADER}, found behaviour,start_s,stop_s",
        ),
        (f"{HEADER},more\n{ROW},1\n", "if it holds something else, narrow data.corrections"),
        (f"{HEADER}\n{ROW}\n".encode().replace(b"mouse", b"mo\xffse"), "not UTF-8 text"),
        (f'{HEADER}\n"{ROW}\n', "not a row of a CSV file"),
        (
            f"{HEADER}\n{ROW}\n{ROW.replace('10:15', '10:16')}\n",
            "line 3: saved at 2026-11-28T10:16:00Z, rows above at 2026-11-28T10:15:00Z; keep what was saved at two times in two files",
        ),
    ],
)
def test_a_file_that_is_no_saved_corrections_is_refused(read, text, message):
    told = said(read, text)
    assert told.startswith("corrections/0.csv: ") and message in told and "\n" not in told


def test_every_bad_file_is_named(read):
    lines = said(
        read, f"{HEADER}\n{ROW.replace('_a', '_x')}\n", f"{HEADER}\n{ROW}\n", f"{HEADER}\n{ROW.replace('2,5', '5,2')}\n"
    ).splitlines()
    assert [line[:17] for line in lines] == ["corrections/0.csv", "corrections/2.csv"]


def test_one_file_twice_is_refused(read):
    told = said(read, f"{HEADER}\n{ROW}\n", f"{HEADER}\n{ROW}\n")
    assert told == "corrections/1.csv: it holds the same as corrections/0.csv, saved or copied twice; remove one of them"


def test_corrections_of_a_video_that_has_gone_may_be_left_aside(read):
    found = read(f"{HEADER}\n{ROW.replace('_a', '_x')}\n{ROW}\n", skip=True)
    assert found.in_words == "1 correction of 1 video"
    assert found.notes == ("corrections of 1 video that are not there are left aside: 'mouse_x'",)


def test_an_animal_of_several_is_named_as_its_record(read):
    records = [VideoRecord("cage.m1", "cage.mp4", {}, "cage", FACTS, individual="m1", of=2)]
    assert list(read(f"{HEADER}\n{ROW.replace('mouse_a', 'cage.m1')}\n", records=records).of) == ["cage.m1"]
    assert "no video is called 'cage', did you mean 'cage.m1'?" in said(
        read, f"{HEADER}\n{ROW.replace('mouse_a', 'cage')}\n", records=records
    )


def test_what_matches_labels_and_corrections_is_told_apart_by_its_header(tmp_path):
    for folder, text in (("labels", "behaviour,start_s,stop_s\n"), ("corrections", f"{HEADER}\n{ROW}\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.csv").write_text(text)
    params = DataParams(dir=str(tmp_path), behaviours=("grooming",), labels="*/*.csv", corrections="*/*.csv")
    labels, corrections = labels_and_corrections(DataFolder(str(tmp_path)), params)
    assert (list(labels), list(corrections)) == (["labels/a.csv"], ["corrections/a.csv"])


def test_a_project_without_the_folder_has_none(tmp_path):
    params = DataParams(dir=str(tmp_path), behaviours=("grooming",))
    assert labels_and_corrections(DataFolder(str(tmp_path)), params) == ({}, {})


def test_corrections_of_a_session_are_of_the_camera_whose_frames_it_had_when_they_were_saved(read):
    records = [replace(RECORDS[0], view="top"), RECORDS[1]]
    row = f"{HEADER},{DECISION},{VIEW}\n{ROW},1,"
    for text in (f"{row}top\n", f"{row}\n", f"{HEADER}\n{ROW}\n", f"{HEADER},{VIEW}\n{ROW},top\n"):
        assert [one.start for one in read(text, records=records).of["mouse_a"]] == [2], "files of before do not tell"
    assert said(read, f"{row}side\n", records=records) == (
        "corrections/0.csv: line 2: 'mouse_a' has the frames of 'top', but these were saved on those of 'side', by another clock; let it "
        "have these again (data.reference_view, or the name of its labels file), or remove its rows and correct it anew"
    )
    assert "'mouse_b' is filmed by one camera, but these were saved on those of 'side'" in said(
        read, f"{row.replace('mouse_a', 'mouse_b')}side\n", records=records
    )


def test_no_column_may_stand_twice(read):
    assert "expected the columns of saved corrections" in said(read, f"{HEADER},saved\n{ROW},2026-11-28T10:15:00Z\n")
