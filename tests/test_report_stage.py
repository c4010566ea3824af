"""The stage `report` at the end of the real pipeline, on tiny rendered videos."""

import json
import shutil

import pytest
from pipeline import TINY, make_project

from ethocache.endtoend.demo import write_demo
from ethocache.vision.encode import plays_in_browsers

BEFORE = ("index", "track", "crop", "extract", "train", "evaluate", "predict")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Three labelled videos and one without labels; crops are lossless."""
    videos = tmp_path_factory.mktemp("rendered") / "demo"
    write_demo(videos, animals=3, unlabelled=1, seconds=6, size=(96, 72))
    made = make_project(tmp_path_factory.mktemp("lab") / "project", videos, TINY | {"crop__quality": 0})
    made.stage(*BEFORE)
    return made


def data_of(project, video):
    text = (project.folder / f"report/videos/{video}.js").read_text()
    return json.loads(text.removeprefix("ethocacheVideo(").removesuffix(");\n"))


def test_every_video_gets_its_page_its_data_and_a_film_that_browsers_play(project):
    assert "report: 4 videos, " in project.stage("report")
    assert "open report/index.html" in project.output
    videos = [record["id"] for record in project.json("data/index.json")]
    data = {video: data_of(project, video) for video in videos}
    assert sorted(one["labelled"] for one in data.values()) == [False, True, True, True]
    for video, one in data.items():
        film, crop = project.folder / f"report/media/{video}.mp4", project.folder / f"data/crops/{video}.mp4"
        assert plays_in_browsers(film) and not plays_in_browsers(crop), "lossless crops are encoded for browsers"
        assert one["frames"] == 60 and len(one["behaviours"]) == 3
    tagged = next(one for one in data.values() if not one["labelled"])
    assert tagged["judged_by"] == "the final model" and tagged["queue"]
    assert (project.folder / "report/index.html").is_file()


def test_the_same_results_give_the_same_report(project):
    project.stage("report")
    before = {path: path.read_bytes() for path in (project.folder / "report").rglob("*") if path.is_file()}
    shutil.rmtree(project.folder / "report")
    project.stage("report")
    assert {path: path.read_bytes() for path in (project.folder / "report").rglob("*") if path.is_file()} == before


def test_corrected_labels_are_marked_on_the_page_and_counted_as_stretches_on_the_overview(project):
    path = project.folder / "data/labels" / f"{min(path.stem for path in (project.folder / 'data/labels').glob('*.json'))}.json"
    kept = path.read_text(encoding="utf-8")
    labels = json.loads(kept)
    labels["corrected"] = {name: [[5, 12], [20, 24]] for name in labels["behaviours"]}
    path.write_text(json.dumps(labels), encoding="utf-8")
    try:
        project.stage("report")
        assert [one["corrected"] for one in data_of(project, path.stem)["behaviours"]] == [[[5, 12], [20, 24]]] * 3
        overview = (project.folder / "report/index.html").read_text(encoding="utf-8")
        assert f"Labels were corrected in 2 stretches of 1 video ({path.stem})" in overview
    finally:
        path.write_text(kept, encoding="utf-8")


def test_without_held_out_predictions_labels_are_shown_and_the_page_says_that_there_is_no_score(project):
    kept = project.folder / "data/predictions"
    shutil.move(kept, project.folder / "aside")
    kept.mkdir()
    metrics = (project.folder / "metrics/metrics.json").read_text()
    try:
        project.stage("evaluate", "report")
        labelled = next(
            record["id"] for record in project.json("data/index.json") if (project.folder / f"data/labels/{record['id']}.json").exists()
        )
        assert data_of(project, labelled)["judged_by"].startswith("nobody")
        assert "No score: no labelled animal" in (project.folder / "report/index.html").read_text()
    finally:
        kept.rmdir()
        shutil.move(project.folder / "aside", kept)
        (project.folder / "metrics/metrics.json").write_text(metrics)


def test_a_template_is_part_of_what_makes_the_report_stale():
    from ethocache.endtoend import revisions

    folders = [revisions._PACKAGE / folder for folder in revisions.BESIDES["report"]]
    assert all(any(folder.iterdir()) for folder in folders)
    assert {path.name for folder in folders for path in folder.iterdir()} >= {"index.html", "video.html", "report.css", "index.js"}
