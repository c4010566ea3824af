"""Two animals in one video: each has a crop, labels, tags and rows of its own, all the way through the pipeline."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from pipeline import TINY, Project, make_project
from two_animals import FPS, GREY, boris, paths, track_csv, write_cages

from ethocache.dataset.features import FeatureFile
from ethocache.dataset.index import read_index
from ethocache.dataset.predictions import read_prediction
from ethocache.vision.decode import decode_frames

STAGES = ("index", "track", "crop", "motion", "extract", "train", "evaluate", "predict")
SCORED = {
    f"cage{cage}": [
        ("resident", "chasing", 1.0 + cage / 10, 3.0),
        ("resident", "resting", 4.0, 5.0),
        ("intruder", "resting", 0.5, 2.0 + cage / 10),
        ("intruder", "chasing", 3.5, 4.5),
    ]
    for cage in (1, 2, 3)
}
SETTINGS = TINY | {
    "backbone": "colour_pose",
    "data__videos": "videos/*.mkv",
    "data__tracks": "videos/*.csv",
    "data__labels": "labels/*",
    "data__name": "{cage}",
    "data__behaviours": ["chasing", "resting"],
    "data__individuals": "each",
    "labels__subjects": {"m1": "resident", "m2": "intruder"},
}
UNITS = [f"cage{cage}.{animal}" for cage in (1, 2, 3, 4) for animal in ("m1", "m2")]


@pytest.fixture(scope="module")
def cages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_cages(tmp_path_factory.mktemp("cages") / "demo")
    (folder / "labels/all.boris").write_text(boris(SCORED))
    return folder


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, cages: Path) -> Project:
    """A project in which every stage has run; tests only read it."""
    project = make_project(tmp_path_factory.mktemp("done") / "project", cages, SETTINGS)
    project.stage(*STAGES)
    return project


@pytest.fixture
def project(tmp_path: Path, cages: Path) -> Project:
    return make_project(tmp_path / "project", cages, SETTINGS)


def names(project: Project, pattern: str) -> list[str]:
    return sorted(path.stem for path in project.folder.glob(pattern))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_individual_is_a_unit_of_work_and_keeps_its_name(done: Project) -> None:
    records = read_index(done.folder / "data/index.json")
    assert sorted(record.id for record in records) == UNITS
    assert [(record.video, record.individual) for record in records if record.id == "cage2.m1"] == [("cage2", "m1")]
    assert names(done, "data/tracks/*") == ["cage1", "cage2", "cage3", "cage4"], "a track is of the whole video"
    assert names(done, "data/crops/*.mp4") == UNITS
    assert names(done, "data/features/colour_pose/*.mean_colour.h5") == [f"{unit}.mean_colour" for unit in UNITS]
    kept = {kind: len(list(done.store.root.glob(f"{kind}/*/entry.json"))) for kind in ("track", "crop", "features")}
    assert kept == {"track": 4, "crop": 8, "features": 16}


def test_each_crop_follows_its_own_animal_in_every_frame(done: Project) -> None:
    for cage in (1, 2, 3, 4):
        for animal, grey in (("m1", GREY["bright"]), ("m2", GREY["dark"])):
            crop = np.stack(list(decode_frames(done.folder / f"data/crops/cage{cage}.{animal}.mp4"))).mean(axis=3)
            middle = crop[:, 28:36, 28:36]
            assert len(crop) == 60 and np.abs(middle - grey).max() < 25, f"cage{cage}.{animal}"
            assert done.json(f"data/crops/cage{cage}.{animal}.json")["individuals"] == [animal]


def test_labels_of_a_subject_reach_its_individual(done: Project) -> None:
    assert names(done, "data/labels/*.json") == UNITS[:6]
    for cage in (1, 2, 3):
        resident, intruder = (done.json(f"data/labels/cage{cage}.{animal}.json")["behaviours"] for animal in ("m1", "m2"))
        assert resident["chasing"]["yes"] == [[10 + cage, 30]] and resident["resting"]["yes"] == [[40, 50]]
        assert intruder["resting"]["yes"] == [[5, 20 + cage]] and intruder["chasing"]["yes"] == [[35, 45]]


def test_the_individuals_of_a_video_are_always_held_out_together(done: Project) -> None:
    predictions = [read_prediction(path) for path in sorted(done.folder.glob("data/predictions/*.h5"))]
    assert [prediction.video for prediction in predictions] == UNITS[:6]
    folds = {prediction.video: (prediction.animal, prediction.fold) for prediction in predictions}
    for cage in (1, 2, 3):
        assert folds[f"cage{cage}.m1"] == folds[f"cage{cage}.m2"] == (f"cage{cage}", f"cage{cage}")


def test_tags_bouts_summary_and_motion_name_the_individual(done: Project) -> None:
    assert names(done, "data/tags/*.csv") == names(done, "data/bouts/*.csv") == ["cage4.m1", "cage4.m2"]
    tagged = rows(done.folder / "data/summary/tagged.csv")
    assert sorted((row["video"], row["cage"], row["individual"]) for row in tagged) == [
        ("cage4.m1", "cage4", "m1"),
        ("cage4.m2", "cage4", "m2"),
    ]
    moved = rows(done.folder / "data/summary/motion.csv")
    assert sorted((row["video"], row["individual"]) for row in moved) == [(unit, unit[-2:]) for unit in UNITS]
    walked = np.hypot(*np.diff(paths(1)["bright"], axis=0).T).sum()
    assert float(moved[0]["distance_px"]) == pytest.approx(walked, rel=0.03)


def test_pictures_and_pose_of_each_individual_are_its_own(done: Project) -> None:
    means = {}
    for animal in ("m1", "m2"):
        for stream in ("mean_colour", "pose"):
            with FeatureFile.open(done.folder / f"data/features/colour_pose/cage4.{animal}.{stream}.h5") as file:
                means[animal, stream] = file.rows(0, file.frames).mean(axis=0)
    assert (means["m1", "mean_colour"] > means["m2", "mean_colour"]).all(), "the bright one's crops are brighter"
    assert means["m1", "pose"].shape == means["m2", "pose"].shape and (means["m1", "pose"] != means["m2", "pose"]).any()


def test_exports_carry_the_subject_and_are_read_back_as_its_labels(done: Project) -> None:
    done.run("ethocache", "export", "boris", "--labels", "--to", "boris")
    exported = done.json("boris/labels.boris")
    assert sorted(exported["observations"]) == ["cage1", "cage2", "cage3"], "one observation a video, as a person would score it"
    assert [subject["name"] for subject in exported["subjects_conf"].values()] == ["m1", "m2"]
    assert [event[:3] for event in exported["observations"]["cage1"]["events"]][:2] == [[0.5, "m2", "resting"], [1.1, "m1", "chasing"]]
    done.run("ethocache", "export", "bouts", "--to", "bouts")
    assert names(done, "bouts/*.csv") == ["cage4.m1", "cage4.m2"]
    done.run("ethocache", "export", "summary", "--labels", "--to", "summary")
    (first, *_) = rows(done.folder / "summary/labels-summary.csv")
    assert (first["video"], first["individual"], first["chasing_count"]) == ("cage1.m1", "m1", "1")


def test_what_was_exported_comes_back_equal(project: Project, done: Project, tmp_path: Path) -> None:
    done.run("ethocache", "export", "boris", "--labels", "--to", str(tmp_path / "boris"))
    done.run("ethocache", "export", "bouts", "--to", str(tmp_path / "bouts"))
    labels = project.folder / "data/demo/labels"
    (labels / "all.boris").write_text((tmp_path / "boris/labels.boris").read_text())
    for path in (tmp_path / "bouts").glob("*.csv"):
        (labels / path.name).write_text(path.read_text())
    project.edit_params(labels__subjects={}, labels__allow_empty=True)
    project.stage("index")
    assert names(project, "data/labels/*.json") == UNITS, "a file of bouts is named after its individual"
    for unit in UNITS[:6]:
        assert project.json(f"data/labels/{unit}.json")["behaviours"] == done.json(f"data/labels/{unit}.json")["behaviours"]


@pytest.mark.slow
def test_nothing_is_done_twice(project: Project) -> None:
    project.edit_params(backbone="mean_colour")
    assert project.counting("dvc", "repro", "extract") == (8, 8, 0)
    assert project.counting("dvc", "repro", "extract") == (0, 0, 0)
    track = project.folder / "data/demo/videos/cage1DLC_a.csv"
    where = paths(1)
    track.write_text(track_csv(where | {"dark": where["dark"] + 0.5}, {"bright": "m1", "dark": "m2"}))
    assert project.counting("dvc", "repro", "extract") == (2, 2, 0), "both individuals of the track that changed"
    project.edit_params(data__individuals="together", labels__subjects={}, labels__subject="resident", crop__individual="m2")
    assert project.counting("dvc", "repro", "extract") == (0, 0, 0), "the crop of one individual is the same, however it is asked for"


def test_the_doctor_and_the_check_of_tracks_tell_of_each_individual(done: Project) -> None:
    report = json.loads(done.run("ethocache", "doctor", "--json"))
    assert report["errors"] == 0 and sorted(row["video"] for row in report["videos"]) == UNITS
    seconds = {row["video"]: row["labelled_s"] for row in report["videos"]}
    assert seconds["cage1.m1"][""]["chasing"] == pytest.approx(1.9) and seconds["cage4.m1"] == {}
    lines = done.run("ethocache", "tracks", "check", "sheets").splitlines()
    assert sorted(line.split(":")[0] for line in lines) == UNITS and names(done, "sheets/*.png") == UNITS


def test_the_summary_of_index_counts_videos_once(done: Project) -> None:
    said = done.stage("index")
    assert "8 individuals in 4 videos, in 4 groups that are held out together (240 frames, 0.4 min), 6 with labels, 2 to be tagged" in said


def test_an_individual_that_is_never_seen_is_refused_by_its_name(project: Project) -> None:
    track = project.folder / "data/demo/videos/cage3DLC_a.csv"
    track.write_text(track_csv(paths(3), {"bright": "m1", "dark": "m2"}, {"dark": 0.1}))
    project.stage("index", "track")
    said = project.stage("crop", ok=False)
    assert "videos/cage3.mkv, 'm2': 0% of the key points reach crop.likelihood 0.6" in said and "'m1'" not in said
    assert "(7 others are done and kept)" in said and "Traceback" not in said
    project.edit_params(backbone="pose")
    project.stage("index")
    assert "videos/cage3.mkv, 'm2': 0% of the key points reach the pose backbone's likelihood" in project.stage("extract", ok=False)


def test_only_the_individuals_that_are_named_are_taken(project: Project) -> None:
    project.edit_params(data__individuals=["m2"], labels__subjects={"m2": "intruder"}, labels__unmatched="skip")
    said = project.stage("index")
    assert "labels of 3 subjects that are no individual are left aside: 'resident' of 'cage1', 'resident' of 'cage2'" in said
    project.stage("track", "crop")
    assert names(project, "data/crops/*.mp4") == [f"cage{cage}.m2" for cage in (1, 2, 3, 4)]
    assert project.json("data/labels/cage1.m2.json")["behaviours"]["resting"]["yes"] == [[5, 21]]


def test_settings_that_contradict_each_other_are_refused_before_anything_is_computed(project: Project) -> None:
    for changes, message in (
        ({"crop__individual": "m1"}, "crop.individual: expected nothing, as data.individuals gives every individual a crop of its own"),
        ({"data__individuals": "each one"}, "'individuals': expected together or each, did you mean 'each'?, found 'each one'"),
        ({"data__individuals": [1, 2]}, "in quotes where they are numbers, found [1, 2]"),
        ({"data__individuals": ["m1", "m1"]}, "expected each individual once, found ['m1', 'm1']"),
        ({"data__individuals": "together"}, "labels.subjects: expected nothing where data.individuals is together"),
        ({"data__name": "{individual}"}, "data.name has a part {individual} too"),
        ({"track__source": "none", "backbone": "mean_colour"}, "nothing tells animals apart where track.source is none"),
        ({"data__individuals": ["m1", "m3"]}, "videos/cage1.mkv: data.individuals: 'm3' is no individual of its track, did you mean"),
    ):
        before = (project.folder / "params.yaml").read_text()
        project.edit_params(**changes)
        said = project.stage("index", ok=False)
        assert message in said and "Traceback" not in said, said
        (project.folder / "params.yaml").write_text(before)
    assert not (project.folder / "data/index.json").exists()


def test_tags_are_at_the_frames_of_the_whole_video(done: Project) -> None:
    tags = rows(done.folder / "data/tags/cage4.m1.csv")
    assert len(tags) == 60 and float(tags[-1]["time_s"]) == pytest.approx(59 / FPS)
