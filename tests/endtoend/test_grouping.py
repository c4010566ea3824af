"""Groups of animals that were filmed together, and tags without any label."""

import csv

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.index import VideoRecord, write_index
from ethocache.dataset.tags import write_tags
from ethocache.dataset.videos import VideoFacts
from ethocache.endtoend.grouping import Question, listed, study_groups
from ethocache.scoring.groups.comparing import Drawing

FACTS = VideoFacts(40, 32, 32, "yuv420p", "h264", 10.0, 4.0, False, (), "f" * 64)
BEHAVIOURS = ("sniffing",)


@pytest.fixture
def pairs(tmp_path, monkeypatch):
    """Four videos, each of a resident that sniffs half of the time and an intruder that hardly does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    (tmp_path / "lab").mkdir()
    (tmp_path / "params.yaml").write_text("data: {dir: lab, behaviours: [sniffing]}\n")
    records = []
    for number in range(4):
        for name, frames in (("resident", 20 + number), ("intruder", 2 + number)):
            about = {"animal": f"box{number}"}
            records.append(VideoRecord(f"v{number}.{name}", f"v{number}.mp4", about, f"box{number}", FACTS, individual=name, of=2))
            tags = (np.arange(40) < frames).astype(np.int8)[:, None]
            write_tags(tmp_path / f"data/tags/v{number}.{name}.csv", np.arange(40), np.arange(40) / 10, tags * 0.9, tags, BEHAVIOURS)
    write_index(tmp_path / "data/index.json", records)
    return tmp_path


def test_animals_of_one_video_are_compared_with_a_word_of_warning(pairs):
    question = Question(by=("individual",), measures=("fraction",), drawing=Drawing(resamples=200))
    said = study_groups(question, pairs / "out", Store(pairs / "store"))
    assert "8 videos of 8 animals in 2 groups (intruder 4, resident 4); 1 of 1 comparisons with p < .05" in said
    assert "animals of one video count as one each, though what one does depends on the others: p may be too small" in said
    assert "sniffing: its fraction of time is not adjusted for tagging errors: 0 held-out animals show it" in said
    with (pairs / "out/animals.csv").open(newline="") as file:
        assert [row["animal"] for row in csv.DictReader(file)][:2] == ["box0.intruder", "box0.resident"]
    with (pairs / "out/comparisons.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["difference"], row["p"], row["adjusted_difference"]) == ("0.450000", "0.028571", "")


def test_the_labs_own_table_is_never_written_over(pairs):
    (pairs / "meta").mkdir()
    text = "animal,sex\n" + "".join(f"box{n}.{name},{sex}\n" for n in range(4) for name, sex in (("resident", "m"), ("intruder", "f")))
    (pairs / "meta/animals.csv").write_text(text)
    question = Question(by=("sex",), metadata=pairs / "meta/animals.csv", measures=("fraction",), drawing=Drawing(resamples=200))
    with pytest.raises(InputError, match="meta: expected a folder of its own for tables, found the table of --metadata"):
        study_groups(question, pairs / "meta", Store(pairs / "store"))
    assert (pairs / "meta/animals.csv").read_text() == text


def test_a_run_that_is_cut_short_leaves_no_notes_of_an_earlier_question(pairs, monkeypatch):
    from ethocache.endtoend import grouping

    question = Question(measures=("fraction",), drawing=Drawing(resamples=200))
    study_groups(question, pairs / "out", Store(pairs / "store"))
    assert (pairs / "out/notes.txt").is_file()

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(grouping, "draw_groups", killed)
    with pytest.raises(KeyboardInterrupt):
        study_groups(question, pairs / "out", Store(pairs / "store"))
    assert not (pairs / "out/notes.txt").exists()


def test_a_time_bin_without_end_is_refused(pairs):
    with pytest.raises(InputError, match="--bin: expected seconds such as 60, found inf"):
        study_groups(Question(bin_s=float("inf")), pairs / "out", Store(pairs / "store"))


def test_names_in_a_text_stand_between_commas():
    assert listed(" genotype, treatment ,") == ("genotype", "treatment") and listed("") == ()


def test_a_folder_in_which_somebody_elses_table_lies_is_refused_and_one_of_a_killed_run_is_not(pairs):
    question = Question(by=("individual",), measures=("fraction",), drawing=Drawing(resamples=200))
    (pairs / "theirs").mkdir()
    (pairs / "theirs/videos.csv").write_text("mine\n")
    with pytest.raises(InputError, match=r"theirs: expected a new folder, or that of an earlier run, found other files in it"):
        study_groups(question, pairs / "theirs", Store(pairs / "store"))
    assert (pairs / "theirs/videos.csv").read_text() == "mine\n"
    (pairs / "theirs/.unfinished").touch()
    study_groups(question, pairs / "theirs", Store(pairs / "store"))
    assert (pairs / "theirs/notes.txt").is_file() and not (pairs / "theirs/.unfinished").exists()
