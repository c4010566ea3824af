"""Look at a folder: which files are videos, tracks and labels, and which behaviours the labels name."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ethocache.common.errors import InputError
from ethocache.common.progress import progress
from ethocache.dataset.deeplabcut import is_named_after, is_track
from ethocache.dataset.folder import NamesByStem, plain_name
from ethocache.dataset.formats import FORMATS, BoutList, Content, FrameMarks, Meaning, recognise

VIDEO_ENDINGS = {
    ".mp4", ".avi", ".mov", ".mkv", ".m4v", ".mpg", ".mpeg", ".wmv", ".webm", ".mts", ".m2ts", ".flv", ".asf", ".3gp", ".ogv",
}  # fmt: skip
_TRACKS = {".csv", ".h5"}
_TABLES = {".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".boris", ".annot"}
_NOT_DATA = {"readme", "license", "requirements", "notes"}


@dataclass(frozen=True)
class Found:
    """What lies in a folder; files are relative to it, with ``/``, in sorted order.

    Attributes
    ----------
    videos, tracks
        Their files. Tracks are known by their content, videos by their ending.
    labels
        File -> name of its format.
    unknown
        Tables that are neither tracks nor labels -> why not.
    """

    videos: tuple[str, ...]
    tracks: tuple[str, ...]
    labels: Mapping[str, str]
    unknown: Mapping[str, str]

    @property
    def files(self) -> tuple[str, ...]:
        return (*self.videos, *self.tracks, *self.labels)

    def without_track(self) -> list[str]:
        """Return the videos that no track is named after."""
        names = NamesByStem(self.tracks)
        stems = {video: plain_name(PurePosixPath(video).stem) for video in self.videos}
        return [video for video, stem in stems.items() if not any(is_named_after(stem, Path(name)) for name in names.starting_with(stem))]


@dataclass(frozen=True)
class Said:
    """What labels files say.

    Attributes
    ----------
    behaviours
        Names in them -> how often each is said.
    problems
        A line for each file that cannot be read.
    without_unit
        The files that do not say whether they count seconds or frames.
    """

    behaviours: Counter[str]
    problems: tuple[str, ...] = ()
    without_unit: tuple[str, ...] = ()


def look_into(folder: Path) -> Found:
    """Sort a folder's files by what they are; nothing is read but beginnings."""
    files = sorted(_visible(folder))
    videos = tuple(file for file in files if PurePosixPath(file).suffix.lower() in VIDEO_ENDINGS)
    tracks, labels, unknown = [], {}, {}
    with progress("looking at files", len(files)) as bar:
        for file in files:
            bar.update()
            if _ending(file) in _TRACKS and is_track(folder / file):
                tracks.append(file)
            elif _ending(file) in _TABLES and PurePosixPath(file).stem.lower() not in _NOT_DATA:
                try:
                    labels[file] = recognise(folder / file, Meaning())
                except InputError as error:
                    unknown[file] = str(error)
    return Found(videos, tuple(tracks), labels, unknown)


def read_all(folder: Path, labels: Mapping[str, str]) -> Said:
    """Read labels files; one that cannot be read is a problem to be told, not an error."""
    names: Counter[str] = Counter()
    problems, without_unit = [], []
    for file, format_name in labels.items():
        try:
            contents = [found.content for found in FORMATS[format_name].read(folder / file, Meaning())]
        except InputError as error:
            problems.append(f"{file}: {error}")
            continue
        names.update(name for content in contents for name in _names(content))
        without_unit += [file for content in contents[:1] if isinstance(content, BoutList) and content.unit is None]
    return Said(names, tuple(problems), tuple(without_unit))


def _names(content: Content) -> Sequence[str]:
    if isinstance(content, FrameMarks):
        return content.behaviours
    return [bout.behaviour for bout in content.bouts] if isinstance(content, BoutList) else [content.behaviour]


def _visible(folder: Path) -> Iterator[str]:
    """Give every file that is not hidden, nor in a hidden folder; a folder that is linked to from within itself once."""
    seen: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        for name in (name for name in files if not name.startswith((".", "~$"))):
            if not Path(place, name).exists():
                raise InputError(f"{Path(place, name)}: a link to what is not there; connect its drive, or remove the link")
            yield Path(place, name).relative_to(folder).as_posix()


def _ending(file: str) -> str:
    return PurePosixPath(file).suffix.lower()
