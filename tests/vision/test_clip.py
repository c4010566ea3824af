"""Networks that look at a window of frames around each frame."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torchvision.models import get_model, get_model_weights

from ethocache.common.errors import InputError
from ethocache.vision.backbones import check_backbones, parse_recipe
from ethocache.vision.backbones.clip import ClipEmbedder, between
from ethocache.vision.backbones.clip_settings import CLIP_NETWORKS, ClipSettings
from ethocache.vision.backbones.running import Run
from ethocache.vision.backbones.settings import Context

SMALL = {"model": "r3d_18", "weights": "random", "input_px": 16, "window": 6}


@pytest.fixture(scope="module")
def embedder():
    """Embedders by their settings, each built once."""
    built = {}

    def build(precision="fp32", **changes):
        chosen = ClipSettings(**SMALL | changes)
        key = (precision, chosen.model_dump_json())
        built[key] = built.get(key) or ClipEmbedder(chosen, Run(precision=precision))
        return built[key]

    return build


def noise(frames, seed=0, size=16):
    return np.random.default_rng(seed).integers(0, 256, (frames, size, size, 3), np.uint8)


def embed(network, video, batch):
    """Embed a whole video in batches, as extraction does."""
    before, after = network.context.before, network.context.after
    padded = np.concatenate([video[:1].repeat(before, 0), video, video[-1:].repeat(after, 0)])
    return np.concatenate([network(padded[at : min(at + batch, len(video)) + before + after]) for at in range(0, len(video), batch)])


# ---- settings ----


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (
            {"model": "s3b"},
            "'s3b' is not a clip network, did you mean 's3d'?; known: r3d_18, mc3_18, r2plus1d_18, s3d, mvit_v2_s, swin3d_t",
        ),
        ({"model": "s3d", "window": 8}, "'window': s3d takes at least 14 frames, found 8"),
        ({"model": "s3d", "input_px": 112}, "'input_px': s3d takes pictures of at least 193 px, found 112"),
        ({"model": "r3d_18", "window": 256, "step": 64}, "'window x step': a window may span 1 to 1024 frames, found 16384"),
        ({"model": "mvit_v2_s", "window": 32}, "'window': mvit_v2_s takes 16 frames, found 32"),
        ({"model": "r3d_18", "std": [0.5, 0, 0.5]}, "expected three numbers above 0, by which colours are divided"),
        ({"model": "r3d_18", "weights": "package"}, "'weights: package' exists for tf_efficientnet_lite0 only, not for 'r3d_18'"),
        ({"model": "r3d_18", "stride": 0}, "'stride': Input should be greater than or equal to 1"),
        ({"model": "r3d_18", "pooling": "avg"}, "'pooling' is not a setting"),
    ],
)
def test_a_wrong_recipe_says_what_is_wrong(recipe, message):
    (problem,) = check_backbones({"mine": {"kind": "clip"} | recipe})
    assert problem.startswith("params.yaml: backbones.mine: ")
    assert message in problem


@pytest.mark.parametrize(
    ("window", "step", "stride", "context"),
    [
        (1, 1, 1, Context()),
        (5, 1, 1, Context(2, 2)),
        (16, 1, 1, Context(7, 8)),  # the odd frame comes after
        (16, 2, 1, Context(14, 16)),
        (16, 1, 4, Context(7, 11, 4)),
    ],
)
def test_a_window_lies_around_its_frame(window, step, stride, context):
    assert ClipSettings(model="r3d_18", window=window, step=step, stride=stride).context == context


def test_weights_are_told_by_torchvisions_version():
    assert set(ClipSettings(model="s3d").source()) == {"torchvision", "hub"}


# ---- every frame gets a vector of its own time ----


@pytest.mark.parametrize("frames", [1, 2, 7, 8, 9, 20])
@pytest.mark.parametrize("stride", [1, 4])
def test_every_frame_gets_a_vector_also_of_videos_shorter_than_a_window(embedder, frames, stride):
    answer = embed(embedder(stride=stride), noise(frames), batch=8)
    assert (answer.shape, answer.dtype) == ((frames, 512), np.float32)
    assert np.isfinite(answer).all()


@pytest.mark.parametrize(("window", "step"), [(6, 1), (5, 1), (4, 3), (1, 1)])
def test_a_flash_moves_the_features_of_the_frames_whose_window_holds_it_and_no_others(embedder, window, step):
    frames, at = 18, 9
    still = noise(1).repeat(frames, 0)
    flash = still.copy()
    flash[at] = 255 - flash[at]
    network = embedder(window=window, step=step)
    moved = np.abs(embed(network, flash, 16) - embed(network, still, 16)).max(axis=1)
    expected = sorted(at - step * offset for offset in range(-((window - 1) // 2), window // 2 + 1))
    assert np.flatnonzero(moved > 1e-4).tolist() == expected
    assert at in expected
    assert max(abs(frame - at) for frame in expected) <= window // 2 * step


@pytest.mark.parametrize("model", ["r2plus1d_18", "mc3_18"])
def test_the_flash_is_seen_in_time_by_other_networks_too(embedder, model):
    still = noise(1).repeat(16, 0)
    flash = still.copy()
    flash[8] = 255 - flash[8]
    network = embedder(model=model, window=4)
    moved = np.abs(embed(network, flash, 8) - embed(network, still, 8)).max(axis=1)
    assert np.flatnonzero(moved > 1e-4).tolist() == [6, 7, 8, 9]


def test_with_a_stride_a_flash_moves_the_features_nearest_to_it_most(embedder):
    stride, at = 4, 24
    still = noise(1).repeat(48, 0)
    flash = still.copy()
    flash[at] = 255 - flash[at]
    network = embedder(stride=stride, window=3)
    moved = np.abs(embed(network, flash, 16) - embed(network, still, 16)).max(axis=1)
    assert moved.argmax() == at
    assert np.flatnonzero(moved > 1e-4).tolist() == list(range(at - stride + 1, at + stride))


@pytest.mark.parametrize("stride", [2, 3, 8])
def test_with_a_stride_frames_between_lie_on_the_line_between_the_windows_around_them(embedder, stride):
    video = noise(19)
    every, some = embed(embedder(), video, 24), embed(embedder(stride=stride), video, 24)
    np.testing.assert_allclose(some[::stride], every[::stride], atol=1e-5)
    share = np.arange(1, stride)[:, None] / stride
    np.testing.assert_allclose(some[1:stride], (1 - share) * every[0] + share * every[stride], atol=1e-5)


@given(st.integers(1, 40), st.integers(1, 12))
@settings(deadline=None)
def test_a_line_in_time_stays_a_line_whatever_the_stride(count, stride):
    seen = torch.arange(0, count + stride - 1, stride).float()[:, None]
    torch.testing.assert_close(between(seen, count, stride), torch.arange(count).float()[:, None])


@pytest.mark.parametrize("stride", [1, 3])
def test_a_frame_gets_the_same_vector_whatever_the_batch(embedder, stride):
    video = noise(20)
    network = embedder(stride=stride)
    np.testing.assert_allclose(embed(network, video, 3), embed(network, video, 18), atol=1e-5)


# ---- what the network sees and says ----


@pytest.mark.parametrize("model", ["r3d_18", "mvit_v2_s"])
def test_colours_are_normalised_as_torchvision_does(model):
    network = ClipEmbedder(ClipSettings(model=model, weights="random"), Run())
    side = network.description["input_px"]
    transform = get_model_weights(model).DEFAULT.transforms(resize_size=(side, side), crop_size=(side, side))
    picture = noise(1, size=side)
    expected = transform(torch.from_numpy(picture).permute(0, 3, 1, 2)).permute(1, 0, 2, 3)
    torch.testing.assert_close(network.preprocess(picture), expected, rtol=0, atol=1e-5)


def test_nothing_of_the_crop_is_cut_off(embedder):
    picture = np.zeros((1, 64, 64, 3), np.uint8)
    picture[:, :4] = picture[:, :, -4:] = 255
    seen = embedder(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)).preprocess(picture)
    assert seen.shape == (1, 3, 16, 16)
    assert (seen[0, :, 0] > 0.5).all()
    assert (seen[0, :, :, -1] > 0.5).all()
    assert (seen[0, :, 8, 8] == -1).all()


def test_what_is_kept_is_what_the_classifier_would_have_seen(embedder):
    torch.manual_seed(0)
    whole = get_model("r3d_18").eval()
    network = embedder()
    video = noise(6)
    seen = network.preprocess(video).transpose(0, 1)[None]
    with torch.inference_mode():
        expected = whole(seen).numpy()
        torch.testing.assert_close(whole.fc(torch.from_numpy(network(video))).numpy(), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("model", CLIP_NETWORKS)
def test_every_network_gives_one_finite_vector_a_frame_in_both_precisions(model):
    answers = []
    for precision in ("fp32", "bf16"):
        network = parse_recipe({"kind": "clip", "model": model, "weights": "random", "stride": 16}).build(Run(precision=precision))
        answers.append(embed(network, noise(2, size=64), 2))
        assert answers[-1].shape == (2, network.description["dimensions"])
    assert np.isfinite(answers).all()
    assert not np.array_equal(*answers)
    np.testing.assert_allclose(answers[1], answers[0], atol=0.1 * np.abs(answers[0]).max())


def test_its_normalisations_are_folded_into_the_convolutions(embedder):
    assert not any(isinstance(module, nn.BatchNorm3d) for module in embedder().engine.network.modules())
    assert not any(parameter.requires_grad for parameter in embedder().engine.network.parameters())


def test_colours_can_be_normalised_otherwise(embedder):
    half = embedder(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    black_and_white = np.stack([np.zeros((16, 16, 3), np.uint8), np.full((16, 16, 3), 255, np.uint8)])
    assert half.preprocess(black_and_white).unique().tolist() == [-1, 1]
    assert (half.description["mean"], half.description["std"]) == ([0.5] * 3, [0.5] * 3)


def test_too_little_memory_says_which_setting_to_lower(embedder):
    network = ClipEmbedder(ClipSettings(**SMALL), Run())

    def no_memory(pixels):
        raise torch.OutOfMemoryError("CUDA out of memory")

    network.engine._answer = no_memory
    with pytest.raises(InputError, match=r"2 inputs at once need more memory than the cpu has free: lower extract\.batch_size"):
        embed(network, noise(12), 12)
