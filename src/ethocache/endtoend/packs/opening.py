"""Read a pack: checked byte by byte, unpacked once into the store."""

import io
import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from tokenize import TokenError  # what numpy raises for a header that is none
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of
from ethocache.common.store import Store
from ethocache.common.workbench import Workbench
from ethocache.endtoend.packs.archive import open_archive
from ethocache.endtoend.packs.contents import CARD, KNOWN, MEANS, RECIPES, NetworkFacts, Recipes, parse_member, refuse_other_revisions
from ethocache.endtoend.packs.unlike import TrainingVideos, TrainingWords
from ethocache.sequence.model_file import ModelCard, read_card
from ethocache.vision.backbones import parse_recipe
from ethocache.vision.backbones.settings import BackboneSettings, NetworkSettings
from ethocache.vision.embedding import describe_network, resolve_run


@dataclass(frozen=True, eq=False)
class Pack:
    """A trained model that is ready to tag videos.

    Attributes
    ----------
    path
        The zip.
    key
        What stands for its content.
    folder
        Where its members are now, as `load_model` reads them.
    recipes
        From pixels to embeddings; the weights of networks that are inside are files of `folder`.
    head
        The head's card.
    card
        What the model card says.
    training
        What the videos look like that it learned from.
    """

    path: Path
    key: str
    folder: Path
    recipes: Recipes
    head: ModelCard
    card: dict[str, Any]
    training: TrainingVideos


def open_pack(path: Path, store: Store) -> Pack:
    """Check a pack and unpack it into the store.

    Raises
    ------
    InputError
        In one line, if it is no pack, was changed or damaged, or its embeddings cannot be made here.
    """
    with open_archive(path) as archive:
        archive.check()
        recipes = parse_member(Recipes, archive.read(RECIPES), f"{path}: {RECIPES}")
        refuse_other_revisions(recipes, str(path))

        def unpack(bench: Workbench) -> dict[str, Any]:
            archive.extract(bench.output)
            return {}

        key = sha256_of(archive.content)
        entry = store.make("pack", {"kind": "pack", "content": archive.content}, unpack)
        try:
            card = read_model_card(archive.read(CARD))
            words = parse_member(TrainingWords, archive.read(KNOWN), f"{path}: {KNOWN}")
            training = TrainingVideos(words, read_moments(archive.read(MEANS)))
        except (ValueError, EOFError, RecursionError, TokenError) as error:
            raise InputError(f"{path}: made by another version of ethocache, or damaged ({' '.join(str(error).split())})") from None
    head = read_card(entry.folder)
    streams = {name: _with_its_file(name, settings, entry.folder, path) for name, settings in recipes.streams.items()}
    if missing := [stream for stream in head.streams if stream not in streams]:
        raise InputError(f"{path}: its head reads '{missing[0]}', which its backbone does not give; make the pack again")
    return Pack(path, key, entry.folder, recipes.model_copy(update={"streams": streams}), head, card, training)


def read_model_card(text: bytes) -> dict[str, Any]:
    """Return what a pack's model card says."""
    card = json.loads(text)
    if not isinstance(card, dict) or not isinstance(card.get("model"), str):
        raise ValueError(f"no name of a model in {CARD}")
    return card


def read_moments(content: bytes) -> npt.NDArray[np.float32]:
    """Return the numbers of a ``.npy``; its header may promise no more of them than it holds."""
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError(f"{MEANS} has another header")
    shape, _, kind = np.lib.format.read_array_header_1_0(file)
    if kind != np.dtype("<f4") or prod(shape) * kind.itemsize != len(content) - file.tell():
        raise ValueError(f"{MEANS} promises {shape} {kind}, and holds something else")
    return np.asarray(np.load(io.BytesIO(content), allow_pickle=False), np.float32)


def _with_its_file(name: str, settings: dict[str, Any], folder: Path, path: Path) -> dict[str, Any]:
    recipe = parse_recipe(settings, f"{path}: {name}")
    if not isinstance(recipe, NetworkSettings) or recipe.weights in ("hub", "package", "random"):
        return settings
    if Path(recipe.weights).name != recipe.weights or not (file := folder / recipe.weights).is_file():
        raise InputError(f"{path}: the weights of '{name}' are a file that is not in the pack: ask for one made with --with-backbone")
    return settings | {"weights": str(file)}


def check_networks(pack: Pack, store: Store) -> list[str]:
    """Check that the networks here are those of the pack, and return what to know of how they run.

    Raises
    ------
    InputError
        If one has other weights, or is shown crops otherwise.
    """
    notes = []
    for name, facts in pack.recipes.networks.items():
        if not isinstance(parse_recipe(pack.recipes.streams[name]), BackboneSettings):
            raise InputError(f"{pack.path}: '{name}' looks at no pixels, but has weights; make the pack again")
        description = describe_network(pack.recipes.streams[name], store)
        if description["weights_sha256"] != facts.weights or any(
            description.get(what) != facts.preprocessing.get(what) for what in ("input_px", "mean", "std", "interpolation")
        ):
            raise InputError(
                f"{pack.path}: the weights of '{name}' that can be had here are not those that the model was trained on "
                f"({description['weights_sha256'][:8]}, expected {facts.weights[:8]}): ask for a pack made with --with-backbone"
            )
        run = resolve_run(pack.recipes.extract, description)
        if (run.engine, run.precision) != (facts.engine, facts.precision):
            notes.append(_other_run(name, facts, run.engine, run.precision))
    return notes


def _other_run(name: str, facts: NetworkFacts, engine: str, precision: str) -> str:
    return (
        f"{name} runs with {engine} in {precision} here, and ran with {facts.engine} in {facts.precision} where the model was trained: "
        "its numbers differ a little, and a few tags at the edges of bouts may"
    )
