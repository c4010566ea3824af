"""Bring labels and features of the labelled videos together."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.dataset.features import FeatureSet
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.labels import read_snapshot
from ethocache.sequence.videos import TrainingVideo


def labelled_videos(
    labels: Path, features: Path, streams: Sequence[str], records: Sequence[VideoRecord]
) -> tuple[tuple[str, ...], list[TrainingVideo]]:
    """Return the behaviours, and every video that has labels.

    Parameters
    ----------
    labels
        Folder of ``<video>.json`` snapshots.
    features
        Folder of ``<video>.<stream>.h5``.

    Raises
    ------
    InputError
        If no video has labels, or labels and features disagree about the number of frames.
    """
    labelled = [record for record in records if (labels / f"{record.id}.json").is_file()]
    if not labelled:
        raise InputError("training needs labelled videos, found none: put labels files where data.labels says, named like their videos")
    behaviours: tuple[str, ...] = ()
    videos = []
    for record in labelled:
        table = read_snapshot(labels / f"{record.id}.json")
        behaviours = table.behaviours
        opener = partial(FeatureSet.open, features, record.id, tuple(streams))
        with opener() as opened:
            if opened.frames != len(table.values):
                raise InputError(
                    f"{record.place}: {len(table.values)} frames of labels, but {opened.frames} of features; run 'dvc repro' again"
                )
            videos.append(TrainingVideo(record.id, record.animal, opener, opened.keys, table.values, opened.time_s))
    return behaviours, videos
