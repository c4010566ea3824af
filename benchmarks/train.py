"""How fast a head learns features of the thesis's size, against a plain training loop; and what the thesis's protocol takes.

Bouts are planted in features of 17 videos of 6600 frames and 2048 dimensions, kept in files as `extract` keeps them (planted.py). Five
videos are held out; after each epoch their macro average precision is taken. Rounds take turns: the head `lstm` as params.yaml has
it, and a plain loop with a bidirectional LSTM of the same sizes, all inputs, windows of 300 and batches of 8 (train_plain.py).
The seconds of an epoch count reading, training and tagging the held-out videos, on both sides.
Ends with one JSON line: medians `frames_per_second` and `plain_frames_per_second` (training frames), `seconds_to_95` and
`plain_seconds_to_95` (until .95 of the average precision that each has at the end), `speedup_to_same_ap` (how many times sooner
.95 of the lower of the two ends is reached), `average_precision`, `plain_average_precision`, `curve`, `plain_curve` (first round), and
`peak_rss_mb` of the process after our first training, before the plain loop.

Run it with ``uv run python benchmarks/train.py [--rounds 3] [--epochs 20]``. With ``--protocol`` it runs the thesis's instead: each of 12
videos left out once, by each of the thesis's four systems, 50 epochs at most. Two folds of each are timed, the other ten are
reckoned to take as long, and the JSON line says so: `seconds_timed`, `hours_extrapolated`, and a block per system. With fewer
``--epochs`` than 50 the time of the others is reckoned, too (`epochs_timed`), as if no fold stopped sooner.
"""

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import yaml
from planted import frames_of, write_planted
from train_plain import Curve, train_plain

from ethocache.sequence import training
from ethocache.sequence.heads import effective_train, parse_head, resolve_head
from ethocache.sequence.heads.settings import HeadSettings
from ethocache.sequence.reading import Reader
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.thresholds import macro_average_precision
from ethocache.sequence.training import predict_all
from ethocache.sequence.videos import TrainingVideo

PARAMS = Path(__file__).parents[1] / "params.yaml"
THESIS = {"thesis_lstm_300": 2048, "thesis_lstm_600": 1536, "thesis_tcn_300": 2048, "thesis_tcn_300_small_batch": 1536}
FOLDS, TIMED, EPOCHS = 12, 2, 50

Videos = Sequence[TrainingVideo]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=17)
    parser.add_argument("--held-out", type=int, default=5)
    parser.add_argument("--frames", type=int, default=6600)
    parser.add_argument("--dimensions", type=int, default=2048)
    parser.add_argument("--epochs", type=int, help="20, or 50 with --protocol")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--head", default="lstm")
    parser.add_argument("--protocol", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        print(json.dumps((protocol if arguments.protocol else rounds)(Path(scratch), arguments)))


def rounds(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Train by turns, and return medians over the rounds."""
    videos = write_planted(folder, arguments.videos, arguments.frames, arguments.dimensions, 0)
    fitted, held_out, epochs = videos[arguments.held_out :], videos[: arguments.held_out], arguments.epochs or 20
    ours: list[Curve] = []
    plain: list[Curve] = []
    peak_mb = 0
    for seed in range(arguments.rounds):
        ours.append(train_ours(arguments.head, fitted, held_out, epochs, seed))
        peak_mb = peak_mb or peak_rss_mb()
        plain.append(train_plain(fitted, held_out, epochs, seed))
    about = {"head": arguments.head, "frames": frames_of(fitted), "dimensions": arguments.dimensions, "epochs": epochs}
    medians = summary(ours, fitted) | {f"plain_{name}": value for name, value in summary(plain, fitted).items()}
    return about | medians | {"speedup_to_same_ap": median(map(speedup, ours, plain), 2), "peak_rss_mb": peak_mb}


def train_ours(head: str, fitted: Videos, held_out: Videos, epochs: int, seed: int) -> Curve:
    """Train the head as params.yaml has it, for all of the epochs."""
    settings, params = chosen(head, {"epochs": epochs, "patience": epochs, "seed": seed})
    with noting_epochs() as seconds:
        done = training.fit("ours", fitted, held_out, settings, params, Reader())
    return Curve(seconds, [epoch["average_precision"] or 0.0 for epoch in done.curve])


@contextmanager
def noting_epochs() -> Iterator[list[float]]:
    """Note the seconds at which a training takes the average precision of the held-out videos: once after each epoch."""
    start, seconds = time.perf_counter(), list[float]()

    def noted(label: npt.NDArray[np.int8], probability: npt.NDArray[np.float32]) -> float | None:
        value = macro_average_precision(label, probability)
        seconds.append(time.perf_counter() - start)
        return value

    with patch.object(training, "macro_average_precision", noted):
        yield seconds


def chosen(head: str, changes: dict[str, Any]) -> tuple[HeadSettings, TrainParams]:
    """Return a head of params.yaml or of the presets, and the settings of its training."""
    params = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    settings = parse_head(resolve_head(head, params["heads"])["settings"], f"heads.{head}")
    train = effective_train(TrainParams(**params["train"]), settings)
    return settings, train.model_copy(update=changes)


def summary(curves: Sequence[Curve], fitted: Videos) -> dict[str, Any]:
    frames = frames_of(fitted)
    return {
        "frames_per_second": round(statistics.median(len(curve.seconds) * frames / curve.seconds[-1] for curve in curves)),
        "seconds_to_95": median((curve.seconds_to(0.95 * curve.average_precision[-1]) for curve in curves), 1),
        "average_precision": median((curve.average_precision[-1] for curve in curves), 3),
        "curve": [round(value, 3) for value in curves[0].average_precision],
    }


def speedup(ours: Curve, plain: Curve) -> float | None:
    """Return how many times sooner our training reaches .95 of the lower of the two final average precisions."""
    same = 0.95 * min(ours.average_precision[-1], plain.average_precision[-1])
    sooner, later = ours.seconds_to(same), plain.seconds_to(same)
    return later / sooner if sooner and later else None


def median(values: Any, digits: int) -> float | None:
    there = [value for value in values if value is not None]
    return round(statistics.median(there), digits) if there else None


def peak_rss_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def protocol(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Time two folds of each of the thesis's systems, and reckon what twelve folds of all take."""
    systems: dict[str, dict[str, Any]] = {}
    epochs = arguments.epochs or EPOCHS
    videos = {
        dimensions: write_planted(folder / str(dimensions), FOLDS, arguments.frames, dimensions, 0) for dimensions in set(THESIS.values())
    }
    for system, dimensions in THESIS.items():
        folds = [time_fold(system, videos[dimensions], number, epochs) for number in range(TIMED)]
        seconds = sum(fold["seconds"] for fold in folds)
        whole = sum(fold["seconds"] * (EPOCHS / epochs if fold["epochs"] == epochs else 1) for fold in folds)
        systems[system] = {"dimensions": dimensions, "seconds_timed": round(seconds, 1), "hours": hours(whole), "folds": folds}
    timed, total = (sum(system[name] for system in systems.values()) for name in ("seconds_timed", "hours"))
    note = f"{TIMED} of {FOLDS} folds of each system were timed, {epochs} of {EPOCHS} epochs at most; the hours are extrapolated from them"
    about = {"note": note, "epochs_timed": epochs, "seconds_timed": round(timed, 1), "hours_extrapolated": round(total, 2)}
    return about | systems


def time_fold(system: str, videos: Videos, number: int, epochs: int) -> dict[str, Any]:
    """Leave one video out, stop by the next one, fit on the others, and tag the one that was left out."""
    scored, inner, *fitted = [*videos[number:], *videos[:number]]
    settings, params = chosen(system, {"epochs": epochs})
    start, reader = time.perf_counter(), Reader()
    done = training.fit(f"{system}, fold {number + 1}", fitted, [inner], settings, params, reader)
    precision = macro_average_precision(*predict_all(done.network, [scored], params, reader)) or 0.0
    seconds = time.perf_counter() - start
    return {"seconds": round(seconds, 1), "epochs": len(done.curve), "average_precision": round(precision, 3)}


def hours(seconds: float) -> float:
    return round(seconds * FOLDS / TIMED / 3600, 2)


if __name__ == "__main__":
    main()
