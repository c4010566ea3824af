"""The labelled videos of the project in this folder and a head of its params.yaml: what searches and learning curves begin with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError
from ethocache.common.files import read_json
from ethocache.common.params import load_params, read_section
from ethocache.common.store import Store
from ethocache.dataset.index import read_index
from ethocache.dataset.views import stream_names
from ethocache.endtoend.project import read_project
from ethocache.sequence.decision_settings import DecideParams, check_decide
from ethocache.sequence.heads import resolve_head
from ethocache.sequence.labelled import labelled_videos
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.system import System, read_system
from ethocache.sequence.videos import TrainingVideo

PARAMS = Path("params.yaml")


@dataclass(frozen=True)
class LabelledProject:
    """What a training of one head begins with.

    Attributes
    ----------
    head
        Its name.
    recipe
        What params.yaml says of it; empty for a preset.
    resolved
        The same with every setting filled in.
    system
        What is trained.
    behaviours, videos
        Of all labelled videos.
    """

    head: str
    recipe: dict[str, Any]
    resolved: dict[str, Any]
    system: System
    behaviours: tuple[str, ...]
    videos: list[TrainingVideo]


def read_labelled_project(head: str | None, store: Store) -> LabelledProject:
    """Read the project in this folder, with one of its heads; the chosen one if none is named.

    Raises
    ------
    InputError
        If params.yaml is wrong, the head is not known, or features are not there yet.
    """
    project = read_project(PARAMS)
    params = load_params(PARAMS)
    name, heads = head or str(params["head"]), params.get("heads") or {}
    resolved = resolve_head(name, heads)
    backbone = read_json(Path("data/recipes/backbone.json"))
    streams = stream_names(backbone)
    if backbone["name"] != project.backbone["name"] or backbone["streams"] != project.backbone["streams"]:
        raise InputError(
            f"params.yaml: backbone: expected the recipe of the last run ('{backbone['name']}'), found another "
            f"('{project.backbone['name']}'); run 'dvc repro' first, which makes its features"
        )
    if not Path("data/labels").is_dir():
        raise InputError("data/labels is not there: run 'dvc repro' in the project's folder, which makes it")
    features = Path("data/features") / backbone["name"]
    train, decide = read_section(PARAMS, "train", TrainParams), read_section(PARAMS, "decide", DecideParams)
    behaviours, videos = labelled_videos(Path("data/labels"), features, streams, read_index(Path("data/index.json")), store)
    system = read_system(resolved, train, decide, streams)
    if problems := check_decide(system.decide, behaviours, system.exclusive):
        raise InputError("\n".join(f"{PARAMS}: {problem}" for problem in problems))
    return LabelledProject(name, heads.get(name) or {}, resolved["settings"], system, behaviours, videos)
