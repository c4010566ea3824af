"""One fine-tuning as an entry of the store: the recipe that decides it, and the work that makes it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from ethocache.common.compute import device
from ethocache.common.errors import InputError
from ethocache.common.files import write_json
from ethocache.common.stage import Stopwatch, peak_memory_mb
from ethocache.common.store import Entry
from ethocache.common.workbench import Workbench
from ethocache.endtoend.finetuning.checkpoint import Checkpoint
from ethocache.endtoend.finetuning.clips import Clips, can_judge
from ethocache.endtoend.finetuning.network import EndToEnd
from ethocache.endtoend.finetuning.settings import BACKBONE, REVISION, FinetuneParams
from ethocache.endtoend.finetuning.tuning import Tuning
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.trainings import ABOUT, WEIGHTS, Setup, identity, taught
from ethocache.sequence.videos import TrainingVideo
from ethocache.vision.backbones.image import OpenNetwork, open_network
from ethocache.vision.backbones.settings import ImageSettings
from ethocache.vision.backbones.tuned import Tuned, all_seen
from ethocache.vision.crop_plan import read_plan
from ethocache.vision.embedding import check_weights

_DECIDES_NOTHING = {"runs", "recipes", "folds", "checkpoint_s"}


@dataclass(frozen=True)
class Start:
    """The trained head that a fine-tuning begins with.

    Attributes
    ----------
    weights
        Its file.
    identity
        What stands in it: for the store's key.
    """

    weights: Path
    identity: str


@dataclass(frozen=True)
class Backbone:
    """The recipe of the backbone that is tuned.

    Attributes
    ----------
    name, settings
        Of the recipe.
    description
        As `describe_network` remembers it, so that nothing is loaded where nothing is to be done.
    """

    name: str
    settings: ImageSettings
    description: Mapping[str, Any]

    def recipe(self) -> dict[str, Any]:
        """Return what decides the network before it is tuned."""
        about = {name: value for name, value in self.description.items() if name != "engines"}
        return about | {"name": self.name, "model": self.settings.model, "pooling": self.settings.pooling}


@dataclass(frozen=True)
class Work:
    """One fine-tuning.

    Attributes
    ----------
    what
        Names it in the progress bar.
    file
        What the tuned weights say where they were written first.
    fitted, inner
        Videos that the weights are fitted on, and those that say when to stop; without any the last epoch is taken.
    epochs
        How many at most.
    crops
        Video -> its crop.
    """

    what: str
    file: str
    backbone: Backbone
    start: Start
    setup: Setup
    params: FinetuneParams
    fitted: Sequence[TrainingVideo]
    inner: Sequence[TrainingVideo]
    epochs: int
    crops: Mapping[str, Path]

    def recipe(self) -> dict[str, Any]:
        """Return everything that decides the tuned weights."""
        return {
            "kind": "finetuning",
            "revision": REVISION,
            "file": self.file,
            "backbone": self.backbone.recipe(),
            "head": self.start.identity,
            "setup": self.setup.recipe("finetuning"),
            "finetune": self.params.model_dump(mode="json", exclude=_DECIDES_NOTHING),
            "bf16": uses_bf16(self.params),
            "epochs": self.epochs,
            "fitted": {video.id: taught(video) | self._shown(video) for video in self.fitted},
            "inner": {video.id: identity(video) | self._shown(video) for video in self.inner},
        }

    def _shown(self, video: TrainingVideo) -> dict[str, str]:
        """Return the crop of a video, and the animal in it: the file says of its weights whom they have seen."""
        crop = self.crops[video.id]
        if not crop.is_file() or not crop.with_suffix(".json").is_file():
            raise InputError(f"{crop} is missing: run 'dvc repro crop'")
        return {"crop": read_plan(crop.with_suffix(".json")).key, "animal": video.animal}


def uses_bf16(params: FinetuneParams) -> bool:
    """Return whether the backbone multiplies in 16 bits; on processors only where that is asked for."""
    return params.precision == "bf16" or (params.precision == "auto" and device() == "cuda")


def tune(work: Work, bench: Workbench) -> dict[str, Any]:
    """Fine-tune, from where a killed run stopped; leave the backbone, the head and how it went, and return the facts."""
    watch = Stopwatch()
    opened = open_network(work.backbone.settings)
    check_weights(opened.weights_sha256, work.backbone.description["weights_sha256"])
    head = _head(work.start.weights, work.setup, opened.dimensions)
    network = EndToEnd(opened, head, work.params).place(torch.device(device()), uses_bf16(work.params))
    fitted = Clips(work.fitted, work.setup.params, work.crops, opened.view, work.params.clip_s, work.params.clips)
    inner = _windows(work, opened) if can_judge(work.inner, work.setup.params) else None
    done = Tuning(network, fitted, inner, work.epochs, Checkpoint(bench.segments, work.params.checkpoint_s)).run(work.what)
    _write(work, opened, head, bench.output, done.curve, done.best)
    return {
        "frames": done.frames,
        "seconds": round(watch.seconds, 3),
        "bytes": sum(path.stat().st_size for path in bench.output.iterdir()),
        "peak_memory_mb": peak_memory_mb(),
        "device": device(),
    }


def best_epoch(entry: Entry) -> int:
    """Return the epoch whose weights `tune` left; 0 if none was better than the start."""
    return int(json.loads(entry.path(ABOUT).read_text(encoding="utf-8"))["best_epoch"])


def tuned_head(entry: Entry, setup: Setup) -> TaggingNetwork:
    """Return the head that `tune` left, on this machine's processor."""
    about = json.loads(entry.path(ABOUT).read_text(encoding="utf-8"))
    return _head(entry.path(WEIGHTS), setup, about["dimensions"]).to(torch.device(device())).eval()


def _head(weights: Path, setup: Setup, dimensions: int) -> TaggingNetwork:
    head = TaggingNetwork(dimensions, len(setup.behaviours), setup.head, setup.params)
    head.load_state_dict(load_file(weights))
    return head


def _windows(work: Work, opened: OpenNetwork) -> Clips:
    """Return what epochs are judged by: windows like those that tags come from, of no more seconds in all than an epoch's clips."""
    train, seconds = work.setup.params, work.params.clips * work.params.clip_s
    most = max(1, round(seconds / train.window_s))
    return Clips(work.inner, train, work.crops, opened.view, train.window_s, most, train.overlap_s)


def _write(work: Work, opened: OpenNetwork, head: TaggingNetwork, folder: Path, curve: list[dict[str, Any]], best: int) -> None:
    animals = all_seen(work.backbone.settings, {video.animal for video in (*work.fitted, *work.inner)})
    said = Tuned(work.file, work.backbone.name, work.backbone.settings.model, animals)
    save_file(_tensors(opened.network), folder / BACKBONE, said.metadata())
    save_file(_tensors(head), folder / WEIGHTS)
    write_json(folder / ABOUT, {"dimensions": opened.dimensions, "curve": curve, "best_epoch": best})


def _tensors(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return a network's tensors in order of their names, so that the same ones give the same bytes."""
    return {name: value.detach().cpu().contiguous() for name, value in sorted(network.state_dict().items())}
