"""Tuned weights say which animals they have seen, wherever they are carried."""

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from ethocache.common.errors import InputError
from ethocache.common.files import canonical_json
from ethocache.common.store import Store
from ethocache.vision.backbones.carrying import save_weights
from ethocache.vision.backbones.image import open_network
from ethocache.vision.backbones.running import Run
from ethocache.vision.backbones.settings import ImageSettings
from ethocache.vision.backbones.tuned import Tuned, all_seen, tuned_of
from ethocache.vision.embedding import ExtractParams, describe_network, feature_recipe

SAID = Tuned("models/finetune-e2e/backbone.safetensors", "tiny", "test_resnet", ("02", "01"))


@pytest.fixture
def weights(tmp_path):
    """Return a function that writes the weights of a tiny network, with what they say of themselves."""

    def write(metadata, name="tuned.safetensors"):
        state = timm.create_model("test_resnet", num_classes=0).state_dict()
        save_file({key: value.contiguous() for key, value in state.items()}, tmp_path / name, metadata)
        return tmp_path / name

    return write


def test_what_is_written_is_read_again(weights):
    assert Tuned.of(weights(SAID.metadata())) == SAID


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}], ids=["none", "of another program"])
def test_weights_from_elsewhere_say_nothing(weights, metadata):
    assert Tuned.of(weights(metadata)) is None


def test_a_file_that_is_no_safetensors_says_nothing(tmp_path):
    (tmp_path / "a.safetensors").write_text("noise")
    assert Tuned.of(tmp_path / "a.safetensors") is None and Tuned.of(tmp_path / "b.pt") is None


@pytest.mark.parametrize("said", ["{", "[]", '{"file": "a"}', canonical_json({"file": "a", "backbone": "b", "model": "m", "animals": 3})])
def test_what_cannot_be_understood_is_an_error_as_nobody_knows_what_the_weights_have_seen(weights, said):
    with pytest.raises(InputError, match=r"expected to read which animals these weights were tuned on, found .*; get the file again"):
        Tuned.of(weights({"ethocache": said}))


def test_the_features_of_tuned_weights_say_it_and_their_key_depends_on_it(weights, tmp_path):
    def recipe(metadata, name):
        settings = {"kind": "image", "model": "test_resnet", "weights": str(weights(metadata, name))}
        description = describe_network(settings, Store(tmp_path / "store"))
        return feature_recipe("c", settings, description, Run(), ExtractParams())

    tuned, plain = recipe(SAID.metadata(), "a.safetensors"), recipe(None, "b.safetensors")
    assert tuned["tuned_on"] == {"file": SAID.file, "animals": ["01", "02"]}
    assert "tuned_on" not in plain, "or all features of before would be made again"


def test_weights_that_are_tuned_again_have_seen_both(weights):
    settings = ImageSettings(model="test_resnet", weights=str(weights(SAID.metadata())))
    assert all_seen(settings, ["03", "01"]) == ("01", "02", "03")
    assert all_seen(ImageSettings(model="test_resnet", weights="random"), ["03"]) == ("03",)


def test_a_copy_of_tuned_weights_still_says_it(weights, tmp_path):
    settings = {"kind": "image", "model": "test_resnet", "weights": str(weights(SAID.metadata()))}
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(save_weights(settings))
    assert Tuned.of(copy) == SAID and load_file(copy)
    assert tuned_of(ImageSettings(model="test_resnet", weights="random")) is None


@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence", "ignore:torch.searchsorted")  # of timm, as it resizes Swin's positions
@pytest.mark.parametrize("model", ["test_vit", "test_vit_relpos", "test_convnext", "swin_tiny_patch4_window7_224"])
def test_weights_that_were_tuned_at_another_size_than_the_models_own_are_loaded_at_that_size(model, tmp_path):
    px = {"swin_tiny_patch4_window7_224": 448}.get(model, 64)
    opened = open_network(ImageSettings(model=model, weights="random", input_px=px, seed=3))
    save_file({name: value.contiguous() for name, value in opened.network.state_dict().items()}, tmp_path / "tuned.safetensors")
    again = open_network(ImageSettings(model=model, weights=str(tmp_path / "tuned.safetensors"), input_px=px))
    wanted = opened.network.state_dict()
    assert all(torch.equal(wanted[name], value) for name, value in again.network.state_dict().items()) and again.view == opened.view


def test_weights_of_another_size_say_that_input_px_is_missing(tmp_path):
    opened = open_network(ImageSettings(model="test_vit", weights="random", input_px=64))
    save_file({name: value.contiguous() for name, value in opened.network.state_dict().items()}, tmp_path / "tuned.safetensors")
    for more in ({}, {"input_px": 96}):
        with pytest.raises(
            InputError, match=r"1 are of another shape \(pos_embed\); .*, or set the 'input_px' with which they were tuned$"
        ):
            open_network(ImageSettings(model="test_vit", weights=str(tmp_path / "tuned.safetensors"), **more))


def test_weights_of_the_models_own_size_are_resized_as_ever(tmp_path):
    opened = open_network(ImageSettings(model="test_vit", weights="random", seed=3))
    save_file({name: value.contiguous() for name, value in opened.network.state_dict().items()}, tmp_path / "published.safetensors")
    resized = open_network(ImageSettings(model="test_vit", weights="random", input_px=64, seed=3))
    again = open_network(ImageSettings(model="test_vit", weights=str(tmp_path / "published.safetensors"), input_px=64))
    assert again.weights_sha256 == resized.weights_sha256 == opened.weights_sha256
    assert torch.equal(again.network.get_parameter("pos_embed"), resized.network.get_parameter("pos_embed"))
