"""One training as an entry of the store: the recipe that decides it, and the work that makes it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.files import write_json
from ethocache.common.stage import Stopwatch, peak_memory_mb
from ethocache.common.store import Entry
from ethocache.common.workbench import Workbench
from ethocache.sequence.heads.settings import HeadSettings
from ethocache.sequence.reading import Reader
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.videos import TrainingVideo
from ethocache.sequence.windows import frames_per_second

REVISION = 2  # raise it when the same recipe would give other numbers
_DEAL = {"score", "max_folds", "groups", "epochs_final"}  # settings that decide which trainings there are, not what each gives
_PROBABILITY, _FOLD = "probability.npy", "fold.json"

Videos = Sequence[TrainingVideo]


@dataclass(frozen=True)
class Setup:
    """What all trainings of a run have in common; `params` already holds what the head wants otherwise."""

    behaviours: tuple[str, ...]
    head: HeadSettings
    params: TrainParams
    streams: tuple[str, ...] = ()
    reader: Reader = field(default_factory=Reader)

    def recipe(self, kind: str) -> dict[str, Any]:
        """Return the part of a recipe that all trainings of a kind share."""
        return {
            "kind": kind,
            "revision": REVISION,
            "behaviours": list(self.behaviours),
            "head": self.head.model_dump(exclude={"train"}),
            "train": self.params.model_dump(exclude=_DEAL),
        }


@dataclass(frozen=True)
class Sides:
    """The videos of one fold."""

    scored: Videos
    inner: Videos
    fitted: Videos


@dataclass(frozen=True)
class FoldAnswer:
    """What a fold says: probabilities (T, B) of each scored video by id, thresholds (B,), and its best epoch."""

    probability: dict[str, npt.NDArray[np.float32]]
    threshold: npt.NDArray[np.float32]
    best_epoch: int


def fold_recipe(setup: Setup, sides: Sides) -> dict[str, Any]:
    """Return everything that decides a fold. What people say of the scored videos is not among it."""
    recipe = setup.recipe("fold")
    return recipe | {
        "fitted": {video.id: _identity(video) for video in sides.fitted},
        "inner": {video.id: _identity(video) for video in sides.inner},
        "scored": {video.id: {"features": list(video.keys)} for video in sides.scored},
    }


def train_fold(setup: Setup, sides: Sides, what: str, bench: Workbench) -> dict[str, Any]:
    """Fit on some animals, stop and set thresholds by others, predict the scored ones; return the facts."""
    from ethocache.sequence.inference import probabilities
    from ethocache.sequence.thresholds import best_thresholds
    from ethocache.sequence.training import fit, predict_all

    watch = Stopwatch()
    done = fit(what, sides.fitted, sides.inner, setup.head, setup.params, setup.reader)
    threshold = best_thresholds(*predict_all(done.network, sides.inner, setup.params, setup.reader))
    answers = [probabilities(done.network, setup.reader.of(video), setup.params) for video in sides.scored]
    np.save(bench.output / _PROBABILITY, np.concatenate(answers))
    about = {"best_epoch": done.best_epoch, "threshold": threshold.tolist(), "weights_sha256": done.weights_sha256(), "curve": done.curve}
    write_json(bench.output / _FOLD, about)
    return _facts(done.frames, watch, bench.output)


def read_fold(entry: Entry, scored: Videos) -> FoldAnswer:
    """Read what `train_fold` left in the store."""
    about = json.loads(entry.path(_FOLD).read_text(encoding="utf-8"))
    ends = np.cumsum([len(video.time_s) for video in scored])
    parts = np.split(np.load(entry.path(_PROBABILITY)), ends[:-1])
    threshold = np.array(about["threshold"], np.float32)
    return FoldAnswer({video.id: part for video, part in zip(scored, parts, strict=True)}, threshold, about["best_epoch"])


def model_recipe(
    setup: Setup, videos: Videos, epochs: int, fold_epochs: Sequence[int], threshold: npt.NDArray[np.float32]
) -> dict[str, Any]:
    """Return everything that decides the final model."""
    return setup.recipe("model") | {
        "fitted": {video.id: _identity(video) | {"animal": video.animal} for video in videos},
        "streams": list(setup.streams),
        "epochs": epochs,
        "fold_epochs": list(fold_epochs),
        "threshold": threshold.tolist(),
    }


def train_model(setup: Setup, videos: Videos, recipe: dict[str, Any], bench: Workbench) -> dict[str, Any]:
    """Fit the final model on all labelled animals for a known number of epochs; return the facts."""
    from ethocache.sequence.model_file import save_model
    from ethocache.sequence.training import fit

    watch = Stopwatch()
    done = fit("training the final model", videos, (), setup.head, setup.params, setup.reader, recipe["epochs"])
    about = {
        "behaviours": setup.behaviours,
        "thresholds": recipe["threshold"],
        "streams": setup.streams,
        "dimensions": setup.reader.of(videos[0]).dimensions,
        "head": recipe["head"],
        "train": setup.params,
        "fps": round(float(np.median([frames_per_second(video.time_s) for video in videos])), 6),
        "animals": sorted({video.animal for video in videos}),
        "epochs": recipe["epochs"],
        "fold_epochs": recipe["fold_epochs"],
    }
    save_model(bench.output, done.network, about)
    return _facts(done.frames, watch, bench.output)


def _identity(video: TrainingVideo) -> dict[str, Any]:
    return {"features": list(video.keys), "labels": hashlib.sha256(video.labels.tobytes()).hexdigest()}  # the shape follows from both


def _facts(frames: int, watch: Stopwatch, output: Path) -> dict[str, Any]:
    from ethocache.common.compute import device

    size = sum(path.stat().st_size for path in output.iterdir())
    return {"frames": frames, "seconds": round(watch.seconds, 3), "bytes": size, "peak_memory_mb": peak_memory_mb(), "device": device()}
