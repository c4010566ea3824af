"""What is printed and written."""

import csv
from dataclasses import replace

from ethocache.scoring.review.doubts import MISSED, Doubt
from ethocache.scoring.review.moments import Moment
from ethocache.scoring.review.queue import Queue
from ethocache.scoring.review.tables import doubts_in_words, queue_in_words, write_doubts, write_queue


def moment(n=0, video="v"):
    return Moment(video, "grooming", 10 * n, 10 * n + 40, n, n + 4.0, 12.34, 1.0, "uncertain")


def queue(count):
    return Queue(tuple(moment(n) for n in range(count)), 12.34 * count, 100, 10.0 * count)


def test_the_table_says_where_what_and_why():
    lines = queue_in_words(queue(2)).splitlines()
    assert lines[0].endswith("25 of an expected 100 wrong frames would be put right (25%)")
    assert lines[1].split() == ["video", "seconds", "frames", "behaviour", "wrong", "why"]
    assert lines[2].split() == ["v", "0.0-4.0", "0-40", "grooming", "12.3", "uncertain"]


def test_a_long_queue_is_printed_in_part():
    assert queue_in_words(queue(25)).splitlines()[-1] == "... and 5 more in queue.csv"
    assert len(queue_in_words(queue(20)).splitlines()) == 22


def test_doubts_name_a_rater_or_a_video():
    doubts = [Doubt("starts late", "", "", rater="kim", detail="starts late"), Doubt(MISSED, "v", "grooming", "", 1, 9, 0.1, 0.9, 0.9)]
    lines = doubts_in_words(doubts, 3).splitlines()
    assert lines[0].startswith("2 suspected labelling errors in 3 labelled videos")
    assert lines[2].split() == ["rater", "kim", "starts", "late"] and lines[3].split() == ["v", "0.1-0.9"]


def test_text_that_a_spreadsheet_would_run_is_tamed(tmp_path):
    write_queue(tmp_path / "queue.csv", Queue((moment(video="=1+1"),), 1, 1, 10), {"=1+1": "@x.mp4"})
    write_doubts(tmp_path / "doubts.csv", [Doubt(MISSED, "v", "-b", rater="+kim")], {})
    with (tmp_path / "queue.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["video"], row["file"]) == ("'=1+1", "'@x.mp4")
    with (tmp_path / "doubts.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["behaviour"], row["rater"], row["start_s"]) == ("'-b", "'+kim", "")


def test_a_queue_for_training_says_how_much_would_be_new():
    for_training = Queue(tuple(replace(moment(n), new=20.4) for n in range(2)), 24.68, 100, 20)
    lines = queue_in_words(for_training).splitlines()
    assert lines[0].endswith("(25%), and 41 frames of these behaviours labelled where nobody looked yet")
    assert lines[1].split() == ["video", "seconds", "frames", "behaviour", "wrong", "new", "why"]
    assert lines[2].split() == ["v", "0.0-4.0", "0-40", "grooming", "12.3", "20.4", "uncertain"]
