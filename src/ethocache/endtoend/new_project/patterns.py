"""Patterns such as ``videos/*.mp4`` that match the files of one kind and no other, and the rule by which labels are called."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from glob import escape
from itertools import takewhile
from pathlib import PurePosixPath

from ethocache.dataset.folder import DataFolder, plain_name

_SEPARATORS = set("_- .")


def pattern_of(files: Sequence[str], folder: DataFolder, others_too: bool = False, widest: bool = False) -> tuple[str, list[str]]:
    """Return a pattern for some files of a folder, and which of them it leaves out.

    The pattern never matches any other file, unless every pattern of the most common place and ending does.

    Parameters
    ----------
    files
        Names relative to the folder, with ``/``; at least one.
    others_too
        Whether a pattern that matches other files too is better than one that leaves some out.
    widest
        Whether files of another ending that come later are of this kind too, where a whole folder is.
    """
    if widest and len(files) == 1:
        return _of_one(files[0], folder), []
    written = list(_patterns(files))
    exact = next((pattern for pattern in (written[::-1] if widest else written) if folder.files(pattern).keys() == set(files)), None)
    wide = next((pattern for pattern in _patterns(files) if folder.files(pattern).keys() >= set(files)), None)
    if exact or (wide and others_too):
        return str(exact or wide), []
    most_common = _most_alike(files)
    tries = list(_patterns(most_common))
    pattern = next((pattern for pattern in tries if folder.files(pattern).keys() <= set(files)), tries[0])
    matched = folder.files(pattern)
    return pattern, [file for file in files if file not in matched]


def _of_one(file: str, folder: DataFolder) -> str:
    """Return the most general pattern that takes this file alone: what in its name is the video's is not known of a single one."""
    name = PurePosixPath(file)
    place = "" if str(name.parent) == "." else f"{escape(str(name.parent))}/"
    tail = re.search(r"[ _-][^ ._\-\d]+\.[^.]*$", name.name)  # '_labels.csv'; '_01.csv' would be the video's
    start = re.sub(r"[^ _-]*$", "", name.name)
    tries = ["*", f"*{escape(name.suffix)}", *([f"*{escape(tail[0])}"] if tail else []), f"{escape(start)}*{escape(name.suffix)}"]
    return next((place + each for each in tries if folder.files(place + each).keys() == {file}), place + tries[1])


def label_name(videos: Sequence[str], labels: Sequence[str]) -> str:
    """Return how labels files are called after their videos, as `labels.name` says it; ``{video}`` where no rule is seen."""
    stems = sorted(map(_stem, videos), key=len, reverse=True)  # of 'a' and 'a_2', the longer one is meant
    named = [(video, label.removeprefix(video)) for label in map(_stem, labels) if (video := _first_of(stems, label))]
    endings, starts = {ending for _, ending in named}, {ending[:1] for _, ending in named}
    if any("{" in ending or "}" in ending for ending in endings):
        return "{video}"
    if len(endings) == 1:
        return "{video}" + endings.pop()
    several_raters = len({video for video, _ in named}) < len(named) and len(starts) == 1 and starts <= _SEPARATORS
    return f"{{video}}{starts.pop()}{{rater}}" if several_raters else "{video}"


def _stem(file: str) -> str:
    return plain_name(PurePosixPath(file).stem)


def _first_of(stems: Sequence[str], name: str) -> str:
    return next((stem for stem in stems if name.startswith(stem)), "")


def _patterns(files: Sequence[str]) -> Iterator[str]:
    """Give patterns for files, those first that a person would write."""
    parents = {str(PurePosixPath(file).parent) for file in files}
    common = os.path.commonpath(parents).replace(os.sep, "/") if len(parents) > 1 else next(iter(parents))
    place = "" if common in ("", ".") else f"{escape(common)}/"
    if len(parents) > 1:
        place += "**/"
    names = [PurePosixPath(file).name for file in files]
    yield from (f"{place}{name}" for name in _names(names))


def _names(names: Sequence[str]) -> Iterator[str]:
    start, tail = _common_start(names), _common_start([name[::-1] for name in names])[::-1]
    start, tail = re.sub(r"[^ _-]*$", "", start), re.sub(r"^[^ ._-]*", "", tail)  # 'WT_0' and '1.csv' are chance
    ending = _ending([PurePosixPath(name).suffix for name in names])
    yield f"*{ending}"
    yield f"*{escape(tail)}"
    yield f"{escape(start)}*{ending}"
    yield f"{escape(start)}*{escape(tail)}"
    yield "*"


def _common_start(names: Sequence[str]) -> str:
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in alike)


def _ending(endings: Sequence[str]) -> str:
    """Return a pattern for all of these endings: ``.[mM][pP]4`` for .mp4 and .MP4."""
    if len({len(ending) for ending in endings}) > 1:
        return ""
    letters = (sorted(set(column)) for column in zip(*endings, strict=True))
    return "".join(escape(column[0]) if len(column) == 1 else f"[{''.join(column)}]" for column in letters)


def _most_alike(files: Sequence[str]) -> list[str]:
    """Return the files of the most common folder and ending."""
    kinds = {file: (str(PurePosixPath(file).parent), PurePosixPath(file).suffix) for file in files}
    (most, _), *_ = Counter(kinds.values()).most_common(1)
    return [file for file, kind in kinds.items() if kind == most]
