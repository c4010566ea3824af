"""``ethocache review`` on projects whose predictions and tags are written by hand."""

import csv

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.index import VideoRecord, write_index
from ethocache.dataset.label_snapshot import LabelSnapshot, write_snapshot
from ethocache.dataset.label_table import LabelTable
from ethocache.dataset.predictions import Prediction, write_prediction
from ethocache.dataset.tags import write_tags
from ethocache.dataset.videos import VideoFacts
from ethocache.endtoend.reviewing import doubt_labels, queue_moments

FACTS = VideoFacts(300, 32, 32, "yuv420p", "h264", 10.0, 30.0, False, (), "f" * 64)
BEHAVIOURS = ("sniffing",)
TIME_S = np.arange(300) / 10


def bouts(*ranges, value=1.0, rest=0.0):
    values = np.full((300, 1), rest)
    for start, stop in ranges:
        values[start:stop] = value
    return values


class Project:
    """A folder with settings and an index, to which videos are added."""

    def __init__(self, folder):
        self.folder, self.records = folder, []
        (folder / "lab").mkdir()
        self.settings("sniffing")

    def settings(self, behaviour, task="multilabel"):
        (self.folder / "params.yaml").write_text(f"data: {{dir: lab, behaviours: [{behaviour}]}}\ntrain: {{task: {task}}}\n")

    def _add(self, video):
        self.records.append(VideoRecord(video, f"{video}.mp4", {"animal": video}, video, FACTS))
        write_index(self.folder / "data/index.json", self.records)

    def tagged(self, video, probability):
        self._add(video)
        tags = (probability >= 0.5).astype(np.int8)
        write_tags(self.folder / f"data/tags/{video}.csv", np.arange(300), TIME_S, probability, tags, BEHAVIOURS)

    def labelled(self, video, probability, label, *, seen=False, raters=None):
        self._add(video)
        label, tag = label.astype(np.int8), (probability >= 0.5).astype(np.int8)
        about = (probability.astype(np.float32), label, tag, TIME_S, np.full(1, 0.5, np.float32), False, seen)
        write_prediction(self.folder / f"data/predictions/{video}.h5", Prediction(video, video, video, BEHAVIOURS, *about))
        tables = {rater: LabelTable(BEHAVIOURS, values.astype(np.int8)) for rater, values in (raters or {}).items()}
        write_snapshot(self.folder / f"data/labels/{video}.json", LabelSnapshot(LabelTable(BEHAVIOURS, label), tables), "source")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_queue_names_the_place_the_reason_and_what_it_would_bring(project, tmp_path):
    project.labelled("a", bouts((100, 140), value=0.97), bouts((100, 140)))
    project.tagged("b", bouts((200, 240), value=0.5))
    said = queue_moments("90s", tmp_path / "review")
    assert said.startswith("1 moment in 1 video, about 10 s of looking: if the model's probabilities are right, 20 of an expected 20 ")
    (row,) = rows(tmp_path / "review/queue.csv")
    place = {name: row[name] for name in ("rank", "video", "file", "behaviour", "start_s", "stop_s", "start_frame", "stop_frame")}
    assert place == {
        **{"rank": "1", "video": "b", "file": "b.mp4", "behaviour": "sniffing"},
        **{"start_s": "20.000000", "stop_s": "24.000000", "start_frame": "200", "stop_frame": "240"},
    }
    assert row["why"].startswith("uncertain") and float(row["expected_wrong_frames"]) == 20


def test_a_queue_for_training_asks_for_what_is_shown_rather_than_for_what_is_in_doubt(project, tmp_path):
    project.tagged("a", bouts((100, 140), value=0.95))
    project.tagged("b", bouts((200, 240), value=0.3))
    said = {purpose: queue_moments("15s", tmp_path / purpose, purpose) for purpose in ("results", "training")}
    assert [rows(tmp_path / f"{purpose}/queue.csv")[0]["video"] for purpose in said] == ["b", "a"]
    assert "38 frames of these behaviours labelled where nobody looked yet" in said["training"]
    assert float(rows(tmp_path / "training/queue.csv")[0]["expected_new_frames"]) == pytest.approx(38)


def test_another_purpose_is_refused(project, tmp_path):
    with pytest.raises(InputError, match="--for: expected training or results, found 'fun'"):
        queue_moments("90s", tmp_path / "review", "fun")


def test_the_same_project_gives_the_same_bytes(project, tmp_path):
    rng = np.random.default_rng(0)
    for name in "abc":
        project.tagged(name, rng.random((300, 1)))
    for purpose in ("results", "training"):
        queue_moments("2min", tmp_path / "one", purpose)
        queue_moments("120", tmp_path / "two", purpose)
        assert (tmp_path / "one/queue.csv").read_bytes() == (tmp_path / "two/queue.csv").read_bytes()


def test_exclusive_behaviours_are_reviewed_too(project, tmp_path):
    project.settings("sniffing", "exclusive")
    project.tagged("b", bouts((200, 240), value=0.5))
    assert "20 of an expected 20 wrong frames" in queue_moments("90s", tmp_path / "review")


def test_names_that_a_spreadsheet_would_run_are_tamed(project, tmp_path):
    project.tagged("=cmd", bouts((200, 240), value=0.5))
    queue_moments("90s", tmp_path / "review")
    assert rows(tmp_path / "review/queue.csv")[0]["video"] == "'=cmd"


def test_where_all_is_sure_nothing_is_worth_a_look(project, tmp_path):
    project.tagged("a", bouts((200, 240)))
    said = queue_moments("90s", tmp_path / "review")
    assert said.startswith("no moment is worth a look: 0.0 frames are expected to be wrong in all")
    assert rows(tmp_path / "review/queue.csv") == []


def test_doubts_name_bouts_and_late_raters(project, tmp_path):
    places = [(start, start + 10) for start in range(20, 280, 20)]
    late = [(start + 3, stop + 3) for start, stop in places]
    truth = bouts(*places, value=0.97, rest=0.01)
    raters = {"kim": bouts(*late), "lee": bouts(*places), "mo": bouts(*places)}
    project.labelled("a", truth, bouts(*places), raters=raters)
    project.labelled("b", bouts(rest=0.01), bouts((100, 140)))
    said = doubt_labels(tmp_path / "review")
    assert said.startswith("3 suspected labelling errors in 2 labelled videos: look before you change a label")
    found = rows(tmp_path / "review/doubts.csv")
    assert [(row["kind"], row["video"], row["rater"]) for row in found] == [
        *(("starts late", "", "kim"), ("ends late", "", "kim")),
        ("labelled, but the model sees nothing", "b", ""),
    ]


def test_labels_that_grew_since_the_training_are_refused(project, tmp_path):
    raters = {"kim": bouts((100, 140))[:200], "lee": bouts((100, 140))[:200]}
    project.labelled("a", bouts((100, 140), value=0.97), bouts((100, 140)))
    tables = {rater: LabelTable(BEHAVIOURS, values.astype(np.int8)) for rater, values in raters.items()}
    write_snapshot(tmp_path / "data/labels/a.json", LabelSnapshot(tables["kim"], tables), "source")
    with pytest.raises(InputError, match="a: labels of 200 frames by 'kim', a prediction of 300; run 'dvc repro' first"):
        doubt_labels(tmp_path / "review")


def test_labels_of_animals_on_which_settings_were_searched_are_not_doubted(project, tmp_path):
    project.labelled("a", bouts(rest=0.01), bouts((100, 140)), seen=True)
    with pytest.raises(InputError, match="the head's settings were searched on every labelled animal"):
        doubt_labels(tmp_path / "review")
    project.labelled("b", bouts((100, 140), value=0.97), bouts((100, 140)))
    said = doubt_labels(tmp_path / "review")
    assert said.startswith("no label of 1 video looks wrong to models that never saw the animal\n1 video is left out: ")


def test_before_anything_was_predicted_there_is_nothing_to_review(project, tmp_path):
    with pytest.raises(InputError, match="nothing to review yet, neither tags nor predictions: run 'dvc repro' first"):
        queue_moments("90s", tmp_path / "review")
    write_index(tmp_path / "data/index.json", [])
    with pytest.raises(InputError, match="nothing to review yet"):
        queue_moments("90s", tmp_path / "review")
    with pytest.raises(InputError, match=r"no predictions of labelled videos yet: run 'dvc repro' with train\.score: true"):
        doubt_labels(tmp_path / "review")


def test_a_budget_too_short_for_a_moment_is_refused(project, tmp_path):
    project.tagged("b", bouts((200, 240), value=0.5))
    with pytest.raises(InputError, match="--budget: expected at least 10s, which the shortest moment takes, found '7s'"):
        queue_moments("7s", tmp_path / "review")


def test_tables_do_not_go_among_the_labs_files_or_results(project, tmp_path):
    project.tagged("b", bouts((200, 240), value=0.5))
    for target in ("lab", "data/tags", "."):
        with pytest.raises(InputError, match="expected a folder of its own for tables"):
            queue_moments("90s", tmp_path / target)


def test_results_of_other_behaviours_are_refused(project, tmp_path):
    project.tagged("b", bouts((200, 240), value=0.5))
    project.settings("digging")
    with pytest.raises(InputError, match=r"b: expected the behaviours of params.yaml \(.*digging.*\), found .*sniffing"):
        queue_moments("90s", tmp_path / "review")


def test_what_was_corrected_in_a_video_that_is_only_tagged_is_not_asked_again(project, tmp_path):
    project.tagged("m1", bouts((100, 120), (200, 220), value=0.4))
    queue_moments("10min", tmp_path / "before")
    spans = np.full((300, 1), -1, np.int8)
    spans[90:130] = 0
    snapshot = LabelSnapshot(LabelTable(BEHAVIOURS, spans), corrected=spans == 0)
    write_snapshot(project.folder / "data/labels/m1.json", snapshot, "s")
    queue_moments("10min", tmp_path / "after")
    starts = [
        [int(row["start_frame"]) for row in csv.DictReader((tmp_path / place / "queue.csv").read_text().splitlines())]
        for place in ("before", "after")
    ]
    assert any(start < 130 for start in starts[0]) and min(starts[1]) >= 130
    write_snapshot(project.folder / "data/labels/m1.json", LabelSnapshot(LabelTable(BEHAVIOURS, spans[:9])), "s")
    with pytest.raises(InputError, match="m1: labels of 9 frames, tags of 300; run 'dvc repro' first"):
        queue_moments("10min", tmp_path / "again")
