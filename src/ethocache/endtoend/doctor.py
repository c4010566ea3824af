"""Look a project's files over as `index` does, but list everything that is wrong or odd instead of stopping at it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from glob import escape
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from ethocache.common.batch import for_each
from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.common.wording import counted
from ethocache.dataset.correcting import lay_corrections, nobody_looked
from ethocache.dataset.corrections import Corrections, decisions, labels_and_corrections, read_corrections
from ethocache.dataset.findings import findings, grouped, not_shown, some, spellings
from ethocache.dataset.folder import DataFolder, NamesByStem
from ethocache.dataset.formats import BoutList, Content, FrameMarks
from ethocache.dataset.index import TrackSource, VideoRecord, find_track, index_videos, time_stamps
from ethocache.dataset.individuals import split_individuals
from ethocache.dataset.label_files import LabelPart, match_labels
from ethocache.dataset.label_subjects import subjects_of
from ethocache.dataset.label_table import NOT_SCORED, YES, LabelTable
from ethocache.dataset.labels import table_of
from ethocache.dataset.raters import combine
from ethocache.dataset.runs import frame_durations_s
from ethocache.dataset.sessions import track_rows, unused_tracks
from ethocache.dataset.tracks import check_rows
from ethocache.dataset.views import join_views, names_of_labels, read_clocks, sessions_of
from ethocache.endtoend.diagnosis import Diagnosis, Row
from ethocache.endtoend.project import NOTHING_DONE, Project, check_views, read_project
from ethocache.scoring.agreement import between_raters
from ethocache.vision.tracking import make_tracker

_POOR_KAPPA = 0.6  # below it people hardly agree (Landis & Koch 1977 call it moderate)


def examine(params: Path, store: Store) -> Diagnosis:
    """Look at every file that a project names; nothing is written but the store's memory of what files hold.

    Parameters
    ----------
    params
        The project's params.yaml; its data folder is found as the pipeline finds it.
    """
    diagnosis = Diagnosis()
    try:
        project = read_project(params)
        examination = _Examination(project, DataFolder(project.data.dir), store, diagnosis)
        examination.look_at_videos()
    except InputError as error:
        diagnosis.add("error", [line for line in str(error).splitlines() if not line.startswith(NOTHING_DONE)])
        return diagnosis
    if project.track.source == "files":
        examination.look_at_tracks()
    examination.look_at_tracker()
    examination.tell_individuals_apart()
    examination.look_at_cameras(params)
    labelled = examination.look_at_labels()
    examination.look_beside_them()
    diagnosis.add("warning", findings(examination.records, project.data, labelled if examination.joined else None))
    return diagnosis


def names_in(content: Content) -> list[str]:
    """Return the names of behaviours in a file as it has them, one for each bout or column."""
    if isinstance(content, BoutList):
        return [bout.behaviour for bout in content.bouts]
    return list(content.behaviours) if isinstance(content, FrameMarks) else [content.behaviour]


@dataclass
class _Examination:
    """One visit of the doctor: each step adds to the diagnosis."""

    project: Project
    folder: DataFolder
    store: Store
    diagnosis: Diagnosis
    records: list[VideoRecord] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    tables: dict[str, dict[str, LabelTable]] = field(default_factory=dict)  # video -> rater -> labels
    corrections: Corrections = field(default_factory=Corrections)
    notes: list[tuple[str, str]] = field(default_factory=list)  # video, what was not read of its labels or was cut off
    tracks: dict[str, TrackSource] = field(default_factory=dict)  # of each video
    individuals: tuple[str, ...] | None = None  # what the source of tracks calls them, where no track file says it
    names: list[str] = field(default_factory=list)  # of behaviours, as the files have them
    read: bool = True  # whether all videos could be
    joined: bool = True  # whether all videos of several cameras made sessions; else which of these have labels is not known

    def look_at_videos(self) -> None:
        problems: list[str] = []
        data = self.project.data
        self.records = index_videos(self.folder, data, with_tracks=False, store=self.store, problems=problems)
        self.rows = {record.id: Row(record.id, record.facts.frames, record.facts.fps, record.facts.duration_s) for record in self.records}
        self.diagnosis.rows = list(self.rows.values())
        self.diagnosis.add("error", problems)
        self.read = not problems

    def look_at_tracker(self) -> None:
        """Find out whether the model that is to track is there."""
        try:
            tracker = make_tracker(self.project.track, self.store)
            self.individuals = tracker.individuals()
            tracker.description()
        except InputError as error:
            self.diagnosis.add("error", [str(error)])

    def tell_individuals_apart(self) -> None:
        """Give each individual a row of its own, where they are taken by themselves; a video without its track stays as it is."""
        if not self.project.data.each:
            return
        problems: list[str] = []
        records = [replace(record, track=self.tracks.get(record.id)) for record in self.records]
        told = [record for record in records if record.track or self.individuals is not None]
        self.records = [record for record in records if record not in told]
        self.records += split_individuals(told, self.project.data, self.individuals, self.folder, self.store, problems, records)
        self.rows = {
            record.id: replace(self.rows[record.video], video=record.id, formats=[], labelled_s={}, scored_s={}) for record in self.records
        }
        self.diagnosis.rows = list(self.rows.values())
        self.diagnosis.add("error", problems)

    def look_at_tracks(self) -> None:
        tracks = self.folder.files(self.project.data.tracks)
        names = NamesByStem(tracks)
        problems: list[str] = []
        notes: list[str] = []

        def look(record: VideoRecord) -> None:
            found = record.track or find_track(record.id, record.file, tracks, names, self.project.data, self.store)
            self.tracks[record.id] = found
            self.rows[record.id].track_rows = rows = track_rows(tracks[found.file], found.fingerprint, self.store)
            if note := check_rows(rows, record.facts.frames, found.file):
                notes.append(note)

        for_each(self.records, look, problems=problems)
        self.diagnosis.add("error", problems)
        self.diagnosis.add("warning", notes)
        if not self.project.data.fps and (unused := unused_tracks(tracks, self.rows)):
            remedy = "set data.fps if they are sessions without a video"
            self.diagnosis.add("note", [f"{counted(len(unused), 'track belongs', 'tracks belong')} to no video: {some(unused)}; {remedy}"])

    def look_at_cameras(self, params: Path) -> None:
        """Find out whether the cameras that settings speak of are there; a video that cannot be read may be of any."""
        if not self.read:
            return
        cameras = sorted({camera for _, camera in sessions_of(self.records, self.project.data).values()})
        try:
            check_views(self.project, cameras, params)
        except InputError as error:
            self.diagnosis.add("error", [str(error)])

    def look_at_labels(self) -> list[str]:
        """Look at all labels; return the videos that have some."""
        data, params = self.project.data, self.project.labels
        problems: list[str] = []
        whose = subjects_of(self.records, params, problems) if data.each else None
        (files, saved), meaning = labels_and_corrections(self.folder, data), params.meaning(data.behaviours, data.each)
        named, cameras = names_of_labels(self.records, data), sessions_of(self.records, data)
        matched = match_labels(named, files, params, meaning, self.store, problems, whose, cameras)
        labels = self._join_views(matched.parts, problems)
        exclusive, skip = self.project.exclusive, params.unmatched == "skip"
        saved = saved if self.joined else {}  # as they name sessions
        self.corrections = read_corrections(saved, self.records, data.behaviours, self.store, exclusive, skip, problems)
        self.diagnosis.add("note", [*matched.notes, *self.corrections.notes])
        parts = [(record, part) for record in self.records for part in labels.get(record.id, ())]
        for_each(parts, lambda item: self._look_at_part(*item), problems=problems)
        for_each(self.records, self._look_at_combination, problems=problems)
        self.diagnosis.add("error", problems)
        self.diagnosis.add("note", grouped(self.notes))
        self.diagnosis.add("warning", spellings(self.names, data.behaviours, {*params.rename, *params.ignore, *params.not_scored}))
        if self.corrections.of:
            self.diagnosis.add("note", [f"{self.corrections.in_words} laid over the labels"])
        shown = {name for tables in self.tables.values() for table in tables.values() for name in _shown(table)}
        shown |= {one.behaviour for of_video in self.corrections.of.values() for one in of_video if one.label == YES}
        self.diagnosis.add("warning", not_shown(data.behaviours, shown) if self.tables else [])
        if self.joined:
            self._say_who_has_none(labels)
        self._compare_raters()
        return list(dict.fromkeys([*labels, *self.corrections.of]))

    def _join_views(self, labels: Mapping[str, tuple[LabelPart, ...]], problems: list[str]) -> Mapping[str, tuple[LabelPart, ...]]:
        """Make sessions of the videos of several cameras; the row of the one whose frames are the session's gets its name."""
        clocks = None  # where they are wrong, the sessions are the same
        try:
            clocks = read_clocks(self.records, self.project.data, self.folder)
        except InputError as error:
            problems.append(str(error))
        try:
            before = len(problems)
            sessions = join_views(self.records, labels, self.project.data, clocks, problems)
            self.joined = len(problems) == before
        except InputError as error:
            problems.append(str(error))
            self.joined = False
            return labels
        if self.project.data.views:
            files = {record.file: record.id for record in self.records}
            own = {files[record.file]: record.id for record in sessions.records}
            self.rows = {own.get(video, video): replace(row, video=own.get(video, video)) for video, row in self.rows.items()}
            self.diagnosis.rows = list(self.rows.values())
        self.records = sessions.records
        self.diagnosis.add("note", sessions.notes if self.joined else [])
        return sessions.labels

    def _look_at_part(self, record: VideoRecord, part: LabelPart) -> None:
        row, behaviours, params = self.rows[record.id], self.project.data.behaviours, self.project.labels
        row.formats.append(part.format)
        labels = part.read()
        self.names += names_in(labels.content)
        time_s = time_stamps(record, self.folder, self.store)
        table, notes = table_of(labels, part.file, behaviours, time_s, params)
        self.notes += [(record.id, note) for note in notes]
        self.tables.setdefault(record.id, {})[part.rater] = table
        durations = frame_durations_s(time_s)
        row.labelled_s[part.rater] = {name: float(durations[table.values[:, b] == YES].sum()) for b, name in enumerate(behaviours)}
        row.scored_s[part.rater] = float(durations[(table.values != NOT_SCORED).any(axis=1)].sum())

    def _look_at_combination(self, record: VideoRecord) -> None:
        """Raise `InputError` where raters of a video cannot be combined, corrections not be laid over, or exclusive behaviours overlap."""
        tables, corrections = self.tables.get(record.id), self.corrections.of.get(record.id, ())
        if not tables and not corrections:
            return
        try:
            table = combine(tables, self.project.labels.raters) if tables else None
        except InputError as error:
            raise InputError(f"{record.place}: {error}") from None
        table = table or nobody_looked(self.project.data.behaviours, record.facts.frames)
        if corrections:
            self.rows[record.id].corrections = decisions(corrections)
            table, _ = lay_corrections(table, corrections, time_stamps(record, self.folder, self.store), self.project.exclusive)
        both = np.flatnonzero((table.values == YES).sum(axis=1) > 1)
        if self.project.exclusive and len(both):
            shown = [name for b, name in enumerate(table.behaviours) if table.values[both[0], b] == YES]
            raise InputError(
                f"{record.place}: {' and '.join(shown)} are both labelled in frame {both[0]} (and {len(both) - 1} more frames have two), "
                "but train.task is exclusive; correct the labels, or set train.task: multilabel"
            )

    def look_beside_them(self) -> None:
        """Name the files that lie beside the lab's, and that no pattern matches: labels of another ending, perhaps."""
        data = self.project.data
        known = {
            file
            for pattern in (data.videos, data.tracks, data.labels, data.corrections, *data.clock_files)
            for file in self.folder.files(pattern)
        }
        places = {PurePosixPath(file).parent.as_posix() for file in (*known, data.corrections)}
        beside = sorted({file for place in places for file in self.folder.files(f"{escape(place)}/*" if place != "." else "*")} - known)
        if beside:
            one = "1 file lies" if len(beside) == 1 else f"{len(beside)} files lie"
            self.diagnosis.add(
                "note", [f"{one} beside them and match none of data.videos, data.tracks, data.labels and data.corrections: {some(beside)}"]
            )

    def _say_who_has_none(self, labelled: Collection[str]) -> None:
        without = [record.place for record in self.records if record.id not in labelled]
        if not labelled and not self.corrections.of:
            self.diagnosis.add("warning", ["no video has labels: nothing can be learned"])
        animals = {record.animal for record in self.records if record.id in labelled or record.id in self.corrections.of}
        if 0 < len(animals) < 3:
            few = f"labels of {len(animals)} animal{'s' * (len(animals) > 1)} ({', '.join(sorted(animals))})"
            self.diagnosis.add("warning", [f"{few}: an honest score needs at least 3; with fewer, set train.score: false and only tag"])
        if labelled and without:
            self.diagnosis.add("note", [f"{counted(len(without), 'video has', 'videos have')} no labels, to be tagged: {some(without)}"])

    def _compare_raters(self) -> None:
        several = [tables for tables in self.tables.values() if len(tables) > 1]
        raters = sorted({rater for tables in several for rater in tables})
        for b, behaviour in enumerate(self.project.data.behaviours if several else ()):
            said = {rater: np.concatenate([_column(tables, rater, b) for tables in several]) for rater in raters}
            pairs = between_raters(said)
            self.diagnosis.agreement[behaviour] = pairs
            for (one, other), found in pairs.items():
                if found.kappa is not None and found.kappa < _POOR_KAPPA:
                    self.diagnosis.add("warning", [f"{behaviour}: '{one}' and '{other}' hardly agree (kappa {found.kappa:.2f})"])


def _shown(table: LabelTable) -> list[str]:
    return [name for b, name in enumerate(table.behaviours) if (table.values[:, b] == YES).any()]


def _column(tables: Mapping[str, LabelTable], rater: str, place: int) -> npt.NDArray[np.int8]:
    """Return what a rater says of one behaviour in one video, (T,); that nobody looked, where that rater did not label it."""
    if rater in tables:
        return tables[rater].values[:, place]
    return np.full(next(iter(tables.values())).frames, NOT_SCORED, np.int8)
