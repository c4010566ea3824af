"""The tables of a folder of tags hold every video whose tags are there, whichever run tagged it."""

import csv

import numpy as np
import pytest

from ethocache.dataset.tagged_video import TaggedVideo
from ethocache.endtoend.packs.results import Results
from ethocache.endtoend.packs.tables import Tables
from ethocache.endtoend.packs.unlike import Finding


@pytest.fixture
def results(tmp_path) -> Results:
    return Results(tmp_path / "tagged", "a model")


def run(results: Results, fields=("file",), **frames_of_videos: int) -> list[str]:
    """Tag videos of so many frames, in each of which the animal grooms."""
    tables = Tables(results, fields, ("grooming",))
    for name, frames in frames_of_videos.items():
        table = results.path("tags", f"{name}.csv")
        table.parent.mkdir(parents=True, exist_ok=True)
        table.touch()
        tags = np.ones((frames, 1), np.int8)
        video = TaggedVideo(name, ("grooming",), np.arange(frames) / 10, tags, fields={"file": f"{name}.mp4"})
        tables.add(video, [Finding("frames/s", float(frames), 1.0, 2.0, 0.5, 4.0)])
    return tables.write()


def rows(results: Results, file: str, *columns: str) -> list[tuple[str, ...]]:
    with (results.folder / file).open() as table:
        return [tuple(row[column] for column in columns) for row in csv.DictReader(table)]


def test_a_later_run_keeps_the_videos_of_an_earlier_one_in_order_of_their_names(results):
    run(results, b=20, c=30)
    assert run(results, a=10) == []
    assert rows(results, "summary.csv", "video", "file", "frames") == [("a", "a.mp4", "10"), ("b", "b.mp4", "20"), ("c", "c.mp4", "30")]
    assert rows(results, "unlike.csv", "video", "value") == [("a", "10.000000"), ("b", "20.000000"), ("c", "30.000000")]


def test_a_video_that_is_tagged_again_has_its_new_row_only(results):
    run(results, a=10, b=20)
    run(results, a=40)
    assert rows(results, "summary.csv", "video", "frames") == [("a", "40"), ("b", "20")]
    assert rows(results, "unlike.csv", "video", "value") == [("a", "40.000000"), ("b", "20.000000")]


def test_a_video_whose_tags_were_removed_has_no_row(results):
    run(results, a=10, b=20)
    results.path("tags", "a.csv").unlink()
    run(results, c=30)
    assert rows(results, "summary.csv", "video") == [("b",), ("c",)]
    assert rows(results, "unlike.csv", "video") == [("b",), ("c",)]


def test_names_that_spreadsheets_would_run_are_known_again(results):
    run(results, **{"=1+1": 10})
    run(results, a=10)
    run(results, **{"=1+1": 20})
    assert rows(results, "summary.csv", "video", "frames") == [("'=1+1", "20"), ("a", "10")]


@pytest.mark.parametrize("content", ["", "video;file\na;b\n", "video,file,duration_s\na\n", "\xff"], ids=["empty", "other", "short", "odd"])
def test_a_table_that_another_program_changed_is_new_and_told_of(results, content):
    run(results, a=10)
    (results.folder / "summary.csv").write_text(content, encoding="latin-1")
    (note,) = run(results, b=20)
    assert note == f"{results.folder / 'summary.csv'} was changed by another program; it is new, with the videos of this run only"
    assert rows(results, "summary.csv", "video") == [("b",)]
    assert rows(results, "unlike.csv", "video") == [("a",), ("b",)]
