"""Which animals are compared with which: the animal is the unit, however many videos it has."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ethocache.common.errors import InputError, did_you_mean
from ethocache.dataset.findings import some
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.text import shown

_PARTS = re.compile(r"[0-9]+(?:\.[0-9]+)?|[^0-9]+")


@dataclass(frozen=True)
class Design:
    """Who is in which group.

    Attributes
    ----------
    group_of
        Animal -> its group, such as ``WT`` or ``WT YFP`` where several parts are named; one group without a name where none is.
    level_of
        Animal -> the level of another part within which groups are compared; empty where there is none.
    groups
        All groups, the control first.
    levels
        All levels.
    """

    group_of: Mapping[str, str]
    level_of: Mapping[str, str]
    groups: tuple[str, ...]
    levels: tuple[str, ...]

    def animals(self, group: str, level: str = "") -> list[str]:
        """Return the animals of a group, within a level."""
        return [animal for animal, its in self.group_of.items() if its == group and self.level_of[animal] == level]


def animal_of(record: VideoRecord) -> str:
    """Return whose behaviour a record is about: of several animals in one video each is one."""
    return f"{record.animal}.{record.individual}" if record.individual else record.animal


def make_design(about: Mapping[str, Sequence[Mapping[str, str]]], by: Sequence[str], within: Sequence[str], control: str = "") -> Design:
    """Put every animal into its group.

    Parameters
    ----------
    about
        Animal -> what is known of each of its videos, by part of the name or column of the metadata.
    by
        Whose values make the groups, all of them together; none makes one group of all.
    within
        Whose values the groups are compared within.
    control
        The group that stands first, and that others are compared with; empty takes the first by name.

    Raises
    ------
    InputError
        If a part is not known, an animal is in two groups, there is only one group, or the control is not one of them.
    """
    known = list(dict.fromkeys(name for videos in about.values() for video in videos for name in video))
    for option, names in (("--by", by), ("--within", within)):
        _check_names(option, names, known)
    if within and not by:
        raise InputError("--within: expected --by too, which says what is compared within it")
    if both := [name for name in within if name in by]:
        raise InputError(f"--within: expected another part than in --by, found '{both[0]}' in both")
    group_of = {animal: _cell(animal, videos, by, "--by") for animal, videos in sorted(about.items())}
    level_of = {animal: _cell(animal, videos, within, "--within") for animal, videos in sorted(about.items())}
    for option, names in (("--by", by), ("--within", within)):
        _check_cells_differ(about, names, option)
    groups = sorted(set(group_of.values()), key=by_number)
    if by and len(groups) < 2:
        raise InputError(f"--by: expected at least two groups by {', '.join(by)}, found only '{shown(groups[0])}'; name another part")
    if control and control not in groups:
        raise InputError(f"--control: '{shown(control)}' is not a group{did_you_mean(control, groups)}; known: {some(groups)}")
    return Design(
        group_of, level_of, tuple(sorted(groups, key=lambda group: group != control)), tuple(sorted(set(level_of.values()), key=by_number))
    )


def by_number(name: str) -> tuple[list[tuple[str, float]], str]:
    """Return what sorts names as people do: ``dose 2`` before ``dose 10``, and ``0.5 mg`` before ``1 mg``."""
    parts = ((part, part[0].isdecimal()) for part in _PARTS.findall(name))
    return [("", float(part)) if is_number else (part, 0.0) for part, is_number in parts], name


def _check_names(option: str, names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{option}: expected each part once, found '{shown(name)}' twice")
        if name in ("animal", "video"):
            raise InputError(f"{option}: expected what several animals have in common, found '{name}', which makes each a group of its own")
        if name not in known:
            parts = [part for part in known if part != "animal"]
            listed = f"known: {', '.join(parts)}" if parts else "names have no other part than the animal; give a table with --metadata"
            raise InputError(
                f"{option}: '{shown(name)}' is no part of the videos' names (data.name) and no column of --metadata"
                f"{did_you_mean(name, parts)}; {listed}"
            )


def _cell(animal: str, videos: Sequence[Mapping[str, str]], parts: Sequence[str], option: str) -> str:
    for part in parts:
        values = sorted({video.get(part, "") for video in videos})
        if len(values) > 1:
            several = " and ".join(f"'{shown(value)}'" for value in values)
            raise InputError(
                f"{option}: animal '{shown(animal)}' has {part} {several}, and animals "
                "are compared between groups; if these are several animals, give them several names"
            )
        if not values[0]:
            raise InputError(f"{option}: animal '{shown(animal)}' has no {part}; fill it in")
    return " ".join(videos[0][part] for part in parts)


def _check_cells_differ(about: Mapping[str, Sequence[Mapping[str, str]]], parts: Sequence[str], option: str) -> None:
    values: dict[str, tuple[str, ...]] = {}
    for videos in about.values():
        found = tuple(videos[0][part] for part in parts)
        if values.setdefault(" ".join(found), found) != found:
            name = shown(" ".join(found))
            raise InputError(f"{option}: '{name}' would be the name of two groups, as {' and '.join(parts)} have spaces; rename one")
