"""Networks that turn frames into vectors. Recipes by name stand under ``backbones`` in params.yaml.

A new kind of backbone is one small file with its `Embedder`, settings beside the others, and one line in `BACKBONES`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.params import parse_section
from ethocache.vision.backbones.clip_settings import ClipSettings
from ethocache.vision.backbones.flow_settings import FlowSettings
from ethocache.vision.backbones.settings import ImageSettings, MeanColourSettings, NetworkSettings, PoseSettings, StreamSettings

BACKBONES: dict[str, type[StreamSettings]] = {
    "image": ImageSettings,
    "clip": ClipSettings,
    "flow": FlowSettings,
    "mean_colour": MeanColourSettings,
    "pose": PoseSettings,
}


def resolve_backbone(name: str, recipes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{"name", "streams": {stream: every setting, defaults filled in}}`` of one recipe.

    Raises
    ------
    InputError
        If there is no such recipe, or it or one of its streams is wrong; every problem on its own line.
    """
    if problems := list(_unquoted(recipes)):
        raise InputError("\n".join(problems))
    if name not in recipes:
        known = ", ".join(str(recipe) for recipe in recipes) or "none"
        raise InputError(f"params.yaml: backbone: '{name}' is not a recipe{did_you_mean(name, map(str, recipes))}; known: {known}")
    streams = _streams(name, recipes)
    problems = [problem for part in dict.fromkeys([name, *streams]) for problem in _problems(part, recipes)]
    if problems:
        raise InputError("\n".join(problems))
    settings = {stream: parse_recipe(recipes[stream], _place(stream)) for stream in streams}
    for stream in settings.values():
        if isinstance(stream, NetworkSettings):
            stream.check_weights_file()
    return {"name": name, "streams": {stream: chosen.model_dump(mode="json") for stream, chosen in settings.items()}}


def check_backbones(recipes: Mapping[str, Any]) -> list[str]:
    """Return every problem of every recipe, used or not; an empty list if all are well."""
    return [*_unquoted(recipes), *(problem for name in recipes for problem in _problems(name, recipes))]


def parse_recipe(values: Any, place: str = "backbone") -> StreamSettings:
    """Check one recipe against the settings of its kind.

    Raises
    ------
    InputError
        With every problem on its own line, each starting with `place`.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{place}: expected 'setting: value' lines, found {values!r}")
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in BACKBONES:
        found = f"'{kind}' is not a kind{did_you_mean(kind, BACKBONES)}" if kind else "'kind' is missing"
        raise InputError(f"{place}: {found}; known kinds: {', '.join(BACKBONES)}, or 'streams: [...]' of other recipes")
    return parse_section(values, BACKBONES[kind], place)


def _unquoted(recipes: Mapping[str, Any]) -> Iterator[str]:
    for name in recipes:
        if not isinstance(name, str):
            yield f"{_place(name)}: expected text as the recipe's name, found {name!r}; put it in quotes: '{name}'"


def _problems(name: Any, recipes: Mapping[str, Any]) -> Iterator[str]:
    place = _place(name)
    if not re.fullmatch(r"[A-Za-z0-9_-]+", str(name)):  # it becomes part of file names: <video>.<stream>.h5
        yield f"{place}: a recipe's name may hold letters, digits, '_' and '-' only"
    if _is_composite(recipes.get(name)):
        yield from _problems_of_streams(name, recipes)
        return
    try:
        parse_recipe(recipes[name], place)
    except InputError as error:
        yield from str(error).splitlines()


def _problems_of_streams(name: Any, recipes: Mapping[str, Any]) -> Iterator[str]:
    place, recipe = _place(name), recipes[name]
    surplus = [str(key) for key in recipe if key != "streams"]
    if surplus:
        yield f"{place}: beside 'streams' no setting is possible, found {', '.join(surplus)}"
    streams = recipe["streams"]
    if not isinstance(streams, list) or not streams or not all(isinstance(stream, str) for stream in streams):
        yield f"{place}: 'streams' expects a list of recipes such as [resnet50, mean_colour], found {streams!r}"
        return
    if len(set(streams)) < len(streams):
        yield f"{place}: a stream stands twice in {streams!r}"
    single = [str(other) for other in recipes if not _is_composite(recipes[other])]
    for stream in streams:
        if stream not in recipes:
            yield f"{place}: stream '{stream}' is not a recipe{did_you_mean(stream, single)}; known: {', '.join(single)}"
        elif stream == name:
            yield f"{place}: it names itself among its streams"
        elif stream not in single:
            yield f"{place}: stream '{stream}' has streams itself; name those instead"


def _streams(name: str, recipes: Mapping[str, Any]) -> list[str]:
    recipe = recipes[name]
    if not _is_composite(recipe):
        return [name]
    named = recipe["streams"]
    return [stream for stream in named if isinstance(stream, str) and stream in recipes] if isinstance(named, list) else []


def _is_composite(recipe: Any) -> bool:
    return isinstance(recipe, Mapping) and "streams" in recipe


def _place(name: Any) -> str:
    return f"params.yaml: backbones.{name}"
