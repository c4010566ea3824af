"""Find which files of a DeepLabCut project a lab means: its model's description, and its weights."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError
from ethocache.common.params import load_params
from ethocache.dataset.text import shown
from ethocache.vision.tracking.settings import TrackerSettings, from_main_checkout

CONFIG = "pytorch_config.yaml"

_MODELS = "dlc-models-pytorch"
_TENSORFLOW = "dlc-models"
_SNAPSHOT = re.compile(r"snapshot-(best-)?(\d+)\.pt")
_DETECTOR = re.compile(r"snapshot-detector-(best-)?(\d+)\.pt")


@dataclass(frozen=True)
class ModelFiles:
    """The files of a model that DeepLabCut has trained, as DeepLabCut 3 lays them out.

    Attributes
    ----------
    config
        The ``pytorch_config.yaml``: the model's description. Its weights lie beside it.
    pcutoff
        The likelihood from which the project's people trust a point; None without a project.
    """

    config: Path
    pcutoff: float | None = None

    def snapshot(self, chosen: str | None) -> Path:
        """Return the weights of the pose network: the best ones where training kept them, else those trained longest."""
        return _chosen(self.config.parent, chosen, _SNAPSHOT, "track.snapshot")

    def detector(self, chosen: str | None) -> Path:
        """Return the weights of the detector of a top-down model, by the same rule."""
        return _chosen(self.config.parent, chosen, _DETECTOR, "track.detector")


def find_model(settings: TrackerSettings) -> ModelFiles:
    """Return the model that ``track.model`` means.

    Of a project it is the one of the iteration that its config.yaml names, as in DeepLabCut itself. Paths inside of its
    files are not followed.

    Raises
    ------
    InputError
        If there is none, or more than one.
    """
    if not settings.model:
        raise InputError("track.model: expected the folder of a DeepLabCut project, or its pytorch_config.yaml; found nothing")
    place = from_main_checkout(settings.model)
    if place.is_file() and place.suffix in (".yaml", ".yml"):
        return _of_project(place.parent) if place.name == "config.yaml" else ModelFiles(place)
    if (place / CONFIG).is_file():
        return ModelFiles(place / CONFIG)
    if not (place / "config.yaml").is_file():
        raise InputError(
            f"track.model: expected the folder of a DeepLabCut project (with a config.yaml), or a {CONFIG}, found neither at {place}"
        )
    return _of_project(place)


def model_places(settings: TrackerSettings) -> list[tuple[Path, str]]:
    """Return folders and patterns of all files that `find_model` looks at, and of the weights."""
    place = from_main_checkout(settings.model or ".")
    folder = place.parent if place.is_file() else place
    patterns = [(folder, pattern) for pattern in ("*.yaml", "*.pt", f"{_MODELS}/*/*/train/{CONFIG}", f"{_MODELS}/*/*/train/*.pt")]
    named = [from_main_checkout(name) for name in (settings.snapshot, settings.detector) if name]
    return patterns + [(path.parent, path.name) for path in named]


def _of_project(project: Path) -> ModelFiles:
    config = load_params(project / "config.yaml")
    iteration = config.get("iteration", 0)
    if not isinstance(iteration, int):
        raise InputError(f"{project / 'config.yaml'}: iteration: expected a whole number, found '{shown(str(iteration))}'")
    found = sorted((project / _MODELS / f"iteration-{iteration}").glob(f"*/train/{CONFIG}"))
    trained = [path for path in found if any(path.parent.glob("snapshot-*.pt"))]
    if len(trained) != 1:
        raise _none_or_several(project, iteration, trained)
    return ModelFiles(trained[0], _pcutoff(config))


def _none_or_several(project: Path, iteration: int, trained: list[Path]) -> InputError:
    if trained:
        names = ", ".join(str(path) for path in trained)
        return InputError(f"track.model: {project} holds {len(trained)} trained models; set track.model to one of {names}")
    where = f"a trained model in {project / _MODELS / f'iteration-{iteration}'} (iteration {iteration} of its config.yaml), found none"
    if (project / _TENSORFLOW).is_dir():
        where += "; this project was trained with DeepLabCut 2 (TensorFlow): let DeepLabCut analyse the videos, and use track.source: files"
    return InputError(f"track.model: expected {where}")


def _pcutoff(config: dict[str, Any]) -> float | None:
    value = config.get("pcutoff")
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None


def _chosen(folder: Path, name: str | None, pattern: re.Pattern[str], setting: str) -> Path:
    if name:
        places = [folder / name, from_main_checkout(name)]
        found = next((path for path in places if path.is_file()), None)
        if found is None:
            raise InputError(f"{setting}: expected a file of weights, found none at {places[0]} and none at {places[1].absolute()}")
        return found
    return _best(folder, {path: match for path in sorted(folder.glob("*.pt")) if (match := pattern.fullmatch(path.name))}, setting)


def _best(folder: Path, snapshots: dict[Path, re.Match[str]], setting: str) -> Path:
    best = [path for path, match in snapshots.items() if match[1]]
    if len(best) > 1:
        raise InputError(f"{setting}: {folder} holds several best snapshots, {_names(best)}; name the one that is meant")
    if best:
        return best[0]
    if not snapshots:
        kind = "snapshot-detector-*.pt" if setting.endswith("detector") else "snapshot-*.pt"
        raise InputError(f"{setting}: expected weights called {kind} in {folder}, found none; train the model, or name a file")
    return max(snapshots, key=lambda path: int(snapshots[path][2]))


def _names(paths: Iterable[Path]) -> str:
    return ", ".join(path.name for path in paths)
