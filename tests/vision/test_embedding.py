import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of
from ethocache.common.store import Store
from ethocache.common.workbench import Workbench
from ethocache.dataset.features import FeatureFile
from ethocache.vision.backbones import resolve_backbone
from ethocache.vision.backbones.clip_settings import ClipSettings
from ethocache.vision.backbones.running import Run
from ethocache.vision.decode import decode_frames
from ethocache.vision.embedding import ExtractParams, describe_network, extract_video, feature_recipe, load_embedder
from ethocache.vision.encode import CropStyle, join_segments, write_segment
from ethocache.vision.pictures import Picture

FRAMES = 70
FP32 = Run()
PARAMS = ExtractParams(batch_size=8, segment_frames=20)  # so segments of 24 frames, the last of 22
RECIPES = {
    "colour": {"kind": "mean_colour"},
    "resnet": {"kind": "image", "model": "test_resnet", "weights": "random"},
}
COLOUR, RESNET = (resolve_backbone(name, RECIPES)["streams"][name] for name in RECIPES)
_CLIP = {"kind": "clip", "model": "mc3_18", "weights": "random", "input_px": 16, "window": 4}
OF_SEVERAL_FRAMES = {
    "flow": {"kind": "flow", "model": "test_resnet", "weights": "random", "stack": 3, "method": "dis_fast"},
    "clip": _CLIP,
    "strided": _CLIP | {"stride": 3, "step": 2},
}
SHARED = Path(__file__).parents[2].parent / "shared"


def write_crop(path, frames, size=32, seed=0):
    """Write a crop as the crop stage does: smooth pictures in which a bright square wanders."""
    rng = np.random.default_rng(seed)
    floor = rng.integers(40, 90, (3, size // 8, size // 8), np.uint8).repeat(8, axis=1).repeat(8, axis=2)

    def pictures():
        for number in range(frames):
            planes = floor.copy()
            at = number % (size - 8)
            planes[:, at : at + 8, 8:16] = 150 + number % 50
            yield Picture(tuple(planes), 1, 1, full_range=False)

    write_segment(path.with_suffix(".part.mp4"), pictures(), CropStyle(size, quality=10, keyframe_interval=12, matrix=6))
    join_segments(path, [path.with_suffix(".part.mp4")], np.arange(frames) * 100, 1000)
    return path


@pytest.fixture(scope="module")
def crop(tmp_path_factory):
    return write_crop(tmp_path_factory.mktemp("crop") / "crop.mp4", FRAMES)


def a_bench(folder):
    bench = Workbench(folder / "output", folder / "segments")
    bench.output.mkdir(parents=True, exist_ok=True)
    bench.segments.mkdir(exist_ok=True)
    return bench


def network(settings=COLOUR, params=PARAMS):
    return load_embedder(settings, Run())


def extract(crop, folder, embedder=None, params=PARAMS, frames=FRAMES, settings=COLOUR):
    """Extract a crop with the toy, or another embedder, and return (facts, path of the features)."""
    embedder = embedder or network(settings, params)
    recipe = feature_recipe("c" * 64, settings, embedder.description, Run(), params)
    bench = a_bench(folder)
    valid = np.arange(frames) % 5 > 0
    facts = extract_video(crop, np.arange(frames) / 10, valid, lambda: embedder, recipe, sha256_of(recipe), params, bench, "mouse")
    return facts, bench.output / "features.h5"


class Wrapped:
    """An embedder that lets something happen before or after the batch of this number."""

    device, at_once = "cpu", 1

    def __init__(self, embedder, at_batch=0, before=lambda: None, after=lambda answer: answer):
        self.embedder, self.at_batch, self.before, self.after = embedder, at_batch, before, after
        self.description, self.context, self.view, self.sizes = embedder.description, embedder.context, embedder.view, []

    def __call__(self, frames):
        self.sizes.append(len(frames))
        if len(self.sizes) - 1 != self.at_batch:
            return self.embedder(frames)
        self.before()
        return self.after(self.embedder(frames))


def stop():
    raise KeyboardInterrupt


# ---- features of every frame ----


def test_every_frame_gets_the_embedding_of_its_own_picture(crop, tmp_path):
    facts, path = extract(crop, tmp_path)
    expected = np.stack([frame.mean(axis=(0, 1)) / 255 for frame in decode_frames(crop)])
    with FeatureFile.open(path) as file:
        assert (file.frames, file.dimensions) == (FRAMES, 3)
        np.testing.assert_allclose(file.rows(0, FRAMES), expected, rtol=1e-3)
        np.testing.assert_array_equal(file.time_s, np.arange(FRAMES) / 10)
        np.testing.assert_array_equal(file.valid, np.arange(FRAMES) % 5 > 0)
        assert file.key == sha256_of(file.recipe)
    assert (facts["frames"], facts["resumed_at"], facts["device"]) == (FRAMES, 0, "cpu")
    assert facts["bytes"] == path.stat().st_size
    assert facts["seconds"] > 0


def test_a_network_of_timm_does_the_same(crop, tmp_path):
    _, path = extract(crop, tmp_path, settings=RESNET)
    resnet = network(RESNET)
    expected = resnet(np.stack(list(decode_frames(crop, 8, 16, view=resnet.view))))
    with FeatureFile.open(path) as file:
        assert file.dimensions == describe_network(RESNET, Store(tmp_path / "store"))["dimensions"]
        np.testing.assert_array_equal(file.rows(8, 16), expected.astype(np.float16))


def test_batches_are_whole_but_for_the_last_and_segments_hold_whole_batches(crop, tmp_path):
    embedder = Wrapped(network())
    extract(crop, tmp_path, embedder)
    assert embedder.sizes == [8] * 8 + [6]
    assert [len(np.load(segment)) for segment in a_bench(tmp_path).finished_segments(".npy")] == [24, 24, 22]


@pytest.mark.parametrize("segment_frames", [1, 8, 70, 1000])
def test_the_length_of_segments_does_not_change_a_byte(crop, tmp_path, segment_frames):
    _, path = extract(crop, tmp_path / "other", params=PARAMS.model_copy(update={"segment_frames": segment_frames}))
    assert path.read_bytes() == extract(crop, tmp_path / "usual")[1].read_bytes()


# ---- going on after a stop ----


@pytest.mark.parametrize("at_batch", [0, 2, 3, 7, 8])
def test_a_run_that_was_stopped_goes_on_and_gives_the_same_bytes(crop, tmp_path, at_batch):
    with pytest.raises(KeyboardInterrupt):
        extract(crop, tmp_path / "stopped", Wrapped(network(RESNET), at_batch, before=stop), settings=RESNET)
    embedder = Wrapped(network(RESNET))
    facts, path = extract(crop, tmp_path / "stopped", embedder, settings=RESNET)
    assert facts["resumed_at"] == at_batch // 3 * 24
    assert sum(embedder.sizes) == FRAMES - facts["resumed_at"]
    assert path.read_bytes() == extract(crop, tmp_path / "undisturbed", settings=RESNET)[1].read_bytes()


@pytest.mark.parametrize("at_batch", [0, 3, 7])
@pytest.mark.parametrize("recipe", ["flow", "clip", "strided"])
def test_a_network_that_looks_at_several_frames_goes_on_with_the_same_bytes(crop, tmp_path, recipe, at_batch):
    settings = resolve_backbone(recipe, OF_SEVERAL_FRAMES)["streams"][recipe]
    with pytest.raises(KeyboardInterrupt):
        extract(crop, tmp_path / "stopped", Wrapped(network(settings), at_batch, before=stop), settings=settings)
    facts, path = extract(crop, tmp_path / "stopped", settings=settings)
    each = 27 if recipe == "strided" else 24  # three batches of 8 frames, or of 9, the next multiple of the stride
    assert facts["resumed_at"] == at_batch // 3 * each
    assert path.read_bytes() == extract(crop, tmp_path / "undisturbed", settings=settings)[1].read_bytes()
    with FeatureFile.open(path) as file:
        assert file.frames == FRAMES
        assert file.recipe["context"] == network(settings).description["context"]


def test_segments_of_another_length_are_gone_on_from(crop, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        extract(crop, tmp_path / "stopped", Wrapped(network(), 5, before=stop))
    facts, path = extract(crop, tmp_path / "stopped", params=PARAMS.model_copy(update={"segment_frames": 40}))
    assert facts["resumed_at"] == 24
    assert path.read_bytes() == extract(crop, tmp_path / "undisturbed")[1].read_bytes()


def test_when_only_the_joining_was_left_no_network_is_loaded(crop, tmp_path):
    _, path = extract(crop, tmp_path)
    whole = path.read_bytes()
    path.unlink()
    description = network().description
    recipe = feature_recipe("c" * 64, COLOUR, description, Run(), PARAMS)
    valid = np.arange(FRAMES) % 5 > 0
    facts = extract_video(crop, np.arange(FRAMES) / 10, valid, stop, recipe, sha256_of(recipe), PARAMS, a_bench(tmp_path), "mouse")
    assert (facts["device"], facts["resumed_at"]) == ("none", FRAMES)
    assert path.read_bytes() == whole


def test_a_run_that_was_killed_goes_on_from_its_last_segment_and_gives_the_same_bytes(crop, tmp_path):
    code = f"""
import importlib.util, os, signal, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("here", {__file__!r})
here = importlib.util.module_from_spec(spec)
spec.loader.exec_module(here)
kill = lambda: os.kill(os.getpid(), {int(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)})
here.extract(Path({str(crop)!r}), Path({str(tmp_path / "killed")!r}), here.Wrapped(here.network(), 4, before=kill))
"""
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert killed.returncode == (1 if os.name == "nt" else -signal.SIGKILL), killed.stderr
    assert not (tmp_path / "killed" / "output" / "features.h5").exists()
    facts, path = extract(crop, tmp_path / "killed")
    assert facts["resumed_at"] == 24
    assert path.read_bytes() == extract(crop, tmp_path / "undisturbed")[1].read_bytes()


# ---- what cannot be right ----


@pytest.mark.parametrize("frames", [FRAMES - 1, FRAMES - 6, FRAMES + 1, FRAMES + 100])
def test_a_crop_with_another_number_of_frames_is_damaged(crop, tmp_path, frames):
    with pytest.raises(InputError, match=rf"crop\.mp4: expected {frames} frames, found \d+: it is damaged; run `ethocache store verify`"):
        extract(crop, tmp_path, frames=frames)


def test_a_crop_that_ends_with_a_whole_segment_too_early_is_damaged(tmp_path):
    with pytest.raises(InputError, match=r"expected 72 frames, found 48"):
        extract(write_crop(tmp_path / "crop.mp4", 48), tmp_path, frames=72)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_an_answer_that_is_no_number_is_an_error(crop, tmp_path, number):
    with pytest.raises(
        InputError, match=r"answers with values that are not numbers .*: choose another model, other weights, or extract.prec"
    ):
        extract(crop, tmp_path, Wrapped(network(), 3, after=lambda answer: answer * number))


def test_an_answer_beyond_float16_is_an_error_and_not_infinite(crop, tmp_path):
    with pytest.raises(InputError, match=r"values up to 1e\+05, more than float16 can hold \(65504\)"):
        extract(crop, tmp_path, Wrapped(network(), 3, after=lambda answer: answer * 0 + 1e5))
    largest = Wrapped(network(), 3, after=lambda answer: answer * 0 + 65504)
    assert extract(crop, tmp_path, largest)[0]["frames"] == FRAMES


def test_weights_that_changed_since_they_were_described_are_an_error(crop, tmp_path):
    embedder = Wrapped(network())
    recipe = feature_recipe("c" * 64, COLOUR, embedder.description | {"weights_sha256": "0" * 64}, Run(), PARAMS)
    with pytest.raises(InputError, match="the network's weights are not those that were looked at before"):
        extract_video(crop, np.arange(70.0), np.ones(70, bool), lambda: embedder, recipe, "", PARAMS, a_bench(tmp_path), "mouse")
    assert embedder.sizes == []


def test_what_goes_wrong_while_decoding_is_raised_here(tmp_path):
    (tmp_path / "crop.mp4").write_bytes(b"no video")
    with pytest.raises(InputError, match=r"crop\.mp4"):
        extract(tmp_path / "crop.mp4", tmp_path)


# ---- recipe and key ----


def key(settings=RESNET, description=None, crop_key="c", run=FP32, **params):
    described = {"weights_sha256": "w", "input_px": 160, "mean": [0.5], "std": [0.5], "interpolation": "bicubic"} | (description or {})
    return sha256_of(feature_recipe(crop_key, settings, described, run, ExtractParams(**params)))


def test_whatever_changes_the_numbers_changes_the_key():
    different = [
        key(),
        key(RESNET | {"pooling": "avg"}),
        key(RESNET | {"model": "test_vit"}),
        key(COLOUR),
        key(description={"weights_sha256": "v"}),
        key(description={"input_px": 96}),
        key(description={"mean": [0.4]}),
        key(description={"interpolation": "bilinear"}),
        key(crop_key="d"),
        key(batch_size=17),
        key(run=Run(precision="bf16")),
        key(run=Run(engine="openvino")),
    ]
    assert len(set(different)) == len(different)


def test_whatever_a_clip_network_looks_at_is_in_the_key():
    def key(**changes):
        settings = ClipSettings(**{name: value for name, value in _CLIP.items() if name != "kind"} | changes)
        described = {"weights_sha256": "w", "mean": settings.mean, "context": settings.context.as_json()}
        return sha256_of(feature_recipe("c", settings.model_dump(mode="json"), described, Run(), PARAMS))

    changes = [{}, {"window": 5}, {"step": 2}, {"stride": 2}, {"model": "r3d_18"}, {"mean": (0.5, 0.5, 0.5)}, {"std": (0.5, 0.5, 0.5)}]
    assert len({key(**change) for change in changes}) == len(changes)
    assert key() == key(weights="elsewhere.pt") == key(seed=3)


def test_what_does_not_change_the_numbers_does_not_change_the_key():
    assert key(RESNET | {"weights": "elsewhere.pt"}) == key(RESNET | {"seed": 5}) == key(RESNET | {"input_px": 160}) == key()
    assert key(segment_frames=64) == key()


def test_extract_refuses_settings_that_cannot_be():
    for wrong in ({"batch_size": 0}, {"segment_frames": 0}, {"precision": "int8"}):
        with pytest.raises(ValueError, match="1 validation error"):
            ExtractParams(**wrong)


# ---- describing a network ----


def test_a_network_is_described_by_its_weights_and_its_input(tmp_path):
    description = describe_network(RESNET, Store(tmp_path))
    assert description | {"weights_sha256": ""} == {
        "weights_sha256": "",
        "input_px": 160,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "interpolation": "bilinear",
        "dimensions": 96,
        "engines": ["torch", "compile", "openvino"],
    }
    assert describe_network(RESNET | {"seed": 1}, Store(tmp_path))["weights_sha256"] != description["weights_sha256"]


def test_a_description_is_remembered_until_the_weights_file_changes(tmp_path):
    import timm
    import torch

    def save():
        torch.save(timm.create_model("test_resnet").state_dict(), tmp_path / "mine.pt")

    save()
    settings = RESNET | {"weights": str(tmp_path / "mine.pt")}
    first = describe_network(settings, Store(tmp_path))
    assert describe_network(settings, Store(tmp_path)) == first
    time.sleep(0.01)
    save()
    assert describe_network(settings, Store(tmp_path))["weights_sha256"] != first["weights_sha256"]


def test_the_second_time_no_network_library_is_loaded(tmp_path):
    code = f"""
import sys
from pathlib import Path
from ethocache.common.store import Store
from ethocache.vision.embedding import ExtractParams, Run, describe_network, feature_recipe
feature_recipe("c", {RESNET!r}, describe_network({RESNET!r}, Store(Path({str(tmp_path)!r}))), Run(), ExtractParams())
print({{"torch", "timm", "torchvision", "pandas", "scipy"}} & set(sys.modules))
"""
    first, second = (subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in range(2))
    assert "torch" in first
    assert second == "set()\n"


# ---- real pictures ----


@pytest.mark.skipif(not (SHARED / "data/openfield").exists(), reason="needs ../shared/data/openfield, a real video")
def test_packaged_weights_see_real_frames_change_slowly():
    import av

    settings = resolve_backbone("e", {"e": {"kind": "image", "model": "tf_efficientnet_lite0", "weights": "package"}})["streams"]["e"]
    with av.open(str(next((SHARED / "data/openfield").glob("*.mp4")))) as container:
        near = [frame.to_ndarray(format="rgb24") for frame, _ in zip(container.decode(video=0), range(3), strict=False)]
        container.seek(int(60 / container.streams.video[0].time_base), stream=container.streams.video[0])
        far = next(container.decode(video=0)).to_ndarray(format="rgb24")
    first, _, third, later = network(settings)(np.stack([frame[:, 80:560] for frame in [*near, far]]))
    assert (first > 0).mean() > 0.1
    assert cosine(first, third) > cosine(first, later)


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)
