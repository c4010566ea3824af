import subprocess
import sys

import numpy as np
import pytest
import torch

from ethocache.common.errors import InputError
from ethocache.vision.backbones import BACKBONES, check_backbones, parse_recipe, resolve_backbone
from ethocache.vision.backbones.image import ImageEmbedder
from ethocache.vision.backbones.running import Run
from ethocache.vision.backbones.settings import ImageSettings, MeanColourSettings

RECIPES = {
    "resnet": {"kind": "image", "model": "test_resnet", "weights": "random"},
    "vit": {"kind": "image", "model": "test_vit", "weights": "random", "pooling": "cls"},
    "colour": {"kind": "mean_colour"},
    "both": {"streams": ["resnet", "colour"]},
}


def frames(count=3, size=64, seed=0):
    """Smooth coloured pictures, (count, size, size, 3)."""
    coarse = np.random.default_rng(seed).integers(0, 256, (count, size // 8, size // 8, 3), np.uint8)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)


def embedder(model="test_resnet", **settings):
    return ImageEmbedder(ImageSettings(model=model, **({"weights": "random"} | settings)), Run())


# ---- recipes ----


def test_a_recipe_is_resolved_with_every_default_filled_in():
    assert resolve_backbone("vit", RECIPES) == {
        "name": "vit",
        "streams": {
            "vit": {"kind": "image", "model": "test_vit", "weights": "random", "pooling": "cls", "input_px": None, "seed": 0},
        },
    }


def test_streams_are_resolved_each_under_its_own_name_and_in_order():
    assert list(resolve_backbone("both", RECIPES)["streams"]) == ["resnet", "colour"]


def test_resolved_settings_can_be_read_again():
    for settings in resolve_backbone("both", RECIPES)["streams"].values():
        assert parse_recipe(settings).model_dump(mode="json") == settings


def test_sound_recipes_have_no_problems():
    assert check_backbones(RECIPES) == []


def test_every_registered_kind_is_told_by_its_own_name():
    assert {name: model.model_fields["kind"].default for name, model in BACKBONES.items()} == {name: name for name in BACKBONES}


def test_an_unknown_backbone_suggests_the_nearest_and_lists_all():
    with pytest.raises(InputError, match="backbone: 'resnt' is not a recipe, did you mean 'resnet'\\?; known: resnet, vit, colour, both"):
        resolve_backbone("resnt", RECIPES)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (
            {"kind": "imge"},
            "params.yaml: backbones.x: 'imge' is not a kind, did you mean 'image'?; known kinds: image, clip, flow, mean_colour, pose, or",
        ),
        ({"model": "resnet18"}, "params.yaml: backbones.x: 'kind' is missing; known kinds: image, clip, flow, mean_colour, pose"),
        ({"kind": ["image"]}, "params.yaml: backbones.x: '['image']' is not a kind"),
        ("resnet18", "params.yaml: backbones.x: expected 'setting: value' lines, found 'resnet18'"),
        (None, "params.yaml: backbones.x: expected 'setting: value' lines, found None"),
        ({"kind": "image"}, "params.yaml: backbones.x: 'model' is missing"),
        ({"kind": "image", "model": "a", "modle": 1}, "params.yaml: backbones.x: 'modle' is not a setting, did you mean 'model'?"),
        (
            {"kind": "image", "model": "a", "pooling": "max"},
            "params.yaml: backbones.x: 'pooling': Input should be 'default', 'avg' or 'cls'",
        ),
        (
            {"kind": "image", "model": "a", "weights": "hubb"},
            "expected hub, package, random or a .safetensors, .pt, .pth file, did you mean 'hub'?",
        ),
        (
            {"kind": "image", "model": "resnet50", "weights": "package"},
            "'weights: package' exists for tf_efficientnet_lite0 only, not for 'resnet50'; use hub or a file",
        ),
        ({"streams": ["resnet", "colour"], "kind": "image"}, "backbones.x: beside 'streams' no setting is possible, found kind"),
        ({"streams": []}, "backbones.x: 'streams' expects a list of recipes such as [resnet50, mean_colour], found []"),
        ({"streams": "resnet"}, "expects a list of recipes such as [resnet50, mean_colour], found 'resnet'"),
        ({"streams": [["resnet"]]}, "expects a list of recipes such as [resnet50, mean_colour], found [['resnet']]"),
        ({"streams": [18]}, "expects a list of recipes such as [resnet50, mean_colour], found [18]"),
        ({"streams": ["resnet", "resnet"]}, "backbones.x: a stream stands twice in ['resnet', 'resnet']"),
        ({"streams": ["color"]}, "backbones.x: stream 'color' is not a recipe, did you mean 'colour'?; known: resnet, vit, colour"),
        ({"streams": ["x", "vit"]}, "backbones.x: it names itself among its streams"),
        ({"streams": ["both", "vit"]}, "backbones.x: stream 'both' has streams itself; name those instead"),
    ],
)
def test_a_wrong_recipe_says_what_is_wrong_whether_it_is_used_or_not(recipe, message):
    recipes = RECIPES | {"x": recipe}
    assert any(message in problem for problem in check_backbones(recipes)), check_backbones(recipes)
    with pytest.raises(InputError) as error:
        resolve_backbone("x", recipes)
    assert message in str(error.value)
    assert resolve_backbone("vit", recipes)["name"] == "vit"


def test_a_wrong_stream_spoils_those_who_name_it():
    with pytest.raises(InputError, match=r"backbones\.resnet: 'size' is not a setting"):
        resolve_backbone("both", RECIPES | {"resnet": RECIPES["resnet"] | {"size": 1}})


def test_a_name_that_cannot_be_part_of_a_file_name_is_refused():
    assert check_backbones({"a/b.c": {"kind": "mean_colour"}}) == [
        "params.yaml: backbones.a/b.c: a recipe's name may hold letters, digits, '_' and '-' only"
    ]


def test_a_name_that_yaml_takes_for_a_number_asks_for_quotes():
    recipes = {18: {"kind": "mean_colour"}, "both": {"streams": ["18"]}}
    message = "params.yaml: backbones.18: expected text as the recipe's name, found 18; put it in quotes: '18'"
    assert message in check_backbones(recipes)
    for name in ("both", "18"):
        with pytest.raises(InputError) as error:
            resolve_backbone(name, recipes)
        assert str(error.value) == message


def test_several_problems_come_together():
    assert len(check_backbones({"x": {"kind": "image", "model": "", "seed": -1, "input_px": 3}, "y": {}})) == 4


def test_the_weights_file_of_the_chosen_backbone_must_be_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipes = {"mine": {"kind": "image", "model": "test_resnet", "weights": "weights/mine.pt"}}
    with pytest.raises(InputError, match=r"the weights of test_resnet, .*weights.mine\.pt, are not there: correct 'weights'"):
        resolve_backbone("mine", recipes)
    assert check_backbones(recipes) == []


def test_a_relative_weights_file_is_found_from_a_copy_of_the_project(tmp_path, monkeypatch):
    (tmp_path / "copy").mkdir()
    (tmp_path / "mine.pt").touch()
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert ImageSettings(model="test_resnet", weights="mine.pt").weights_file == tmp_path / "mine.pt"


def test_checking_recipes_loads_no_network():
    code = f"""
import sys
from ethocache.vision.backbones import check_backbones, resolve_backbone
check_backbones({RECIPES!r}), resolve_backbone("both", {RECIPES!r})
several = {{"clip": {{"kind": "clip", "model": "s3d"}}, "flow": {{"kind": "flow", "model": "resnet18"}}, "x": {{"streams": ["clip"]}}}}
resolve_backbone("x", several)
print({{"torch", "timm", "torchvision", "cv2", "pandas", "scipy"}} & set(sys.modules))
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


# ---- the toy ----


def test_mean_colour_is_the_mean_of_red_green_and_blue():
    pictures = np.zeros((2, 8, 8, 3), np.uint8)
    pictures[1, :, :4] = (255, 0, 51)
    toy = MeanColourSettings().build()
    np.testing.assert_allclose(toy(pictures), [[0, 0, 0], [0.5, 0, 0.1]], rtol=1e-6)
    assert toy(pictures).dtype == np.float32
    assert (toy.description["dimensions"], toy.device, MeanColourSettings().source()) == (3, "cpu", {})


# ---- networks ----


FAMILIES = [
    "byobnet",
    "coatnet",
    "convnext",
    "convnext2",
    "convnext3",
    "efficientnet",
    "efficientnet_evos",
    "efficientnet_gn",
    "efficientnet_ln",
    "mambaout",
    "maxvit",
    "nfnet",
    "resnet",
    "vit",
    "vit2",
    "vit3",
    "vit4",
    "vit_relpos",
]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_networks_gives_one_finite_vector_a_frame(family):
    network = embedder(f"test_{family}")
    answer = network(frames(2))
    assert answer.shape == (2, network.description["dimensions"])
    assert answer.dtype == np.float32
    assert np.isfinite(answer).all()
    assert answer.std() > 0


@pytest.mark.parametrize("model", ["test_resnet", "test_vit"])
def test_a_frame_gets_the_same_vector_alone_and_in_a_batch(model):
    network = embedder(model)
    together = network(frames(5))
    alone = np.concatenate([network(frame[None]) for frame in frames(5)])
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_the_network_is_frozen_and_sees_without_noise():
    network = embedder("test_efficientnet")
    assert not network.engine.network.training
    assert not any(parameter.requires_grad for parameter in network.engine.network.parameters())
    np.testing.assert_array_equal(network(frames()), network(frames()))


def test_bf16_answers_nearly_the_same_in_float32():
    exact = embedder("test_resnet")(frames())
    quick = ImageEmbedder(ImageSettings(model="test_resnet", weights="random"), Run(precision="bf16"))(frames())
    assert quick.dtype == np.float32
    assert not np.array_equal(quick, exact)
    np.testing.assert_allclose(quick, exact, atol=0.1 * np.abs(exact).max())


def test_pooling_avg_is_the_default_of_convolutional_networks():
    np.testing.assert_allclose(embedder("test_resnet", pooling="avg")(frames()), embedder("test_resnet")(frames()), atol=1e-5)


def test_pooling_avg_averages_places_and_not_channels_where_channels_come_last():
    assert embedder("test_mambaout", pooling="avg")(frames()).shape == (3, 64)


def test_pooling_cls_is_the_default_of_vision_transformers_and_avg_is_something_else():
    default, cls, avg = (embedder("test_vit", pooling=pooling)(frames()) for pooling in ("default", "cls", "avg"))
    np.testing.assert_allclose(cls, default, atol=1e-6)
    assert np.abs(avg - default).max() > 0.1


def test_pooling_cls_needs_a_class_token():
    with pytest.raises(InputError, match="test_resnet has no class token, so 'pooling: cls' is impossible: use default or avg"):
        embedder("test_resnet", pooling="cls")


@pytest.mark.parametrize("model", ["test_resnet", "test_vit"])
def test_input_px_changes_what_the_network_sees_and_not_its_weights(model):
    own, small = embedder(model), embedder(model, input_px=96)
    assert (own.description["input_px"], small.description["input_px"]) == (160, 96)
    assert seen(small, frames()).shape == (3, 3, 96, 96)
    assert small.description["weights_sha256"] == own.description["weights_sha256"]
    assert not np.array_equal(own(frames()), small(frames()))


def test_input_px_must_be_whole_patches():
    with pytest.raises(InputError, match=r"test_vit cannot take 'input_px: 90' \(its patches are 16 px, so 80 or 96 would do\)"):
        embedder("test_vit", input_px=90)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of timm's own arithmetic, as it resizes position tables
@pytest.mark.parametrize(("model", "input_px"), [("test_maxvit", 17), ("test_maxvit", 100), ("test_coatnet", 100)])
def test_an_input_that_the_network_cannot_take_is_the_users_to_mend(model, input_px):
    with pytest.raises(InputError, match=f"{model} cannot take 'input_px: {input_px}' \\(.*\\); correct it or leave it out"):
        embedder(model, input_px=input_px)


def test_a_fault_at_the_models_own_size_is_not_blamed_on_the_user(monkeypatch):
    def refuse(pixels):
        raise AssertionError("Input height (16) doesn't match model (160).")

    monkeypatch.setattr("ethocache.vision.backbones.image.pooled", lambda network, settings: refuse)
    with pytest.raises(AssertionError):
        embedder("test_resnet")


def test_a_network_that_gives_no_vector_is_refused(monkeypatch):
    monkeypatch.setattr("ethocache.vision.backbones.image.pooled", lambda network, settings: lambda pixels: torch.zeros(1, 7, 5, 5))
    with pytest.raises(InputError, match=r"test_resnet gives an answer of shape \(7, 5, 5\) for a frame, expected one vector"):
        embedder("test_resnet")


def test_too_little_memory_says_which_setting_to_lower():
    network = embedder("test_resnet")

    def no_memory(pixels):
        raise torch.OutOfMemoryError("CUDA out of memory")

    network.engine._answer = no_memory
    with pytest.raises(InputError, match=r"3 inputs at once need more memory than the cpu has free: lower extract\.batch_size"):
        network(frames())


# ---- preprocessing ----


def seen(network, pictures):
    """What the network itself is shown, (B, 3, input_px, input_px)."""
    return network.engine.network.normal(network.preprocess(pictures))


@pytest.mark.parametrize(("model", "size"), [("test_resnet", 256), ("test_vit", 256), ("test_vit", 96), ("test_resnet", 160)])
def test_preprocessing_is_that_of_timm_without_the_centre_crop(model, size):
    import timm
    from PIL import Image

    network = embedder(model)
    config = timm.data.resolve_model_data_config(timm.create_model(model)) | {"crop_pct": 1.0}
    transform = timm.data.create_transform(**config, is_training=False)
    pictures = 60 + frames(2, size) // 2  # PIL clips between its two passes, so nothing may overshoot
    expected = torch.stack([transform(Image.fromarray(picture)) for picture in pictures])
    ours = seen(network, pictures)
    one_grey_level = 1 / 255 / min(config["std"])
    assert (ours - expected).abs().max() < 1.6 * one_grey_level
    swapped = seen(network, pictures[..., ::-1].copy())
    assert (swapped - expected).abs().max() > 50 * one_grey_level


def test_nothing_of_the_crop_is_cut_off():
    picture = np.zeros((1, 256, 256, 3), np.uint8)
    picture[:, :4] = picture[:, :, -4:] = 255
    pixels = seen(embedder("test_resnet"), picture)
    assert (pixels[0, :, 0] > 0.5).all()
    assert (pixels[0, :, :, -1] > 0.5).all()
    assert (pixels[0, :, 80, 80] == -1).all()
