"""One video from its pixels to its tags, step by step as the stages of the pipeline do it, and kept in the same store."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.common.files import canonical_json
from ethocache.common.store import Entry, Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord
from ethocache.endtoend.packs.contents import Recipes
from ethocache.endtoend.packs.opening import Pack
from ethocache.endtoend.packs.portraits import Portrait, portray
from ethocache.endtoend.packs.videos import ANYWHERE
from ethocache.sequence.tagging import Tagger
from ethocache.vision.backbones import parse_recipe
from ethocache.vision.backbones.settings import PoseSettings
from ethocache.vision.embedding import FEATURES
from ethocache.vision.kept import keep_crop, keep_track
from ethocache.vision.streams import Stream, open_stream
from ethocache.vision.tracking import Tracker, make_tracker


@dataclass(frozen=True)
class KeptPlaces:
    """Where the crop and the track of the unit at hand are kept."""

    folder: DataFolder
    store: Store
    crops: dict[str, Path]
    tracks: dict[str, Path]

    def crop(self, record: VideoRecord) -> Path:
        return self.crops[record.id]

    def track(self, record: VideoRecord) -> Path:
        return self.tracks.get(record.video, Path(f"{record.video}.h5"))


@dataclass(frozen=True, eq=False)
class Tagged:
    """What was made of a unit: its tags, and what it looks like."""

    record: VideoRecord
    tags: Entry
    portrait: Portrait


class Pipeline:
    """What turns videos into tags; its networks are loaded once, when the first frame needs them.

    Parameters
    ----------
    pack
        The model.
    recipes
        Those of the pack, or with another source of tracks.
    store
        Keeps every step.
    """

    def __init__(self, pack: Pack, recipes: Recipes, store: Store) -> None:
        self._pack, self._recipes, self._store = pack, recipes, store
        self._places = KeptPlaces(ANYWHERE, store, {}, {})
        self._tagger = Tagger(pack.folder, store)
        self._streams: dict[str, Stream] = {
            name: open_stream(name, settings, recipes.extract, self._places) for name, settings in recipes.streams.items()
        }
        self._sees_pixels = any(not isinstance(parse_recipe(settings), PoseSettings) for settings in recipes.streams.values())

    @cached_property
    def tracker(self) -> Tracker:
        """What finds the animal.

        Raises
        ------
        InputError
            If it is a model that is not here, or another one than that of the training.
        """
        try:
            tracker = make_tracker(self._recipes.track, self._store)
        except InputError as error:
            raise InputError(f"{error}; or name the tracks that this model made with --tracks") from None
        here = tracker.description()
        if self._recipes.track.source == self._pack.recipes.track.source and canonical_json(here) != canonical_json(
            self._pack.recipes.tracker
        ):
            raise InputError(f"{self._pack.path}: the model that tracks here is not that of the training; name its tracks with --tracks")
        return tracker

    @property
    def passes(self) -> int:
        """How often every frame is looked at: to crop it, and once for each stream of pixels."""
        pixels = sum(not isinstance(parse_recipe(settings), PoseSettings) for settings in self._recipes.streams.values())
        return pixels + (pixels > 0)

    def tag(self, record: VideoRecord) -> Tagged:
        """Tag a video, or one of its animals.

        Raises
        ------
        InputError
            As the stages ``track``, ``crop``, ``extract`` and ``predict`` do.
        """
        track = self._track(record)
        crop = self._crop(record, track) if self._sees_pixels else None
        self._places.crops.clear()
        self._places.tracks.clear()
        self._places.crops.update({record.id: crop} if crop else {})
        self._places.tracks.update({record.video: track} if track else {})
        entries = {name: stream.job(record).make(self._store) for name, stream in self._streams.items()}
        features = {name: entry.path(FEATURES) for name, entry in entries.items()}
        return Tagged(record, self._tagger.keep_tags(features), portray(record, crop, [*features.values()]))

    def _track(self, record: VideoRecord) -> Path | None:
        entry = keep_track(record, ANYWHERE, self._recipes.track, self._store, self.tracker)
        return entry.path("track.h5") if entry else None

    def _crop(self, record: VideoRecord, track: Path | None) -> Path:
        nowhere = Path(f"{record.id} has no track")
        untracked = record if track else replace(record, track=None)
        return keep_crop(untracked, ANYWHERE, track or nowhere, self._recipes.crop, self._store).path("crop.mp4")
