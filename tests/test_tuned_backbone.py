"""Weights that have seen an animal never score it, from their file through the features to the stage `train`."""

import pytest
import timm
from pipeline import TINY, Project, make_project
from safetensors.torch import save_file

from ethocache.endtoend.demo import write_demo
from ethocache.vision.backbones.tuned import Tuned

BACKBONES = {"tuned": {"kind": "image", "model": "test_resnet", "weights": "data/demo/tuned.safetensors"}}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """A project up to its features, whose weights have seen the animals 01 and 03."""
    folder = tmp_path_factory.mktemp("tuned")
    write_demo(folder / "demo", animals=3, unlabelled=1, seconds=6, size=(96, 72))
    said = Tuned("models/finetune-e2e/backbone.safetensors", "tiny", "test_resnet", ("01", "03"))
    state = timm.create_model("test_resnet", num_classes=0).state_dict()
    save_file({name: value.contiguous() for name, value in state.items()}, folder / "demo/tuned.safetensors", said.metadata())
    project = make_project(folder / "project", folder / "demo", TINY | {"backbone": "tuned", "backbones": TINY["backbones"] | BACKBONES})
    project.stage("index", "track", "crop", "extract")
    return project


def test_train_refuses_to_score_an_animal_that_the_weights_have_seen(project):
    output = project.stage("train", ok=False)
    assert output.startswith("train: models/finetune-e2e/backbone.safetensors: these weights were tuned on the animals 01, 03, ")
    assert "set train.score=false for a final model without a score" in output and len(output.splitlines()) == 1
    assert not (project.folder / "data/predictions").exists() and not (project.folder / "models").exists()


def test_without_a_score_there_is_a_final_model_that_tags(project):
    project.edit_params(train__score=False)
    project.stage("index", "train", "evaluate", "predict")
    assert (project.folder / "models/lstm/model.json").is_file()
    assert "macro" not in project.json("metrics/metrics.json") and len(list(project.folder.glob("data/tags/*.csv"))) == 1


def test_a_search_and_a_learning_curve_refuse_it_too(project):
    project.edit_params(train__score=True)
    project.stage("index")
    for command in (("tune", "--trials", "2"), ("learning-curve",)):
        output = project.run("ethocache", *command, ok=False)
        assert "these weights were tuned on the animals 01, 03" in output and "Traceback" not in output
