"""The final model on disk: weights as safetensors, everything else as readable JSON; nothing is ever unpickled."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError

from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of_file
from ethocache.common.params import Section
from ethocache.sequence.heads import parse_head
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.verdict import Verdict

if TYPE_CHECKING:
    from ethocache.sequence.network import TaggingNetwork

CARD = "model.json"
FORMAT_VERSION = 2


class MemberCard(Section):
    """What one network of a model is.

    Attributes
    ----------
    streams, dimensions
        Which features it reads, and how many numbers per frame they are together.
    head, train
        Its settings, and those of the training that made it (window, overlap and task are needed to use it).
    epochs, fold_epochs
        How long it was trained, and the best epoch of each fold, of which that is the median.
    weights, weights_sha256
        The file with its weights, and what that holds.
    """

    streams: tuple[str, ...]
    dimensions: int = Field(ge=1)
    head: dict[str, Any]
    train: TrainParams
    epochs: int
    fold_epochs: tuple[int, ...]
    weights: str = Field(pattern=r"^[a-z0-9_]+\.safetensors$")  # never a path out of the folder
    weights_sha256: str


class ModelCard(Section):
    """What a model is, in words.

    Attributes
    ----------
    behaviours
        What it tags.
    exclusive
        Whether a frame has at most one of the behaviours.
    members
        Its networks.
    verdict
        How their probabilities become tags; see `Verdict`.
    fps
        Median frame rate of the videos it was trained on.
    animals
        Whose videos they were.
    """

    format_version: int = FORMAT_VERSION
    behaviours: tuple[str, ...]
    exclusive: bool
    members: tuple[MemberCard, ...] = Field(min_length=1)
    verdict: dict[str, Any]
    fps: float = Field(gt=0)
    animals: tuple[str, ...]

    @property
    def streams(self) -> tuple[str, ...]:
        """All streams that its members read."""
        return tuple(dict.fromkeys(stream for member in self.members for stream in member.streams))


@dataclass(frozen=True)
class Model:
    """A model ready to tag videos."""

    card: ModelCard
    networks: "tuple[TaggingNetwork, ...]"
    verdict: Verdict


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
        return ModelCard.model_validate(values)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors())
        raise InputError(f"{path}: damaged or made by another version (see: {places}); run dvc repro -f train") from None


def load_model(folder: Path) -> Model:
    """Read a model, check that it is whole, and put it on this machine's processor.

    Raises
    ------
    InputError
        If it is missing, damaged, or of another version.
    """
    card = read_card(folder)
    verdict = verdict_of(card, folder / CARD)
    for member in card.members:
        path = folder / member.weights
        if not path.is_file():
            raise InputError(f"{path}: expected the weights of the model, found no file; run dvc repro train")
        if sha256_of_file(path) != member.weights_sha256:
            raise InputError(f"{path}: damaged, its content is not what {CARD} says; run dvc repro -f train")
    networks = (_network(folder / member.weights, member, len(card.behaviours)) for member in card.members)
    return Model(card, tuple(networks), verdict)


def verdict_of(card: ModelCard, path: Path) -> Verdict:
    """Return how a model's probabilities become tags; `path` is its card's, for messages.

    Raises
    ------
    InputError
        If the card holds no verdict that fits its behaviours and members.
    """
    try:
        verdict = Verdict.from_json(card.verdict)
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise InputError(f"{path}: its verdict is damaged ({error}); run dvc repro -f train") from None
    if verdict.weights.shape != (shape := (len(card.members), len(card.behaviours))):
        raise InputError(f"{path}: expected weights of shape {shape}, found {verdict.weights.shape}; run dvc repro -f train")
    if len(verdict.decision.threshold) != len(card.behaviours):
        raise InputError(
            f"{path}: expected {len(card.behaviours)} thresholds, found {len(verdict.decision.threshold)}; run dvc repro -f train"
        )
    return verdict


def threshold_of(folder: Path, behaviours: tuple[str, ...]) -> npt.NDArray[np.float32] | None:
    """Return from where on a model tags a frame, (B,); None where something else decides, or it knows other behaviours.

    Of exclusive behaviours that depends on the others, and with a Markov chain on the frames around.

    Raises
    ------
    InputError
        If there is no model in the folder, or it is damaged.
    """
    card = read_card(folder)
    decision = verdict_of(card, folder / CARD).decision
    by_threshold = not card.exclusive and not any(decision.chains) and card.behaviours == behaviours
    return decision.threshold if by_threshold else None


def _network(path: Path, card: MemberCard, behaviours: int) -> "TaggingNetwork":
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from ethocache.common.compute import device
    from ethocache.sequence.network import TaggingNetwork

    network = TaggingNetwork(card.dimensions, behaviours, parse_head(card.head, f"{path.with_name(CARD)}: head"), card.train)
    try:
        network.load_state_dict(load_file(path))
    except (RuntimeError, SafetensorError):
        raise InputError(f"{path}: its weights do not fit the head that {CARD} describes; run dvc repro -f train") from None
    return network.to(torch.device(device())).eval()
