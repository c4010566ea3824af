"""The stages `index` and `track` with a trained model: what they say, and when they have to run again."""

import shutil
from pathlib import Path

import pytest
from pipeline import TINY, make_project
from rendered import rendered_mouse

from ethocache.dataset.tracks import load_track
from ethocache.vision.encode import write_video

MODEL = Path(__file__).parent / "vision/data/tiny_deeplabcut"
SNAPSHOTS = "net/dlc-models-pytorch/iteration-0/renderedJan1-trainset95shuffle1/train"


@pytest.fixture
def project(tmp_path):
    lab = tmp_path / "lab"
    (lab / "videos").mkdir(parents=True)
    for animal in (1, 2):
        write_video(lab / f"videos/WT_YFP_{animal:02d}.mp4", rendered_mouse(seed=animal, frames=12)[0], 10.0, 18.0, 24)
    made = make_project(tmp_path / "project", lab, TINY | {"track__source": "deeplabcut", "track__model": "net"})
    shutil.copytree(MODEL, made.folder / "net")
    return made


def test_a_trained_model_tracks_every_video(project):
    output = project.stage("index", "track")
    assert "2 tracks for 2 videos (source: deeplabcut)" in output
    assert "note: WT_YFP_01: " in output and "of the key points reach the project's pcutoff of 0.4" in output
    assert {path.name for path in (project.folder / "data/tracks").iterdir()} == {"WT_YFP_01.h5", "WT_YFP_02.h5"}
    assert load_track(project.folder / "data/tracks/WT_YFP_01.h5").points.shape == (12, 1, 5, 3)
    described = project.json("data/recipes/track.json")
    project.stage("index")
    assert project.json("data/recipes/track.json") == described
    shutil.copy(project.folder / SNAPSHOTS / "pytorch_config.yaml", project.folder / SNAPSHOTS / "snapshot-best-100.pt")
    project.stage("index")
    assert project.json("data/recipes/track.json") != described, "DVC has to see that the model is another one"
    assert "it is not opened" in project.stage("track", ok=False) or "cannot be read as a snapshot" in project.output
    assert "Traceback" not in project.output


def test_index_refuses_a_model_that_is_not_there(project):
    project.edit_params(track__model="nowhere")
    assert "track.model: expected the folder of a DeepLabCut project (with a config.yaml), or a pytorch_config.yaml" in project.stage(
        "index", ok=False
    )
    assert "Traceback" not in project.output
