"""Keep the labels of all labelled videos as small files; only what changed is read again."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from ethocache.common.batch import for_each
from ethocache.common.files import sha256_of, sha256_of_file
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import REVISION as TIMES_REVISION
from ethocache.dataset.index import VideoRecord, time_stamps
from ethocache.dataset.labels import LabelParams, behaviours_shown, read_labels, snapshot_source, write_snapshot

REVISION = 1  # of how labels become frames; raising it reads every labels file again


def snapshot_labels(
    target: Path,
    records: Sequence[VideoRecord],
    labels: Mapping[str, str],
    folder: DataFolder,
    behaviours: tuple[str, ...],
    params: LabelParams,
    store: Store,
) -> None:
    """Make `target` hold ``<video>.json`` for every labelled video, and no other.

    A file whose labels, settings and video are what they were keeps its bytes and its time stamp.

    Parameters
    ----------
    labels
        Video id -> labels file in the data folder.

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
    remedy = "if nobody looked for it, remove it from data.behaviours"
    return [f"no labels file shows '{name}': {remedy}" for name in behaviours if name in unseen]


def summary(records: Sequence[VideoRecord], labelled: int, notes: Sequence[str]) -> str:
    """Return what was found: one line, and below it what a person should know."""
    minutes = sum(record.facts.duration_s for record in records) / 60
    frames = sum(record.facts.frames for record in records)
    animals = len({record.animal for record in records})
    line = (
        f"{len(records)} videos of {animals} animals ({frames} frames, {minutes:.1f} min), "
        f"{labelled} with labels, {len(records) - labelled} to be tagged"
    )
    return "\n".join([line, *(f"  note: {note}" for note in notes)])


def _snapshot_one(
    target: Path,
    record: VideoRecord,
    labels: Mapping[str, str],
    folder: DataFolder,
    behaviours: tuple[str, ...],
    params: LabelParams,
    store: Store,
) -> None:
    source = folder.path(labels[record.id])
    snapshot = target / f"{record.id}.json"
    made_from = sha256_of(
        {
            "labels": sha256_of_file(source),
            "video": record.facts.fingerprint,
            "behaviours": behaviours,
            "params": params.model_dump(mode="json"),
            "revision": [REVISION, TIMES_REVISION],
        }
    )
    if snapshot_source(snapshot) != made_from:
        write_snapshot(snapshot, read_labels(source, behaviours, time_stamps(record, folder, store), params), made_from)
