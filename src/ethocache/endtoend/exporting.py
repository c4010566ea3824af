"""Take tags, or the lab's own labels, out of a project in the formats that labs work in."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.params import read_section
from ethocache.common.store import Store
from ethocache.dataset.boris import write_boris_project
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import VideoRecord, columns_about, read_index, time_stamps
from ethocache.dataset.label_table import NO, NOT_SCORED, YES
from ethocache.dataset.labels import labelled_in_files, read_full_snapshot
from ethocache.dataset.nwb import write_nwb
from ethocache.dataset.summary_table import write_summary
from ethocache.dataset.tagged_video import Method, TaggedVideo, about_video, read_tagged
from ethocache.dataset.tags import write_bouts
from ethocache.sequence.settings import TrainParams

What = Literal["tags", "labels"]
_PARAMS = Path("params.yaml")
INDEX, LABELS, TAGS = Path("data/index.json"), Path("data/labels"), Path("data/tags")
NOT_SCORED_NAME = "not_scored"
"""What the time in which nobody looked is called where a format has no other way to say so; `labels.not_scored` reads it back."""
SAY_ALL = ("nwb", "summary")
"""Formats that can say of one behaviour that nobody looked for it; others hold no video of which a few spans alone were corrected."""


def export_project(name: str, what: What, target: Path, store: Store) -> str:
    """Write the tags or labels of the project in this folder, and return what was written in a line.

    Raises
    ------
    InputError
        As `export`, or if there is no such format.
    """
    if name not in EXPORTS:
        raise InputError(f"'{name}' is not a format of results{did_you_mean(name, EXPORTS)}; known: {', '.join(EXPORTS)}")
    folder = DataFolder(read_section(_PARAMS, "data", DataParams).dir)
    exclusive = read_section(_PARAMS, "train", TrainParams).task == "exclusive"
    written = export(name, what, target, folder, store, exclusive)
    files = f"{written[0]}{f' and {len(written) - 1} more' if len(written) > 1 else ''}"
    return f"{what} of the project in {Path.cwd()} written: {files}"


def export(name: str, what: What, target: Path, folder: DataFolder, store: Store, exclusive: bool = False) -> list[Path]:
    """Write the tags or labels of every video that has some.

    Parameters
    ----------
    name
        One of `EXPORTS`.
    what
        ``tags``: what the model says of videos without labels or with labels of a part only. ``labels``: what people said, with
        their corrections, as it is learned from.
    target
        Folder of the files; made if it is not there. Neither the lab's own folder nor one of results.
    exclusive
        Whether a frame has at most one behaviour.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        If there is nothing to export yet, or the format cannot hold it.
    """
    check_target(target, [root for root, _ in folder.places("*")])
    records = read_index(INDEX)
    found = [(record, path) for record, path in _files(records, what) if what == "tags" or name in SAY_ALL or labelled_in_files(path)]
    if not found:
        remedy = "every video has labels: export those" if what == "tags" else "no video has labels"
        raise InputError(f"there are no {what} to export ({remedy}); run 'dvc repro' first if it has not run yet")
    videos = (replace(_video(record, path, what, folder, store), exclusive=exclusive) for record, path in found)
    return EXPORTS[name](videos, columns_about(records), what, target)


def check_target(target: Path, kept: Iterable[Path], what: str = "exports") -> None:
    """Refuse to write among the lab's own files, or where the pipeline writes and removes.

    Parameters
    ----------
    target
        Where files would go.
    kept
        The lab's own folders.
    what
        What the files are called in messages.

    Raises
    ------
    InputError
        If the target lies in such a folder, is the project's own, or is a file.
    """
    place = target.resolve()
    for folder in (*kept, *map(Path, ("data", "models", "plots", "metrics", "report", ".git"))):
        if place.is_relative_to(folder.resolve()) or place == Path.cwd():
            raise InputError(
                f"{target}: expected a folder of its own for {what}, found one that holds other files ('{folder}'); name another"
            )
    if place.exists() and not place.is_dir():
        raise InputError(f"{target}: expected a folder, found a file there; name another")


def _files(records: Iterable[VideoRecord], what: What) -> Iterator[tuple[VideoRecord, Path]]:
    for record in records:
        path = TAGS / f"{record.id}.csv" if what == "tags" else LABELS / f"{record.id}.json"
        if path.is_file():
            yield record, path


def _video(record: VideoRecord, path: Path, what: What, folder: DataFolder, store: Store) -> TaggedVideo:
    media = str(folder.path(record.file).resolve()) if record.has_video else ""
    if what == "tags":
        return read_tagged(path, record, media=media)
    kept, time_s = read_full_snapshot(path), time_stamps(record, folder, store)
    table = kept.table
    method: Method = "manual" if kept.corrected is None else "curated"
    if len(time_s) != table.frames:
        raise InputError(f"{path}: labels of {table.frames} frames for a video of {len(time_s)}; run 'dvc repro' to index again")
    return TaggedVideo(record.id, table.behaviours, time_s, table.values, method, media=media, **about_video(record))


def _to_boris(videos: Iterable[TaggedVideo], fields: Sequence[str], what: What, target: Path) -> list[Path]:
    path = target / f"{what}.boris"
    write_boris_project(path, map(_with_not_scored, videos))
    return [path]


def _to_bouts(videos: Iterable[TaggedVideo], fields: Sequence[str], what: What, target: Path) -> list[Path]:
    def write(video: TaggedVideo) -> Path:
        video = _with_not_scored(video)
        path = target / f"{video.video}.csv"
        sure = video.tags.astype(np.float64)
        write_bouts(path, video.time_s, sure if video.probability is None else video.probability, video.tags, video.behaviours)
        return path

    return [write(video) for video in videos]


def _to_nwb(videos: Iterable[TaggedVideo], fields: Sequence[str], what: What, target: Path) -> list[Path]:
    def write(video: TaggedVideo) -> Path:
        path = target / f"{video.video}.nwb"
        write_nwb(path, video)
        return path

    target.mkdir(parents=True, exist_ok=True)
    return [write(video) for video in videos]


def _to_summary(videos: Iterable[TaggedVideo], fields: Sequence[str], what: What, target: Path) -> list[Path]:
    videos = iter(videos)
    first = next(videos)
    path = target / f"{what}-summary.csv"
    write_summary(path, _after(first, videos), fields, first.behaviours)
    return [path]


def _after(first: TaggedVideo, rest: Iterator[TaggedVideo]) -> Iterator[TaggedVideo]:
    yield first
    yield from rest


def _with_not_scored(video: TaggedVideo) -> TaggedVideo:
    """Return a video without -1: where nobody looked for any behaviour, one of the name `NOT_SCORED_NAME` is shown.

    Raises
    ------
    InputError
        If somebody looked for some behaviours and not for others.
    """
    unknown = video.tags == NOT_SCORED
    nobody = unknown.all(axis=1)
    if unknown.any() and NOT_SCORED_NAME in video.behaviours:
        raise InputError(
            f"{video.video}: a behaviour is called '{NOT_SCORED_NAME}', as time in which nobody looked is; export summary or nwb"
        )
    if not unknown.any():
        return video
    if (unknown & ~nobody[:, None]).any():
        frame = int(np.flatnonzero(unknown.any(axis=1) & ~nobody)[0])
        raise InputError(
            f"{video.video}: at frame {frame} somebody looked for some behaviours and not for others, which this format cannot say; "
            "export summary or nwb"
        )
    tags = np.column_stack([np.where(unknown, NO, video.tags), np.where(nobody, YES, NO)]).astype(np.int8)
    about = {name: getattr(video, name) for name in ("fields", "media", "fps", "annotator", "session", "individual")}
    return TaggedVideo(video.video, (*video.behaviours, NOT_SCORED_NAME), video.time_s, tags, video.method, None, **about)


EXPORTS: dict[str, Callable[[Iterable[TaggedVideo], Sequence[str], What, Path], list[Path]]] = {
    "boris": _to_boris,
    "bouts": _to_bouts,
    "nwb": _to_nwb,
    "summary": _to_summary,
}
