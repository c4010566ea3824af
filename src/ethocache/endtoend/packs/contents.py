"""What a pack says of its model besides the head's own card: everything that leads from a video to what the head reads."""

from typing import Any, TypeVar

from pydantic import ValidationError

from ethocache.common.errors import InputError
from ethocache.common.params import Section
from ethocache.endtoend.revisions import REVISIONS
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.embedding import ExtractParams
from ethocache.vision.tracking import TrackParams

RECIPES, CARD, CARD_TEXT, KNOWN, MEANS = "recipes.json", "model_card.json", "MODEL_CARD.md", "training_videos.json", "training_means.npy"
STEPS = ("track", "crop", "extract")
"""The stages whose code decides the embeddings."""


class NetworkFacts(Section):
    """What the embeddings of the training videos say of the network that made them.

    Attributes
    ----------
    weights
        sha256 of its tensors.
    preprocessing
        How it was shown the crops.
    engine, precision
        What it ran on; others give slightly other numbers.
    """

    weights: str
    preprocessing: dict[str, Any]
    engine: str
    precision: str


class Recipes(Section):
    """How a video is treated before the head sees it.

    Attributes
    ----------
    version, revisions
        The ethocache that made the embeddings, and its revisions of every step.
    individuals
        As ``data.individuals``.
    track, crop, extract
        The sections of params.yaml.
    tracker
        What decides the tracks of a model that tracks.
    backbone
        Its name, and the settings of each stream.
    networks
        Of each stream that looks at pixels.
    """

    version: str
    revisions: dict[str, dict[str, int]]
    individuals: str | tuple[str, ...]
    track: TrackParams
    crop: CropParams
    extract: ExtractParams
    tracker: dict[str, Any]
    backbone: str
    streams: dict[str, dict[str, Any]]
    networks: dict[str, NetworkFacts]


SectionT = TypeVar("SectionT", bound=Section)


def parse_member(model: type[SectionT], text: bytes, place: str) -> SectionT:
    """Read a member of a pack.

    Raises
    ------
    InputError
        If it is not what this version writes.
    """
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its beginning"
        raise InputError(f"{place}: made by another version of ethocache, or damaged (at {where}: {first['msg']})") from None


def revisions_here() -> dict[str, dict[str, int]]:
    """Return the revisions of our code on which embeddings depend."""
    return {step: REVISIONS[step] for step in STEPS}


def refuse_other_revisions(recipes: Recipes, place: str) -> None:
    """Raise `InputError` if this version would make other embeddings of the same video than those that the head learned from."""
    here = revisions_here()
    if other := [step for step in STEPS if recipes.revisions.get(step) != here[step]]:
        raise InputError(
            f"{place}: ethocache {recipes.version} made its embeddings, and this version makes them otherwise ({', '.join(other)}): "
            f"install ethocache {recipes.version}, or train and pack the model again with this one"
        )
