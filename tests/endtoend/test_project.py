from pathlib import Path

import pytest
import yaml

from ethocache.common.errors import InputError
from ethocache.endtoend.project import SECTIONS, read_project

PARAMS = Path(__file__).parents[2] / "params.yaml"
SHIPPED = sorted(yaml.safe_load(PARAMS.read_text(encoding="utf-8"))["heads"])


@pytest.fixture
def params():
    return yaml.safe_load(PARAMS.read_text(encoding="utf-8"))


@pytest.fixture
def problems(tmp_path):
    """The lines that reading these parameters gives."""

    def read(params) -> list[str]:
        path = tmp_path / "params.yaml"
        path.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
        with pytest.raises(InputError) as caught:
            read_project(path)
        return [line.replace(f"{tmp_path}/", "") for line in str(caught.value).splitlines()]

    return read


def test_the_shipped_parameters_are_right_and_the_recipes_have_every_default_filled_in():
    project = read_project(PARAMS)
    assert project.head["name"] == "lstm"
    assert project.head["settings"]["bidirectional"] is True
    assert project.backbone["streams"]["efficientnet_lite0"]["pooling"] == "default"


@pytest.mark.parametrize("head", [*SHIPPED, "thesis_lstm_300", "thesis_lstm_600", "thesis_tcn_300", "thesis_tcn_300_small_batch"])
def test_every_shipped_head_works_with_nothing_but_its_name(tmp_path, params, head):
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(params | {"head": head}))
    assert read_project(path).head["name"] == head


def test_all_problems_of_all_sections_come_in_one_message_that_says_how_to_undo_them(params, problems):
    params["head"] = "lsmt"
    params["backbone"] = "resnet5"
    params["crop"]["sise_px"] = 1
    params["train"]["epochs"] = "many"
    params["heads"]["tcn"]["kernal"] = 3
    params["backbones"]["resnet18"]["kind"] = "imag"
    params["extrakt"] = {}
    found = problems(params)
    for start in (
        "params.yaml: 'extrakt' is not a section, did you mean 'extract'?",
        "params.yaml: crop: 'sise_px' is not a setting, did you mean 'size_px'?",
        "params.yaml: train: 'epochs': Input should be a valid integer",
        "params.yaml: backbones.resnet18: 'imag' is not a kind, did you mean 'image'?",
        "params.yaml: heads.tcn: 'kernal' is not a setting, did you mean 'kernel'?",
        "params.yaml: backbone: 'resnet5' is not a recipe, did you mean 'resnet50'?",
        "params.yaml: head: 'lsmt' is not a recipe of 'heads', did you mean 'lstm'?",
    ):
        assert any(line.startswith(start) for line in found), (start, found)
    assert found[-1].startswith(
        "Nothing was computed or deleted. Correct params.yaml, where a wrong -S stays too; 'git checkout -- params.yaml'"
    )
    assert len(found) == len(set(found))


def test_a_head_whose_wishes_clash_with_the_training_is_found_before_anything_runs(params, problems):
    params["heads"]["lstm"]["train"] = {"window_s": 2}
    assert "'overlap_s' (5) must be shorter than 'window_s' (2)" in problems(params)[0]


def test_an_ensemble_on_a_backbone_that_lacks_a_stream_says_which_one_to_add(tmp_path, params, problems):
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(params | {"head": "thesis_ensemble", "backbone": "thesis_both"}))
    assert len(read_project(path).head["settings"]["members"]) == 4
    told = "params.yaml: head: 'thesis_ensemble' reads the stream 'resnet50', but backbone 'efficientnet_lite0' has efficientnet_lite0; "
    assert problems(params | {"head": "thesis_ensemble"})[0] == f"{told}add -S backbone=thesis_both"
    del params["backbones"]["thesis_both"]
    remedy = "add a recipe to 'backbones': {streams: [inception_resnet_v2, resnet50]}"
    assert problems(params | {"head": "thesis_ensemble"})[0] == told + remedy


@pytest.mark.parametrize("name", ["head", "backbone"])
@pytest.mark.parametrize("value", [None, 3, ["lstm"]])
def test_a_choice_that_is_no_name_is_refused(params, problems, name, value):
    assert any(f"{name}: expected one of the names below '{name}s'" in line for line in problems(params | {name: value}))


@pytest.mark.parametrize("section", [*SECTIONS, "heads", "backbones"])
def test_a_section_that_is_a_list_is_refused(params, problems, section):
    assert any(f"params.yaml: {section}: expected" in line for line in problems(params | {section: [1]}))


@pytest.mark.parametrize("name", ["../data/mylab", "a/b", "..", "", 18])
def test_a_head_whose_name_would_lead_out_of_its_folder_is_refused(params, problems, name):
    params["heads"] |= {name: {"kind": "linear"}}
    assert any("name may hold letters, digits, '_' and '-' only" in line or name == 18 for line in problems(params | {"head": name}))


def test_corners_of_the_arena_that_would_count_as_parts_of_the_animal_are_refused(params, problems):
    corners = ["nw", "ne", "se", "sw"]
    params["arena"] = {"corner_points": corners, "pixels_per_cm": 10}
    told = "params.yaml: crop.points: expected the animal's key points without arena.corner_points, "
    assert problems(params)[0] == f"{told}which is empty and stands for all; name the animal's own"
    params["crop"]["points"] = ["nose", "nw"]
    assert problems(params)[0] == f"{told}found nose, nw; name the animal's own"


def test_corners_of_the_arena_beside_named_parts_of_the_animal_are_right(tmp_path, params):
    params["arena"] = {"corner_points": ["nw", "ne", "se", "sw"], "pixels_per_cm": 10}
    params["crop"]["points"] = ["nose", "tail"]
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(params))
    assert read_project(path).track.source == "files"


def test_fine_tuning_of_several_cameras_is_refused(params, problems):
    params["data"] |= {"name": "{animal}_{camera}", "views": "camera"}
    params["finetune"]["runs"] = ["e2e"]
    assert any("fine-tuning is for one camera, but data.views (camera) tells several apart" in problem for problem in problems(params))


def test_cameras_need_a_part_of_the_name_and_clocks_need_tracks(params, problems):
    params["crop"]["views"] = {"side": {"scale": 3.0}}
    assert problems(params)[0] == "params.yaml: crop.views: expected nothing where data.views is empty: there is one view"
    params["data"] |= {"name": "{animal}_{camera}", "views": "camera"}
    params["track"]["source"] = "none"
    said = "params.yaml: data.clocks: motion is found from tracks, but track.source is none; choose where tracks come from, or same"
    assert problems(params)[0] == said
    params["crop"]["views"] = {"side": {"skale": 3.0}}
    assert "params.yaml: crop: views.side: 'skale' is not a setting, did you mean 'scale'?" in problems(params)[0]
