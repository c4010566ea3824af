"""Find the files of a project's data folder, wherever the pipeline runs."""

import os
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.params import Section
from ethocache.dataset.clocks import MOTION, SAME, Clock

TOGETHER, EACH = "together", "each"


class DataParams(Section):
    """Where a lab's files are and what their names mean (`data` in params.yaml).

    Attributes
    ----------
    dir
        Folder of the data: relative to the project, or absolute.
    videos, tracks, labels, corrections
        Patterns below `dir`.
    name
        What the parts of a video's name are, such as ``{genotype}_{treatment}_{animal}``.
    behaviours
        What is tagged, in this order everywhere.
    fps
        Frames per second of sessions that have a track but no video; None leaves such tracks aside.
    individuals
        Of a video whose track tells several animals apart: ``together`` takes it as one, ``each`` crops, labels and tags every
        one of them by itself; names do so for these alone.
    views
        The part of a video's name that is the camera, where several film one session; empty where every video is a session.
    reference_view
        The camera whose frames are a session's frames where no labels file is named after another one; empty: chosen.
    clocks
        How the cameras' clocks go by that of the reference view: ``motion`` (found from the tracks), ``same``, a table of the data
        folder (video, offset_s, drift), or the `Clock` of each view.
    """

    dir: str
    videos: str = "videos/*.mp4"
    tracks: str = "videos/*"
    labels: str = "labels/*"
    corrections: str = "corrections/*.csv"
    name: str = "{animal}"
    behaviours: tuple[str, ...]
    fps: float | None = Field(default=None, gt=0, le=100_000)
    individuals: str | tuple[str, ...] = TOGETHER
    views: str = ""
    reference_view: str = ""
    clocks: str | dict[str, Clock] = MOTION

    @field_validator("videos", "tracks", "labels", "corrections", "clocks")
    @classmethod
    def _stays_below_the_folder(cls, pattern: Any) -> Any:
        if not isinstance(pattern, str):
            return pattern
        path = PurePosixPath(pattern)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError("expected a pattern below data.dir, without '..' and not starting at '/'")
        try:
            list(Path(os.devnull).glob(pattern))  # a place without files: only the pattern itself can fail
        except ValueError as error:
            raise ValueError(f"expected a pattern such as 'videos/*.mp4' or '**/*.mp4' ({error})") from None
        return pattern

    @field_validator("behaviours")
    @classmethod
    def _names_differ(cls, behaviours: tuple[str, ...]) -> tuple[str, ...]:
        if not behaviours:
            raise ValueError("expected the names that your labels use, such as [grooming, rearing]")
        if any(not name.strip() or name != name.strip() or not name.isprintable() for name in behaviours):
            raise ValueError("expected names without spaces around them")
        names = {name.casefold() for name in behaviours}
        if len(names) < len(behaviours):
            raise ValueError("expected each behaviour once")
        if reserved := sorted({"macro", "data", "none"} & names):
            raise ValueError(f"'{reserved[0]}' is a word of the metrics file; give the behaviour another name")
        if reserved := sorted({"frame", "time_s", *(f"{name}_probability" for name in names)} & names):
            raise ValueError(f"'{reserved[0]}' is another column of the tables of tags; give the behaviour another name")
        return behaviours

    @field_validator("individuals", mode="before")
    @classmethod
    def _are_names(cls, individuals: object) -> object:
        if individuals in (TOGETHER, EACH):
            return individuals
        if isinstance(individuals, str):
            hint = did_you_mean(individuals, (TOGETHER, EACH)) or ", or a list of names such as [mouse1, mouse2]"
            raise ValueError(f"expected {TOGETHER} or {EACH}{hint}")
        names = individuals if isinstance(individuals, list | tuple) else ()
        if not names or not all(isinstance(name, str) and name.strip() for name in names):
            raise ValueError(f"expected {TOGETHER}, {EACH} or names as the tracks have them, in quotes where they are numbers")
        if len(set(names)) < len(names):
            raise ValueError("expected each individual once")
        return tuple(plain_name(name) for name in names)

    @field_validator("individuals")
    @classmethod
    def _have_a_column_of_their_own(cls, individuals: str | tuple[str, ...], info: ValidationInfo) -> str | tuple[str, ...]:
        if individuals != TOGETHER and "{individual}" in info.data.get("name", ""):
            raise ValueError("data.name has a part {individual} too; call that part otherwise, as tables have a column of this name")
        return individuals

    @field_validator("views", "reference_view", mode="before")
    @classmethod
    def _empty_is_none(cls, name: object) -> object:
        return "" if name is None else name

    @field_validator("views")
    @classmethod
    def _is_a_part_of_the_name(cls, views: str, info: ValidationInfo) -> str:
        parts = re.findall(r"\{(\w+)\}", info.data.get("name", ""))
        if views and views not in parts:
            raise ValueError(f"expected one of the parts of data.name ({', '.join(parts)}){did_you_mean(views, parts)}")
        if views == "animal" or parts == [views]:
            raise ValueError("expected the part that is the camera, beside others that tell the session")
        if views and info.data.get("individuals", TOGETHER) != TOGETHER:
            raise ValueError("expected nothing where data.individuals is not together, as nothing tells who is who in two views")
        return views

    @field_validator("reference_view")
    @classmethod
    def _is_of_several(cls, view: str, info: ValidationInfo) -> str:
        if view and not info.data.get("views", ""):
            raise ValueError("expected nothing where data.views is empty: there is one view")
        return plain_name(view)

    @field_validator("clocks", mode="before")
    @classmethod
    def _are_clocks(cls, clocks: object) -> object:
        if not isinstance(clocks, dict):
            return clocks
        return {plain_name(str(view)): _clock_of(str(view), clock) for view, clock in clocks.items()}

    @property
    def clock_files(self) -> tuple[str, ...]:
        """The pattern of the table of clocks, where `clocks` names one."""
        return (self.clocks,) if isinstance(self.clocks, str) and self.views and self.clocks not in (SAME, MOTION) else ()

    @property
    def each(self) -> bool:
        """Whether the individuals of a video are taken by themselves."""
        return self.individuals != TOGETHER


def _clock_of(view: str, clock: object) -> Clock:
    try:
        return Clock.model_validate(clock)
    except ValidationError as error:
        if any(problem["type"] in ("greater_than", "less_than") for problem in error.errors()):
            raise ValueError(
                f"expected a drift between .5 and 2 for '{view}', the seconds of its clock in one second of the other, such as 1.02 where "
                "it gains 2 %"
            ) from None
        raise ValueError("expected two numbers for each view, such as {side: {offset_s: 0.2, drift: 1.001}}") from None


class DataFolder:
    """The data folder, seen from this checkout and, for files that git does not carry, from the main one.

    A queued experiment runs in a temporary copy that holds only what git tracks. DVC names the main
    checkout in ``DVC_ROOT``; a file that the copy lacks is taken from there.

    Parameters
    ----------
    folder
        `DataParams.dir`.
    """

    def __init__(self, folder: str) -> None:
        here, main = Path(folder), Path(os.environ.get("DVC_ROOT", ".")) / folder
        self._roots = [root for root in (here, main) if root.is_dir()]
        if not self._roots:
            raise InputError(f"data.dir: expected a folder, found none at {here.absolute()}; set data.dir in params.yaml")

    def files(self, pattern: str) -> dict[str, Path]:
        """Return the files of a pattern: name relative to the folder (with ``/``) -> where it is, in sorted order.

        Hidden files (``.DS_Store``, the ``._name.mp4`` that macOS leaves on network drives, the ``~$name.csv`` of an
        open Excel) are not data.

        Raises
        ------
        InputError
            If a link leads nowhere, or a name is no text.
        """
        found: dict[str, Path] = {}
        for root in reversed(self._roots):
            visible = (path for path in root.glob(pattern) if not path.name.startswith((".", "~$")) and not path.is_dir())
            found |= {path.relative_to(root).as_posix(): path for path in visible}
        for file, path in found.items():
            if not file.isprintable() and any(unicodedata.category(letter) in ("Cc", "Cs") for letter in file):
                raise InputError(f"{file!a}: this file's name holds what is no UTF-8 text, or a line break; rename it")
            if not path.exists():
                raise InputError(f"{path}: a link to {path.readlink()}, which is not there; connect its drive, or remove the link")
        return dict(sorted(found.items()))

    def places(self, *patterns: str) -> list[tuple[Path, str]]:
        """Return every folder and pattern in which `files` looks for these patterns."""
        return [(root, pattern) for root in self._roots for pattern in patterns]

    def path(self, file: str) -> Path:
        """Return where a file of this relative name is.

        Raises
        ------
        InputError
            If it has gone since the videos were indexed.
        """
        for root in self._roots:
            if (path := root / file).is_file():
                return path
        raise InputError(f"{self._roots[0] / file} is gone since the videos were indexed; put it back, or run 'dvc repro' to index again")


def refuse_results_folder(folder: str, results: Iterable[Path]) -> None:
    """Refuse a data folder in which the pipeline would overwrite or remove the lab's own files.

    Parameters
    ----------
    folder
        `DataParams.dir`.
    results
        Where the pipeline writes.

    Raises
    ------
    InputError
        If a results folder lies in the data folder, or the other way round.
    """
    data = Path(folder).resolve()
    for result in results:
        place = result.resolve()
        if place.is_relative_to(data) or data.is_relative_to(place):
            raise InputError(
                f"data.dir: '{folder}' overlaps with '{result.as_posix()}', where results are written and removed; "
                "put your files in a folder of their own, such as data/mylab"
            )


def plain_name(name: str) -> str:
    """Return a name in Unicode's NFC form: macOS and Linux write the same accents in different bytes."""
    return unicodedata.normalize("NFC", name)


class NamesByStem:
    """Files that can be asked for by the beginning of their name, quickly for thousands.

    Parameters
    ----------
    files
        Names relative to the data folder.
    """

    def __init__(self, files: Iterable[str]) -> None:
        self._sorted = sorted((plain_name(PurePosixPath(file).name), file) for file in files)

    def starting_with(self, stem: str) -> list[str]:
        """Return the files whose name starts with `stem`."""
        first = bisect_left(self._sorted, (stem,))
        found = []
        for name, file in self._sorted[first:]:
            if not name.startswith(stem):
                break
            found.append(file)
        return found
