"""One training as an entry of the store: the recipe that decides it, and the work that makes it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.files import write_json
from ethocache.common.stage import Stopwatch, peak_memory_mb
from ethocache.common.store import Entry
from ethocache.common.workbench import Workbench
from ethocache.sequence.heads.settings import CAUSAL_REVISION, HeadSettings
from ethocache.sequence.reading import BUDGET_BYTES, Reader
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.system import VIEWS_REVISION, System
from ethocache.sequence.videos import TrainingVideo

REVISION = 3  # raise it when the same recipe would give other numbers
WEIGHTS, ABOUT = "network.safetensors", "network.json"
_DEAL = {"score", "max_folds", "groups", "epochs_final"}  # settings that decide which trainings there are, not what each gives
_OF_FOLDS = {"patience", "overlap_s"}  # settings that decide when a fold is stopped, and what it says then
_SCORED, _INNER, _FOLD = "scored.npy", "inner.npy", "fold.json"

Videos = Sequence[TrainingVideo]
Probabilities = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Setup:
    """What all trainings of a network have in common; `params` already holds what the head wants otherwise."""

    behaviours: tuple[str, ...]
    head: HeadSettings
    params: TrainParams
    reader: Reader = field(default_factory=Reader)

    def recipe(self, kind: str) -> dict[str, Any]:
        """Return the part of a recipe that all trainings of a kind share."""
        return {
            "kind": kind,
            "revision": REVISION,
            "behaviours": list(self.behaviours),
            "head": self.head.model_dump(exclude={"train", "decide", "tuned_on"}),
            "train": self.params.model_dump(exclude=_DEAL),
        }


def setups_of(system: System, behaviours: tuple[str, ...]) -> list[Setup]:
    """Return the setup of each member; those that read the same streams share what is kept in memory."""
    sources = {member.streams for member in system.members}
    readers = {streams: Reader(BUDGET_BYTES // len(sources)) for streams in sources}
    return [Setup(behaviours, member.head, member.params, readers[member.streams]) for member in system.members]


@dataclass(frozen=True)
class Sides:
    """The videos of one fold."""

    scored: Videos
    inner: Videos
    fitted: Videos


@dataclass(frozen=True)
class FoldAnswer:
    """What a fold says: probabilities (T, B) of each scored and each inner video by id, its best epoch, and how it came there.

    They are not numbers, and the epoch is 0, where nothing could be trained: no fitted video shows what the network reads.
    """

    scored: Probabilities
    inner: Probabilities
    best_epoch: int
    curve: list[dict[str, Any]]


def fold_recipe(setup: Setup, sides: Sides) -> dict[str, Any]:
    """Return everything that decides a fold. What people say of the scored videos is not among it."""
    recipe = setup.recipe("fold") | ({"causal_revision": CAUSAL_REVISION} if setup.head.is_causal else {})
    return (
        recipe
        | _of_views(sides.fitted)
        | {
            "fitted": {video.id: taught(video) for video in sides.fitted},
            "inner": {video.id: identity(video) for video in sides.inner},
            "scored": {video.id: {"features": list(video.keys)} for video in sides.scored},
        }
    )


def train_fold(setup: Setup, sides: Sides, what: str, bench: Workbench) -> dict[str, Any]:
    """Fit on some animals, stop by others, predict those and the scored ones; return the facts."""
    from ethocache.sequence.inference import probabilities
    from ethocache.sequence.training import fit

    watch = Stopwatch()
    done = fit(what, sides.fitted, sides.inner, setup.head, setup.params, setup.reader)
    for name, videos in ((_SCORED, sides.scored), (_INNER, sides.inner)):
        answers = [probabilities(done.network, setup.reader.of(video), setup.params) for video in videos]
        np.save(bench.output / name, np.concatenate(answers))
    write_json(bench.output / _FOLD, {"best_epoch": done.best_epoch, "weights_sha256": done.weights_sha256(), "curve": done.curve})
    return _facts(done.frames, watch, bench.output)


def read_fold(entry: Entry | None, sides: Sides) -> FoldAnswer:
    """Read what `train_fold` left in the store; None where there was nothing to train with (`learners`)."""
    if entry is None:
        return FoldAnswer(_nothing(sides.scored), _nothing(sides.inner), 0, [])
    about = json.loads(entry.path(_FOLD).read_text(encoding="utf-8"))
    return FoldAnswer(_read(entry.path(_SCORED), sides.scored), _read(entry.path(_INNER), sides.inner), about["best_epoch"], about["curve"])


def learners(videos: Videos, streams: Sequence[tuple[str, ...]]) -> list[bool]:
    """Return for each member, by the streams that it reads, whether these videos can train it.

    They cannot if none of its cameras shows a labelled frame. Where they can train none, all are to try, and say what lacks.
    """
    if not any(video.valid for video in videos):
        return [True] * len(streams)
    can = [any(video.teaches(of_member) for video in videos) for of_member in streams]
    return can if any(can) else [True] * len(streams)


def without_idle(system: System, videos: Videos) -> System:
    """Return a system without the members that none of the labelled videos can train."""
    kept = learners(videos, system.streams)
    return replace(system, members=tuple(member for member, can in zip(system.members, kept, strict=True) if can))


def network_recipe(setup: Setup, videos: Videos, epochs: int) -> dict[str, Any]:
    """Return everything that decides a network of the final model, which nobody stops and which predicts nothing here."""
    recipe = setup.recipe("network") | _of_views(videos)
    train = {name: value for name, value in recipe["train"].items() if name not in _OF_FOLDS}
    return recipe | {"train": train, "fitted": {video.id: taught(video) for video in videos}, "epochs": epochs}


def train_network(setup: Setup, videos: Videos, what: str, epochs: int, bench: Workbench) -> dict[str, Any]:
    """Fit on all labelled animals for a known number of epochs; return the facts."""
    from safetensors.torch import save_file

    from ethocache.sequence.training import fit

    watch = Stopwatch()
    done = fit(what, videos, (), setup.head, setup.params, setup.reader, epochs)
    save_file({name: value.detach().cpu().contiguous() for name, value in done.network.state_dict().items()}, bench.output / WEIGHTS)
    write_json(bench.output / ABOUT, {"dimensions": setup.reader.of(videos[0]).dimensions, "curve": done.curve})
    return _facts(done.frames, watch, bench.output)


def read_network_curve(entry: Entry) -> list[dict[str, Any]]:
    """Read the epochs of what `train_network` left in the store."""
    curve: list[dict[str, Any]] = json.loads(entry.path(ABOUT).read_text(encoding="utf-8"))["curve"]
    return curve


def identity(video: TrainingVideo) -> dict[str, Any]:
    """Return what a labelled video is to a training: its features, and what people say of it."""
    return {"features": list(video.keys), "labels": labels_sha256(video)}  # the shape follows from both


def taught(video: TrainingVideo) -> dict[str, Any]:
    """Return what a video is to a network that learns from it: its identity, and what each person says where their mean is learned."""
    raters = [hashlib.sha256(labels.tobytes()).hexdigest() for labels in video.raters]
    return identity(video) | ({"raters": sorted(raters)} if raters else {})  # whoever says it, the mean is the same


def labels_sha256(video: TrainingVideo) -> str:
    """Return the sha256 of a video's labels."""
    return hashlib.sha256(video.labels.tobytes()).hexdigest()


def _of_views(videos: Videos) -> dict[str, int]:
    """Return the revision of what is made of several cameras; nothing where there is one."""
    return {"views_revision": VIEWS_REVISION} if any(video.valid for video in videos) else {}


def _read(path: Path, videos: Videos) -> Probabilities:
    ends = np.cumsum([len(video.time_s) for video in videos])
    return {video.id: part for video, part in zip(videos, np.split(np.load(path), ends[:-1]), strict=True)}


def _nothing(videos: Videos) -> Probabilities:
    return {video.id: np.full(video.labels.shape, np.nan, np.float32) for video in videos}


def _facts(frames: int, watch: Stopwatch, output: Path) -> dict[str, Any]:
    from ethocache.common.compute import device

    size = sum(path.stat().st_size for path in output.iterdir())
    return {"frames": frames, "seconds": round(watch.seconds, 3), "bytes": size, "peak_memory_mb": peak_memory_mb(), "device": device()}
