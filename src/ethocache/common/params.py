"""Read params.yaml into strict, typed sections and report every problem at once."""

import re
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ethocache.common.errors import InputError, did_you_mean


class Section(BaseModel):
    """One section of params.yaml: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


SectionT = TypeVar("SectionT", bound=Section)


class _Loader(yaml.SafeLoader):
    """YAML as people mean it: ``1e-3`` is a number, and a key that stands twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            line = node.start_mark.line + 1
            raise InputError(f"'{twice[0]}' stands twice in the section that starts at line {line}; keep one")
        return super().construct_mapping(node, deep)


_FLOAT_WITHOUT_DOT = r"^[-+]?\d+(?:\.\d*)?[eE][-+]?\d+$"
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(_FLOAT_WITHOUT_DOT), list("-+0123456789"))


def load_params(path: Path) -> dict[str, Any]:
    """Read params.yaml as plain values.

    Raises
    ------
    InputError
        If the file is missing, is not YAML, or holds a key twice.
    """
    try:
        return parse_params(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise InputError(f"{path} is not there: run from the project's folder") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text ({error.reason} at byte {error.start}): save it as UTF-8") from None


def parse_params(text: str, place: str) -> dict[str, Any]:
    """Read the text of a params.yaml, such as an earlier one, as plain values; `place` is named in errors.

    Raises
    ------
    InputError
        If it is not YAML, or holds a key twice.
    """
    try:
        values = yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        raise InputError(f"{place} is not valid YAML: {' '.join(str(error).split())}") from None
    except InputError as error:
        raise InputError(f"{place}: {error}") from None
    if not isinstance(values, dict):
        raise InputError(f"{place}: expected sections such as 'data:', found {type(values).__name__}")
    return values


def read_section(path: Path, name: str, model: type[SectionT]) -> SectionT:
    """Read and check one section of params.yaml."""
    return parse_section(load_params(path).get(name), model, f"{path}: {name}")


def parse_section(values: Any, model: type[SectionT], place: str) -> SectionT:
    """Check one section against its model.

    Raises
    ------
    InputError
        With every problem of the section, one per line, each starting with `place`.
    """
    if values is None:
        values = {}
    if not isinstance(values, Mapping):
        raise InputError(f"{place}: expected 'setting: value' lines, found {values!r}")
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise InputError("\n".join(_explain(problem, model, place) for problem in error.errors())) from None


def _explain(problem: Any, model: type[Section], place: str) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden" and (section := _section_at(model, problem["loc"][:-1])):
        hint = did_you_mean(problem["loc"][-1], section.model_fields) or f"; known: {', '.join(section.model_fields)}"
        return f"{place}: '{where}' is not a setting{hint}"
    if problem["type"] == "missing":
        return f"{place}: '{where}' is missing"
    reason = problem["msg"].removeprefix("Value error, ")
    hint = did_you_mean(problem["input"], _choices(problem)) if problem["type"] == "literal_error" else ""
    return f"{place}: '{where}': {reason}, found {problem['input']!r}{hint}" if where else f"{place}: {reason}"


def _choices(problem: Any) -> list[str]:
    """Return the words that a setting may be, from pydantic's ``'auto', 'none' or 'median'``."""
    return re.findall(r"'([^']*)'", problem["ctx"]["expected"])


def _section_at(model: type[Section], path: tuple[object, ...]) -> type[Section] | None:
    """Return the section inside a section to which a path of names leads; None where it leads to something else."""
    for name in path:
        inner = model.model_fields[str(name)].annotation if str(name) in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, Section)):
            return None
        model = inner
    return model
