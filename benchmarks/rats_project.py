"""A scratch project of rat sessions without videos, its stages, and what they say of sessions whose labels they never saw."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from ethocache.common.files import link, read_json, write_text
from ethocache.dataset.features import FeatureSet
from ethocache.dataset.label_rules import LabelParams
from ethocache.dataset.labels import read_labels
from ethocache.dataset.predictions import Prediction
from ethocache.dataset.tags import read_tags

ROOT = Path(__file__).parents[1]
BEHAVIOURS = ("social", "nonsocial", "aggression")
FPS = 30.0
DATA = "data/rats"
# S2 says more of aggression and is not read; base is the time before and after the scored window.
LABELS: dict[str, Any] = {"name": "{video}_annot", "streams": ["S1"], "not_scored": ["base"], "past_end": "clip"}
POSE = {"kind": "pose", "likelihood": 0.2, "points": ["top", "body", "tail", "tail-m"], "front": "top", "back": "tail"}
# One fold for every session would take ten times as long; with 350 minutes of labels an epoch is long, so that few are enough.
TRAIN = {"task": "exclusive", "max_folds": 0, "groups": 3, "max_fps": 8, "epochs": 20, "patience": 5, "learning_rate": 0.002}

Floats = npt.NDArray[np.float32]
Tags = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Session:
    """Pose features (T, D) of one session, and its labels (T, B), -1 where nobody looked."""

    name: str
    features: Floats
    labels: Tags


def session_names(folder: Path) -> list[str]:
    """Return the sessions of a folder, each with its track and its labels.

    They are called by the number in front of ``DLC`` in a track's name and of ``_annot`` in a labels file's.
    """
    tracks = {path.name.split("DLC")[0] for path in folder.glob("tracks/*.csv")}
    labels = {path.name.split("_annot")[0] for path in folder.glob("labels/*_annot.txt")}
    if not tracks or tracks != labels:
        odd = ", ".join(sorted(tracks ^ labels)) or "none at all"
        sys.exit(f"{folder}: expected tracks/<n>DLC*.csv and labels/<n>_annot.txt of the same sessions, found one of the two for {odd}")
    return sorted(tracks)


class RatProject:
    """All sessions of two folders, of which only the first folder's labels are there."""

    def __init__(self, folder: Path, train: Path, test: Path, head: str, changes: dict[str, Any], store: Path | None = None) -> None:
        self.folder, self.head = folder, head
        self.places = {name: side for side in (train, test) for name in session_names(side)}
        self.train, self.test = session_names(train), session_names(test)
        if both := sorted({*self.train} & {*self.test}):
            sys.exit(f"expected sessions for training or for the test, found in both folders: {', '.join(both)}")
        self._store = (store or folder / "store").absolute()
        self._link(train, "tracks", "labels")
        self._link(test, "tracks")
        self._write_params(changes)

    def _link(self, source: Path, *parts: str) -> None:
        for path in (path for part in parts for path in source.glob(f"{part}/*")):
            (target := self.folder / DATA / path.parent.name).mkdir(parents=True, exist_ok=True)
            link(path.resolve(), target / path.name)

    def _write_params(self, changes: dict[str, Any]) -> None:
        params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
        params |= {"head": self.head, "backbone": "pose"}
        params["data"] |= {"dir": DATA, "tracks": "tracks/*.csv", "labels": "labels/*.txt", "name": "{animal}", "fps": FPS}
        params["data"]["behaviours"] = list(BEHAVIOURS)
        params["labels"] |= LABELS
        params["backbones"]["pose"] = params["backbones"]["pose"] | POSE
        params["train"] |= TRAIN | changes
        write_text(self.folder / "params.yaml", yaml.safe_dump(params, sort_keys=False))

    def run(self, *stages: str) -> float:
        """Run stages one after the other; return the seconds."""
        environment = os.environ | {"ETHOCACHE_STORE": str(self._store), "DVC_ROOT": str(self.folder)}
        start = time.perf_counter()
        for stage in stages:
            command = (sys.executable, "-m", f"ethocache.stages.{stage}")
            subprocess.run(command, cwd=self.folder, check=True, env=environment, stdout=sys.stderr)
        return time.perf_counter() - start

    def training_seconds(self) -> float:
        """Return what all networks took, folds and final model, as recorded when each was trained: a store may have kept some."""
        return round(float(read_json(self.folder / "data/cost/train.json")["seconds"]), 1)

    def sessions(self, names: Sequence[str]) -> list[Session]:
        """Return what the stages made of some sessions, beside what people saw in them."""
        return [self._session(name) for name in names]

    def _session(self, name: str) -> Session:
        with FeatureSet.open(self.folder / "data/features/pose", name, ("pose",)) as features:
            return Session(name, features.rows(0, features.frames), self._labels(name, features.time_s))

    def answers(self) -> list[Prediction]:
        """Return what the final model said of each test session, from its table of tags."""
        return [self._answer(name) for name in self.test]

    def _answer(self, name: str) -> Prediction:
        behaviours, time_s, probability, tags = read_tags(self.folder / f"data/tags/{name}.csv")
        if behaviours != BEHAVIOURS:
            raise ValueError(f"Expected tags of {BEHAVIOURS}, got {behaviours}")
        return answer(name, probability.astype(np.float32), tags, self._labels(name, time_s))

    def _labels(self, name: str, time_s: npt.NDArray[np.float64]) -> Tags:
        path = self.places[name] / f"labels/{name}_annot.txt"
        return read_labels(path, BEHAVIOURS, time_s, LabelParams(**LABELS)).values


def answer(name: str, probability: Floats, tag: Tags, labels: Tags) -> Prediction:
    """Return a system's answer (T, B) for one session; each session counts as an animal of its own."""
    half = np.full(len(BEHAVIOURS), 0.5, np.float32)
    return Prediction(name, name, "test", BEHAVIOURS, probability, labels, tag, np.arange(len(labels)) / FPS, half, exclusive=True)
