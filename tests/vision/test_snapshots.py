"""Snapshots from elsewhere are data: read, never run."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from ethocache.common.errors import InputError
from ethocache.vision.tracking.snapshots import fill, load_snapshot

WEIGHTS = {"weight": torch.arange(4.0).reshape(2, 2), "bias": torch.zeros(2)}


class Dropper:
    """What an attacker's snapshot holds: opened without care, it runs a command."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self):
        return Path.touch, (self.place,)


def save(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


def test_a_snapshot_gives_its_tensors(tmp_path):
    loaded = load_snapshot(save(tmp_path / "a.pt", {"model": WEIGHTS, "metadata": {"epoch": 3}}))
    assert {name: tensor.tolist() for name, tensor in loaded.items()} == {name: tensor.tolist() for name, tensor in WEIGHTS.items()}


@pytest.mark.parametrize("score", [np.float64(0.5), np.float32(0.5), np.int64(3)])
def test_scores_that_older_versions_kept_as_numbers_of_numpy_are_no_harm(tmp_path, score):
    assert load_snapshot(save(tmp_path / "a.pt", {"model": WEIGHTS, "metadata": {"metrics": {"rmse": score}}})).keys() == WEIGHTS.keys()


def test_a_snapshot_that_would_run_something_is_not_opened(tmp_path):
    path = save(tmp_path / "a.pt", {"model": WEIGHTS, "metadata": Dropper(tmp_path / "harm")})
    with pytest.raises(InputError, match=r"a.pt holds more than weights, or is damaged; it is not opened, since opening it could run"):
        load_snapshot(path)
    assert not (tmp_path / "harm").exists()
    (tmp_path / "b.pt").write_bytes(pickle.dumps({"model": Dropper(tmp_path / "harm")}))
    with pytest.raises(InputError, match=r"b.pt holds more than weights"):
        load_snapshot(tmp_path / "b.pt")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", b"no snapshot at all", b"\x80\x02"])
def test_a_damaged_snapshot_is_refused(tmp_path, content):
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(InputError, match=r"a.pt (holds more than weights, or is damaged|cannot be read as a snapshot)"):
        load_snapshot(tmp_path / "a.pt")


def test_half_a_snapshot_is_refused(tmp_path):
    whole = save(tmp_path / "a.pt", {"model": WEIGHTS}).read_bytes()
    (tmp_path / "a.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"a.pt cannot be read as a snapshot, it is damaged or something else \(.*\); get it again"):
        load_snapshot(tmp_path / "a.pt")


@pytest.mark.parametrize("content", [WEIGHTS, {"model": 3}, {"model": {"weight": 3}}, [1]])
def test_what_is_no_snapshot_is_refused(tmp_path, content):
    with pytest.raises(InputError, match=r"a.pt: expected a snapshot of DeepLabCut 3 \('model': name -> tensor\), found something else"):
        load_snapshot(save(tmp_path / "a.pt", content))


def test_weights_fill_their_network_and_no_other():
    network = torch.nn.Linear(2, 2)
    fill(network, WEIGHTS, Path("a.pt"))
    assert network.weight.tolist() == [[0, 1], [2, 3]]
    expected = r"a.pt: these are not the weights of this model: of 2 tensors expected and 2 found, 1 missing \(bias\), 1 unknown \(b\)"
    with pytest.raises(InputError, match=expected):
        fill(network, {"weight": WEIGHTS["weight"], "b": WEIGHTS["bias"]}, Path("a.pt"))
    with pytest.raises(InputError, match=r"2 of another shape \(bias\)"):
        fill(torch.nn.Linear(3, 3), WEIGHTS, Path("a.pt"))
