"""Find which labels files speak of which videos, whatever tool wrote them and however many videos one file holds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from ethocache.common.batch import for_each
from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.store import Store
from ethocache.dataset.cameras import lacking_video
from ethocache.dataset.corrections import is_of_corrections
from ethocache.dataset.findings import grouped, some
from ethocache.dataset.folder import plain_name
from ethocache.dataset.formats import FORMATS, Labels, Meaning, recognise
from ethocache.dataset.label_rules import AUTO, LabelParams
from ethocache.dataset.label_subjects import Subjects, nobody_as_nobody, without_labels
from ethocache.dataset.text import shown
from ethocache.dataset.video_names import VideoNames, base_name, name_of, video_of

REVISION = 2  # of how files are read; raising it reads every labels file again


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
    views: Mapping[str, tuple[str, str]] | None = None,
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
    views
        Video -> its session and its camera, where several film a session (`sessions_of`).

    Raises
    ------
    InputError
        If labels belong to no video, or the labels of one rater and video stand twice; every problem on its own line.
    """
    whose = subjects or Subjects()
    names = VideoNames(videos, params.name, whose.videos, views)
    found: dict[str, dict[str, LabelPart]] = {}
    aside: list[str] = []
    nobody: list[str] = []
    others: dict[str, dict[str, str]] = {}  # video of one animal -> subject that is not meant -> file
    otherwise: list[str] = []

    def match(file: str) -> None:
        digest = store.fingerprint(files[file])
        name, found_heads = _heads(files[file], digest, params, meaning, store)
        heads = nobody_as_nobody(found_heads)
        for number, (media, rater, subject) in enumerate(heads):
            video, named = names.find(file, media, alone=len({media for media, *_ in heads}) == 1)
            if video is not None and subjects:
                _refuse_several(file, whose, video, _told(heads, media, rater))
                unit = _unit(file, whose, video, subject)
                if unit is None:
                    nobody.append(_nobody(file, whose, video, subject, params))
                    others.setdefault(video, {}).setdefault(subject, file)
                    continue
                video = unit
            if video is None:
                aside.append(_unmatched(file, media, names, videos, params, views or {}))
                continue
            if media and whose.videos.get(video, video) not in (base_name(media), video_of(media)) and names.by_file_name(media):
                otherwise.append(f"{file}: says that it is about '{shown(video_of(media))}', and is taken for '{video}' by its own name")
            part = LabelPart(file, files[file], digest, name, number, rater or named, meaning)
            _add(found.setdefault(video, {}), part, video)

    for_each(files, match, keeps=False, problems=problems)
    dropped = [] if params.unmatched == "skip" else [video for video in others if video not in whose.units and video not in found]
    for_each(dropped, lambda video: _refuse_all(video, others[video], whose), keeps=False, problems=problems)
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


def _told(heads: Sequence[tuple[str, str, str]], media: str, rater: str) -> set[str]:
    """Return the subjects of a medium. One rater who names nobody and another who names somebody may mean the same animal."""
    here = [(by, subject) for about, by, subject in heads if about == media]
    named = {subject for _, subject in here if subject}
    return named if len(named) > 1 else {subject for by, subject in here if by == rater}


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


def _refuse_all(video: str, told: Mapping[str, str], whose: Subjects) -> None:
    """Refuse to leave aside all labels of a video of one animal: `LabelParams.subject` may be a typing error."""
    listed = ", ".join(f"'{shown(subject)}'" for subject in told)
    raise InputError(
        f"{next(iter(told.values()))}: labels.subject: no labels of '{video}' are of '{shown(whose.only)}'"
        f"{did_you_mean(whose.only, told)}; they are of {listed}; name the subject that is meant, or leave them aside with "
        "labels.unmatched: skip"
    )


def _heads(path: Path, digest: str, params: LabelParams, meaning: Meaning, store: Store) -> tuple[str, list[tuple[str, str, str]]]:
    """Return the format of a file, and media, rater and subject of each of its parts."""
    about = meaning_as_json(meaning)
    question = {"what": "labels file", "sha256": digest, "format": params.format, "meaning": about, "revision": REVISION}
    if known := store.recall(question):
        return known["format"], [(media, rater, subject) for media, rater, subject in known["parts"]]
    if is_of_corrections(path):
        raise InputError(f"{path}: these are corrections saved from the report, not labels; put the file where data.corrections points")
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


def _unmatched(
    file: str, media: str, names: VideoNames, videos: Collection[str], params: LabelParams, views: Mapping[str, tuple[str, str]]
) -> str:
    """Return what is left aside, or refuse it, as the settings say."""
    wanted = name_of(media) if media else plain_name(PurePosixPath(file).stem)
    if params.unmatched == "skip":
        return f"'{shown(wanted)}'"
    for name in (wanted, *(() if media else names.read(file))):
        if lacking := lacking_video(name, views):
            raise InputError(f"{file}: {lacking}; put that video back, or leave its labels aside with labels.unmatched: skip")
    if not media and (told := _about_rater(wanted, videos, params.name)):
        raise InputError(f"{file}: {told}")
    within = f"the labels of '{shown(wanted)}' in it belong to no video" if media else f"no video is called '{shown(wanted)}'"
    remedy = "rename the file, set labels.name, or narrow data.labels" if not media else "labels.unmatched: skip leaves them aside"
    raise InputError(f"{file}: {within}{did_you_mean(wanted, videos)}; {remedy}")


def _about_rater(stem: str, videos: Collection[str], pattern: str) -> str:
    """Return what to do where only the rater keeps a file's name from its video's; empty where it is something else."""
    if "{rater}" in pattern and stem in videos:
        example = pattern.replace("{video}", stem).replace("{rater}", "anna")
        return f"the name does not fit labels.name '{pattern}', as it names no rater; rename the file, such as '{example}'"
    video = max((video for video in videos if stem.startswith(f"{video}_")), key=len, default="")
    rater = stem.removeprefix(f"{video}_")
    in_other_capitals = stem.casefold() in {video.casefold() for video in videos}
    if pattern != "{video}" or not video or not rater or in_other_capitals:
        return ""
    return (
        f"no video is called '{shown(stem)}'; if it is of '{video}', and '{shown(rater)}' is a second person, "
        "set labels.name to '{video}_{rater}', and name the rater in every file; else rename the file, or narrow data.labels"
    )
