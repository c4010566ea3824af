"""Find which labels files speak of which videos, whatever tool wrote them and however many videos one file holds."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from ethocache.common.batch import for_each
from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.store import Store
from ethocache.dataset.findings import grouped, some
from ethocache.dataset.folder import plain_name
from ethocache.dataset.formats import FORMATS, Labels, Meaning, recognise
from ethocache.dataset.label_rules import AUTO, LabelParams
from ethocache.dataset.label_subjects import FILE_ENDINGS, Subjects, without_labels
from ethocache.dataset.text import shown

REVISION = 1  # of how files are read; raising it reads every labels file again
_SCORER = re.compile(r"(?=DLC|DeepCut)")


@dataclass(frozen=True)
class LabelPart:
    """One video's labels by one rater, in one file.

    Attributes
    ----------
    file, path
        The labels file: relative to the data folder, and where it is.
    digest
        sha256 of its bytes.
    format
        Name of its format.
    number
        Which of the file's parts this is.
    rater
        Who labelled it; empty where nobody is named.
    meaning
        How the file is read.
    """

    file: str
    path: Path
    digest: str
    format: str
    number: int
    rater: str
    meaning: Meaning

    def read(self) -> Labels:
        """Read this part.

        Raises
        ------
        InputError
            If anything in the file cannot be right; names it.
        """
        return read_parts(self.path, self.format, _Key(self.meaning, self.digest))[self.number]


@dataclass(frozen=True)
class Matched:
    """Which labels belong to which video.

    Attributes
    ----------
    parts
        Video id -> its labels, one part per rater.
    notes
        What was left aside.
    """

    parts: dict[str, tuple[LabelPart, ...]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Key:
    """A meaning and the content of a file, as a key of the cache: equal bytes read with equal settings give equal labels."""

    meaning: Meaning
    digest: str

    def __hash__(self) -> int:
        return hash(self.digest)


@lru_cache(maxsize=1)
def read_parts(path: Path, name: str, key: "_Key") -> tuple[Labels, ...]:
    """Read all that a file holds; the last file stays in memory, as the parts of one are asked for one after the other."""
    try:
        return FORMATS[name].read(path, key.meaning)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def match_labels(
    videos: Collection[str],
    files: Mapping[str, Path],
    params: LabelParams,
    meaning: Meaning,
    store: Store,
    problems: list[str] | None = None,
    subjects: Subjects | None = None,
) -> Matched:
    """Return which labels belong to which video.

    A file that says which videos it is about is believed; else its name says it (`LabelParams.name`). What a file holds is
    remembered by its content, so that only a new one is read.

    Parameters
    ----------
    videos
        The ids of all videos, or of their individuals where each is taken by itself.
    files
        Name relative to the data folder -> path, of every labels file.
    problems
        Takes what is wrong, where that is to be listed rather than to stop the work.
    subjects
        Whose labels are whose, where the individuals of videos are taken by themselves (`subjects_of`).

    Raises
    ------
    InputError
        If labels belong to no video, or the labels of one rater and video stand twice; every problem on its own line.
    """
    whose = subjects or Subjects()
    names = _VideoNames(videos, params.name, whose.videos)
    found: dict[str, dict[str, LabelPart]] = {}
    aside: list[str] = []
    nobody: list[str] = []
    otherwise: list[str] = []

    def match(file: str) -> None:
        digest = store.fingerprint(files[file])
        name, heads = _heads(files[file], digest, params, meaning, store)
        for number, (media, rater, subject) in enumerate(heads):
            video, named = names.find(file, media, alone=len({media for media, *_ in heads}) == 1)
            if video is not None and subjects:
                _refuse_several(file, whose, video, {other for about, _, other in heads if about == media})
                unit = _unit(file, whose, video, subject)
                if unit is None:
                    nobody.append(_nobody(file, whose, video, subject, params))
                    continue
                video = unit
            if video is None:
                aside.append(_unmatched(file, media, videos, params))
                continue
            if media and whose.videos.get(video, video) not in (base_name(media), video_of(media)) and names.by_file_name(media):
                otherwise.append(f"{file}: says that it is about '{shown(video_of(media))}', and is taken for '{video}' by its own name")
            part = LabelPart(file, files[file], digest, name, number, rater or named, meaning)
            _add(found.setdefault(video, {}), part, video)

    for_each(files, match, keeps=False, problems=problems)
    notes = [*otherwise, *grouped(without_labels(whose, found))]
    if nobody:
        notes.append(f"labels of {len(nobody)} subjects that are no individual are left aside: {some(nobody)}")
    left = [f"labels of {len(aside)} videos that are not there are left aside: {', '.join(aside[:3])}{' ...' if len(aside) > 3 else ''}"]
    return Matched({video: tuple(parts.values()) for video, parts in sorted(found.items())}, (*notes, *(left if aside else ())))


def _unit(file: str, whose: Subjects, video: str, subject: str) -> str | None:
    try:
        return whose.unit_of(video, subject)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def _refuse_several(file: str, whose: Subjects, video: str, told: set[str]) -> None:
    """Refuse labels of several subjects of a video whose track is of one animal, unless the settings say which is that animal."""
    if len(told) > 1 and not whose.only and video not in whose.units and video not in whose.names:
        listed = ", ".join(f"'{shown(subject)}'" for subject in sorted(told))
        raise InputError(
            f"{file}: it tells of several subjects, {listed}, but the track of '{video}' is of one animal; say in labels.subject "
            "whose behaviour is meant"
        )


def _nobody(file: str, whose: Subjects, video: str, subject: str, params: LabelParams) -> str:
    """Return what is left aside, or refuse it, as the settings say."""
    if params.unmatched == "skip" or video not in whose.units:  # of one animal alone, labels.subject says whose is read
        return f"'{shown(subject)}' of '{video}'"
    raise InputError(f"{file}: {whose.explain(video, subject)}")


def _heads(path: Path, digest: str, params: LabelParams, meaning: Meaning, store: Store) -> tuple[str, list[tuple[str, str, str]]]:
    """Return the format of a file, and media, rater and subject of each of its parts."""
    about = meaning_as_json(meaning)
    question = {"what": "labels file", "sha256": digest, "format": params.format, "meaning": about, "revision": REVISION}
    if known := store.recall(question):
        return known["format"], [(media, rater, subject) for media, rater, subject in known["parts"]]
    try:
        name = recognise(path, meaning) if params.format == AUTO else params.format
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    heads = [(labels.media, labels.rater, labels.subject) for labels in read_parts(path, name, _Key(meaning, digest))]
    store.remember(question, {"format": name, "parts": [list(head) for head in heads]})
    return name, heads


def meaning_as_json(meaning: Meaning) -> dict[str, object]:
    """Return a meaning as plain values, always in the same order."""
    return {**vars(meaning), "names": sorted(meaning.names), "columns": dict(meaning.columns), "streams": list(meaning.streams)}


def _add(parts: dict[str, LabelPart], part: LabelPart, video: str) -> None:
    if twice := parts.get(part.rater):
        by = f" by '{shown(part.rater)}'" if part.rater else ""
        remedy = "keep one of the two, or narrow data.labels"
        if not part.rater:
            remedy += "; of two people, say whose each is: labels.name: '{video}_{rater}'"
        raise InputError(f"{part.file}: {twice.file} already holds the labels of '{video}'{by}; {remedy}")
    parts[part.rater] = part


def _unmatched(file: str, media: str, videos: Collection[str], params: LabelParams) -> str:
    """Return what is left aside, or refuse it, as the settings say."""
    wanted = video_of(media) if media else plain_name(PurePosixPath(file).stem)
    if params.unmatched == "skip":
        return f"'{shown(wanted)}'"
    within = f"the labels of '{shown(wanted)}' in it belong to no video" if media else f"no video is called '{shown(wanted)}'"
    remedy = "rename the file, set labels.name, or narrow data.labels" if not media else "labels.unmatched: skip leaves them aside"
    raise InputError(f"{file}: {within}{did_you_mean(wanted, videos)}; {remedy}")


def video_of(media: str) -> str:
    """Return what a video of a labelling tool is called, without the folders and endings of the computer that it was on."""
    base = base_name(media)
    return base.rsplit(".", 1)[0] if "." in base[1:] else base


def base_name(media: str) -> str:
    """Return the last part of a path of any computer."""
    return plain_name(media.strip()).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


class _VideoNames:
    """Finds the video that a file or a medium is named after."""

    def __init__(self, videos: Iterable[str], pattern: str, units: Mapping[str, str]) -> None:
        self._units = units
        self._videos = frozenset(videos) | frozenset(units.values())
        self._parts = re.split(r"\{(\w+)\}", pattern)

    def find(self, file: str, media: str, alone: bool) -> tuple[str | None, str]:
        """Return the video and the rater that the file's name tells; ``(None, "")`` where there is no such video.

        Parameters
        ----------
        alone
            Whether the file is about one video only, so that its own name may say which.
        """
        stem = plain_name(PurePosixPath(file).stem)
        of_file, rater = self._fit(stem, file)
        if not media:
            return of_file, rater
        of_media = self._of_media(media)
        if alone and of_file and of_media and of_media == self._units.get(of_file):
            return of_file, rater
        if alone and of_file and of_media and of_file != of_media:
            raise InputError(f"{file}: it is named after '{of_file}', but says that it is about '{of_media}'; rename it")
        return of_media or (of_file if alone else None), rater if of_file else ""

    def by_file_name(self, media: str) -> bool:
        """Return whether only the file's own name can tell the video of a medium."""
        return self._of_media(media) is None

    def _of_media(self, media: str) -> str | None:
        name = video_of(media)
        whole = base_name(media)  # a live observation may be called "mouse1.2", which has no ending
        fits = (whole, name, _SCORER.split(name, maxsplit=1)[0], self._fit(name, media)[0])  # as it is, as a track, as a labels file
        found = next((fit for fit in fits if fit in self._videos), None)
        ending = whole.removeprefix(name)[1:].lower()
        if found in self._units.values() and found != whole and ending not in FILE_ENDINGS:
            return None  # what is dropped may be the name of another of its animals
        return found

    def _fit(self, stem: str, file: str) -> tuple[str | None, str]:
        found = {(match["video"], match.groupdict().get("rater", "")) for match in self._matches(stem) if match["video"] in self._videos}
        if len(found) > 1:
            readings = " or ".join(f"'{video}' by '{rater}'" for video, rater in sorted(found))
            raise InputError(f"{file}: labels.name can be read in more than one way, {readings}; rename the file")
        return next(iter(found), (None, ""))

    def _matches(self, stem: str) -> Iterable[re.Match[str]]:
        for length in range(1, len(stem) + 1):
            groups = {"video": rf"(?P<video>.{{{length}}})", "rater": "(?P<rater>.+)"}
            expression = "".join(groups[part] if number % 2 else re.escape(part) for number, part in enumerate(self._parts))
            if match := re.fullmatch(expression, stem, re.DOTALL):
                yield match
