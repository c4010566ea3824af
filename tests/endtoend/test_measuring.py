"""What each video shows, from people or from the model."""

from dataclasses import replace

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.label_table import LabelTable
from ethocache.dataset.labels import LabelSnapshot, write_snapshot
from ethocache.dataset.predictions import Prediction, write_prediction
from ethocache.dataset.tags import write_tags
from ethocache.dataset.videos import VideoFacts
from ethocache.endtoend.measuring import choose_source, measure_all, read_motion, videos_of
from ethocache.scoring.groups.measuring import MEASURES

BEHAVIOURS = ("grooming", "rearing")
FACTS = VideoFacts(8, 32, 32, "yuv420p", "h264", 10.0, 0.8, False, (), "f" * 64)
TIME_S = np.arange(8) / 10
LABELS = np.array([[1, 0]] * 2 + [[0, 0]] * 4 + [[-1, -1]] * 2, np.int8)
HELD_OUT = np.array([[1, 0]] * 4 + [[0, 1]] * 4, np.int8)
TAGS = np.array([[1, 0]] * 6 + [[0, 0]] * 2, np.int8)
FRACTION = MEASURES.index("fraction")


def predicted(video: str, seen: bool = False) -> Prediction:
    threshold = np.full(2, 0.5, np.float32)
    return Prediction(video, "1", "1", BEHAVIOURS, HELD_OUT.astype(np.float32), LABELS, HELD_OUT, TIME_S, threshold, False, seen)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Video m1 has labels and held-out tags, video m2 has tags."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    (tmp_path / "lab").mkdir()
    store, records = Store(tmp_path / "store"), []
    for name in ("m1", "m2"):
        records.append(VideoRecord(name, f"{name}.mp4", {"animal": name[1]}, name[1], replace(FACTS, fingerprint=name * 32)))
        recipe = {"kind": "times", "video": name * 32, "revision": 1}
        store.make("times", recipe, lambda bench: np.save(bench.output / "time_s.npy", TIME_S) or {})
    write_snapshot(tmp_path / "data/labels/m1.json", LabelSnapshot(LabelTable(BEHAVIOURS, LABELS)), "s")
    write_prediction(tmp_path / "data/predictions/m1.h5", predicted("m1"))
    write_tags(tmp_path / "data/tags/m2.csv", np.arange(8), TIME_S, TAGS * 0.5, TAGS, BEHAVIOURS)

    def measure(source, behaviours=BEHAVIOURS):
        return measure_all(records, source, behaviours, {"m1": {}, "m2": {}}, 60, DataFolder("lab"), store)

    return records, measure


@pytest.mark.parametrize(
    ("source", "instruments", "fractions"),
    [("tags", ["tags", "tags"], [4 / 8, 6 / 8]), ("mixed", ["labels", "tags"], [2 / 6, 6 / 8]), ("labels", ["labels"], [2 / 6])],
)
def test_the_source_decides_who_says_what_a_video_shows(project, source, instruments, fractions):
    measured = project[1](source)
    assert [video.instrument for video in measured.videos] == instruments
    np.testing.assert_allclose([video.measures[0, FRACTION] for video in measured.videos], fractions)
    assert measured.left_out == ([] if source != "labels" else ["m2"])
    assert bool(measured.confusion) == (source != "labels")


def test_a_video_of_which_some_spans_were_corrected_is_measured_by_its_tags(project, tmp_path):
    records, measure = project
    spans = np.full(LABELS.shape, -1, np.int8)
    spans[2:4, 0] = 1
    write_snapshot(tmp_path / "data/labels/m2.json", LabelSnapshot(LabelTable(BEHAVIOURS, spans), corrected=spans == 1), "s")
    assert choose_source("same", records) == "tags"
    for source, instruments in (("tags", ["tags", "tags"]), ("mixed", ["labels", "tags"]), ("labels", ["labels"])):
        assert [video.instrument for video in measure(source).videos] == instruments
    before = measure("tags").confusion
    write_prediction(tmp_path / "data/predictions/m2.h5", predicted("m2"))
    after = measure("tags")
    np.testing.assert_allclose([video.measures[0, FRACTION] for video in after.videos], [4 / 8, 4 / 8])
    assert sorted(after.confusion) == sorted(before), "spans that were looked at because of doubts are no fair draw of errors"


def test_the_same_instrument_is_people_only_where_they_scored_every_video(project):
    records, _ = project
    chosen = [choose_source("same", records), choose_source("same", records[:1]), choose_source("mixed", records)]
    assert chosen == ["tags", "labels", "mixed"]
    with pytest.raises(InputError, match="--from: 'label' is not a source of ethograms, did you mean 'labels'"):
        choose_source("label", records)
    with pytest.raises(InputError, match="--from labels: no video has labels; label some, or"):
        videos_of("labels", records[1:])


def test_the_tagger_is_known_from_animals_that_no_setting_was_searched_on(project, tmp_path):
    assert project[1]("tags").confusion["1"].tolist() == [[2, 2, 0, 2], [0, 2, 0, 4]]
    write_prediction(tmp_path / "data/predictions/m1.h5", predicted("m1", seen=True))
    assert project[1]("tags").confusion == {}


def test_missing_held_out_tags_and_other_behaviours_are_refused(project, tmp_path):
    with pytest.raises(InputError, match=r"m1: expected the behaviours of params.yaml \(grooming\), found grooming, rearing; run"):
        project[1]("tags", ("grooming",))
    (tmp_path / "data/predictions/m1.h5").unlink()
    with pytest.raises(InputError, match=r"m1.h5 is not there, the tags of a labelled video by a model that never saw its animal: run "):
        project[1]("tags")
    assert len(project[1]("mixed").videos) == 2
    write_snapshot(tmp_path / "data/labels/m1.json", LabelSnapshot(LabelTable(BEHAVIOURS, LABELS[:5])), "s")
    with pytest.raises(InputError, match="labels of 5 frames for a video of 8; run 'dvc repro' to index again"):
        project[1]("mixed")
    (tmp_path / "data/tags/m2.csv").unlink()
    (tmp_path / "data/labels/m1.json").unlink()
    with pytest.raises(InputError, match=r"data/tags/m1.csv is not there: run 'dvc repro', which tags the videos"):
        project[1]("tags")


def test_motion_is_joined_by_video_the_mean_of_several_animals(project, tmp_path):
    assert read_motion(tmp_path / "gone.csv") == {}
    (tmp_path / "data/summary").mkdir()
    header = "video,animal,individual,seen_s,seen_fraction,distance_px,mean_speed_px_per_s,wall_s,wall_fraction\n"
    rows = "m1,1,a,1,1.0,100,10,,\nm1,1,b,1,0.5,300,30,,\n'=m,1,,1,,,,,\n"
    (tmp_path / "data/summary/motion.csv").write_text(header + rows)
    motion = read_motion(tmp_path / "data/summary/motion.csv")
    assert motion["m1"] == {"seen_fraction": 0.75, "distance_px": 200, "mean_speed_px_per_s": 20}
    assert np.isnan(motion["'=m"]["distance_px"])
    first, second = project[1]("tags").videos
    assert first.motion["distance_px"] == 200 and second.motion == {}
