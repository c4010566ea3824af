"""Where video networks get their weights from."""

import hashlib
import urllib.error

import pytest
import torch
from torchvision.models import get_model, get_model_weights

from ethocache.common.errors import InputError
from ethocache.vision.backbones import clip_weights as loading
from ethocache.vision.backbones.clip_settings import ClipSettings
from ethocache.vision.backbones.clip_weights import load_clip_network

FILE = "r3d_18-b3b3357e.pth"


def state_of(seed=1, classes=400):
    torch.manual_seed(seed)
    return get_model("r3d_18", num_classes=classes).state_dict()


def saved(path, state):
    torch.save(state, path)
    return str(path)


def load(weights, **settings):
    return load_clip_network(ClipSettings(model="r3d_18", weights=weights, **settings))


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Torch's folder of downloads, empty."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub/checkpoints"


@pytest.mark.parametrize("classes", [400, 3])
def test_a_file_is_loaded_whatever_the_number_of_its_classes(tmp_path, classes):
    state = state_of(classes=classes)
    network = load(saved(tmp_path / "mine.pt", state))
    assert torch.equal(network.state_dict()["layer4.1.conv2.0.weight"], state["layer4.1.conv2.0.weight"])
    assert not any(name.startswith("fc") for name in network.state_dict())


def test_random_weights_follow_their_seed_and_leave_chance_alone():
    before = torch.get_rng_state()
    one, same, other = (load("random", seed=seed).state_dict()["stem.0.weight"] for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)


def renamed(state):
    """The same network as another program calls its parts."""
    return {f"base.{number}.{name.rpartition('.')[2]}": tensor for number, (name, tensor) in enumerate(state.items())}


def test_the_names_of_another_program_are_understood_if_it_is_said_how_colours_are_normalised(tmp_path):
    state = state_of()
    mine = saved(tmp_path / "mine.pt", renamed(state))
    half = (0.5, 0.5, 0.5)
    loaded = load(mine, mean=half, std=half).state_dict()
    assert all(torch.equal(loaded[name], state[name]) for name in loaded)
    for settings in ({}, {"mean": half}):
        with pytest.raises(InputError, match=r"mine\.pt: these are weights of r3d_18 as another program names them.*'mean' and 'std'"):
            load(mine, **settings)


def test_weights_of_another_network_are_refused(tmp_path):
    mine = saved(tmp_path / "mine.pt", get_model("r2plus1d_18").state_dict())
    with pytest.raises(
        InputError, match=r"mine\.pt: these are not the weights of r3d_18: of 120 tensors expected and \d+ found, .*missing"
    ):
        load(mine)


def test_other_tensors_in_the_same_order_are_not_taken_for_the_same(tmp_path):
    state = renamed(state_of())
    first = next(iter(state))
    mine = saved(tmp_path / "mine.pt", state | {first: state[first][:, :, :1]})
    with pytest.raises(InputError, match="these are not the weights of r3d_18"):
        load(mine, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def test_a_file_that_holds_more_than_tensors_is_not_opened(tmp_path):
    mine = saved(tmp_path / "mine.pt", {"stem": state_of, "fc": 1})
    with pytest.raises(InputError, match="holds more than tensors, or is damaged; it is not opened"):
        load(mine)


def test_without_internet_it_says_which_file_to_get(hub, monkeypatch):
    def nobody(address):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(loading, "ask_hub", nobody)
    with pytest.raises(InputError) as error:
        load("hub")
    said = str(error.value)
    assert said.startswith("the weights of r3d_18 cannot be downloaded: the hub is unreachable, is there no internet? (Name or service")
    assert get_model_weights("r3d_18").DEFAULT.url in said
    assert said.endswith(f"'weights: <path>/{FILE}' of this backbone in params.yaml")
    assert not list(hub.glob("*")) if hub.exists() else True


def test_what_was_downloaded_before_needs_no_internet(hub):
    hub.mkdir(parents=True)
    state = state_of()
    saved(hub / FILE, state)
    assert torch.equal(load("hub").state_dict()["stem.0.weight"], state["stem.0.weight"])


def published(monkeypatch, file, digest):
    """Let the hub be a folder of this machine."""

    class Published:
        url = (file.parent / f"{file.stem}-{digest}.pth").as_uri()

    file.rename(file.parent / f"{file.stem}-{digest}.pth")
    monkeypatch.setattr(loading, "get_model_weights", lambda model: type("Weights", (), {"DEFAULT": Published}))
    monkeypatch.setattr(loading, "ask_hub", lambda address: None)


def test_a_download_is_checked_and_kept(hub, tmp_path, monkeypatch):
    state, file = state_of(), tmp_path / "r3d_18.pth"
    saved(file, state)
    published(monkeypatch, file, hashlib.sha256(file.read_bytes()).hexdigest()[:8])
    assert torch.equal(load("hub").state_dict()["stem.0.weight"], state["stem.0.weight"])
    assert len(list(hub.iterdir())) == 1


def test_a_download_with_another_digest_is_not_kept(hub, tmp_path, monkeypatch):
    file = tmp_path / "r3d_18.pth"
    saved(file, state_of())
    published(monkeypatch, file, "00000000")
    with pytest.raises(InputError, match=r"the weights of r3d_18 were damaged on their way here \(.*00000000.*\): run again"):
        load("hub")
    assert not list(hub.iterdir())
