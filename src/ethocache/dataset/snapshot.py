"""Keep the labels of all labelled videos as small files; only what changed is read again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.batch import for_each
from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of
from ethocache.common.store import Store
from ethocache.common.wording import counted
from ethocache.dataset.correcting import REVISION as CORRECTING_REVISION
from ethocache.dataset.correcting import lay_corrections, nobody_looked
from ethocache.dataset.corrections import Correction, Corrections
from ethocache.dataset.findings import grouped, not_shown
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import REVISION as TIMES_REVISION
from ethocache.dataset.index import VideoRecord, time_stamps
from ethocache.dataset.label_files import REVISION as FILES_REVISION
from ethocache.dataset.label_files import LabelPart
from ethocache.dataset.label_rules import MAJORITY, MEAN
from ethocache.dataset.labels import (
    LabelParams,
    LabelSnapshot,
    behaviours_shown,
    read_full_snapshot,
    snapshot_source,
    table_of,
    write_snapshot,
)
from ethocache.dataset.raters import combine, means, split_frames

REVISION = 3  # of how labels become frames; raising it lays every labels file over its frames again

_NOTES_SHOWN = 20
_SPLIT = {MAJORITY: "count as not looked at", MEAN: "are learned as half yes, half no, and not scored"}
_ONLY_CORRECTED = "it has no labels but corrections: only what is corrected is learned from and scored, and it is tagged too"
Parts = Mapping[str, Sequence[LabelPart]]
Times = npt.NDArray[np.float64]


def snapshot_labels(
    target: Path,
    records: Sequence[VideoRecord],
    labels: Parts,
    folder: DataFolder,
    behaviours: tuple[str, ...],
    params: LabelParams,
    store: Store,
    corrections: Corrections | None = None,
) -> None:
    """Make `target` hold ``<video>.json`` for every labelled or corrected video, and no other.

    A video whose labels, settings and frames are what they were keeps its file's bytes and time stamp.

    Parameters
    ----------
    labels
        Video id -> its labels, one part per rater.
    corrections
        What is laid over the labels of all raters.

    Raises
    ------
    InputError
        With every problem of every file, one per line.
    """
    work = _Work(target, labels, corrections or Corrections(), folder, behaviours, params, store)
    kept = {*labels, *work.corrections.of}
    for_each([record for record in records if record.id in kept], work.keep, keeps=False)
    target.mkdir(parents=True, exist_ok=True)
    for path in target.glob("*.json"):
        if path.stem not in kept:
            path.unlink()


def label_notes(target: Path, labels: Collection[str]) -> list[str]:
    """Return what a person should know of each video's labels: what was not read or was cut off."""
    return grouped((video, note) for video in labels for note in read_full_snapshot(target / f"{video}.json").notes)


def unseen_behaviours(target: Path, labels: Collection[str], behaviours: Sequence[str]) -> list[str]:
    """Return a line for each behaviour that no labels file shows: it would be taken as never shown, also where nobody looked.

    Parameters
    ----------
    target
        Folder of the snapshots.
    labels
        Ids of the labelled videos; without any there is nothing to say.
    """
    unseen = set(behaviours if labels else ())
    for video in labels:
        if not unseen:
            break
        unseen -= behaviours_shown(target / f"{video}.json")
    return not_shown([name for name in behaviours if name in unseen], ())


def summary(
    records: Sequence[VideoRecord], labelled: int, notes: Sequence[str], tagged: int | None = None, corrections: Corrections | None = None
) -> str:
    """Return what was found: one line, and below it what a person should know.

    Parameters
    ----------
    labelled
        How many videos have labels.
    tagged
        How many are to be tagged: those labelled in part have labels and are tagged as well. None: all without labels.
    """
    videos = list({record.video: record for record in records}.values())
    minutes = sum(record.facts.duration_s for record in videos) / 60
    frames = sum(record.facts.frames for record in videos)
    animals = len({record.animal for record in records})
    what = f"{counted(len(records), 'video')} of {counted(animals, 'animal')}"
    if any(record.individual for record in records):
        what = f"{len(records)} individuals in {len(videos)} videos, in {animals} groups that are held out together"
    to_tag = len(records) - labelled if tagged is None else tagged
    corrected = f", {corrections.in_words}" if corrections and corrections.of else ""
    line = f"{what} ({frames} frames, {minutes:.1f} min), {labelled} with labels, {to_tag} to be tagged{corrected}"
    shown = [f"  note: {note}" for note in notes[:_NOTES_SHOWN]]
    more = [f"  {len(notes) - _NOTES_SHOWN} more notes"] if len(notes) > _NOTES_SHOWN else []
    return "\n".join([line, *shown, *more, "  each video in a table, and more: ethocache doctor"])


@dataclass(frozen=True)
class _Work:
    """Makes the snapshots of videos one after the other; fields as in `snapshot_labels`."""

    target: Path
    labels: Parts
    corrections: Corrections
    folder: DataFolder
    behaviours: tuple[str, ...]
    params: LabelParams
    store: Store

    def keep(self, record: VideoRecord) -> None:
        """Write the snapshot of a video, unless it was made from the same."""
        parts, corrections = self.labels.get(record.id, ()), self.corrections.of.get(record.id, ())
        snapshot, made_from = self.target / f"{record.id}.json", self._made_from(record, parts, corrections)
        if snapshot_source(snapshot) != made_from:
            time_s = time_stamps(record, self.folder, self.store)
            labelled = self._labelled(record, parts, time_s)
            write_snapshot(snapshot, self._corrected(labelled, corrections, time_s) if corrections else labelled, made_from)

    def _made_from(self, record: VideoRecord, parts: Sequence[LabelPart], corrections: Sequence[Correction]) -> str:
        values = {
            "labels": [[part.digest, part.number, part.format, part.rater, part.file, part.meaning.by_subject] for part in parts],
            "video": record.facts.fingerprint,
            "behaviours": self.behaviours,
            "params": self.params.model_dump(mode="json"),
            "revision": [REVISION, FILES_REVISION, TIMES_REVISION],
        }
        if corrections:  # else what was kept before there were any is still good
            content = [correction.content for correction in corrections]
            values["corrections"] = {"rows": content, "exclusive": self.corrections.exclusive, "revision": CORRECTING_REVISION}
        return sha256_of(values)

    def _labelled(self, record: VideoRecord, parts: Sequence[LabelPart], time_s: Times) -> LabelSnapshot:
        if not parts:
            return LabelSnapshot(nobody_looked(self.behaviours, len(time_s)), notes=(_ONLY_CORRECTED,))
        params = self.params
        read = {part.rater: table_of(part.read(), str(part.path), self.behaviours, time_s, params) for part in parts}
        raters = {rater: table for rater, (table, _) in read.items()}
        try:
            table = combine(raters, params.raters)
        except InputError as error:
            raise InputError(f"{record.place}: {error}") from None
        notes = dict.fromkeys(note for _, notes in read.values() for note in notes)
        if params.raters in _SPLIT and len(raters) > 1 and (split := split_frames(raters)):
            notes[f"people are split on {split} frames, which {_SPLIT[params.raters]} (labels.raters: {params.raters})"] = None
        return LabelSnapshot(table, raters, {part.file: part.format for part in parts}, tuple(notes), means(raters, params.raters))

    def _corrected(self, labelled: LabelSnapshot, corrections: Sequence[Correction], time_s: Times) -> LabelSnapshot:
        table, corrected = lay_corrections(labelled.table, corrections, time_s, self.corrections.exclusive)
        return replace(labelled, table=table, corrected=corrected)
