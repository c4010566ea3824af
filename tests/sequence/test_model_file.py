"""A model comes back as it was, or says what is wrong with it."""

import json

import numpy as np
import pytest
import torch

from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of_file
from ethocache.sequence.heads import parse_head
from ethocache.sequence.inference import predict_video, probabilities
from ethocache.sequence.model_file import CARD, WEIGHTS, load_model, read_card, save_model
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.settings import TrainParams

HEAD = parse_head({"kind": "tcn", "levels": 2, "channels": 4, "norm": "batch"}, "head")
PARAMS = TrainParams(window_s=6, overlap_s=1, per_behaviour=True)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return TaggingNetwork(8, 2, HEAD, PARAMS).eval()


def save(folder, network):
    folder.mkdir(exist_ok=True)
    about = {
        "behaviours": ("grooming", "rearing"),
        "thresholds": (0.25, 0.1),
        "streams": ("resnet50",),
        "dimensions": 8,
        "head": HEAD.model_dump(),
        "train": PARAMS,
        "fps": 10.0,
        "animals": ("m1", "m2"),
        "epochs": 7,
        "fold_epochs": (6, 7, 9),
    }
    return save_model(folder, network, about)


def change(folder, **changes):
    values = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(values | changes))


def test_a_model_comes_back_and_tags_as_before(tmp_path, network, plant):
    card = save(tmp_path, network)
    model = load_model(tmp_path)
    assert model.card == card == read_card(tmp_path)
    assert (card.exclusive, card.threshold.tolist(), card.threshold.dtype) == (False, [0.25, np.float32(0.1)], np.float32)
    with plant("m").open() as features:
        np.testing.assert_array_equal(predict_video(model, features), probabilities(network, features, PARAMS))


def test_the_same_model_gives_the_same_bytes(tmp_path, network):
    for name in ("a", "b"):
        save(tmp_path / name, network)
    for name in (WEIGHTS, CARD):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_other_features_than_the_model_was_trained_on_are_refused(tmp_path, network, plant):
    save(tmp_path, network)
    with plant("m", dimensions=5).open() as features, pytest.raises(InputError, match=r"of 8 dimensions \(resnet50\), .* found 5"):
        predict_video(load_model(tmp_path), features)


def test_a_missing_model_says_what_to_run(tmp_path, network):
    with pytest.raises(InputError, match=r"model\.json: expected a model, found no file; run dvc repro train"):
        load_model(tmp_path)
    save(tmp_path, network)
    (tmp_path / WEIGHTS).unlink()
    with pytest.raises(InputError, match="expected the weights of the model, found no file"):
        load_model(tmp_path)


def test_damaged_weights_are_refused(tmp_path, network):
    save(tmp_path, network)
    content = bytearray((tmp_path / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (tmp_path / WEIGHTS).write_bytes(content)
    with pytest.raises(InputError, match=r"model\.safetensors: damaged, its content is not what model\.json says"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 2}, "expected a model of format version 1, found 2"),
        ({"format_version": None}, "expected a model of format version 1, found None"),
        ({"dimensions": 0, "colour": "red"}, r"damaged or made by another version \(see: dimensions, colour\)"),
        ({"thresholds": [0.5]}, "expected 2 thresholds, found 1"),
        ({"head": {"kind": "grru"}}, "model.json: head: 'kind': expected one of"),
        ({"dimensions": 9}, "its weights do not fit the head that model.json describes"),
    ],
)
def test_a_card_that_cannot_be_is_refused(tmp_path, network, changes, message):
    save(tmp_path, network)
    change(tmp_path, **changes)
    with pytest.raises(InputError, match=message):
        load_model(tmp_path)


@pytest.mark.parametrize(("text", "message"), [("{", "damaged, not JSON"), ("[]", "found None"), ("\udcff", "damaged, not JSON")])
def test_a_card_that_is_no_json_is_refused(tmp_path, network, text, message):
    save(tmp_path, network)
    (tmp_path / CARD).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=message):
        read_card(tmp_path)


def test_weights_that_are_no_safetensors_are_refused(tmp_path, network):
    save(tmp_path, network)
    (tmp_path / WEIGHTS).write_bytes(b"no weights")
    change(tmp_path, weights_sha256=sha256_of_file(tmp_path / WEIGHTS))
    with pytest.raises(InputError, match=r"model\.safetensors: its weights do not fit"):
        load_model(tmp_path)
