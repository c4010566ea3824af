"""What a ``pytorch_config.yaml`` of DeepLabCut 3 says of its model, as far as it decides a track."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError
from ethocache.common.params import load_params
from ethocache.dataset.text import shown

_BOTTOM_UP, _TOP_DOWN = "bu", "td"


@dataclass(frozen=True)
class ModelConfig:
    """A model's description without what training, logging and other machines left in it.

    Attributes
    ----------
    values
        As DeepLabCut builds the networks from them. Moving the project, or training on, changes nothing here.
    """

    values: dict[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """The key points."""
        return tuple(str(name) for name in self.values["metadata"]["bodyparts"])

    @property
    def individuals(self) -> tuple[str, ...]:
        """The animals that the project tells apart, at least one."""
        return tuple(str(name) for name in self.values["metadata"]["individuals"]) or ("individual_1",)

    @property
    def unique_names(self) -> tuple[str, ...]:
        """Points that belong to no animal, such as the arena's corners."""
        return tuple(str(name) for name in self.values["metadata"]["unique_bodyparts"])

    @property
    def top_down(self) -> bool:
        """Whether a detector finds each animal's box first."""
        return bool(self.values["method"] == _TOP_DOWN)

    @property
    def knows_identities(self) -> bool:
        """Whether the network itself tells who is who."""
        return bool(self.values["metadata"]["with_identity"])


def read_model_config(path: Path) -> ModelConfig:
    """Read a ``pytorch_config.yaml``.

    Raises
    ------
    InputError
        If it is none, asks for files or downloads, or describes a kind of model that cannot be run here.
    """
    if not path.is_file():
        raise InputError(f"track.model: expected a pytorch_config.yaml, found no file at {path.absolute()}")
    found = load_params(path)
    try:
        return ModelConfig(plain_config(found))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        reason = shown(" ".join(str(error).split()))
        raise InputError(
            f"{path}: expected the pytorch_config.yaml of a model that DeepLabCut 3 trained, something is not there ({reason})"
        ) from None


def plain_config(found: dict[str, Any]) -> dict[str, Any]:
    """Return only what decides the numbers, checked."""
    method = str(found["method"]).lower()
    if method not in (_BOTTOM_UP, _TOP_DOWN):
        raise InputError(
            f"method: expected {_BOTTOM_UP} or {_TOP_DOWN}, found '{shown(method)}'; analyse with DeepLabCut, and use track.source: files"
        )
    metadata = found["metadata"]
    kept: dict[str, Any] = {
        "method": method,
        "net_type": found.get("net_type", "resnet_50"),
        "metadata": {
            "project_path": ".",
            "pose_config_path": ".",
            "bodyparts": list(metadata["bodyparts"]),
            "unique_bodyparts": list(metadata.get("unique_bodyparts") or []),
            "individuals": list(metadata.get("individuals") or []),
            "with_identity": bool(metadata.get("with_identity")),
        },
        "model": dict(found["model"]),
        "data": _data(found["data"]),
        "runner": {"load_weights_only": True},
        "train_settings": {},
        "inference": {"multithreading": {"enabled": False}, "compile": {"enabled": False}, "autocast": {"enabled": False}},
    }
    if method == _TOP_DOWN:
        detector = found["detector"]
        kept["detector"] = {"model": dict(detector["model"]), "data": _data(detector["data"]), "runner": {"load_weights_only": True}}
    _refuse_places(kept)
    return kept


def _data(data: dict[str, Any]) -> dict[str, Any]:
    kept = {"colormode": data["colormode"], "inference": data["inference"]}
    return kept | ({"bbox_margin": data["bbox_margin"]} if data.get("bbox_margin") is not None else {})


def _refuse_places(values: dict[str, Any]) -> None:
    """A description may name weights to start from, on a disk or a hub: nothing of that is needed, or opened."""
    for key, value in _settings(values):
        if key == "pretrained" and isinstance(value, str):
            raise InputError(f"'pretrained: {shown(value)}' names a file; remove that line, the snapshot holds all weights")
        if key == "model_name" and (":" in str(value) or "/" in str(value)):
            raise InputError(f"'model_name: {shown(str(value))}' names a place on a hub or a disk, expected the name of a network of timm")


def _settings(values: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(values, dict):
        for key, value in values.items():
            yield str(key), value
            yield from _settings(value)
    elif isinstance(values, list):
        for value in values:
            yield from _settings(value)
