"""Picture and movement, and windows of frames, through the whole pipeline."""

import numpy as np
import pytest
from pipeline import TINY, make_project

from ethocache.dataset.features import FeatureSet
from ethocache.endtoend.demo import write_demo

STAGES = ("index", "track", "crop", "extract", "train", "evaluate", "predict")
RECIPES = {
    "tiny": {"kind": "image", "model": "test_resnet", "weights": "random"},
    "tiny_flow": {"kind": "flow", "model": "test_resnet", "weights": "random", "method": "dis_fast"},
    "tiny_clip": {"kind": "clip", "model": "r3d_18", "weights": "random", "input_px": 32, "window": 4, "stride": 4},
    "two_stream": {"streams": ["tiny", "tiny_flow"]},
    "three_stream": {"streams": ["tiny", "tiny_flow", "tiny_clip"]},
}


@pytest.fixture
def project(tmp_path):
    write_demo(tmp_path / "demo", animals=4, unlabelled=1, seconds=6, size=(96, 72))
    return make_project(tmp_path / "project", tmp_path / "demo", TINY | {"backbones": RECIPES, "backbone": "two_stream"})


@pytest.mark.slow
def test_picture_and_movement_give_tags_and_a_third_stream_leaves_them_as_they_are(project):
    project.stage(*STAGES)
    assert "10 feature files of two_stream" in project.stage("extract")
    assert project.json("metrics/metrics.json")["macro"]["f1"] >= 0
    (tags,) = project.folder.glob("data/tags/*.csv")
    assert len(tags.read_text().splitlines()) == 61
    with FeatureSet.open(project.folder / "data/features/two_stream", tags.stem, ("tiny", "tiny_flow")) as features:
        picture, movement = features.files
        assert features.dimensions == 192
        assert np.abs(np.corrcoef(picture.rows(0, 60).ravel(), movement.rows(0, 60).ravel())[0, 1]) < 0.99
    project.edit_params(backbone="three_stream")
    assert "15 feature files of three_stream, 5 computed now" in project.stage("index", "extract")
