"""The list of a project's videos: what each file is, whose it is, and which track belongs to it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.batch import for_each
from ethocache.common.errors import InputError
from ethocache.common.files import read_json, write_json
from ethocache.common.store import Store
from ethocache.common.workbench import Workbench
from ethocache.dataset.clocks import Clock
from ethocache.dataset.deeplabcut import match_tracks
from ethocache.dataset.folder import DataFolder, DataParams, NamesByStem, plain_name
from ethocache.dataset.sessions import NO_VIDEO, session_facts, session_times, sessions_without_video
from ethocache.dataset.text import shown
from ethocache.dataset.videos import VideoFacts, probe

_NOT_OF_FILES = re.compile(r"[^\w-]")  # letters that some system cannot have in the name of a file, and the dots of endings
_OF_SEVERAL_VIEWS = {"view", "others", "clock"}  # written only where there are several, so that other projects' indexes stay as they were
REVISION = 1  # of how time stamps and facts are read; raising it reads every video again


@dataclass(frozen=True)
class TrackSource:
    """A track file of the data folder: its relative name and the sha256 of its bytes."""

    file: str
    fingerprint: str


@dataclass(frozen=True)
class VideoRecord:
    """One video of the project.

    Attributes
    ----------
    id
        The file's name without its ending; names everything that is made from the video.
    file
        Where it is below the data folder, with ``/``; of a session without a video, its track.
    fields
        The parts of its name, such as genotype and treatment.
    animal
        Who is in it. Videos of one animal never stand on two sides of a split.
    facts
        What the file itself says.
    track
        The track file that belongs to it, where tracks come as files.
    individual
        Which animal of its track this is about, by the track's name for it (`split_individuals`); empty for the whole video.
    of
        How many individuals its track has, also those that are not asked for; 0 for the whole video.
    view
        The camera, where several film a session; empty where one does.
    others
        The session's videos by other cameras, where this is the one whose frames are the session's.
    clock
        Of one of those others: its clock by that of the session's frames; None where it is to be found from the tracks.
    """

    id: str
    file: str
    fields: dict[str, str]
    animal: str
    facts: VideoFacts
    track: TrackSource | None = None
    individual: str = ""
    of: int = 0
    view: str = ""
    others: tuple["VideoRecord", ...] = ()
    clock: Clock | None = None

    @property
    def video(self) -> str:
        """The id of the whole video, which its track is kept under."""
        return self.id.removesuffix(unit_id("", self.individual)) if self.individual else self.id

    @property
    def place(self) -> str:
        """The file, and which animal in it: how messages begin."""
        return f"{self.file}, '{shown(self.individual)}'" if self.individual else self.file

    @property
    def about(self) -> dict[str, str]:
        """The parts of its name, and the individual where it is about one: the columns of tables."""
        return self.fields | {"individual": self.individual} if self.individual else self.fields

    @property
    def has_video(self) -> bool:
        """Whether there are pictures, or only a track."""
        return self.facts.codec != NO_VIDEO


def unit_id(video: str, individual: str) -> str:
    """Return the id of one individual of a video, safe as the name of a file on every system."""
    return f"{video}.{_NOT_OF_FILES.sub('_', plain_name(individual))}"


def every_view(records: Iterable[VideoRecord]) -> list[VideoRecord]:
    """Return the videos of these sessions by all cameras, which are tracked, cropped and embedded each by itself."""
    return [video for record in records for video in (record, *record.others)]


def columns_about(records: Iterable[VideoRecord]) -> list[str]:
    """Return the columns that tables need to say what is known of these videos (`VideoRecord.about`)."""
    return list(dict.fromkeys(name for record in records for name in record.about))


def index_videos(
    folder: DataFolder, params: DataParams, with_tracks: bool, store: Store, problems: list[str] | None = None
) -> list[VideoRecord]:
    """Look at every video of the data folder, and with `DataParams.fps` at the tracks without one, as sessions of their own.

    A file that was seen before costs one stat.

    Parameters
    ----------
    folder, params
        Where to look and what the names mean.
    with_tracks
        Whether each video must have a track file.
    store
        Remembers what files held, and keeps their time stamps.
    problems
        Takes what is wrong with single files, where that is to be listed rather than to stop the work.

    Raises
    ------
    InputError
        With every problem of every file, one per line.
    """
    files = folder.files(params.videos)
    tracks = folder.files(params.tracks) if with_tracks or params.fps else {}
    if not files and not (params.fps and tracks):
        raise InputError(f"data.videos: no file in '{params.dir}' matches '{params.videos}'; set data.dir and data.videos in params.yaml")
    _check_unique(files)
    names = NamesByStem(tracks)

    def look_at(file: str) -> VideoRecord:
        stem = plain_name(PurePosixPath(file).stem)
        fields = parse_name(params.name, stem, file)
        facts = look_at_video(files[file], store)
        track = find_track(stem, file, tracks, names, params, store) if with_tracks else None
        return VideoRecord(stem, file, fields, fields.get("animal", stem), facts, track)

    def look_at_track(session: str) -> VideoRecord:
        track = find_track(session, session, tracks, names, params, store)
        fields = parse_name(params.name, session, track.file)
        facts = session_facts(tracks[track.file], track.fingerprint, float(params.fps or 0), store)
        return VideoRecord(session, track.file, fields, fields.get("animal", session), facts, track)

    records = for_each(files, look_at, keeps=False, problems=problems)
    if not params.fps:
        return records
    sessions = sessions_without_video(tracks, [plain_name(PurePosixPath(file).stem) for file in files])
    return records + for_each(sessions, look_at_track, keeps=False, problems=problems)


def parse_name(pattern: str, stem: str, file: str) -> dict[str, str]:
    """Return the parts of a video's name, ``{"animal": "01", ...}`` for ``{genotype}_{animal}``.

    Raises
    ------
    InputError
        If the pattern is malformed, or the name does not fit it, or fits it in more than one way.
    """
    parts = re.split(r"\{(\w+)\}", pattern)
    fixed, named = "".join(parts[::2]), parts[1::2]
    if "{" in fixed or "}" in fixed or len(set(named)) < len(named) or not all(name.isidentifier() for name in named):
        raise InputError(
            "data.name: expected parts in braces, each once and starting with a letter, such as '{genotype}_{animal}', "
            f"found '{pattern}'"
        )
    shortest, longest = (_fit(parts, some, stem) for some in (".+?", ".+"))
    if shortest is None or longest is None:
        raise InputError(f"{file}: expected a name like '{pattern}', found '{stem}'; rename the file or set data.name in params.yaml")
    if shortest != longest:
        raise InputError(
            f"{file}: '{stem}' fits '{pattern}' in more than one way, {_shown(shortest)} or {_shown(longest)}; "
            "rename the file, or give data.name more fixed text"
        )
    return shortest


def look_at_video(path: Path, store: Store) -> VideoFacts:
    """Return a video's facts, from memory while the file has the same name, size and time stamp."""
    stat = path.stat()
    question = {
        "video": str(path.resolve()),
        "bytes": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "ctime_ns": stat.st_ctime_ns,
        "inode": stat.st_ino,
        "revision": REVISION,
    }
    if known := store.recall(question):
        return _facts(known)
    facts, time_s = probe(path)

    def keep_time_stamps(bench: Workbench) -> dict[str, Any]:
        np.save(bench.output / "time_s.npy", time_s)
        return {}

    store.make("times", _times_recipe(facts), keep_time_stamps)
    store.remember(question, asdict(facts))
    return facts


def time_stamps(record: VideoRecord, folder: DataFolder, store: Store) -> npt.NDArray[np.float64]:
    """Return a video's true time stamps, (T,) seconds from its first frame."""
    entry = store.get("times", _times_recipe(record.facts))
    if entry:
        stamps: npt.NDArray[np.float64] = np.load(entry.path("time_s.npy"), allow_pickle=False)
        return stamps
    if not record.has_video:
        return session_times(record.facts)
    path = folder.path(record.file)
    facts, time_s = probe(path)
    if facts != record.facts:
        raise InputError(f"{path}: this is not the video that was indexed; run 'dvc repro' to index again")
    return time_s


def write_index(path: Path, records: Sequence[VideoRecord]) -> None:
    """Write the index as readable JSON."""
    write_json(path, [_values(record) for record in records])


def read_index(path: Path) -> list[VideoRecord]:
    """Read what `write_index` wrote."""
    return [_record(values) for values in read_json(path)]


def find_track(stem: str, file: str, tracks: Mapping[str, Path], names: NamesByStem, params: DataParams, store: Store) -> TrackSource:
    candidates = {tracks[name]: name for name in names.starting_with(stem)}
    path = match_tracks(stem, candidates)
    if path is None:
        raise InputError(
            f"{file}: expected a DeepLabCut file '{stem}DLC*.csv' or '.h5' among '{params.tracks}', found none; "
            "put it beside the video, set data.tracks, or set track.source: none"
        )
    return TrackSource(candidates[path], store.fingerprint(path))


def _check_unique(files: Iterable[str]) -> None:
    by_stem: dict[str, list[str]] = {}
    for file in files:
        by_stem.setdefault(plain_name(PurePosixPath(file).stem).casefold(), []).append(file)
    twice = [" and ".join(same) for same in by_stem.values() if len(same) > 1]
    if twice:
        raise InputError(f"data.videos: two videos have the same name, so their results would mix: {'; '.join(twice)}; rename one of each")


def _fit(parts: Sequence[str], some: str, stem: str) -> dict[str, str] | None:
    """Fit a name to fixed text and named parts in turn; `some` is what a part matches."""
    expression = "".join(f"(?P<{part}>{some})" if number % 2 else re.escape(part) for number, part in enumerate(parts))
    match = re.fullmatch(expression, stem)
    return match and match.groupdict()


def _shown(fields: Mapping[str, str]) -> str:
    return " ".join(f"{part}='{text}'" for part, text in fields.items())


def _times_recipe(facts: VideoFacts) -> dict[str, Any]:
    return {"kind": "times", "video": facts.fingerprint, "revision": REVISION}


def _facts(values: Mapping[str, Any]) -> VideoFacts:
    return VideoFacts(**{**values, "notes": tuple(values["notes"])})


def _values(record: VideoRecord) -> dict[str, Any]:
    """Return a record as plain values; `asdict` would copy each of them, which takes ten times as long."""
    values = {**vars(record), "facts": vars(record.facts), "track": vars(record.track) if record.track else None}
    values["others"] = [_values(other) for other in record.others]
    values["clock"] = record.clock.model_dump() if record.clock else None
    return {name: value for name, value in values.items() if value or name not in _OF_SEVERAL_VIEWS}


def _record(values: Mapping[str, Any]) -> VideoRecord:
    track = TrackSource(**values["track"]) if values["track"] else None
    others = tuple(_record(other) for other in values.get("others", ()))
    clock = Clock(**values["clock"]) if "clock" in values else None
    return VideoRecord(**{**values, "facts": _facts(values["facts"]), "track": track, "others": others, "clock": clock})
