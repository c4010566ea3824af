import os
from datetime import UTC, datetime

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.corrections import Correction, Corrections
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.label_files import match_labels
from ethocache.dataset.labels import LabelParams, labelled_in_files, needs_tags, raters_of, read_full_snapshot, read_snapshot
from ethocache.dataset.snapshot import label_notes, snapshot_labels, summary, unseen_behaviours
from ethocache.dataset.videos import VideoFacts

FACTS = VideoFacts(10, 32, 32, "yuv420p", "h264", 10.0, 1.0, False, (), "f" * 64)
RECORDS = [VideoRecord(name, f"{name}.mp4", {}, name, FACTS) for name in ("a", "b")]


@pytest.fixture
def take(tmp_path):
    """Snapshot the labels of the videos a and b, whose time stamps the store knows."""
    store = Store(tmp_path / "store")
    recipe = {"kind": "times", "video": FACTS.fingerprint, "revision": 1}
    store.make("times", recipe, lambda bench: np.save(bench.output / "time_s.npy", np.arange(10) / 10) or {})
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("behaviour,start_s,stop_s\ngrooming,0.2,0.5\n")

    def run(labels=("a.csv", "b.csv"), behaviours=("grooming",), params=None, corrections=None):
        params = params or LabelParams()
        matched = match_labels("ab", {file: tmp_path / file for file in labels}, params, params.meaning(behaviours), store)
        snapshot_labels(tmp_path / "out", RECORDS, matched.parts, DataFolder(str(tmp_path)), behaviours, params, store, corrections)
        return {path.name: path for path in (tmp_path / "out").iterdir()}

    return run


def test_each_labelled_video_has_a_snapshot(take):
    files = take()
    assert sorted(files) == ["a.json", "b.json"]
    assert np.flatnonzero(read_snapshot(files["a.json"]).values[:, 0]).tolist() == [2, 3, 4]


def test_only_an_edited_file_is_written_again(take, tmp_path):
    for path in take().values():
        os.utime(path, ns=(1, 1))
    (tmp_path / "b.csv").write_text("behaviour,start_s,stop_s\ngrooming,0.2,0.6\n")
    times = {name: path.stat().st_mtime_ns for name, path in take().items()}
    assert times["a.json"] == 1
    assert times["b.json"] != 1


def test_other_behaviours_or_settings_are_read_again(take, tmp_path):
    take()
    (tmp_path / "a.csv").write_text("behaviour,start_s,stop_s\ngrooming,0.2,0.5\nbase,0.7,1.0\n")
    files = take(behaviours=("rearing", "grooming"), params=LabelParams(not_scored=("base",)))
    table = read_snapshot(files["a.json"])
    assert table.behaviours == ("rearing", "grooming")
    assert table.values[:, 1].tolist() == [0, 0, 1, 1, 1, 0, 0, -1, -1, -1]


def test_a_video_that_is_no_longer_labelled_loses_its_snapshot_and_nothing_else_goes(take, tmp_path):
    take()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    assert sorted(take(labels=["a.csv"])) == ["a.json", "notes.txt"]


def test_every_bad_labels_file_is_named(take, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("behaviour,start_s,stop_s\nsleeping,0.2,0.5\n")
    with pytest.raises(InputError) as caught:
        take()
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert "a.csv" in lines[0] and "b.csv" in lines[1] and "sleeping" in lines[0]


def test_a_setting_that_is_wrong_for_every_file_is_told_once(take):
    with pytest.raises(InputError) as caught:
        take(params=LabelParams(ignore=("grooming",)))
    assert str(caught.value) == "labels.ignore and data.behaviours both name 'grooming'; keep it in one of them"


def test_several_people_are_combined_as_the_settings_say_and_each_is_kept(take, tmp_path):
    for rater, stop in (("rater_1", 0.5), ("rater_2", 0.6), ("rater_3", 0.8)):
        (tmp_path / f"a_{rater}.csv").write_text(f"behaviour,start_s,stop_s\ngrooming,0.2,{stop}\n")
    files = [f"a_{rater}.csv" for rater in ("rater_1", "rater_2", "rater_3")]
    with pytest.raises(InputError) as caught:
        take(files, params=LabelParams(name="{video}_{rater}"))
    who = "'rater_1', 'rater_2', 'rater_3'"
    assert (
        str(caught.value) == f"a.mp4: several people labelled this video, {who}; set labels.raters to majority, mean, union or one of them"
    )
    for how, last in (("majority", 5), ("union", 7), ("rater_1", 4)):
        path = take(files, params=LabelParams(name="{video}_{rater}", raters=how))["a.json"]
        assert np.flatnonzero(read_snapshot(path).values[:, 0]).tolist() == list(range(2, last + 1))
    kept = read_full_snapshot(path)
    assert {rater: int(table.values.sum()) for rater, table in kept.raters.items()} == {"rater_1": 3, "rater_2": 4, "rater_3": 6}
    assert kept.files == dict.fromkeys(files, "bouts_csv")


def test_where_the_mean_of_people_is_learned_the_majority_is_kept_beside_each_of_them_and_the_split_is_told(take, tmp_path):
    for rater, stop in (("rater_1", 0.5), ("rater_2", 0.7)):
        (tmp_path / f"a_{rater}.csv").write_text(f"behaviour,start_s,stop_s\ngrooming,0.2,{stop}\n")
    files = ["a_rater_1.csv", "a_rater_2.csv", "b.csv"]
    params = LabelParams(name="{video}_{rater}", raters="mean", unmatched="skip")
    (tmp_path / "b.csv").rename(tmp_path / "b_rater_1.csv")
    files = take([*files[:2], "b_rater_1.csv"], params=params)
    kept, alone = read_full_snapshot(files["a.json"]), read_full_snapshot(files["b.json"])
    assert kept.table.values[:, 0].tolist() == [0, 0, 1, 1, 1, -1, -1, 0, 0, 0]
    assert (kept.mean, sorted(kept.raters)) == (True, ["rater_1", "rater_2"])
    assert (alone.mean, alone.raters) == (False, {})
    assert label_notes(tmp_path / "out", ["a"]) == [
        "a: people are split on 2 frames, which are learned as half yes, half no, and not scored (labels.raters: mean)"
    ]


def correcting(video, *spans, exclusive=False):
    """Corrections of grooming in one video: (start, stop, label) each."""
    saved = datetime(2026, 11, 28, tzinfo=UTC)
    rows = [Correction(video, "grooming", a, z, label, a / 10, z / 10, saved, "c.csv, line 2") for a, z, label in spans]
    return Corrections({video: tuple(rows)}, exclusive)


def test_corrections_are_laid_over_the_labels_and_gone_without_a_trace_when_they_are_removed(take):
    before = {name: path.read_bytes() for name, path in take().items()}
    files = take(corrections=correcting("a", (3, 7, 0), (8, 9, 1)))
    kept = read_full_snapshot(files["a.json"])
    assert kept.table.values[:, 0].tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 1, 0]
    assert np.flatnonzero(kept.corrected[:, 0]).tolist() == [3, 4, 5, 6, 8]
    assert files["b.json"].read_bytes() == before["b.json"], "a video that was not corrected"
    assert {name: path.read_bytes() for name, path in take().items()} == before


def test_other_corrections_or_another_task_are_laid_over_anew_and_the_same_are_not(take):
    path = take(corrections=correcting("a", (3, 7, 0)))["a.json"]
    os.utime(path, ns=(1, 1))
    take(corrections=correcting("a", (3, 7, 0)))
    assert path.stat().st_mtime_ns == 1
    for other in (correcting("a", (3, 6, 0)), correcting("a", (3, 6, 0), exclusive=True)):
        take(corrections=other)
        assert path.stat().st_mtime_ns != 1
        os.utime(path, ns=(1, 1))


def test_a_video_without_labels_is_known_only_where_it_is_corrected_and_still_needs_tags(take, tmp_path):
    path = take(labels=["a.csv"], corrections=correcting("b", (3, 7, 1)))["b.json"]
    assert read_snapshot(path).values[:, 0].tolist() == [-1, -1, -1, 1, 1, 1, 1, -1, -1, -1]
    assert (needs_tags(path), labelled_in_files(path)) == (True, False)
    assert label_notes(tmp_path / "out", ["b"]) == [
        "b: it has no labels but corrections: only what is corrected is learned from and scored, and it is tagged too"
    ]
    assert sorted(take(labels=["a.csv"])) == ["a.json"], "without its corrections it has no labels again"


def test_a_video_needs_tags_where_nobody_looked_and_not_where_nobody_knows(take, tmp_path):
    whole = take(corrections=correcting("a", (0, 4, -1)))["a.json"]
    assert (needs_tags(whole), labelled_in_files(whole)) == (False, True)
    in_part = take(params=LabelParams(scored_until=0.8))["a.json"]
    assert (needs_tags(in_part), labelled_in_files(in_part)) == (True, True)
    closed = take(params=LabelParams(scored_until=0.8), corrections=correcting("a", (8, 10, 0)))["a.json"]
    assert not needs_tags(closed)
    assert (needs_tags(tmp_path / "none.json"), labelled_in_files(tmp_path / "none.json")) == (True, False)


@pytest.mark.parametrize("how", ["majority", "mean", "union", "rater_2"])
def test_a_correction_overrules_all_people_and_each_keeps_what_they_said(take, tmp_path, how):
    for rater, stop in (("rater_1", 0.5), ("rater_2", 0.7)):
        (tmp_path / f"a_{rater}.csv").write_text(f"behaviour,start_s,stop_s\ngrooming,0.2,{stop}\n")
    params, files = LabelParams(name="{video}_{rater}", raters=how), ["a_rater_1.csv", "a_rater_2.csv"]
    before = raters_of(tmp_path / "out", ["a"] if take(files, params=params) else [])["a"]
    path = take(files, params=params, corrections=correcting("a", (4, 9, 0), (9, 10, -1)))["a.json"]
    kept = read_full_snapshot(path)
    assert kept.table.values[4:, 0].tolist() == [0, 0, 0, 0, 0, -1]
    assert kept.table.values[:4, 0].tolist() == [0, 0, 1, 1]
    assert all((kept.raters[rater].values == table.values).all() for rater, table in before.items()), "so that their agreement stays"
    assert [said[:, 0].tolist() for said in kept.learned()] == ([[0, 0, 1, 1, 0, 0, 0, 0, 0, -1]] * 2 if how == "mean" else [])
    assert not needs_tags(path)


def test_frames_on_which_people_are_split_were_looked_at(take, tmp_path):
    for rater, stop in (("rater_1", 0.5), ("rater_2", 0.7)):
        (tmp_path / f"a_{rater}.csv").write_text(f"behaviour,start_s,stop_s\ngrooming,0.2,{stop}\n")
    path = take(["a_rater_1.csv", "a_rater_2.csv"], params=LabelParams(name="{video}_{rater}", raters="majority"))["a.json"]
    assert (read_snapshot(path).values == -1).any() and not needs_tags(path)


def test_corrections_that_cannot_be_laid_over_are_told_with_their_place(take):
    with pytest.raises(InputError, match=r"^c.csv, line 2: 'grooming' is not shown in frame 4 of 'a', but c.csv, line 2 says"):
        take(corrections=correcting("a", (3, 7, 1), (4, 5, 0)))


def test_what_was_cut_off_is_noted_and_noted_again_when_nothing_is_read(take, tmp_path):
    (tmp_path / "b.csv").write_text("behaviour,start_s,stop_s\ngrooming,0.2,1.3\ngrooming,1.5,1.6\n")
    for _ in range(2):
        take(params=LabelParams(past_end="clip"))
        assert label_notes(tmp_path / "out", "ab") == [
            "b: its labels go on for 6 frames after the video's last frame, which are cut off, "
            "and 1 bouts lie wholly behind it (grooming) (labels.past_end)"
        ]


def test_a_behaviour_that_no_labels_file_shows_is_told(take, tmp_path):
    (tmp_path / "b.csv").write_text("behaviour,start_s,stop_s\nrearing,0.2,0.5\n")
    behaviours = ("digging", "rearing", "grooming")
    take(behaviours=behaviours)
    line = "no labels file shows '{}': if nobody looked for it, remove it from data.behaviours"
    assert unseen_behaviours(tmp_path / "out", ["a", "b"], behaviours) == [line.format("digging")]
    assert unseen_behaviours(tmp_path / "out", ["b"], behaviours) == [line.format("digging"), line.format("grooming")]
    assert unseen_behaviours(tmp_path / "out", ["a", "not read"], ("grooming",)) == []
    assert unseen_behaviours(tmp_path / "out", [], behaviours) == []


def test_the_summary_is_one_line_the_notes_below_it_and_who_says_more():
    more = "\n  each video in a table, and more: ethocache doctor"
    expected = "2 videos of 2 animals (20 frames, 0.0 min), 1 with labels, 1 to be tagged\n  note: look here"
    assert summary(RECORDS, 1, ["look here"]) == expected + more
    corrected = summary(RECORDS, 1, [], tagged=2, corrections=correcting("a", (3, 7, 0)))
    assert corrected == "2 videos of 2 animals (20 frames, 0.0 min), 1 with labels, 2 to be tagged, 1 correction of 1 video" + more
    many = summary(RECORDS, 1, [f"note {number}" for number in range(25)])
    assert many.endswith("  note: note 19\n  5 more notes" + more)
