"""Bring labels and features of the labelled videos together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.features import FeatureSet, file_name
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.labels import read_full_snapshot
from ethocache.dataset.views import view_of
from ethocache.sequence.videos import TrainingVideo, Tuned


@dataclass(frozen=True)
class OpenFeatures:
    """Opens the features of one video, again and again, here or on a machine that sees nothing but the store.

    Attributes
    ----------
    folder, video, streams
        Of ``<folder>/<video>.<stream>.h5``.
    keys
        What the store calls these files.
    store
        Where they are taken from if the folder does not hold them.
    """

    folder: Path
    video: str
    streams: tuple[str, ...]
    keys: tuple[str, ...]
    store: Store

    def __call__(self) -> FeatureSet:
        """Open them; use it in a ``with`` block.

        Raises
        ------
        InputError
            If they are damaged, or no longer those that the training began with.
        """
        files = [self._file(stream, key) for stream, key in zip(self.streams, self.keys, strict=True)]
        opened = FeatureSet.open_files(files, any(map(view_of, self.streams)))
        if opened.keys == self.keys:
            return opened
        opened.close()
        raise InputError(f"{self.video}: its features are no longer those with which the training began; run 'dvc repro' again")

    def of_streams(self, streams: tuple[str, ...]) -> Self:
        """Return what opens only these of its streams."""
        keys = dict(zip(self.streams, self.keys, strict=True))
        return replace(self, streams=streams, keys=tuple(keys[stream] for stream in streams))

    def _file(self, stream: str, key: str) -> Path:
        here = self.folder / file_name(self.video, stream)
        kept = None if here.is_file() else self.store.find("features", key)
        return kept.path("features.h5") if kept else here


def labelled_videos(
    labels: Path, features: Path, streams: Sequence[str], records: Sequence[VideoRecord], store: Store
) -> tuple[tuple[str, ...], list[TrainingVideo]]:
    """Return the behaviours, and every video that has labels.

    Parameters
    ----------
    labels
        Folder of ``<video>.json`` snapshots.
    features
        Folder of ``<video>.<stream>.h5``.
    store
        Keeps the same features, for who does not see the folder.

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
        snapshot = read_full_snapshot(labels / f"{record.id}.json")
        table, behaviours = snapshot.table, snapshot.table.behaviours
        with FeatureSet.open(features, record.id, streams) as opened:
            if opened.frames != len(table.values):
                raise InputError(
                    f"{record.place}: {len(table.values)} frames of labels, but {opened.frames} of features; run 'dvc repro' again"
                )
            opener = OpenFeatures(features.absolute(), record.id, tuple(streams), opened.keys, store)
            about = (opened.keys, table.values, opened.time_s, opener.streams, opened.widths)
            tuned = tuple(Tuned(*file.tuned_on) for file in opened.files)
            valid = tuple(file.valid for file in opened.files) if any(map(view_of, streams)) else ()
            videos.append(TrainingVideo(record.id, record.animal, opener, *about, snapshot.learned(), tuned, valid))
    return behaviours, videos
