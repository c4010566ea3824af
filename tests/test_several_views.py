"""Two cameras through the whole pipeline: clocks found, views laid over each other, fused early and late, and one of them missing."""

import csv
import json

import numpy as np
import pytest
from pipeline import TINY, make_project
from two_cameras import SIDE_CLOCK, write_session
from typer.testing import CliRunner

from ethocache.cli import app
from ethocache.dataset.features import FeatureSet

STREAMS = ("side.mean_colour", "top.mean_colour")
DATA = {
    "data__name": "{animal}_{day}_{camera}",
    "data__views": "camera",
    "data__behaviours": ["bright"],
    "train__epochs": 10,
    "train__learning_rate": 0.05,
}
HEADS = TINY["heads"] | {"late": {"kind": "linear", "fusion": "late"}}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab") / "data"
    for number in range(4):
        write_session(folder, f"m{number}", number)
    write_session(folder, "m8", 8, views=("top",), labelled=False)
    write_session(folder, "m9", 9, views=("side",), labelled=False)
    return folder


@pytest.fixture(scope="module")
def project(lab, tmp_path_factory):
    project = make_project(tmp_path_factory.mktemp("views") / "project", lab, TINY | DATA | {"heads": HEADS, "head": "lstm"})
    project.said = {stage: project.stage(stage) for stage in ("index", "track", "crop", "motion", "extract")}
    return project


def test_the_index_says_what_a_session_is_and_which_view_is_the_reference(project):
    said = project.said["index"]
    assert "6 videos of 6 animals" in said
    assert "sessions are filmed by side, top; their frames are those of 'top', but in 1 session those of another (m9_d1)" in said
    assert "no 'side' of 1 session (m8_d1): what it shows is taken as not seen" in said
    first = project.json("data/index.json")[0]
    assert (first["id"], first["file"], first["view"]) == ("m0_d1", "videos/m0_d1_top.mp4", "top")
    assert [(other["id"], other["view"]) for other in first["others"]] == [("m0_d1_side", "side")]


def test_the_clocks_are_found_from_motion_and_kept_where_they_can_be_read(project):
    said = project.said["extract"]
    assert "clock of 'side' in 4 sessions, found from motion" in said
    assert "10 feature files of mean_colour, 10 computed now; 4 sessions by several cameras, 10 files of clocks and views" in said
    assert "10 feature files of mean_colour, 0 computed now; 4 sessions" in project.stage("extract")
    for session in ("m0_d1", "m3_d1"):
        clock = project.json(f"data/features/mean_colour/{session}.side.clock.json")
        assert abs(clock["offset_s"] - SIDE_CLOCK.offset_s) < 1 / 12.5
        assert clock["correlation"] > 0.8


def test_every_frame_of_a_session_has_the_other_views_frame_of_the_same_moment(project):
    folder = project.folder / "data/features/mean_colour"
    with FeatureSet.open(folder, "m0_d1", STREAMS) as both, FeatureSet.open(folder, "m8_d1", STREAMS) as lacking:
        assert both.frames == 240
        assert both.valid.all()
        side, top = both.rows(0, 240)[:, 0], both.rows(0, 240)[:, 3]
        assert np.corrcoef(side, top)[0, 1] > 0.9, "the disc turns bright in both at once"
        assert lacking.valid.all()
        assert np.isnan(lacking.rows(0, 240)[:, :3]).all()
        assert not np.isnan(lacking.rows(0, 240)[:, 3:]).any()


@pytest.mark.parametrize("head", [pytest.param("lstm", marks=pytest.mark.slow), "late"])
def test_sessions_are_scored_as_units_and_those_that_lack_a_camera_are_tagged(project, head):
    project.edit_params(head=head)
    project.stage("index", "train", "evaluate", "predict", "report")
    assert {path.stem for path in project.folder.glob("data/tags/*.csv")} == {"m8_d1", "m9_d1"}
    assert {path.stem for path in project.folder.glob("data/predictions/*.h5")} == {f"m{number}_d1" for number in range(4)}
    if head == "late":
        assert project.json("metrics/metrics.json")["bright"]["average_precision"] > 0.8
    card = json.loads((project.folder / f"models/{head}/model.json").read_text())
    read = [tuple(member["streams"]) for member in card["members"]]
    assert read == ([(stream,) for stream in STREAMS] if head == "late" else [STREAMS])
    with (project.folder / "data/tags/m8_d1.csv").open() as file:
        assert len(list(csv.reader(file))) == 241, "a row for each frame of its session"
    assert (project.folder / "report/index.html").is_file()


def test_a_late_fused_frame_without_a_view_has_the_probability_of_the_other_one(project):
    from ethocache.sequence.inference import predict_video, probabilities
    from ethocache.sequence.model_file import load_model

    project.edit_params(head="late")
    project.stage("index", "train")
    model = load_model(project.folder / "models/late")
    folder = project.folder / "data/features/mean_colour"
    with FeatureSet.open(folder, "m8_d1", STREAMS[:1]) as side, FeatureSet.open(folder, "m8_d1", STREAMS[1:]) as top:
        fused, _ = predict_video(model, [side, top])
        alone, _ = model.verdict.decision.apply(probabilities(model.networks[1], top, model.card.members[1].train), top.time_s)
    assert np.allclose(fused, alone, atol=1e-6)


def test_a_no_op_computes_nothing_again_and_given_clocks_take_the_place_of_found_ones(project):
    before = project.kept()
    project.stage("extract")
    assert project.kept() == before
    project.edit_params(data__clocks={"side": {"offset_s": 0.3, "drift": 1.02}})
    assert "as data.clocks says: offset 0.300 s, drift 1.02000" in project.stage("index", "extract")
    project.edit_params(data__clocks={"side": {"offset_s": 500.0}})
    said = project.stage("index", "extract", ok=False)
    assert "m0_d1_side.mp4: expected it to show the session of videos/m0_d1_top.mp4, which by its clock is from 500.00 s" in said
    project.edit_params(data__clocks="motion")
    project.stage("index", "extract")


def test_each_view_may_be_cropped_in_its_own_way(project):
    project.edit_params(crop__views={"side": {"scale": 3.0}})
    project.stage("crop")
    sides = {view: project.json(f"data/crops/m0_d1{view}.json") for view in ("", "_side")}
    assert sides["_side"] != sides[""]
    project.edit_params(crop__views={"sid": {"scale": 3.0}})
    for stage in ("index", "crop"):
        assert "crop.views: 'sid' is no view, did you mean 'side'?; there are: side, top" in project.stage(stage, ok=False)
    project.edit_params(crop__views={})
    project.stage("crop")


def test_labels_longer_than_the_view_that_they_are_named_after_are_refused(project):
    labels = project.folder / "data/demo/labels/m0_d1_top.csv"
    before = labels.read_text()
    labels.write_text(before + "bright,23.5,24.4\n")
    assert "m0_d1_top.csv" in project.stage("index", ok=False)
    assert "24" in project.output
    labels.write_text(before)


def test_the_doctor_tells_sessions(project):
    said = project.run("ethocache", "doctor")
    assert "sessions are filmed by side, top" in said
    assert "m0_d1 " in said


def test_the_settings_of_a_head_for_each_camera_are_not_searched(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    answer = CliRunner().invoke(app, ["tune", "--head", "late", "--trials", "1"])
    assert answer.exit_code == 1
    assert (
        "--head: 'late' has a network for each view (fusion: late), and a search is of one; set heads.late.fusion: middle for the search, "
        "and late again afterwards"
    ) in " ".join(answer.output.split())
