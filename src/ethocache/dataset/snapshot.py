"""Keep the labels of all labelled videos as small files; only what changed is read again."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.batch import for_each
from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of
from ethocache.common.store import Store
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
Parts = Mapping[str, Sequence[LabelPart]]


def snapshot_labels(
    target: Path,
    records: Sequence[VideoRecord],
    labels: Parts,
    folder: DataFolder,
    behaviours: tuple[str, ...],
    params: LabelParams,
    store: Store,
) -> None:
    """Make `target` hold ``<video>.json`` for every labelled video, and no other.

    A video whose labels, settings and frames are what they were keeps its file's bytes and time stamp.

    Parameters
    ----------
    labels
        Video id -> its labels, one part per rater.

    Raises
    ------
    InputError
        With every problem of every file, one per line.
    """
    labelled = [record for record in records if record.id in labels]
    snapshot = partial(_snapshot_one, target, labels=labels, folder=folder, behaviours=behaviours, params=params, store=store)
    for_each(labelled, snapshot, keeps=False)
    target.mkdir(parents=True, exist_ok=True)
    for path in target.glob("*.json"):
        if path.stem not in labels:
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


def summary(records: Sequence[VideoRecord], labelled: int, notes: Sequence[str]) -> str:
    """Return what was found: one line, and below it what a person should know."""
    videos = list({record.video: record for record in records}.values())
    minutes = sum(record.facts.duration_s for record in videos) / 60
    frames = sum(record.facts.frames for record in videos)
    animals = len({record.animal for record in records})
    what = f"{len(records)} videos of {animals} animals"
    if any(record.individual for record in records):
        what = f"{len(records)} individuals in {len(videos)} videos, in {animals} groups that are held out together"
    line = f"{what} ({frames} frames, {minutes:.1f} min), {labelled} with labels, {len(records) - labelled} to be tagged"
    shown = [f"  note: {note}" for note in notes[:_NOTES_SHOWN]]
    more = [f"  {len(notes) - _NOTES_SHOWN} more notes"] if len(notes) > _NOTES_SHOWN else []
    return "\n".join([line, *shown, *more, "  each video in a table, and more: ethocache doctor"])


def _snapshot_one(
    target: Path,
    record: VideoRecord,
    labels: Parts,
    folder: DataFolder,
    behaviours: tuple[str, ...],
    params: LabelParams,
    store: Store,
) -> None:
    parts = labels[record.id]
    snapshot = target / f"{record.id}.json"
    made_from = sha256_of(
        {
            "labels": [[part.digest, part.number, part.format, part.rater, part.file, part.meaning.by_subject] for part in parts],
            "video": record.facts.fingerprint,
            "behaviours": behaviours,
            "params": params.model_dump(mode="json"),
            "revision": [REVISION, FILES_REVISION, TIMES_REVISION],
        }
    )
    if snapshot_source(snapshot) != made_from:
        write_snapshot(snapshot, _snapshot_of(record, parts, time_stamps(record, folder, store), behaviours, params), made_from)


def _snapshot_of(
    record: VideoRecord, parts: Sequence[LabelPart], time_s: npt.NDArray[np.float64], behaviours: tuple[str, ...], params: LabelParams
) -> LabelSnapshot:
    read = {part.rater: table_of(part.read(), str(part.path), behaviours, time_s, params) for part in parts}
    raters = {rater: table for rater, (table, _) in read.items()}
    try:
        table = combine(raters, params.raters)
    except InputError as error:
        raise InputError(f"{record.place}: {error}") from None
    notes = dict.fromkeys(note for _, notes in read.values() for note in notes)
    if params.raters in _SPLIT and len(raters) > 1 and (split := split_frames(raters)):
        notes[f"people are split on {split} frames, which {_SPLIT[params.raters]} (labels.raters: {params.raters})"] = None
    return LabelSnapshot(table, raters, {part.file: part.format for part in parts}, tuple(notes), means(raters, params.raters))
