"""Read what each video of the project shows, from people or from the model, and measure it: one video in memory at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.progress import progress
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord, time_stamps
from ethocache.dataset.labels import labelled_in_files, read_snapshot
from ethocache.dataset.predictions import Prediction, read_prediction
from ethocache.dataset.results import check_behaviours
from ethocache.dataset.summary_table import plain_text
from ethocache.dataset.tagged_video import TaggedVideo, about_video, read_tagged
from ethocache.dataset.text import Table
from ethocache.scoring.frames import Floats
from ethocache.scoring.groups.animals import known_mean
from ethocache.scoring.groups.design import animal_of
from ethocache.scoring.groups.measuring import Instrument, MeasuredVideo, measure_video
from ethocache.scoring.groups.tagging_error import count_video

Source = Literal["same", "tags", "labels", "mixed"]
SOURCES: tuple[Source, ...] = ("same", "tags", "labels", "mixed")
LABELS, TAGS, PREDICTIONS, MOTION = Path("data/labels"), Path("data/tags"), Path("data/predictions"), Path("data/summary/motion.csv")
_MOTION = ("seen_fraction", "distance_cm", "distance_px", "mean_speed_cm_per_s", "mean_speed_px_per_s", "wall_fraction")


@dataclass(frozen=True, eq=False)
class Measured:
    """The measured videos, and how the model tags animals that it never saw.

    Attributes
    ----------
    videos
        In the order of the index.
    left_out
        Videos that the chosen source says nothing of.
    confusion
        Animal -> counts (B, 4) of frames in which labels and held-out tags agree or not; empty where nothing was tagged.
    """

    videos: list[MeasuredVideo]
    left_out: list[str]
    confusion: dict[str, Floats]


def choose_source(name: str, records: Sequence[VideoRecord]) -> Source:
    """Return where the ethograms come from; ``same`` becomes ``labels`` where every video has labels, else ``tags``.

    Raises
    ------
    InputError
        If there is no such source.
    """
    known = next((source for source in SOURCES if source == name), None)
    if known is None:
        raise InputError(f"--from: '{name}' is not a source of ethograms{did_you_mean(name, SOURCES)}; known: {', '.join(SOURCES)}")
    if known != "same":
        return known
    return "labels" if all(_labelled(record) for record in records) else "tags"


def videos_of(source: Source, records: Sequence[VideoRecord]) -> list[VideoRecord]:
    """Return the videos that a source tells of: ``labels`` of those with labels, others of all.

    Raises
    ------
    InputError
        If there are none.
    """
    kept = [record for record in records if source != "labels" or _labelled(record)]
    if not kept:
        raise InputError("--from labels: no video has labels; label some, or measure by the model's tags: --from tags")
    return kept


def measure_all(
    records: Sequence[VideoRecord],
    source: Source,
    behaviours: tuple[str, ...],
    about: Mapping[str, Mapping[str, str]],
    bin_s: float,
    folder: DataFolder,
    store: Store,
) -> Measured:
    """Measure every video that the source tells of.

    Parameters
    ----------
    records
        All videos of the project.
    source
        ``tags``: the model's, of labelled videos those of a model that never saw the animal. ``labels``: people's, other videos
        are left out. ``mixed``: people's where there are some.
    behaviours
        The B behaviours of the project.
    about
        Video -> what is known of it.
    bin_s
        Seconds of a time bin.

    Raises
    ------
    InputError
        If results are missing, are of other behaviours, or do not fit their video.
    """
    motion = read_motion(MOTION)
    kept, videos = videos_of(source, records), []
    with progress("measuring", len(kept), "video") as bar:
        for record in kept:
            by_people = source == "labels" or (source == "mixed" and _labelled(record))
            video = _read(record, "labels" if by_people else "tags", folder, store)
            check_behaviours(video.behaviours, behaviours, record.id)
            of_track = motion.get(plain_text(record.id), {})
            videos.append(measure_video(video, animal_of(record), about[record.id], bin_s, of_track))
            bar.update()
    tagged = any(video.instrument == "tags" for video in videos)
    measured = {record.id for record in kept}
    left_out = [record.id for record in records if record.id not in measured]
    return Measured(videos, left_out, _confusion(records, behaviours) if tagged else {})


def read_motion(path: Path) -> dict[str, dict[str, float]]:
    """Return what the table of motion says of each video, the mean where it has several animals; empty without such a table."""
    if not path.is_file():
        return {}
    table = Table.open(path)
    rows: dict[str, list[dict[str, float]]] = {}
    for _, cells in table.rows():
        row = dict(zip(table.header, cells, strict=True))
        numbers = {name: table.number(row[name]) if row[name] else np.nan for name in _MOTION if name in row}
        rows.setdefault(row["video"], []).append(numbers)
    means = {
        video: {name: float(known_mean(np.array([row[name] for row in of_video]))) for name in of_video[0]}
        for video, of_video in rows.items()
    }
    known = {name for numbers in means.values() for name, value in numbers.items() if not np.isnan(value)}
    return {video: {name: value for name, value in numbers.items() if name in known} for video, numbers in means.items()}


def _labelled(record: VideoRecord) -> bool:
    """Tell whether people labelled a video; a few corrected seconds are no ethogram."""
    return labelled_in_files(LABELS / f"{record.id}.json")


def _read(record: VideoRecord, instrument: Instrument, folder: DataFolder, store: Store) -> TaggedVideo:
    if instrument == "labels":
        path = LABELS / f"{record.id}.json"
        labels, time_s = read_snapshot(path), time_stamps(record, folder, store)
        if len(time_s) != labels.frames:
            raise InputError(f"{path}: labels of {labels.frames} frames for a video of {len(time_s)}; run 'dvc repro' to index again")
        return TaggedVideo(record.id, labels.behaviours, time_s, labels.values, "manual", **about_video(record))
    tags, held_out_is_there = TAGS / f"{record.id}.csv", (PREDICTIONS / f"{record.id}.h5").is_file()
    if not held_out_is_there and (tags.is_file() or not _labelled(record)):
        return read_tagged(tags, record)
    held_out = _held_out(record)
    return TaggedVideo(record.id, held_out.behaviours, held_out.time_s, held_out.tag, "automated", **about_video(record))


def _held_out(record: VideoRecord) -> Prediction:
    path = PREDICTIONS / f"{record.id}.h5"
    if not path.is_file():
        raise InputError(
            f"{path} is not there, the tags of a labelled video by a model that never saw its animal: run 'dvc repro' with "
            "train.score: true, or take people's labels where there are some with --from mixed"
        )
    return read_prediction(path)


def _confusion(records: Sequence[VideoRecord], behaviours: tuple[str, ...]) -> dict[str, Floats]:
    """Count right and wrong tags by animal; animals on which settings were searched are left out, as their scores flatter.

    So are videos of which only some spans were corrected: those were looked at because the tags were doubtful there.
    """
    counts: dict[str, Floats] = {}
    for record in records:
        if not (PREDICTIONS / f"{record.id}.h5").is_file() or not _labelled(record):
            continue
        prediction = read_prediction(PREDICTIONS / f"{record.id}.h5")
        check_behaviours(prediction.behaviours, behaviours, record.id)
        if not prediction.seen:
            counts[animal_of(record)] = counts.get(animal_of(record), 0) + count_video(prediction)
    return counts
