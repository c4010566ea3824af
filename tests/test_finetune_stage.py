"""The stage `finetune` on tiny rendered videos: honest scores beside the frozen ones, and a backbone as a file."""

import json
import shutil
import sys
from contextlib import chdir
from importlib import import_module

import pytest
from pipeline import TINY, Project, make_project

from ethocache.common.errors import InputError
from ethocache.endtoend.demo import write_demo
from ethocache.sequence.heads import parse_head
from ethocache.sequence.model_file import load_model
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.training import Fitted
from ethocache.vision.backbones.tuned import Tuned

TUNE = {"runs": ["e2e"], "folds": 3, "clip_s": 1.0, "clips": 4, "epochs": 1, "accumulate": 2, "head_learning_rate": 1e-2}
TUNED = {"kind": "image", "model": "test_resnet", "weights": "models/finetune-e2e/backbone.safetensors", "input_px": 64}


def stage(project: Project, *names: str) -> str:
    """Run stages in this process, which has loaded everything already."""
    with chdir(project.folder):
        for name in names:
            said = vars(import_module(f"ethocache.stages.{name}"))[name]()
    return said


def finetune(project: Project, *arguments: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["finetune", *arguments])
        return stage(project, "finetune")


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Project:
    """Three animals, so three folds, up to the trained head and its scores."""
    folder = tmp_path_factory.mktemp("finetune")
    write_demo(folder / "demo", animals=3, unlabelled=0, seconds=6, size=(96, 72))
    tiny = {"tiny": TINY["backbones"]["tiny"] | {"input_px": 64}, "tuned": TUNED}
    project = make_project(folder / "project", folder / "demo", TINY | {"backbone": "tiny", "backbones": TINY["backbones"] | tiny})
    project.edit_params(**{f"finetune__{name}": value for name, value in TUNE.items()})
    stage(project, "index", "track", "crop", "extract", "train", "evaluate")
    return project


@pytest.fixture(scope="module")
def tuned(trained) -> Project:
    said = finetune(trained, "e2e")
    assert said.startswith("e2e, tiny with lstm: macro average precision of 3 animals in 3 folds: tuned ")
    return trained


def test_the_frozen_backbone_is_scored_on_the_very_same_folds(tuned):
    metrics = tuned.json("metrics/finetune-e2e.json")
    frozen = metrics.pop("frozen")
    assert frozen == tuned.json("metrics/metrics.json"), "with all folds, it is what train and evaluate say"
    assert {name: set(block) for name, block in metrics.items()}.keys() == frozen.keys() and metrics["data"] == frozen["data"]


def test_no_backbone_has_seen_the_animals_that_it_is_scored_on(tuned):
    entries = [json.loads(path.read_text())["recipe"] | {"at": path.parent} for path in tuned.folder.glob("store/finetuning/*/entry.json")]
    folds = [entry for entry in entries if entry["inner"]]
    assert len(entries) == 4 and len(folds) == 3
    seen = [{*entry["inner"], *entry["fitted"]} for entry in folds]
    assert all(len(videos) == 2 for videos in seen) and len(set(map(frozenset, seen))) == 3
    for entry, videos in zip(folds, seen, strict=True):
        animals = {video.split("_")[-1] for video in videos}
        assert set(Tuned.of(entry["at"] / "backbone.safetensors").animals) == animals


def test_a_fold_begins_with_the_head_of_its_best_epoch_on_its_fitted_animals(tuned):
    from safetensors.torch import load_file

    bests = {json.loads(path.read_text())["weights_sha256"] for path in tuned.folder.glob("store/fold/*/fold.json")}
    starts = set()
    for path in tuned.folder.glob("store/network/*/network.safetensors"):
        recipe = json.loads(path.with_name("entry.json").read_text())["recipe"]
        if len(recipe["fitted"]) == 1:
            network = TaggingNetwork(96, 3, parse_head(recipe["head"], "head"), TrainParams(**TINY_TRAIN))
            network.load_state_dict(load_file(path))
            starts.add(Fitted(network, 1, [], 0).weights_sha256())
    assert starts == bests and len(bests) == 3


TINY_TRAIN = {"window_s": 3.0, "overlap_s": 0.5}


def test_a_second_run_computes_nothing(tuned):
    before = sorted(path.stat().st_mtime_ns for path in tuned.folder.glob("store/*/*/entry.json"))
    finetune(tuned, "e2e")
    assert before == sorted(path.stat().st_mtime_ns for path in tuned.folder.glob("store/*/*/entry.json"))


def test_the_tuned_backbone_gives_embeddings_and_a_final_model_but_no_score(tuned, tmp_path):
    shutil.copytree(tuned.folder, tmp_path / "project")
    project = Project(tmp_path / "project")
    project.edit_params(backbone="tuned", finetune__runs=[])
    said = stage(project, "index", "extract")
    assert said.startswith("3 feature files of tuned, 3 computed now")
    with pytest.raises(InputError, match=r"models/finetune-e2e/backbone\.safetensors: these weights were tuned on the animals 01, 02, 03,"):
        stage(project, "train")
    project.edit_params(train__score=False)
    assert stage(project, "index", "train").startswith("lstm on tuned")
    stage(project, "evaluate")
    assert "macro" not in project.json("metrics/metrics.json")


def test_the_models_folder_is_a_model_with_its_backbone(tuned):
    names = {path.name for path in (tuned.folder / "models/finetune-e2e").iterdir()}
    assert names == {"model.json", "network_1.safetensors", "backbone.safetensors"}
    assert tuned.json("models/finetune-e2e/model.json")["animals"] == ["01", "02", "03"]


def test_without_folds_there_is_a_model_and_no_score(trained):
    trained.edit_params(finetune__folds=0)
    try:
        assert "no score: no fold was tuned" in finetune(trained, "e2e")
        assert "macro" not in trained.json("metrics/finetune-e2e.json")
        tuned, frozen = (load_model(trained.folder / "models" / name).verdict.decision for name in ("finetune-e2e", "lstm"))
        assert [*tuned.threshold] == [0.5, 0.5, 0.5] != [*frozen.threshold], "those of the frozen backbone suit it alone"
    finally:
        trained.edit_params(finetune__folds=3)


def test_what_is_missing_or_unknown_says_what_to_do(trained, tmp_path):
    shutil.copytree(trained.folder, tmp_path / "project", ignore=shutil.ignore_patterns("store"))
    project = Project(tmp_path / "project")
    (project.folder / "store").symlink_to(trained.folder / "store")

    def refused(*arguments: str) -> str:
        with pytest.raises(InputError) as error:
            finetune(project, *arguments)
        return str(error.value)

    assert refused() == "expected the name of one run, as in: python -m ethocache.stages.finetune e2e"
    assert "'e3e' is not among 'recipes', did you mean 'e2e'?" in refused("e3e")
    project.edit_params(finetune__unfreeze=["layer9"])
    assert "test_resnet has no block 'layer9' with weights" in refused("e2e")
    project.edit_params(finetune__unfreeze=2)
    crop = next((project.folder / "data/crops").glob("*.mp4"))
    crop.rename(tmp_path / "crop.mp4")
    assert f"{crop.name} is missing: run 'dvc repro crop'" in refused("e2e")
    shutil.rmtree(project.folder / "models/lstm")
    assert refused("e2e") == "models/lstm/model.json: expected a model, found no file; run dvc repro train"
    recipe = project.folder / "data/recipes/backbone.json"
    recipe.write_text(json.dumps(json.loads(recipe.read_text()) | {"views": ["side", "top"]}))
    assert refused("e2e").startswith("fine-tuning is for one camera, but this project's model sees side, top together")
    project.edit_params(finetune__runs=["e2e", "e2e"])
    with pytest.raises(InputError, match="'runs' names 'e2e' twice; keep one"):
        stage(project, "index")


@pytest.mark.slow
def test_dvc_fine_tunes_on_request_and_only_then(trained, tmp_path):
    project = Project(tmp_path / "project")
    shutil.copytree(trained.folder, project.folder)
    project.edit_params(finetune__runs=[])
    assert "finetune" not in project.run("dvc", "repro", "train", "evaluate")
    project.run("dvc", "exp", "run", "-S", "finetune.runs=[e2e]", "finetune")
    assert "frozen" in project.json("metrics/finetune-e2e.json")
