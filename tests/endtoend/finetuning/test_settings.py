"""What is wrong with fine-tuning is said before anything is computed."""

import pytest

from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.endtoend.finetuning.settings import FinetuneParams, check_finetune

LSTM = {"name": "lstm", "settings": {"kind": "lstm"}}
TINY = {"name": "tiny", "streams": {"tiny": {"kind": "image", "model": "test_resnet", "weights": "random"}}}


def parsed(**values):
    return parse_section(values, FinetuneParams, "params.yaml: finetune")


def problems(backbone=TINY, head=LSTM, behaviours=("grooming",), views="", scored=True, **values):
    return check_finetune(parsed(**{"runs": ["e2e"]} | values), behaviours, backbone, head, views, scored)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"runs": ["e2e", "e2e"]}, "'runs' names 'e2e' twice; keep one"),
        ({"runs": ["e2"]}, "'runs' names 'e2', which is not among 'recipes', did you mean 'e2e'?; known: e2e"),
        ({"recipes": {"a/b": {}}}, "'recipes': the name 'a/b' may hold letters, digits, '_' and '-' only"),
        ({"recipes": {"e2e": {"runs": ["e2e"]}}}, "'recipes.e2e': 'runs' is for all runs; take it out of this one"),
        ({"unfreeze": 0}, "'unfreeze': expected a number of blocks from 1 on, or names such as [blocks.6]"),
        ({"unfreeze": []}, "'unfreeze': expected a number of blocks from 1 on, or names such as [blocks.6]"),
        ({"unfreese": 2}, "'unfreese' is not a setting, did you mean 'unfreeze'?"),
    ],
)
def test_a_wrong_setting_says_what_was_expected(values, message):
    with pytest.raises(InputError) as error:
        parsed(**values)
    assert message in str(error.value)


def test_a_run_has_what_its_recipe_wants_otherwise():
    params = parsed(recipes={"deep": {"unfreeze": ["blocks.5", "blocks.6"], "epochs": 3}}, clips=7)
    assert (params.of_run("deep").unfreeze, params.of_run("deep").epochs, params.of_run("deep").clips) == (("blocks.5", "blocks.6"), 3, 7)
    with pytest.raises(InputError, match=r"params.yaml: finetune: 'deap' is not among 'recipes', did you mean 'deep'\?; known: deep"):
        params.of_run("deap")


def test_a_wrong_recipe_is_named_though_it_does_not_run():
    (problem,) = problems(runs=[], recipes={"e2e": {"epochs": 0}})
    assert problem.startswith("params.yaml: finetune, with recipes.e2e: 'epochs': ")


def test_without_runs_any_head_and_backbone_will_do():
    assert problems(runs=[], head={"name": "both", "settings": {"kind": "ensemble", "members": []}}, backbone={"streams": {}}) == []
    assert problems() == []


def test_an_ensemble_is_not_one_network():
    (problem,) = problems(head={"name": "both", "settings": {"kind": "ensemble", "members": []}})
    assert "fine-tuning trains one network, but the head 'both' is an ensemble; choose one of its members" in problem


@pytest.mark.parametrize(
    ("streams", "kinds"),
    [
        ({"pose": {"kind": "pose"}}, "'pose' of kind pose"),
        ({"tiny": TINY["streams"]["tiny"], "pose": {"kind": "pose"}}, "'tiny' of kind image, 'pose' of kind pose"),
        ({"toy": {"kind": "mean_colour"}}, "'toy' of kind mean_colour"),
    ],
)
def test_what_gives_no_gradients_cannot_be_tuned(streams, kinds):
    (problem,) = problems(backbone={"name": "it", "streams": streams})
    assert f"(kind image) can be tuned, one at a time; the backbone 'it' has {kinds}; choose another with -S backbone=..." in problem


def test_several_cameras_are_refused_before_anything_is_computed():
    (problem,) = problems(views="camera")
    assert problem.endswith("fine-tuning is for one camera, but data.views (camera) tells several apart; set finetune.runs: []")
    assert problems(views="camera", runs=[]) == []


def test_a_run_does_not_replace_the_weights_that_it_begins_with():
    tuned = {"name": "tuned", "streams": {"tuned": TINY["streams"]["tiny"] | {"weights": "models/finetune-e2e/backbone.safetensors"}}}
    (problem,) = problems(backbone=tuned)
    assert "the run 'e2e' would replace the weights that the backbone 'tuned' begins with" in problem
    assert "set finetune.runs: [], or give the run another name" in problem
    assert problems(backbone=tuned, runs=["again"], recipes={"again": {}}) == []


@pytest.mark.parametrize("written", ["{here}/{folder}/{file}", "models/../{folder}/{file}", "link/{file}", "{root}/{folder}/{file}"])
def test_a_run_is_known_by_its_folder_however_the_path_is_written(tmp_path, monkeypatch, written):
    here, root = tmp_path / "copy", tmp_path / "project"
    for folder in (here, root):
        (folder / "models/finetune-e2e").mkdir(parents=True)
    (here / "models/finetune-e2e/backbone.safetensors").symlink_to(tmp_path / "in the cache of DVC")
    (here / "link").symlink_to(here / "models/finetune-e2e")
    monkeypatch.chdir(here)
    monkeypatch.setenv("DVC_ROOT", str(root))
    weights = written.format(here=here, root=root, folder="models/finetune-e2e", file="backbone.safetensors")
    tuned = {"name": "tuned", "streams": {"tuned": TINY["streams"]["tiny"] | {"weights": weights}}}
    assert len(problems(backbone=tuned)) == 1
    assert problems(backbone=tuned, runs=["again"], recipes={"again": {}}) == []


@pytest.mark.parametrize(
    ("unfreeze", "message"),
    [
        (["layer9"], "finetune.unfreeze: test_resnet has no block 'layer9' with weights"),
        (9, "finetune.unfreeze: test_resnet has 5 blocks, expected at most so many, found 9"),
    ],
)
def test_blocks_that_are_not_there_are_refused_before_dvc_removes_what_was_tuned(unfreeze, message):
    (problem,) = problems(recipes={"e2e": {"unfreeze": unfreeze}})
    assert problem.startswith(f"params.yaml: finetune.runs: 'e2e': {message}")
    assert problems(recipes={"e2e": {}, "deep": {"unfreeze": unfreeze}}) == []


def test_scores_of_a_run_are_not_replaced_by_none_because_train_has_none():
    (problem,) = problems(scored=False)
    assert (
        "'e2e' is to be scored on 2 folds, but train.score is false; set finetune.runs: []" in problem and "or finetune.folds: 0" in problem
    )
    (problem,) = problems(scored=False, folds=0, recipes={"e2e": {"folds": 3}})
    assert "or finetune.recipes.e2e.folds: 0" in problem
    assert problems(scored=False, folds=0) == [] == problems(scored=False, runs=[])


def test_the_block_of_the_frozen_scores_is_no_behaviour():
    (problem,) = problems(behaviours=("frozen",))
    assert "give the behaviour 'frozen' another name" in problem
