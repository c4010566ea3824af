"""A project's params.yaml as a whole: every section checked, head and backbone resolved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.params import Section, load_params, parse_section
from ethocache.dataset.clocks import MOTION
from ethocache.dataset.folder import DataParams
from ethocache.dataset.labels import LabelParams
from ethocache.dataset.views import stream_names
from ethocache.endtoend.finetuning.settings import FinetuneParams, check_finetune
from ethocache.scoring.report.settings import ReportParams
from ethocache.scoring.settings import EvaluateParams
from ethocache.sequence.decision_settings import DecideParams, check_decide
from ethocache.sequence.heads import check_heads, resolve_head
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.system import missing_streams, read_system
from ethocache.vision.arena import ArenaParams
from ethocache.vision.backbones import check_backbones, resolve_backbone
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.embedding import ExtractParams
from ethocache.vision.tracking import TrackParams

SECTIONS: dict[str, type[Section]] = {
    "data": DataParams,
    "labels": LabelParams,
    "track": TrackParams,
    "crop": CropParams,
    "arena": ArenaParams,
    "extract": ExtractParams,
    "train": TrainParams,
    "decide": DecideParams,
    "finetune": FinetuneParams,
    "evaluate": EvaluateParams,
    "report": ReportParams,
}
_NAMES = ("head", "backbone")
_RECIPES = ("heads", "backbones")
NOTHING_DONE = "Nothing was computed or deleted."
_UNDO = (
    f"{NOTHING_DONE} Correct params.yaml, where a wrong -S stays too; "
    "'git checkout -- params.yaml' puts back the file as it was committed, without any edit since."
)


@dataclass(frozen=True)
class Project:
    """What `index` needs of params.yaml, and the recipes that it writes for the later stages.

    Attributes
    ----------
    data, labels, track, crop
        The checked sections.
    exclusive
        Whether one frame may have one behaviour only (`train.task`).
    backbone, head
        The chosen recipes with every default filled in, parts and members included.
    """

    data: DataParams
    labels: LabelParams
    track: TrackParams
    crop: CropParams
    exclusive: bool
    backbone: dict[str, Any]
    head: dict[str, Any]


def read_project(path: Path) -> Project:
    """Check the whole of params.yaml.

    Raises
    ------
    InputError
        With all problems of all sections, one per line, and how to undo a wrong ``-S``.
    """
    params = load_params(path)
    problems = [f"{path}: '{key}' is not a section{did_you_mean(key, _known())}" for key in params if key not in _known()]
    sections = {name: _collect(problems, _parse, params, name, path) for name in SECTIONS}
    if sections["arena"] and sections["crop"]:
        problems += check_corner_points(sections["arena"], sections["crop"], path)
    if sections["data"] and sections["labels"] and sections["crop"]:
        problems += check_individuals(sections["data"], sections["labels"], sections["crop"], path)
    if sections["data"] and sections["track"] and sections["crop"]:
        problems += check_cameras(sections["data"], sections["track"], sections["crop"], path)
    problems += check_backbones(_recipes(params, "backbones"))
    _collect(problems, check_heads, _recipes(params, "heads"))
    backbone = _collect(problems, _resolve, params, "backbone", path, resolve_backbone)
    head = _collect(problems, _resolve, params, "head", path, resolve_head)
    if head and backbone and sections["finetune"] and sections["data"] and sections["train"]:
        data, scored = sections["data"], sections["train"].score
        problems += check_finetune(sections["finetune"], data.behaviours, backbone, head, data.views, scored)
    if head and backbone and sections["train"]:
        views = bool(sections["data"] and sections["data"].views)  # which there are, the files say: see `check_views`
        problems += [] if views else check_streams(head, backbone, _recipes(params, "backbones"))
        if not missing_streams(head, tuple(backbone["streams"])):
            decide = sections["decide"] or DecideParams()
            system = _collect(problems, read_system, head, sections["train"], decide, tuple(backbone["streams"]))
            if system and sections["data"]:
                unfit = check_decide(system.decide, sections["data"].behaviours, system.exclusive)
                problems += [f"{path}: {problem}" for problem in unfit]
    if problems:
        raise InputError("\n".join([*dict.fromkeys(problems), _UNDO]))
    exclusive = sections["train"].task == "exclusive"
    return Project(sections["data"], sections["labels"], sections["track"], sections["crop"], exclusive, backbone, head)


def check_corner_points(arena: ArenaParams, crop: CropParams, path: Path) -> list[str]:
    """Return what is wrong where corners of the arena would count as parts of the animal."""
    if not arena.corner_points or (crop.points and not set(crop.points) & set(arena.corner_points)):
        return []
    found = f"found {', '.join(crop.points)}" if crop.points else "which is empty and stands for all"
    return [f"{path}: crop.points: expected the animal's key points without arena.corner_points, {found}; name the animal's own"]


def check_streams(head: dict[str, Any], backbone: dict[str, Any], recipes: dict[str, Any]) -> list[str]:
    """Return what is wrong where members of an ensemble read streams that the backbone does not have."""
    if not (missing := missing_streams(head, tuple(backbone["streams"]))):
        return []
    needed = {stream for member in head["settings"]["members"] for stream in member["streams"]}
    fitting = [name for name in recipes if needed <= _streams_of(name, recipes)]
    remedy = f"add -S backbone={fitting[0]}" if fitting else f"add a recipe to 'backbones': {{streams: [{', '.join(sorted(needed))}]}}"
    have = ", ".join(backbone["streams"])
    return [f"params.yaml: head: '{head['name']}' reads the stream '{missing[0]}', but backbone '{backbone['name']}' has {have}; {remedy}"]


def check_views(project: Project, views: Sequence[str], path: Path) -> None:
    """Raise `InputError` where crops are set for a camera that is not there, or members of an ensemble read streams that none gives."""
    try:
        project.crop.check_views(views)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    streams = stream_names({**project.backbone, "views": views})
    if views and (missing := missing_streams(project.head, streams)):
        raise InputError(f"{path}: head: '{project.head['name']}' reads the stream '{missing[0]}', but there are {', '.join(streams)}")


def check_cameras(data: DataParams, track: TrackParams, crop: CropParams, path: Path) -> list[str]:
    """Return what is wrong where settings speak of several cameras and there is one, or clocks are to be found without tracks."""
    if not data.views:
        return [f"{path}: crop.views: expected nothing where data.views is empty: there is one view"] if crop.views else []
    if data.clocks == MOTION and track.source == "none":
        return [f"{path}: data.clocks: motion is found from tracks, but track.source is none; choose where tracks come from, or same"]
    return []


def _streams_of(name: str, recipes: dict[str, Any]) -> set[str]:
    recipe = recipes[name]
    streams = recipe.get("streams") if isinstance(recipe, dict) else None
    return {str(stream) for stream in streams} if isinstance(streams, list) else {name}


def check_individuals(data: DataParams, labels: LabelParams, crop: CropParams, path: Path) -> list[str]:
    """Return what is wrong where one setting takes all individuals of a video as one, and another does not."""
    if data.each and crop.individual is not None:
        return [f"{path}: crop.individual: expected nothing, as data.individuals gives every individual a crop of its own; leave it empty"]
    if not data.each and labels.subjects:
        return [f"{path}: labels.subjects: expected nothing where data.individuals is together; set that to each, or name labels.subject"]
    return []


def _known() -> tuple[str, ...]:
    return (*_NAMES, *SECTIONS, *_RECIPES)


def _collect(problems: list[str], work: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return work(*arguments)
    except InputError as error:
        problems += str(error).splitlines()
        return None


def _parse(params: dict[str, Any], name: str, path: Path) -> Section:
    return parse_section(params.get(name), SECTIONS[name], f"{path}: {name}")


def _resolve(params: dict[str, Any], kind: str, path: Path, resolve: Callable[[str, dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    if not isinstance(params.get(kind), str):
        raise InputError(f"{path}: {kind}: expected one of the names below '{kind}s', found {params.get(kind)!r}")
    return resolve(params[kind], _recipes(params, f"{kind}s"))


def _recipes(params: dict[str, Any], kind: str) -> dict[str, Any]:
    recipes = params.get(kind) or {}
    if not isinstance(recipes, dict):
        raise InputError(f"params.yaml: {kind}: expected 'name: recipe' lines, found {recipes!r}")
    return recipes
