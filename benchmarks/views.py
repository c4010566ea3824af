"""Do two cameras say more than either, are their clocks found, and is a session that lacks one tagged?

Renders sessions of a mouse that a camera above and one from the side film (`ethocache.endtoend.demo.two_cameras`), each with a pillar
before it in another place; the side camera starts .3 s (3 of its frames) earlier, and its clock gains 2 %. Runs the pipeline on them
up to the features of `efficientnet_lite0`, where the clocks are found from the animal's motion, and scores one head on held-out animals
four times: on each camera alone, on both with middle fusion, and on both with late fusion. Frames, folds and labels are the same. The
networks of each are then asked about the sessions as if the side camera were missing.

Prints each macro average precision with its 95 % interval over animals, the paired differences from the better camera, the largest
errors of the clocks, and ends with one JSON line of the same: `top`, `side`, `middle`, `late`, `differences`, `clocks`, `without_side`.

Run it with ``uv run python benchmarks/views.py [--animals 12] [--seconds 150] [--data FOLDER] [--work FOLDER]``; rendering takes long.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ethocache.common.files import read_json
from ethocache.common.store import Store, find_store
from ethocache.dataset.features import FeatureSet
from ethocache.dataset.index import read_index
from ethocache.dataset.predictions import Prediction
from ethocache.dataset.views import stream_names
from ethocache.endtoend.demo.two_cameras import NAME, SIDE_CLOCK, write_two_cameras
from ethocache.scoring.comparison import paired_difference
from ethocache.scoring.settings import EvaluateParams
from ethocache.scoring.summary import score
from ethocache.sequence.crossvalidation import TrainingResult, run_training
from ethocache.sequence.decision_settings import DecideParams
from ethocache.sequence.heads import resolve_head
from ethocache.sequence.inference import predict_video
from ethocache.sequence.labelled import labelled_videos
from ethocache.sequence.model_file import load_model
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.system import read_system

ROOT = Path(__file__).parents[1]
STAGES = ("index", "track", "crop", "extract")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--animals", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=150.0)
    parser.add_argument("--head", default="lstm")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--data", type=Path, help="sessions rendered before")
    parser.add_argument("--work", type=Path, help="folder to work in, kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = (arguments.work or Path(scratch)).absolute()
        prepare(work, arguments)
        os.chdir(work)
        for stage in STAGES:
            subprocess.run([sys.executable, "-m", f"ethocache.stages.{stage}"], check=True)
        result = {"animals": arguments.animals, "seconds": arguments.seconds, "clocks": clock_errors()} | compare(arguments)
    print(json.dumps(result))


def prepare(work: Path, arguments: argparse.Namespace) -> None:
    """Write params.yaml and the sessions."""
    data = arguments.data.absolute() if arguments.data else work / "lab"
    if not arguments.data:
        write_two_cameras(data, arguments.animals, arguments.seconds)
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["data"] |= {"dir": str(data), "name": NAME, "views": "camera"}
    params["crop"] |= {"size_px": 128, "longest_gap_s": 120.0}  # a pillar may hide a mouse that grooms behind it for long
    work.mkdir(parents=True, exist_ok=True)
    (work / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    shutil.rmtree(work / "data", ignore_errors=True)


def clock_errors() -> dict[str, float]:
    """Return how far the clocks that were found are from those that the sessions were rendered with, at most."""
    found = [read_json(path) for path in sorted(Path("data/features").glob("*/*.clock.json"))]
    return {
        "sessions": len(found),
        "offset_error_s": round(max(abs(clock["offset_s"] - SIDE_CLOCK.offset_s) for clock in found), 4),
        "drift_error": round(max(abs(clock["drift"] - SIDE_CLOCK.drift) for clock in found), 6),
        "correlation": min(clock["correlation"] for clock in found),
    }


def compare(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train on each camera and on both; return what each scores, and what both gain."""
    backbone = read_json(Path("data/recipes/backbone.json"))
    both, store = stream_names(backbone), find_store()
    views = {view: tuple(stream for stream in both if stream.startswith(f"{view}.")) for view in backbone["views"]}
    runs = {**{view: ("middle", streams) for view, streams in views.items()}, "middle": ("middle", both), "late": ("late", both)}
    made = {name: train(fusion, streams, both, arguments, store) for name, (fusion, streams) in runs.items()}
    scores = {name: macro(run.predictions) for name, run in made.items()}
    for name, found in scores.items():
        print(f"{name:7} average precision {found['average_precision']:.3f} ({found['low']:.3f} to {found['high']:.3f})", flush=True)
    gains = {f"{fused} - {view}": gain(made[view].predictions, made[fused].predictions) for fused in ("middle", "late") for view in views}
    for name, found in gains.items():
        print(f"{name:14} {found['difference']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})", flush=True)
    lacking = {fusion: without_side(made[fusion], both, views) for fusion in ("middle", "late")}
    return scores | {"differences": gains, "without_side": lacking}


def train(fusion: str, streams: tuple[str, ...], both: tuple[str, ...], arguments: argparse.Namespace, store: Store) -> TrainingResult:
    recipes = yaml.safe_load((ROOT / "params.yaml").read_text())["heads"]
    head = resolve_head(arguments.head, {**recipes, arguments.head: recipes[arguments.head] | {"fusion": fusion}})
    params = TrainParams(epochs=arguments.epochs)
    records, folder = read_index(Path("data/index.json")), Path("data/features/efficientnet_lite0")
    behaviours, videos = labelled_videos(Path("data/labels"), folder, both, records, store)
    system = read_system(head, params, DecideParams(), streams)
    return run_training(store, [video.of_streams(streams) for video in videos], behaviours, system)


def macro(predictions: list[Prediction]) -> dict[str, float]:
    found = score(predictions, EvaluateParams())["macro"]
    return {name: found[f"average_precision{end}"] for name, end in (("average_precision", ""), ("low", "_low"), ("high", "_high"))}


def gain(alone: list[Prediction], together: list[Prediction]) -> dict[str, float]:
    found = paired_difference(alone, together)["macro"]
    return {name: round(float(getattr(found, name)), 4) for name in ("difference", "low", "high")}


def without_side(made: TrainingResult, both: tuple[str, ...], views: dict[str, tuple[str, ...]]) -> dict[str, float]:
    """Tag every session as if the side camera were not there; return how alike the probabilities are to those with it."""
    model, alike = load_model(made.model.folder), []
    for record in read_index(Path("data/index.json")):
        with FeatureSet.open(Path("data/features/efficientnet_lite0"), record.id, both) as features:
            rows = features.rows(0, features.frames)
            width = sum(file.dimensions for stream, file in zip(both, features.files, strict=True) if stream in views["side"])
            lacking = np.where(np.arange(rows.shape[1]) < width, np.nan, rows)
            said = [ask(model, x, features.time_s, width) for x in (rows, lacking)]
        assert np.isfinite(said[1]).all()
        alike.append(float(np.corrcoef(said[0].ravel(), said[1].ravel())[0, 1]))
    return {"sessions_tagged": len(alike), "correlation_with_both": round(min(alike), 3)}


def ask(model: Any, rows: Any, time_s: Any, width: int) -> Any:
    """Return the probabilities of a model's members, each of which reads one camera or both."""
    parts = {"side": rows[:, :width], "top": rows[:, width:]}
    members = [{stream.partition(".")[0] for stream in member.streams} for member in model.card.members]
    features = [InMemory(np.concatenate([x for view, x in parts.items() if view in read], axis=1), time_s) for read in members]
    return predict_video(model, features)[0]


class InMemory:
    """Features that are there already; NaN where a camera lacks."""

    def __init__(self, values: Any, time_s: Any) -> None:
        self.values, self.time_s = values, time_s
        self.frames, self.dimensions = values.shape
        self.valid = ~np.isnan(values).all(axis=1)

    def rows(self, start: int, stop: int) -> Any:
        return self.values[start:stop]


if __name__ == "__main__":
    main()
