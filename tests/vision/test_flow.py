"""Movement instead of colour."""

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of, sha256_of_file
from ethocache.common.store import Store
from ethocache.vision.backbones import check_backbones, parse_recipe
from ethocache.vision.backbones.flow import FlowEmbedder, show_flow
from ethocache.vision.backbones.flow_settings import FlowSettings, opencv_version
from ethocache.vision.backbones.image import ImageEmbedder
from ethocache.vision.backbones.running import Run
from ethocache.vision.backbones.settings import Context, ImageSettings
from ethocache.vision.embedding import ExtractParams, feature_recipe, weights_sources
from ethocache.vision.optical_flow import METHODS, measure_flow


def embedder(precision="fp32", **changes):
    return FlowEmbedder(FlowSettings(**{"model": "test_resnet", "weights": "random", "stack": 1} | changes), Run(precision=precision))


def texture(size=64, seed=0):
    """A smooth grey pattern that repeats itself beyond its borders, so that it can be rolled: (size, size, 3) uint8."""
    wave = np.fft.irfft2(np.fft.rfft2(np.random.default_rng(seed).standard_normal((size, size))) * (_frequency(size) < 0.12), (size, size))
    grey = np.clip(128 + 45 * wave / wave.std(), 0, 255).astype(np.uint8)
    return grey[..., None].repeat(3, 2)


def _frequency(size):
    return np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])


def moving(steps, size=64):
    """A pattern that moves by (right, down) px into each frame but the first: (1 + steps, size, size, 3)."""
    places = np.cumsum([(0, 0), *steps], axis=0)
    return np.stack([np.roll(texture(size), (down, right), axis=(0, 1)) for right, down in places])


def embed(network, video):
    before, after = network.context.before, network.context.after
    return network(np.concatenate([video[:1].repeat(before, 0), video, video[-1:].repeat(after, 0)]))


# ---- measuring it ----


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("step", [(3, 0), (0, -2), (-2, 1)])
def test_flow_is_how_far_the_picture_moves_to_the_right_and_down(method, step):
    flow = measure_flow(moving([step, (0, 0)], 128), method)
    assert (flow.shape, flow.dtype) == ((2, 128, 128, 2), np.float32)
    np.testing.assert_allclose(np.median(flow[0, 16:-16, 16:-16], axis=(0, 1)), step, atol=0.3)
    assert not flow[1].any(), "where nothing moves there is no flow, to the last digit"


@pytest.mark.parametrize("method", METHODS)
def test_the_number_of_threads_does_not_change_a_digit(method):
    video, threads = moving([(2, 1)] * 4, 128), cv2.getNumThreads()
    found = []
    for count in (1, 4):
        cv2.setNumThreads(count)
        found.append(measure_flow(video, method))
    cv2.setNumThreads(threads)
    np.testing.assert_array_equal(*found)


def test_every_method_has_its_name_in_the_settings():
    assert set(METHODS) == set(FlowSettings.model_fields["method"].annotation.__args__)


# ---- settings and key ----


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"method": "tvl1"}, "'method': Input should be 'dis', 'dis_fast' or 'farneback'"),
        ({"stack": 0}, "'stack': Input should be greater than or equal to 1"),
        ({"clip_px": 0}, "'clip_px': Input should be greater than 0"),
        ({"first_layer": "mean"}, "'first_layer': Input should be 'colours' or 'average'"),
        ({"window": 5}, "'window' is not a setting"),
    ],
)
def test_a_wrong_recipe_says_what_is_wrong(recipe, message):
    (problem,) = check_backbones({"mine": {"kind": "flow", "model": "resnet18"} | recipe})
    assert problem.startswith("params.yaml: backbones.mine: ")
    assert message in problem


@pytest.mark.parametrize(("stack", "context"), [(1, Context(1, 0)), (2, Context(1, 1)), (3, Context(2, 1)), (10, Context(5, 5))])
def test_a_stack_lies_around_its_frame(stack, context):
    assert FlowSettings(model="resnet18", stack=stack).context == context


def test_whatever_changes_the_numbers_changes_the_key(monkeypatch):
    def key(**changes):
        settings = FlowSettings(**{"model": "test_resnet", "weights": "random"} | changes)
        return sha256_of(feature_recipe("c", settings.model_dump(mode="json"), settings.build(Run()).description, Run(), ExtractParams()))

    changes = [{}, {"method": "farneback"}, {"stack": 3}, {"clip_px": 5}, {"first_layer": "average"}, {"seed": 1}, {"input_px": 96}]
    keys = [key(**change) for change in changes]
    source = FlowSettings(model="test_resnet").source()
    monkeypatch.setattr("ethocache.vision.backbones.flow_settings.version", lambda name: "9.9")
    keys.append(key())
    assert len(set(keys)) == len(changes) + 1
    assert FlowSettings(model="test_resnet").source()["opencv"] == "9.9" != source["opencv"]


def test_another_opencv_makes_features_stale_also_with_weights_of_a_file(tmp_path):
    (tmp_path / "mine.pt").write_bytes(b"weights")
    settings = FlowSettings(model="test_resnet", weights=str(tmp_path / "mine.pt")).model_dump(mode="json")
    sources = weights_sources({"mine": settings}, Store(tmp_path / "store"))
    assert sources == {"mine": {"sha256": sha256_of_file(tmp_path / "mine.pt"), "opencv": opencv_version()}}


# ---- every frame gets the movement of its own time ----


@pytest.mark.parametrize(("stack", "expected"), [(1, [12]), (2, [11, 12]), (3, [11, 12, 13]), (4, [10, 11, 12, 13])])
def test_a_jerk_into_a_frame_moves_the_features_of_the_frames_whose_stack_holds_it_and_no_others(stack, expected):
    steps = [(0, 0)] * 24
    still, jerk = moving(steps), moving([*steps[:11], (3, 1), *steps[12:]])
    network = embedder(stack=stack)
    moved = np.abs(embed(network, jerk) - embed(network, still)).max(axis=1)
    assert np.flatnonzero(moved > 1e-6).tolist() == expected


def test_before_the_first_frame_nothing_moved():
    network = embedder()
    video = moving([(2, 0)] * 3)
    rest = network.preprocess(video[:1].repeat(2, 0))
    assert not rest.any()
    np.testing.assert_array_equal(embed(network, video)[0], network(video[:1].repeat(2, 0))[0])


@pytest.mark.parametrize("frames", [1, 2, 9])
@pytest.mark.parametrize("stack", [1, 2, 10])
def test_every_frame_gets_one_finite_vector_also_of_the_shortest_video(frames, stack):
    network = embedder(stack=stack)
    answer = embed(network, moving([(1, 1)] * (frames - 1)))
    assert (answer.shape, answer.dtype) == ((frames, network.description["dimensions"]), np.float32)
    assert np.isfinite(answer).all()


# ---- what the network sees ----


def test_the_network_sees_direction_and_length_scaled_as_it_was_trained():
    network = embedder(clip_px=4, input_px=64)
    seen = network.preprocess(moving([(2, 0)]))[0] * 2 * 0.5  # its std is .5
    middle = seen[:, 16:-16, 16:-16].flatten(1).median(dim=1).values
    torch.testing.assert_close(middle, torch.tensor([0.5, 0.0, 0.5]), rtol=0, atol=0.05)


def test_what_is_faster_than_clip_px_counts_as_that():
    network = embedder(clip_px=1, input_px=64)
    slow, fast = (network.preprocess(moving([(step, 0)]))[0, :, 16:-16, 16:-16].flatten(1).median(dim=1).values for step in (2, 3))
    torch.testing.assert_close(slow[[0, 2]], torch.ones(2))
    torch.testing.assert_close(fast, slow, rtol=0, atol=0.1)


def test_flows_of_a_stack_come_in_order_each_with_its_channels():
    network = embedder(stack=3, clip_px=4, input_px=64)
    seen = network.preprocess(moving([(1, 0), (2, 0), (3, 0)]))[0, :, 16:-16, 16:-16].flatten(1).median(dim=1).values
    assert seen.shape == (9,)
    torch.testing.assert_close(4 * seen[::3], torch.tensor([1.0, 2.0, 3.0]), rtol=0, atol=0.2)


def test_a_single_flow_is_seen_as_a_picture_by_an_unchanged_network():
    settings = {"model": "test_resnet", "weights": "random"}
    flow, image = embedder(), ImageEmbedder(ImageSettings(**settings), Run())
    seen = flow.preprocess(moving([(2, 1)]))
    with torch.inference_mode():
        torch.testing.assert_close(flow.engine(seen), image.engine.network.network(seen))
    assert flow.description["weights_sha256"] == image.description["weights_sha256"]


def test_a_steady_movement_is_the_same_in_a_stack_of_any_length():
    video = moving([(2, 1)] * 8)
    one, four = (embed(embedder(stack=stack, input_px=64), video)[4] for stack in (1, 4))
    assert np.corrcoef(one, four)[0, 1] > 0.99


def test_colours_tell_directions_apart_and_average_cannot():
    right, down = moving([(2, 0)]), moving([(0, 2)])
    for first_layer, alike in (("colours", False), ("average", True)):
        network = embedder(first_layer=first_layer)
        seen = torch.zeros(2, 3 if first_layer == "colours" else 2, 160, 160)
        seen[0, 0] = seen[1, 1] = 1
        with torch.inference_mode():
            one, other = network.engine(seen)
        assert torch.allclose(one, other, atol=1e-5) == alike
        assert not np.array_equal(network(right), network(down))


def test_a_first_layer_keeps_the_sum_of_its_kernels():
    for first_layer, channels in (("colours", 9), ("average", 6)):
        network = nn.Sequential(nn.Conv2d(3, 4, 3))
        before = network[0].weight.sum(dim=1)
        show_flow(network, 8, FlowSettings(model="x", stack=3, first_layer=first_layer))
        assert network[0].weight.shape == (4, channels, 3, 3)
        torch.testing.assert_close(network[0].weight.sum(dim=1), before)
        assert network(torch.zeros(1, channels, 8, 8)).shape == (1, 4, 6, 6)


class SpaceToDepth(nn.Module):
    """Folds the picture before its first convolution, as some networks do."""

    def __init__(self):
        super().__init__()
        self.fold, self.first = nn.PixelUnshuffle(2), nn.Conv2d(12, 4, 1)

    def forward(self, pixels):
        return self.first(self.fold(pixels)).mean((2, 3))


@pytest.mark.parametrize("network", [SpaceToDepth(), nn.Conv2d(3, 6, 3, groups=3)])
def test_a_network_that_does_not_start_with_colours_sees_one_flow_as_a_picture_and_no_stack(network):
    show_flow(network, 8, FlowSettings(model="tresnet_m", stack=1))
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 8, 8)).shape[0] == 1
    with pytest.raises(InputError, match=r"tresnet_m does not start with a convolution over colours, .*or 'stack: 1' and 'first_layer: co"):
        show_flow(network, 8, FlowSettings(model="tresnet_m", stack=2))


def test_bf16_answers_nearly_the_same_in_float32():
    exact, quick = (embed(embedder(precision), moving([(2, 1)] * 3)) for precision in ("fp32", "bf16"))
    assert quick.dtype == np.float32
    assert not np.array_equal(quick, exact)
    np.testing.assert_allclose(quick, exact, atol=0.1 * np.abs(exact).max())


def test_too_little_memory_says_which_setting_to_lower():
    network = embedder()

    def no_memory(pixels):
        raise torch.OutOfMemoryError("CUDA out of memory")

    network.engine._answer = no_memory
    with pytest.raises(InputError, match=r"1 inputs at once need more memory than the cpu has free: lower extract\.batch_size"):
        network(moving([(1, 0)]))


def test_a_recipe_builds_its_embedder():
    network = parse_recipe({"kind": "flow", "model": "test_vit", "weights": "random", "pooling": "avg"}).build(Run())
    assert network.context == Context(1, 1)
    assert embed(network, moving([(1, 0)])).shape == (2, network.description["dimensions"])
