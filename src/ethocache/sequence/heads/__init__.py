"""The temporal heads by kind: a new one is a settings model, a small file beside this one, and a line in `HEADS`."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.params import parse_section
from ethocache.sequence.heads.ensemble import KIND, EnsembleRecipe, check_members, is_ensemble
from ethocache.sequence.heads.presets import PRESETS
from ethocache.sequence.heads.settings import (
    GruSettings,
    HeadSettings,
    LinearSettings,
    LstmSettings,
    MlpSettings,
    MsTcnSettings,
    TcnSettings,
    TransformerSettings,
)
from ethocache.sequence.settings import TrainParams

HEADS: dict[str, type[HeadSettings]] = {
    "linear": LinearSettings,
    "mlp": MlpSettings,
    "lstm": LstmSettings,
    "gru": GruSettings,
    "tcn": TcnSettings,
    "mstcn": MsTcnSettings,
    "transformer": TransformerSettings,
}

_AGREES_WITH_ALL = {"window_s": 1e9, "overlap_s": 0.0}  # what a head leaves open is checked when `train` is known, in effective_train


def resolve_head(name: str, recipes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{"name", "settings"}`` of the chosen head, every setting filled in; those of an ensemble's members included.

    Parameters
    ----------
    name
        The word after ``head:`` in params.yaml.
    recipes
        The section ``heads`` of params.yaml: name -> settings; `PRESETS` stand beside them.

    Raises
    ------
    InputError
        If no recipe has this name, or its settings are wrong.
    """
    recipes = PRESETS | dict(recipes)
    if not re.fullmatch(r"[A-Za-z0-9_-]+", str(name)):  # it names a folder below models/
        raise InputError(f"params.yaml: heads.{name}: a head's name may hold letters, digits, '_' and '-' only")
    if name not in recipes:
        raise InputError(f"params.yaml: head: '{name}' is not a recipe of 'heads'{_suggest(name, recipes)}")
    if is_ensemble(recipes[name]):
        return {"name": name, "settings": _resolve_ensemble(name, recipes)}
    return {"name": name, "settings": parse_head(recipes[name], f"params.yaml: heads.{name}").model_dump()}


def _resolve_ensemble(name: str, recipes: Mapping[str, Any]) -> dict[str, Any]:
    place = f"params.yaml: heads.{name}"
    ensemble = parse_section(recipes[name], EnsembleRecipe, place).model_dump(mode="json")
    check_members(name, ensemble["members"])
    single = [other for other in recipes if not is_ensemble(recipes[other])]
    for member in ensemble["members"]:
        head = member["head"]
        if head not in single:
            problem = (
                "is an ensemble itself; name its members instead"
                if head in recipes
                else f"is not a recipe of 'heads'{_suggest(head, single)}"
            )
            raise InputError(f"{place}: member '{head}' {problem}")
        member["settings"] = parse_head(recipes[head], f"params.yaml: heads.{head}").model_dump()
    return ensemble


def check_heads(recipes: Mapping[str, Any]) -> None:
    """Check every recipe of the section ``heads``.

    Raises
    ------
    InputError
        With every problem of every recipe, one per line.
    """
    problems = []
    for name in recipes:
        try:
            resolve_head(name, recipes)
        except InputError as error:
            problems.append(str(error))
    if problems:
        raise InputError("\n".join(problems))


def parse_head(values: Any, place: str) -> HeadSettings:
    """Check the settings of one head.

    Raises
    ------
    InputError
        With every problem, each line starting with `place`.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{place}: expected 'kind: lstm' and its settings, found {values!r}")
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in HEADS:
        raise InputError(f"{place}: 'kind': expected one of {', '.join([*HEADS, KIND])}, found {kind!r}{did_you_mean(kind, HEADS)}")
    settings = parse_section(values, HEADS[kind], place)
    parse_section({**_AGREES_WITH_ALL, **settings.train}, TrainParams, f"{place}.train")
    return settings


def effective_train(params: TrainParams, head: HeadSettings) -> TrainParams:
    """Return the settings of ``train`` with what this head wants otherwise.

    Raises
    ------
    InputError
        If both together do not agree, such as an overlap longer than the window.
    """
    return parse_section({**params.model_dump(), **head.train}, TrainParams, "params.yaml: train, with the 'train' of its head")


def _suggest(name: str, recipes: Iterable[str]) -> str:
    return did_you_mean(name, recipes) or f"; known: {', '.join(sorted(recipes))}"
