"""The final model on disk: weights as safetensors, everything else as readable JSON; nothing is ever unpickled."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError

from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of_file, write_json
from ethocache.common.params import Section
from ethocache.sequence.heads import parse_head
from ethocache.sequence.settings import TrainParams

if TYPE_CHECKING:
    from ethocache.sequence.network import TaggingNetwork

WEIGHTS, CARD = "model.safetensors", "model.json"
FORMAT_VERSION = 1


class ModelCard(Section):
    """What a model is, in words.

    Attributes
    ----------
    behaviours, thresholds
        What it tags, and from which probability on.
    streams, dimensions
        Which features it reads, and how many numbers per frame they are together.
    head, train
        Settings of its network, and of the training that made it (window, overlap and task are needed to use it).
    fps
        Median frame rate of the videos it was trained on.
    animals
        Whose videos they were.
    epochs, fold_epochs
        How long it was trained, and the best epoch of each fold, of which that is the median.
    weights_sha256
        Of the file with the weights.
    """

    format_version: int = FORMAT_VERSION
    behaviours: tuple[str, ...]
    thresholds: tuple[float, ...]
    streams: tuple[str, ...]
    dimensions: int = Field(ge=1)
    head: dict[str, Any]
    train: TrainParams
    fps: float = Field(gt=0)
    animals: tuple[str, ...]
    epochs: int
    fold_epochs: tuple[int, ...]
    weights_sha256: str

    @property
    def exclusive(self) -> bool:
        """Whether a frame has at most one of the behaviours."""
        return self.train.task == "exclusive"

    @property
    def threshold(self) -> npt.NDArray[np.float32]:
        """The thresholds as (B,) float32."""
        return np.array(self.thresholds, np.float32)


@dataclass(frozen=True)
class Model:
    """A model ready to tag videos."""

    card: ModelCard
    network: "TaggingNetwork"


def save_model(folder: Path, network: "TaggingNetwork", about: dict[str, Any]) -> ModelCard:
    """Write a model into a folder; the same model gives the same bytes.

    Parameters
    ----------
    about
        The fields of `ModelCard` that the weights do not tell.
    """
    from safetensors.torch import save_file

    save_file({name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}, folder / WEIGHTS)
    card = ModelCard(**about, weights_sha256=sha256_of_file(folder / WEIGHTS))
    write_json(folder / CARD, card.model_dump(mode="json"))
    return card


def read_card(folder: Path) -> ModelCard:
    """Read what a model is, without its weights and without loading torch.

    Raises
    ------
    InputError
        If there is no model in the folder, or it is damaged or of another version.
    """
    path = folder / CARD
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: expected a model, found no file; run dvc repro train") from None
    except ValueError as error:
        raise InputError(f"{path}: damaged, not JSON ({error}); run dvc repro -f train") from None
    found = values.get("format_version") if isinstance(values, dict) else None
    if found != FORMAT_VERSION:
        raise InputError(f"{path}: expected a model of format version {FORMAT_VERSION}, found {found}; run dvc repro -f train")
    try:
        card = ModelCard.model_validate(values)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors())
        raise InputError(f"{path}: damaged or made by another version (see: {places}); run dvc repro -f train") from None
    if len(card.thresholds) != len(card.behaviours):
        raise InputError(f"{path}: expected {len(card.behaviours)} thresholds, found {len(card.thresholds)}; run dvc repro -f train")
    return card


def load_model(folder: Path) -> Model:
    """Read a model, check that it is whole, and put it on this machine's processor.

    Raises
    ------
    InputError
        If it is missing, damaged, or of another version.
    """
    card = read_card(folder)
    path = folder / WEIGHTS
    if not path.is_file():
        raise InputError(f"{path}: expected the weights of the model, found no file; run dvc repro train")
    if sha256_of_file(path) != card.weights_sha256:
        raise InputError(f"{path}: damaged, its content is not what {CARD} says; run dvc repro -f train")
    return Model(card, _network(path, card))


def _network(path: Path, card: ModelCard) -> "TaggingNetwork":
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from ethocache.common.compute import device
    from ethocache.sequence.network import TaggingNetwork

    network = TaggingNetwork(card.dimensions, len(card.behaviours), parse_head(card.head, f"{path.with_name(CARD)}: head"), card.train)
    try:
        network.load_state_dict(load_file(path))
    except (RuntimeError, SafetensorError):
        raise InputError(f"{path}: its weights do not fit the head that {CARD} describes; run dvc repro -f train") from None
    return network.to(torch.device(device())).eval()
