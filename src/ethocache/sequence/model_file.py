"""The final model on disk: weights as safetensors, everything else as readable JSON; nothing is ever unpickled."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field, ValidationError

from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of_file, write_json
from ethocache.common.params import Section
from ethocache.common.store import Entry, Store
from ethocache.common.workbench import Workbench
from ethocache.sequence.heads import parse_head
from ethocache.sequence.heads.settings import HeadSettings
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.trainings import ABOUT, WEIGHTS
from ethocache.sequence.verdict import Verdict
from ethocache.sequence.videos import TrainingVideo
from ethocache.sequence.windows import frames_per_second

if TYPE_CHECKING:
    from ethocache.sequence.network import TaggingNetwork

CARD = "model.json"
FORMAT_VERSION = 2
_REVISION = 1  # raise it when the same networks would become another model


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
class MemberPart:
    """A trained network on its way into a model: the entry that holds it, and what its card says."""

    entry: Entry
    streams: tuple[str, ...]
    head: HeadSettings
    params: TrainParams
    epochs: int
    fold_epochs: Sequence[int]


@dataclass(frozen=True)
class Model:
    """A model ready to tag videos."""

    card: ModelCard
    networks: "tuple[TaggingNetwork, ...]"
    verdict: Verdict


def make_model(
    store: Store,
    videos: Sequence[TrainingVideo],
    behaviours: Sequence[str],
    verdict: Verdict,
    parts: Sequence[MemberPart],
    made_of: Sequence[Entry],
) -> Entry:
    """Return the entry of a whole model: its networks, and ``model.json``; the same parts give the same bytes.

    Parameters
    ----------
    made_of
        All trainings and verdicts behind it, which pruning keeps as long as the model is used.
    """
    about = {
        "behaviours": tuple(behaviours),
        "exclusive": parts[0].params.task == "exclusive",
        "verdict": verdict.to_json(),
        "fps": round(float(np.median([frames_per_second(video.time_s) for video in videos])), 6),
        "animals": sorted({video.animal for video in videos}),
    }
    heads = [part.head.model_dump(exclude={"train", "decide", "tuned_on"}) for part in parts]
    cards = [{"streams": part.streams, "head": head, "train": part.params} for part, head in zip(parts, heads, strict=True)]
    cards = [card | {"epochs": part.epochs, "fold_epochs": list(part.fold_epochs)} for card, part in zip(cards, parts, strict=True)]

    def build(bench: Workbench) -> dict[str, Any]:
        members = [_take(part, card, number, bench.output) for number, (part, card) in enumerate(zip(parts, cards, strict=True), 1)]
        write_json(bench.output / CARD, ModelCard(**about, members=members).model_dump(mode="json"))
        return {}

    described = [card | {"streams": list(part.streams), "train": part.params.model_dump()} for card, part in zip(cards, parts, strict=True)]
    recipe = {"kind": "model", "revision": _REVISION, "format": FORMAT_VERSION, "made_of": [entry.key for entry in made_of]}
    return store.make("model", recipe | about | {"behaviours": list(behaviours), "members": described}, build)


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
    verdict = _verdict(card, folder / CARD)
    for member in card.members:
        path = folder / member.weights
        if not path.is_file():
            raise InputError(f"{path}: expected the weights of the model, found no file; run dvc repro train")
        if sha256_of_file(path) != member.weights_sha256:
            raise InputError(f"{path}: damaged, its content is not what {CARD} says; run dvc repro -f train")
    networks = (_network(folder / member.weights, member, len(card.behaviours)) for member in card.members)
    return Model(card, tuple(networks), verdict)


def _take(part: MemberPart, card: dict[str, Any], number: int, folder: Path) -> dict[str, Any]:
    """Copy a network into the model's folder; return its card."""
    name = f"network_{number}.safetensors"
    shutil.copyfile(part.entry.path(WEIGHTS), folder / name)
    dimensions = json.loads(part.entry.path(ABOUT).read_text(encoding="utf-8"))["dimensions"]
    return card | {"dimensions": dimensions, "weights": name, "weights_sha256": part.entry.files[WEIGHTS]["sha256"]}


def _verdict(card: ModelCard, path: Path) -> Verdict:
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
