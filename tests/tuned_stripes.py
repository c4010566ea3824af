"""A fine-tuning that takes seconds: rendered stripes, whose direction is the behaviour, before a tiny network."""

import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from ethocache.common.store import Entry, Store
from ethocache.endtoend.finetuning.settings import FinetuneParams
from ethocache.endtoend.finetuning.tunings import Backbone, Start, Work, tune
from ethocache.sequence.heads import parse_head
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.trainings import Setup
from ethocache.sequence.videos import TrainingVideo
from ethocache.vision.backbones.image import open_network
from ethocache.vision.backbones.settings import ImageSettings
from ethocache.vision.encode import CropStyle, join_segments, write_segment
from ethocache.vision.pictures import Picture

SIDE, FPS, DIMENSIONS = 32, 10.0, 96  # DIMENSIONS: of test_resnet
TINY = ImageSettings(model="test_resnet", weights="random", input_px=SIDE)
BACKBONE = Backbone("tiny", TINY, {"weights_sha256": open_network(TINY).weights_sha256})
HEAD = {"kind": "tcn", "levels": 1, "channels": 8, "project": 0, "norm": "batch"}
TUNE = FinetuneParams(
    unfreeze=2,
    clip_s=1.0,
    clips=8,
    accumulate=2,
    frames=4,
    checkpointing=True,
    epochs=3,
    checkpoint_s=0.0,
    rotate_deg=5,
    head_learning_rate=1e-2,
)


class BlankFeatures:
    """Features of which nothing but their shape is asked."""

    def __init__(self, frames: int) -> None:
        self.frames, self.dimensions, self.time_s = frames, DIMENSIONS, np.arange(frames) / FPS
        self.valid = np.arange(frames) % 7 != 6

    def rows(self, start, stop):
        raise AssertionError("fine-tuning reads no frozen features")


def video(name: str, frames: int = 60, behaviours: int = 1) -> TrainingVideo:
    labels = (np.arange(frames)[:, None] // 10 + np.arange(behaviours)) % 2
    features = BlankFeatures(frames)
    return TrainingVideo(name, name, lambda: nullcontext(features), (name,), labels.astype(np.int8), features.time_s, ("tiny",))


def write_stripes(folder: Path, shown: TrainingVideo) -> Path:
    """Stripes lie while the behaviour is shown, and stand while it is not."""
    rng = np.random.default_rng([*shown.id.encode()])
    pictures = []
    for label in shown.labels[:, 0]:
        wave = 128 + 60 * np.sin(np.arange(SIDE) * 1.2 + rng.uniform(0, 6))
        picture = np.tile(wave, (SIDE, 1)) + rng.normal(0, 5, (SIDE, SIDE))
        pictures.append(np.clip(picture.T if label else picture, 16, 235).astype(np.uint8))
    path = folder / f"{shown.id}.mp4"
    grey = [
        Picture((np.ascontiguousarray(picture), np.full_like(picture, 128), np.full_like(picture, 128)), 1, 1, False)
        for picture in pictures
    ]
    write_segment(folder / "part.mp4", grey, CropStyle(SIDE, 8, 10, 6))
    join_segments(path, [folder / "part.mp4"], np.arange(len(grey)) * 100, 1000)
    return path


def work_of(folder: Path, params: FinetuneParams = TUNE, inner: bool = True, head: dict[str, object] = HEAD, **train: object) -> Work:
    """Three videos, one of them of the inner animal, and an untrained head."""
    folder.mkdir(exist_ok=True)
    videos = [video(name) for name in ("m0", "m1", "m2")]
    crops = {
        shown.id: write_stripes(folder, shown) if not (folder / f"{shown.id}.mp4").exists() else folder / f"{shown.id}.mp4"
        for shown in videos
    }
    setup = Setup(("rearing",), parse_head(head, "head"), TrainParams(**{"window_s": 2.0, "overlap_s": 0.5, "max_fps": None} | train))
    torch.manual_seed(3)
    network = TaggingNetwork(DIMENSIONS, 1, setup.head, setup.params)
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, folder / "head.safetensors")
    start = Start(folder / "head.safetensors", "head")
    file = "models/finetune-e2e/backbone.safetensors"
    return Work("tuning", file, BACKBONE, start, setup, params, videos[:2], videos[2:] if inner else (), params.epochs, crops)


def make(folder: Path, store: Path, work: Work | None = None) -> Entry:
    """Tune, or go on with it; the entry of the store."""
    torch.set_num_threads(1)
    return Store(store).make("finetuning", {"kind": "finetuning", "of": "a test"}, partial(tune, work or work_of(folder)))


def make_in_a_process(folder: str, store: str) -> None:
    make(Path(folder), Path(store))
    sys.exit(0)
