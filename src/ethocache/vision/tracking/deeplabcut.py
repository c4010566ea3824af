"""Track with a model that a lab has trained in DeepLabCut 3; its project is only read (Nat. Neurosci. 21 (2018) 1281)."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of
from ethocache.common.progress import progress
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord, time_stamps
from ethocache.dataset.tracks import Track
from ethocache.vision.read_ahead import read_ahead
from ethocache.vision.tracking.identities import keep_identities
from ethocache.vision.tracking.model_config import ModelConfig, read_model_config
from ethocache.vision.tracking.model_files import ModelFiles, find_model, model_places
from ethocache.vision.tracking.networks import Networks
from ethocache.vision.tracking.settings import TrackerSettings
from ethocache.vision.tracking.tracked import Tracked

REVISION = 1  # raise it when a change of this code, of DeepLabCut or of torch changes the numbers


class DeepLabCutTracker:
    """Runs the networks of a DeepLabCut project, or of one ``pytorch_config.yaml``, over whole videos."""

    def __init__(self, settings: TrackerSettings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._files: ModelFiles = find_model(settings)
        self._config: ModelConfig = read_model_config(self._files.config)
        if settings.detector_only and not self._config.top_down:
            raise InputError(f"track.detector_only: {self._files.config} describes a model without a detector; set it to false")

    def places(self) -> list[tuple[Path, str]]:
        return model_places(self._settings)

    def individuals(self) -> tuple[str, ...]:
        return names_of_individuals(self._settings.individuals or len(self._config.individuals), self._config.individuals)

    def recipe(self, record: VideoRecord) -> dict[str, Any]:
        need_pictures(record, "deeplabcut")
        return self.description()

    def description(self) -> dict[str, Any]:
        """Return the model's description, the content of its weights, and how it is run."""
        networks = self._networks
        run = how_it_is_run([networks.snapshot, networks.detector], networks.individuals, self._store)
        return {"config": sha256_of(self._config.values), "pcutoff": self._pcutoff} | run

    def track(self, record: VideoRecord, folder: DataFolder) -> Tracked:
        """Run the networks over a video."""
        points = run_over_video(self._networks, record, folder, self._store)
        if not self._config.knows_identities:
            points = keep_identities(points)
        return Tracked(Track(points, self._networks.names, self.individuals(), self._pcutoff), self._note(points))

    @cached_property
    def _networks(self) -> Networks:
        settings, config = self._settings, self._config
        return Networks(
            config,
            None if settings.detector_only else self._files.snapshot(settings.snapshot),
            self._files.detector(settings.detector) if config.top_down else None,
            len(self.individuals()),
            settings.batch_size,
        )

    @property
    def _pcutoff(self) -> float | None:
        """The likelihood that the project trusts; its detector knows none."""
        return None if self._settings.detector_only else self._files.pcutoff

    def _note(self, points: npt.NDArray[np.float32]) -> str | None:
        notes = []
        if self._pcutoff is not None:
            share = float((points[..., 2] >= self._pcutoff).mean())
            notes.append(f"{share:.0%} of the key points reach the project's pcutoff of {self._pcutoff:g}")
        if self._config.unique_names and not self._settings.detector_only:
            notes.append(f"points of no animal are left out: {', '.join(self._config.unique_names)}")
        return "; ".join(notes) or None


def need_pictures(record: VideoRecord, source: str) -> None:
    """Raise `InputError` for a session that has no video."""
    if not record.has_video:
        raise InputError(f"{record.file}: it has no video for track.source '{source}' to look at; leave data.fps empty, or use 'files'")


def how_it_is_run(weights: Sequence[Path | None], individuals: int, store: Store) -> dict[str, Any]:
    """Return what decides the points besides the networks' descriptions.

    The processor and the size of the batches are not in it: they change less than a ten-thousandth of a pixel, which is
    no reason to track again.
    """
    return {
        "weights": [store.fingerprint(path) if path else None for path in weights],
        "individuals": individuals,
        "code": REVISION,
    }


def names_of_individuals(count: int, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return a name for each animal: none where there is only one."""
    if count == 1:
        return ("",)
    return known[:count] if count <= len(known) else tuple(f"animal{number + 1}" for number in range(count))


def run_over_video(networks: Networks, record: VideoRecord, folder: DataFolder, store: Store) -> npt.NDArray[np.float32]:
    """Return (T, I, K, 3), one row per frame of the video; only a few batches of frames are in memory at a time."""
    found = []
    with (
        progress(f"tracking {record.video}", record.facts.frames) as bar,
        closing(read_ahead(_batches(record, folder, store, networks.batch_size))) as batches,
    ):
        for batch in batches:
            found.append(networks(batch))
            bar.update(len(batch))
    return np.concatenate(found)


def _batches(record: VideoRecord, folder: DataFolder, store: Store, size: int) -> Iterator[npt.NDArray[np.uint8]]:
    from ethocache.vision.decode import decode_rgb

    frames = decode_rgb(folder.path(record.file), record.facts, time_stamps(record, folder, store))
    while batch := list(islice(frames, size)):
        yield np.stack(batch)
