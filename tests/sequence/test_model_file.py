"""A model comes back as it was, or says what is wrong with it."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of_file
from ethocache.common.store import Store
from ethocache.sequence.combination import mean_weights
from ethocache.sequence.decision import Decision
from ethocache.sequence.heads import parse_head
from ethocache.sequence.inference import predict_video, probabilities
from ethocache.sequence.model_file import CARD, MemberPart, load_model, make_model, read_card
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.verdict import Verdict

HEAD = parse_head({"kind": "tcn", "levels": 2, "channels": 4, "norm": "batch"}, "head")
PARAMS = TrainParams(window_s=6, overlap_s=1, per_behaviour=True)
BEHAVIOURS = ("grooming", "rearing")
WEIGHTS = "network_1.safetensors"


@pytest.fixture
def network():
    torch.manual_seed(0)
    return TaggingNetwork(8, 2, HEAD, PARAMS).eval()


@pytest.fixture
def videos(litter):
    return litter(2)


def save(folder, network, videos, members=1):
    """Write a model of one or more copies of a network into a folder."""
    store = Store(folder / "store")

    def build(bench):
        save_file(network.state_dict(), bench.output / "network.safetensors")
        (bench.output / "network.json").write_text('{"dimensions": 8}')
        return {}

    entry = store.make("network", {"kind": "network"}, build)
    parts = [MemberPart(entry, ("resnet50",), HEAD, PARAMS, 7, (6, 7, 9))] * members
    verdict = Verdict(mean_weights(members, 2), Decision.plain(BEHAVIOURS, exclusive=False))
    model = make_model(store, videos, BEHAVIOURS, verdict, parts, [entry])
    for name in model.files:
        shutil.copy(model.path(name), folder / name)
    return read_card(folder)


def change(folder, member=None, **changes):
    values = json.loads((folder / CARD).read_text())
    values["members"][0] |= member or {}
    (folder / CARD).write_text(json.dumps(values | changes))


@pytest.mark.parametrize("members", [1, 3])
def test_a_model_comes_back_and_tags_as_before(tmp_path, network, videos, plant, members):
    card = save(tmp_path, network, videos, members)
    model = load_model(tmp_path)
    assert model.card == card
    assert (card.behaviours, card.exclusive, card.streams, card.fps, card.animals) == (BEHAVIOURS, False, ("resnet50",), 10, ("m0", "m1"))
    assert (card.members[0].epochs, card.members[0].fold_epochs) == (7, (6, 7, 9))
    with plant("m").open() as features:
        probability, tags = predict_video(model, [features] * members)
        expected = probabilities(network, features, PARAMS)
    np.testing.assert_allclose(probability, expected, atol=1e-6)
    np.testing.assert_array_equal(tags, probability >= 0.5)


def test_the_same_model_gives_the_same_bytes(tmp_path, network, videos):
    for name in ("a", "b"):
        save(tmp_path / name, network, videos)
    for name in (WEIGHTS, CARD):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_other_features_than_the_model_was_trained_on_are_refused(tmp_path, network, videos, plant):
    save(tmp_path, network, videos)
    with plant("m", dimensions=5).open() as features, pytest.raises(InputError, match=r"of 8 dimensions \(resnet50\), .* found 5"):
        predict_video(load_model(tmp_path), [features])


def test_a_missing_model_says_what_to_run(tmp_path, network, videos):
    with pytest.raises(InputError, match=r"model\.json: expected a model, found no file; run dvc repro train"):
        load_model(tmp_path)
    save(tmp_path, network, videos)
    (tmp_path / WEIGHTS).unlink()
    with pytest.raises(InputError, match="expected the weights of the model, found no file"):
        load_model(tmp_path)


def test_damaged_weights_are_refused(tmp_path, network, videos):
    save(tmp_path, network, videos)
    content = bytearray((tmp_path / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (tmp_path / WEIGHTS).write_bytes(content)
    with pytest.raises(InputError, match=r"network_1\.safetensors: damaged, its content is not what model\.json says"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 1}, "expected a model of format version 2, found 1"),
        ({"format_version": None}, "expected a model of format version 2, found None"),
        ({"member": {"dimensions": 0}, "colour": "red"}, r"damaged or made by another version \(see: members.0.dimensions, colour\)"),
        ({"member": {"weights": "../other.safetensors"}}, r"damaged or made by another version \(see: members.0.weights\)"),
        ({"behaviours": ["grooming"]}, r"expected weights of shape \(1, 1\), found \(1, 2\)"),
        ({"verdict": {}}, "its verdict is damaged"),
        ({"member": {"head": {"kind": "forest"}}}, "model.json: head: 'kind': expected one of"),
        ({"member": {"dimensions": 9}}, "its weights do not fit the head that model.json describes"),
    ],
)
def test_a_card_that_cannot_be_is_refused(tmp_path, network, videos, changes, message):
    save(tmp_path, network, videos)
    change(tmp_path, **changes)
    with pytest.raises(InputError, match=message):
        load_model(tmp_path)


@pytest.mark.parametrize(("text", "message"), [("{", "damaged, not JSON"), ("[]", "found None"), ("\udcff", "damaged, not JSON")])
def test_a_card_that_is_no_json_is_refused(tmp_path, network, videos, text, message):
    save(tmp_path, network, videos)
    (tmp_path / CARD).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=message):
        read_card(tmp_path)


def test_weights_that_are_no_safetensors_are_refused(tmp_path, network, videos):
    save(tmp_path, network, videos)
    (tmp_path / WEIGHTS).write_bytes(b"no weights")
    change(tmp_path, member={"weights_sha256": sha256_of_file(tmp_path / WEIGHTS)})
    with pytest.raises(InputError, match=r"network_1\.safetensors: its weights do not fit"):
        load_model(tmp_path)
