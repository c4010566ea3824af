"""``ethocache pack``: the trained model of the project in this folder as one file."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ethocache.common.errors import InputError
from ethocache.common.files import canonical_json, read_json
from ethocache.common.params import read_section
from ethocache.common.store import Store
from ethocache.dataset.features import FeatureFile, feature_files
from ethocache.dataset.index import VideoRecord, read_index
from ethocache.dataset.views import refuse_several
from ethocache.endtoend.packs.archive import write_archive
from ethocache.endtoend.packs.contents import CARD, CARD_TEXT, KNOWN, MEANS, RECIPES, STEPS, NetworkFacts, Recipes, revisions_here
from ethocache.endtoend.packs.model_card import card_of, in_markdown
from ethocache.endtoend.packs.portraits import portray
from ethocache.endtoend.packs.unlike import TrainingVideos
from ethocache.endtoend.project import read_project
from ethocache.sequence.model_file import CARD as HEAD_CARD
from ethocache.sequence.model_file import load_model
from ethocache.vision.backbones import parse_recipe
from ethocache.vision.backbones.carrying import save_weights
from ethocache.vision.backbones.settings import NetworkSettings, PoseSettings
from ethocache.vision.crop_plan import read_plan
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.embedding import ExtractParams

PARAMS, CROPS, FEATURES = Path("params.yaml"), Path("data/crops"), Path("data/features")
_AGAIN = "run 'dvc repro' first, then pack"


@dataclass(frozen=True)
class Trained:
    """The project in this folder, its results found to be of its settings.

    Attributes
    ----------
    model
        Folder of the head.
    backbone
        Its resolved recipe.
    labelled
        The videos that the model learned from.
    """

    model: Path
    backbone: dict[str, Any]
    labelled: list[VideoRecord]

    def features(self, record: VideoRecord) -> dict[str, Path]:
        return feature_files(FEATURES / self.backbone["name"], record.id, [*self.backbone["streams"]])

    @property
    def sees_pixels(self) -> bool:
        return any(not isinstance(parse_recipe(settings), PoseSettings) for settings in self.backbone["streams"].values())

    def crop(self, record: VideoRecord) -> Path | None:
        return CROPS / f"{record.id}.mp4" if self.sees_pixels else None


def pack(target: Path, with_backbone: bool, store: Store) -> str:
    """Write the pack of the project in this folder, and return a line about it.

    Parameters
    ----------
    target
        The zip to write.
    with_backbone
        Put the weights of the backbone's networks inside.

    Raises
    ------
    InputError
        If there is no trained model, its results are of other settings, or the target is no place for it.
    """
    if target.suffix.lower() != ".zip" or target.is_dir():
        raise InputError(f"--to: expected the name of a .zip file, found '{target}'")
    trained = _read_trained()
    recipes = _recipes(trained, with_backbone)
    card = card_of(trained.model, trained.labelled, recipes, trained.backbone)
    training = TrainingVideos.of([portray(each, trained.crop(each), [*trained.features(each).values()]) for each in trained.labelled])
    members: dict[str, bytes | Path] = {
        RECIPES: _json(recipes.model_dump(mode="json")),
        CARD: _json(card),
        CARD_TEXT: in_markdown(card).encode(),
        KNOWN: _json(training.words.model_dump(mode="json")),
        MEANS: _npy(training.moments),
    }
    head = load_model(trained.model)  # which checks that it is whole
    for name in (HEAD_CARD, *(member.weights for member in head.card.members)):
        members[name] = trained.model / name
    for stream, file in (_weights(trained.backbone["streams"]) if with_backbone else {}).items():
        members[file] = save_weights(trained.backbone["streams"][stream])
    digest = write_archive(target, members, version("ethocache"))
    inside = "its backbone inside" if with_backbone else f"the weights of {trained.backbone['name']} by their digest"
    size = target.stat().st_size / 1e6
    return f"{target}: {trained.model.name} on {trained.backbone['name']}, {inside}, {size:.1f} MB, sha256 {digest}"


def _read_trained() -> Trained:
    project = read_project(PARAMS)
    recipes = {name: read_json(Path(f"data/recipes/{name}.json")) for name in ("backbone", "head")}
    for name, wanted in (("backbone", project.backbone), ("head", project.head)):
        if canonical_json({key: recipes[name].get(key) for key in wanted}) != canonical_json(wanted):
            raise InputError(f"params.yaml: the {name} is not that of the last run ('{recipes[name].get('name')}'); {_AGAIN}")
    refuse_several(recipes["backbone"], "a pack")
    for step in STEPS:
        if read_json(Path(f"data/recipes/code/{step}.json"))["revisions"] != revisions_here()[step]:
            raise InputError(f"the results of '{step}' were made by another version of ethocache; {_AGAIN}")
    labelled = [record for record in read_index(Path("data/index.json")) if Path(f"data/labels/{record.id}.json").is_file()]
    if not labelled:
        raise InputError(f"expected labelled videos, from which a model learned, found none; {_AGAIN}")
    trained = Trained(Path("models") / project.head["name"], recipes["backbone"], labelled)
    _check_crops(trained)
    return trained


def _check_crops(trained: Trained) -> None:
    """Refuse features of other crops than those of params.yaml: a pack would treat videos otherwise than the model was trained on."""
    if not trained.sees_pixels:
        return
    wanted = read_section(PARAMS, "crop", CropParams)
    for record in trained.labelled:
        plan = read_plan(CROPS / f"{record.id}.json")
        for stream, path in trained.features(record).items():
            if isinstance(parse_recipe(trained.backbone["streams"][stream]), PoseSettings):
                continue
            with FeatureFile.open(path) as features:
                if features.recipe["crop"] != plan.key or plan.size != wanted.size_px:
                    raise InputError(f"{record.place}: its features are of another crop than params.yaml asks for; {_AGAIN}")


def _recipes(trained: Trained, with_backbone: bool) -> Recipes:
    project = read_project(PARAMS)
    inside = _weights(trained.backbone["streams"])
    streams = {}
    for name, settings in trained.backbone["streams"].items():
        recipe = parse_recipe(settings)
        if isinstance(recipe, NetworkSettings) and recipe.weights_file and not with_backbone:
            raise InputError(f"the weights of '{name}' are a file of yours ({recipe.weights}), which nobody else has: add --with-backbone")
        streams[name] = settings | ({"weights": inside[name]} if with_backbone and name in inside else {})
    return Recipes(
        version=version("ethocache"),
        revisions=revisions_here(),
        individuals=project.data.individuals,
        track=project.track,
        crop=read_section(PARAMS, "crop", CropParams),
        extract=read_section(PARAMS, "extract", ExtractParams),
        tracker=read_json(Path("data/recipes/track.json")),
        backbone=trained.backbone["name"],
        streams=streams,
        networks=_networks(trained),
    )


def _networks(trained: Trained) -> dict[str, NetworkFacts]:
    """Return what the features say of the networks that made them; none is loaded."""
    found = {}
    for stream, path in trained.features(trained.labelled[0]).items():
        with FeatureFile.open(path) as features:
            recipe = features.recipe
        if "weights" in recipe:
            found[stream] = NetworkFacts(**{name: recipe[name] for name in ("weights", "preprocessing", "engine", "precision")})
    return found


def _weights(streams: Mapping[str, Any]) -> dict[str, str]:
    """Return what the weights of each network are called in a pack."""
    names = [name for name, settings in streams.items() if isinstance(parse_recipe(settings), NetworkSettings)]
    return {name: f"backbone_{number}.safetensors" for number, name in enumerate(names, 1)}


def _json(value: Any) -> bytes:
    return (json.dumps(json.loads(canonical_json(value)), indent=1, ensure_ascii=False) + "\n").encode()


def _npy(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, values, allow_pickle=False)
    return file.getvalue()
