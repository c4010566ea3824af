"""The texts of a new project: this repository's own files, made to fit a folder that holds none of its code.

``template/params.yaml`` is a copy for this purpose: the one of a clone has the demo's settings of the moment, such as the head of the
last experiment, or the animals that a search has seen.
"""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ethocache.common.params import load_params

_SHIPPED = Path(__file__).parent / "template"  # where params.yaml lies, and where the wheel puts the others
_CLONE = Path(__file__).parents[4]
_PLOTS = ("confusion_frames", "labelled_tagged", "precision_recall", "reliability", "training_curves")
PLOTS = tuple(f".dvc/plots/{name}.json" for name in _PLOTS)
AS_THEY_ARE = (".dvc/config", ".dvc/.gitignore", *PLOTS)
_COMMENTS_START = 32  # column
_PLAIN = re.compile(r"[^\W\d_][\w./*-]*( [\w./*-]+)*")
_YAML_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def template(name: str) -> str:
    """Return the text of one of this repository's files."""
    return _file(name).read_text(encoding="utf-8")


def results() -> list[str]:
    """Return every place in a project where results are written and removed, such as ``data/crops``."""
    stages = [stage.get("do", stage) for stage in load_params(_file("dvc.yaml"))["stages"].values()]
    items = (item for stage in stages for item in (*stage.get("outs", ()), *stage.get("metrics", ())))
    places = (PurePosixPath(item if isinstance(item, str) else next(iter(item))).parts for item in items)
    return sorted({"/".join(parts[: 2 if parts[0] == "data" else 1]) for parts in places} | {"store"})


def ignored_by_git(data: str | None) -> list[str]:
    """Return the lines of .gitignore: what is computed, what Python leaves behind, and the data folder where it is in the project."""
    shared = template(".gitignore").partition("# what is computed")[2].splitlines()[1:]
    ours = [line for line in shared if line and not line.startswith(("#", "!"))]
    return [".venv/", "__pycache__/", *ours, *_line_for(data)]


def ignored_by_dvc(data: str | None) -> list[str]:
    """Return the lines of .dvcignore."""
    return [*template(".dvcignore").splitlines(), *_line_for(data)]


def set_value(params: str, section: str, key: str, value: str | Sequence[str], comment: str | None = None) -> str:
    """Return the text of params.yaml with another value of one setting; all else stays as it is, comments too.

    Parameters
    ----------
    comment
        Takes the place of the comment behind the value.
    """
    text, done, inside, skipping = [], False, False, False
    for line in params.splitlines():
        if not line.startswith(" "):
            inside = line.startswith(f"{section}:")
        skipping = skipping and line.startswith("  - ")
        if inside and line.startswith(f"  {key}:"):
            text += _setting(key, value, comment or line.partition(" # ")[2])
            skipping = done = True
        elif not skipping:
            text.append(line)
    if not done:
        raise KeyError(f"{section}.{key}")
    return "\n".join(text) + "\n"


def _setting(key: str, value: str | Sequence[str], comment: str) -> list[str]:
    items = [] if isinstance(value, str) else [f"  - {_scalar(item)}" for item in value]
    first = f"  {key}: {_scalar(value) if isinstance(value, str) else '' if items else '[]'}".rstrip()
    return [f"{first:<{_COMMENTS_START - 1}} # {comment}" if comment else first, *items]


def _scalar(text: str) -> str:
    """Return text as YAML that is read as this text and nothing else."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _YAML_WORDS:
        return text
    return "'" + text.replace("'", "''") + "'"


def _line_for(folder: str | None) -> list[str]:
    """Return the line of an ignore file for a folder of the project, whatever characters its name holds."""
    return [] if folder is None else ["/" + re.sub(r"([\\*?\[\] #!])", r"\\\1", folder) + "/"]


def _file(name: str) -> Path:
    shipped = _SHIPPED / name
    return shipped if shipped.exists() else _CLONE / name
