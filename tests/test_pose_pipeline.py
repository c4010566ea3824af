"""The pipeline on tracks: with videos, without any, and on real rats where they are beside the repository."""

import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from pipeline import SHARED, TINY, Project, make_project

from ethocache.dataset.tracks import read_track
from ethocache.endtoend.demo import write_demo
from ethocache.vision.backbones.pose import pose_features
from ethocache.vision.backbones.settings import PoseSettings

STAGES = ("index", "track", "crop", "extract", "train", "evaluate", "predict")


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rendered") / "demo"
    write_demo(folder, animals=4, unlabelled=1, seconds=6, size=(96, 72))
    return folder


@pytest.fixture
def project(tmp_path, videos) -> Project:
    return make_project(tmp_path / "project", videos, TINY | {"backbone": "pose"})


def sessions_only(project: Project, *videos: str) -> None:
    """Remove these videos, or all, but not their tracks and labels."""
    for path in project.folder.glob("data/demo/videos/*.mp4"):
        if not videos or path.stem in videos:
            path.unlink()
    project.edit_params(data__fps=10.0)


def test_tags_from_tracks_alone_with_videos_and_without_any(project):
    project.stage(*STAGES)
    with_videos = {path.name: path.read_bytes() for path in project.folder.glob("data/tags/*.csv")}
    assert len(with_videos) == 1 and len(list(project.folder.glob("data/features/pose/*.pose.h5"))) == 5
    assert project.json("metrics/metrics.json")["macro"]["f1"] >= 0
    sessions_only(project)
    shutil.rmtree(project.folder / "data/tags")
    project.stage("index", "track")
    assert "crop: 0 videos, 0 cropped now; 5 sessions have no video, so nothing to crop" in project.stage("crop")
    project.stage("extract", "train", "evaluate", "predict", "cost")
    assert {path.name for path in project.folder.glob("data/tags/*.csv")} == set(with_videos)
    assert not list(project.folder.glob("data/crops/*"))


def test_a_backbone_of_pixels_refuses_sessions_without_a_video_before_anything_is_computed(project):
    gone = sorted(path.stem for path in project.folder.glob("data/demo/videos/*.mp4"))[-1]
    sessions_only(project, gone)
    project.edit_params(backbone="mean_colour")
    output = project.stage("index", ok=False)
    assert f"{gone}" in output and "a session without a video, but the backbone 'mean_colour' looks at pixels" in output
    assert "Traceback" not in output and not (project.folder / "data/index.json").exists()


def test_pose_without_a_source_of_tracks_is_refused(project):
    project.edit_params(track__source="none")
    assert "the backbone 'pose' reads tracks, but track.source is none" in project.stage("index", ok=False)


def test_a_changed_track_is_extracted_again_for_its_own_video_only(project):
    project.edit_params(backbone="colour_pose")
    assert project.counting("dvc", "repro", "extract") == (5, 10, 0)
    track = sorted(project.folder.glob("data/demo/videos/*.csv"))[0]
    lines = track.read_text().splitlines()
    track.write_text("\n".join([*lines[:-1], lines[-2].replace(lines[-2].split(",")[0], lines[-1].split(",")[0], 1)]) + "\n")
    assert project.counting("dvc", "repro", "extract") == (1, 2, 0), "its crop, its pictures and its pose"
    project.edit_params(crop__margin_px=4)
    assert project.counting("dvc", "repro", "extract") == (5, 5, 0), "another crop is no other pose"


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the real files are not beside the repository (../shared/data)")
def test_forty_four_sessions_of_rats_whoever_is_individual1(tmp_path):
    with tarfile.open(SHARED / "rats/rats.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    paths = sorted((tmp_path / "tracks").glob("*.csv"))
    assert len(paths) == 44
    settings = PoseSettings(likelihood=0.2, points=("top", "body", "tail", "tail-m"), front="top", back="tail")
    for number, path in enumerate(paths):
        track = read_track(path)
        time_s = np.arange(track.frames) / 30
        pose = pose_features(track, time_s, settings)
        assert np.isfinite(pose.values).all()
        assert pose.valid.mean() > 0.9
        start = (number * 7919) % track.frames  # 0: all columns swapped
        track.points[start:] = track.points[start:, ::-1].copy()
        np.testing.assert_array_equal(pose_features(track, time_s, settings).values, pose.values, err_msg=f"{path.name} {start}")
