"""Track with the SuperAnimal models: trained on many labs' mice from above, or four-legged animals (Nat. Commun. 15 (2024) 5165)."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.tracks import Track
from ethocache.vision.tracking.deeplabcut import how_it_is_run, names_of_individuals, need_pictures, run_over_video
from ethocache.vision.tracking.identities import keep_identities
from ethocache.vision.tracking.model_config import ModelConfig, plain_config
from ethocache.vision.tracking.networks import Networks, quiet
from ethocache.vision.tracking.settings import TrackerSettings, from_main_checkout
from ethocache.vision.tracking.tracked import Tracked
from ethocache.vision.tracking.zoo import DETECTORS, MODELS, weights_from_hub


class SuperAnimalTracker:
    """Runs a detector, then a pose network on each box; their weights come from the hub, or from files."""

    def __init__(self, settings: TrackerSettings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._animal, self._network = _model(settings.model)
        self._detector = _detector(settings.detector)
        self._files = {
            "track.snapshot": _file(settings.snapshot, "track.snapshot"),
            "track.detector": _file(settings.detector, "track.detector"),
        }

    def places(self) -> list[tuple[Path, str]]:
        return [(path.parent, path.name) for path in self._files.values() if path]

    def individuals(self) -> tuple[str, ...]:
        return names_of_individuals(self._individuals, ())

    def description(self) -> dict[str, Any]:
        """Return which networks, the content of weights that are files, and how they are run; nothing is fetched."""
        return self._description([None if self._settings.detector_only else self._files["track.snapshot"], self._files["track.detector"]])

    def recipe(self, record: VideoRecord) -> dict[str, Any]:
        """Return the description with the content of all weights, fetched if need be."""
        need_pictures(record, "superanimal")
        return self._description([self._snapshot, self._detector_weights])

    def _description(self, weights: Sequence[Path | None]) -> dict[str, Any]:
        names = {"animal": self._animal, "network": None if self._settings.detector_only else self._network, "detector": self._detector}
        return names | how_it_is_run(weights, self._individuals, self._store)

    def track(self, record: VideoRecord, folder: DataFolder) -> Tracked:
        """Run the networks over a video."""
        points = keep_identities(run_over_video(self._networks, record, folder, self._store))
        return Tracked(Track(points, self._networks.names, self.individuals()))

    @property
    def _individuals(self) -> int:
        return self._settings.individuals or 1

    @cached_property
    def _snapshot(self) -> Path | None:
        if self._settings.detector_only:
            return None
        return self._files["track.snapshot"] or weights_from_hub(self._animal, self._network, "track.snapshot")

    @cached_property
    def _detector_weights(self) -> Path:
        return self._files["track.detector"] or weights_from_hub(self._animal, self._detector, "track.detector")

    @cached_property
    def _networks(self) -> Networks:
        return Networks(self._config(), self._snapshot, self._detector_weights, self._individuals, self._settings.batch_size)

    def _config(self) -> ModelConfig:
        with quiet():
            from deeplabcut.pose_estimation_pytorch.config.pose import PoseConfig

            config = PoseConfig.build_for_superanimal_inference(
                f"superanimal_{self._animal}", model_name=self._network, detector_name=self._detector, max_individuals=self._individuals
            )
            return ModelConfig(plain_config(config.model_dump(mode="json")))


def _model(name: str | None) -> tuple[str, str]:
    """Return the animal and the pose network of ``track.model``; the first network of an animal is its default."""
    known = {f"{animal}_{network}": (animal, network) for animal, networks in MODELS.items() for network in networks}
    known |= {animal: (animal, networks[0]) for animal, networks in MODELS.items()}
    if name not in known:
        hint = did_you_mean(name or "", known) or f"; known: {', '.join(known)}"
        raise InputError(f"track.model: expected a SuperAnimal model{hint}, found {'nothing' if name is None else repr(name)}")
    return known[name]


def _detector(name: str | None) -> str:
    """Return the detector's name, which a file of its weights carries too."""
    if name is None:
        return DETECTORS[0]
    named = [detector for detector in DETECTORS if Path(name).stem.endswith(detector)]
    if not named or (name not in DETECTORS and not name.endswith(".pt")):
        raise InputError(
            f"track.detector: expected {' or '.join(DETECTORS)}, or a file of its weights that is called so, as published, found '{name}'"
        )
    return named[0]


def _file(name: str | None, setting: str) -> Path | None:
    """Return the file of weights that is named, or None for those of the hub."""
    if name is None or name in DETECTORS:
        return None
    path = from_main_checkout(name)
    if not path.is_file():
        raise InputError(f"{setting}: expected a file of weights, found none at {path.absolute()}")
    return path
