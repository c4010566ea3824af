"""Does ``ethocache compare`` tell a head that sees time from one that does not, on the demo's features under noise?

Takes the demo's features as ``dvc repro`` left them in this folder and adds white noise of so many standard deviations to every number.
Single frames then say little, and a head that reads the frames around must be better, unless the tags are smoothed afterwards: a moving
average makes up for a head that does not. So `linear` and `lstm` are trained twice, without smoothing and with the shipped one.
Prints what ``ethocache compare linear lstm`` says of both, and ends with one JSON line: `unsmoothed` and `smoothed`, each the macro average
precision of `linear` and `lstm`, their `difference` with `low` and `high`, and `p`.

Run it with ``uv run python benchmarks/noisy.py [--noise 3]`` in a clone in which ``uv run dvc repro`` has run.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from typer.testing import CliRunner

from ethocache.cli import app
from ethocache.common.store import Store, find_store
from ethocache.dataset.predictions import Prediction, fill_predictions
from ethocache.endtoend.labelled_project import read_labelled_project
from ethocache.scoring.comparison import paired_difference
from ethocache.sequence.crossvalidation import run_training
from ethocache.sequence.videos import Features, TrainingVideo

HEADS = ("linear", "lstm")
SMOOTHINGS = {"unsmoothed": "none", "smoothed": "auto"}


class Noisy:
    """Features of a video with noise of so many standard deviations."""

    def __init__(self, source: Features, noise: float, seed: int) -> None:
        self.frames, self.dimensions, self.time_s, self.valid = source.frames, source.dimensions, source.time_s, source.valid
        clean = source.rows(0, source.frames)
        added = noise * clean.std() * np.random.default_rng(seed).standard_normal(clean.shape, np.float32)
        self._rows: npt.NDArray[np.float32] = clean + added

    def rows(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        return self._rows[start:stop]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--noise", type=float, default=3.0)
    arguments = parser.parse_args()
    result: dict[str, Any] = {"noise": arguments.noise}
    with tempfile.TemporaryDirectory() as scratch:
        for name, smoothing in SMOOTHINGS.items():
            first, second = (train(head, smoothing, arguments.noise, Path(scratch)) for head in HEADS)
            print(f"\n{name}:\n{compare(Path(scratch) / name, first, second)}")
            macro = paired_difference(first, second)["macro"]
            scores = {HEADS[0]: macro.first, HEADS[1]: macro.second, "difference": macro.difference, "low": macro.low, "high": macro.high}
            result[name] = {key: None if value is None else round(value, 3) for key, value in {**scores, "p": macro.p}.items()}
    print(json.dumps(result))


def train(head: str, smoothing: str, noise: float, scratch: Path) -> list[Prediction]:
    """Return the answers for all labelled videos of this folder's project, each of a model that never saw the animal."""
    project = read_labelled_project(head, find_store())
    videos = [under_noise(video, noise, seed) for seed, video in enumerate(project.videos)]
    decide = project.system.decide.model_copy(update={"smoothing": smoothing})
    return run_training(Store(scratch / "store"), videos, project.behaviours, replace(project.system, decide=decide)).predictions


def under_noise(video: TrainingVideo, noise: float, seed: int) -> TrainingVideo:
    @contextmanager
    def opened() -> Iterator[Features]:
        with video.open() as features:
            yield Noisy(features, noise, seed)

    return replace(video, open=opened, keys=tuple(f"{key} under noise {noise}" for key in video.keys))


def compare(folder: Path, *systems: list[Prediction]) -> str:
    """Return what the command says of the two."""
    for head, predictions in zip(HEADS, systems, strict=True):
        fill_predictions(folder / head, predictions)
    (folder / "params.yaml").write_text(Path("params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)
    try:
        return CliRunner().invoke(app, ["compare", *HEADS]).output
    finally:
        os.chdir(before)


if __name__ == "__main__":
    main()
