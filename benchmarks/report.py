"""How long the stage `report` takes, and how much memory, for videos of ten minutes.

Makes a project without DVC: an index, predictions and tags of random bouts, metrics and pictures as `evaluate` makes them, a model's card,
and one short rendered film as everybody's crop. Then the stage runs by itself, twice: anew, and with nothing to change.
Ends with one JSON line: `videos`, `frames` of each, `seconds`, `again_s`, `peak_mb`, `pages`, and `megabytes` of all but the media.

Run it with ``uv run python benchmarks/report.py [--videos 17] [--frames 6600]``.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.files import link, write_json
from ethocache.dataset.index import VideoRecord, write_index
from ethocache.dataset.label_snapshot import LabelSnapshot, write_snapshot
from ethocache.dataset.label_table import LabelTable
from ethocache.dataset.predictions import Prediction, write_prediction
from ethocache.dataset.tags import write_tags
from ethocache.dataset.videos import VideoFacts
from ethocache.scoring.plots import write_plots
from ethocache.scoring.settings import EvaluateParams
from ethocache.scoring.summary import score
from ethocache.sequence.decision import Decision
from ethocache.sequence.heads import resolve_head
from ethocache.sequence.model_file import ModelCard
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.verdict import Verdict
from ethocache.vision.encode import write_video

FPS, BEHAVIOURS = 11.0, ("grooming", "mid_rearing", "wall_rearing")
RUN = (
    "import resource, runpy; runpy.run_module('ethocache.stages.report', run_name='__main__');"
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=17)
    parser.add_argument("--frames", type=int, default=6600)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch)
        make_project(project, arguments.videos, arguments.frames)
        seconds, peak_mb = run_stage(project)
        again_s, _ = run_stage(project)
        pages = list((project / "report").rglob("*.html"))
        size = sum(path.stat().st_size for path in (project / "report").rglob("*") if path.is_file() and path.suffix != ".mp4")
    about = {"videos": arguments.videos, "frames": arguments.frames, "seconds": round(seconds, 2), "again_s": round(again_s, 2)}
    print(json.dumps(about | {"peak_mb": round(peak_mb), "pages": len(pages), "megabytes": round(size / 1e6, 1)}))


def run_stage(project: Path) -> tuple[float, float]:
    """Return how many seconds the stage took, and the most megabytes that it held."""
    started = time.perf_counter()
    environment = os.environ | {"ETHOCACHE_STORE": str(project / "store")}
    done = subprocess.run((sys.executable, "-c", RUN), cwd=project, env=environment, check=True, capture_output=True, text=True)
    said = done.stdout.splitlines()
    print(said[0])
    return time.perf_counter() - started, float(said[-1])


def make_project(project: Path, videos: int, frames: int) -> None:
    rng, time_s = np.random.default_rng(0), np.arange(frames) / FPS
    (project / "lab").mkdir()
    (project / "params.yaml").write_text(f"data: {{dir: lab, behaviours: [{', '.join(BEHAVIOURS)}]}}\n")
    film(project / "film.mp4", rng)
    facts = VideoFacts(frames, 128, 128, "yuv420p", "h264", FPS, frames / FPS, False, (), "f" * 64)
    records = [
        VideoRecord(f"m{number:03d}", f"m{number:03d}.mp4", {"animal": f"m{number:03d}"}, f"m{number:03d}", facts)
        for number in range(videos)
    ]
    write_index(project / "data/index.json", records)
    for folder in ("crops", "tags", "predictions", "labels"):
        (project / "data" / folder).mkdir()
    predictions = []
    for number, record in enumerate(records):
        link(project / "film.mp4", project / f"data/crops/{record.id}.mp4")
        label = bouts(rng, frames)
        probability = np.clip(label * 0.6 + 0.2 + rng.normal(0, 0.15, label.shape), 0, 1).astype(np.float32)
        tag = (probability >= 0.5).astype(np.int8)
        if number % 4 == 3:
            write_tags(project / f"data/tags/{record.id}.csv", np.arange(frames), time_s, probability, tag, BEHAVIOURS)
            continue
        threshold = np.full(len(BEHAVIOURS), 0.5, np.float32)
        predictions.append(Prediction(record.id, record.id, record.id, BEHAVIOURS, probability, label, tag, time_s, threshold, False))
        write_prediction(project / f"data/predictions/{record.id}.h5", predictions[-1])
        write_snapshot(project / f"data/labels/{record.id}.json", LabelSnapshot(LabelTable(BEHAVIOURS, label)), "source")
    metrics = score(predictions, EvaluateParams(resamples=100))
    write_json(project / "metrics/metrics.json", metrics)
    write_json(project / "metrics/people.json", {})
    write_plots(predictions, metrics, project / "plots")
    for name, kind in (("head", "linear"), ("backbone", "mean_colour")):
        write_json(project / f"data/recipes/{name}.json", {"name": kind})
    write_json(project / "models/linear/model.json", card().model_dump(mode="json"))


def bouts(rng: np.random.Generator, frames: int) -> npt.NDArray[np.int8]:
    """Return labels (frames, B): a bout of three seconds about every half a minute."""
    label = np.zeros((frames, len(BEHAVIOURS)), np.int8)
    for b in range(len(BEHAVIOURS)):
        for start in rng.integers(0, frames, max(1, round(frames / FPS / 30))).tolist():
            label[start : start + round(3 * FPS), b] = 1
    return label


def film(path: Path, rng: np.random.Generator) -> None:
    write_video(path, iter(rng.integers(0, 255, (100, 128, 128, 3), dtype=np.uint8)), FPS, 30, 30)


def card() -> ModelCard:
    """Return what says of a model how it tags; its weights are not needed."""
    decision = Decision.plain(BEHAVIOURS, exclusive=False)
    head = resolve_head("linear", {"linear": {"kind": "linear"}})["settings"]
    member = {"streams": ("mean_colour",), "dimensions": 3, "head": head, "train": TrainParams(), "epochs": 1, "fold_epochs": (1,)}
    member |= {"weights": "linear.safetensors", "weights_sha256": "0" * 64}
    verdict = Verdict(np.ones((1, len(BEHAVIOURS))), decision).to_json()
    return ModelCard.model_validate(
        {"behaviours": BEHAVIOURS, "exclusive": False, "members": [member], "verdict": verdict, "fps": FPS, "animals": ("m000",)}
    )


if __name__ == "__main__":
    main()
