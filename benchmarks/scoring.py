"""What all numbers, tables and pictures of a project of the thesis's size take: 17 videos of 6600 frames, three behaviours, three raters.

Bouts are made with the prevalence and mean duration of the thesis's videos (planted.py); a made-up model and two more raters say nearly
the same. In one process, one after the other: reading predictions and scoring them with all intervals (`score`), people against each other
(`people`), every plot (`plots`), two systems compared in three scores (`compare`), and groups measured, compared and drawn (`groups`).
Ends with one JSON line: wall seconds of each, `seconds` together, `processor_seconds`, and `peak_rss_mb` of the process.

Run it with ``uv run python benchmarks/scoring.py [--videos 17] [--frames 6600]``.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from planted import BEHAVIOURS, FPS, planted_bouts

from ethocache.dataset.label_table import LabelTable
from ethocache.dataset.predictions import Prediction, fill_predictions, read_prediction
from ethocache.dataset.tagged_video import TaggedVideo
from ethocache.scoring.comparison import paired_difference
from ethocache.scoring.groups.animals import COMPARED
from ethocache.scoring.groups.comparing import Drawing
from ethocache.scoring.groups.design import make_design
from ethocache.scoring.groups.group_pictures import draw_groups
from ethocache.scoring.groups.measuring import measure_video
from ethocache.scoring.groups.study import make_study
from ethocache.scoring.groups.tables import write_tables
from ethocache.scoring.groups.tagging_error import count_video, tagging_errors
from ethocache.scoring.people import compare_people
from ethocache.scoring.plots import write_plots
from ethocache.scoring.summary import score
from ethocache.sequence.smoothing import smooth

SCORES = ("average_precision", "f1", "bout_f1_50")
RATERS = ("one", "two", "three")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=17)
    parser.add_argument("--frames", type=int, default=6600)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        print(json.dumps(run(Path(scratch), arguments.videos, arguments.frames)))


def run(folder: Path, videos: int, frames: int) -> dict[str, Any]:
    """Make the predictions, then time everything that is said about them."""
    rng = np.random.default_rng(0)
    made = [prediction(rng, f"{'WT' if number % 2 else 'HD'}_{number:02d}", frames) for number in range(videos)]
    other = [retold(rng, one) for one in made]
    raters = {one.video: {name: LabelTable(BEHAVIOURS, shifted(rng, one.label)) for name in RATERS} for one in made}
    fill_predictions(folder / "predictions", made)
    seconds: dict[str, float] = {}
    before, start = time.process_time(), time.perf_counter()
    read, metrics = timed(seconds, "score", lambda: read_and_score(folder / "predictions"))
    timed(seconds, "people", lambda: compare_people(read, raters))
    timed(seconds, "plots", lambda: write_plots(read, metrics, folder / "plots"))
    timed(seconds, "compare", lambda: [paired_difference(read, other, measure) for measure in SCORES])
    timed(seconds, "groups", lambda: study(read, folder / "groups"))
    whole = {"seconds": round(time.perf_counter() - start, 1), "processor_seconds": round(time.process_time() - before, 1)}
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"videos": videos, "frames": frames, **seconds, **whole, "peak_rss_mb": peak_mb}


def prediction(rng: np.random.Generator, name: str, frames: int) -> Prediction:
    """Return labels, and what a model says of them that is right most of the time and flickers."""
    labels = planted_bouts(rng, frames)
    told = Prediction(
        name, name, name, BEHAVIOURS, np.zeros(labels.shape, np.float32), labels, labels,
        np.arange(frames) / FPS, np.full(len(BEHAVIOURS), 0.5, np.float32), exclusive=False,
    )  # fmt: skip
    return retold(rng, told)


def retold(rng: np.random.Generator, told: Prediction) -> Prediction:
    """Return what another model says of the same video."""
    noisy = 1 / (1 + np.exp(-4 * (told.label - 0.5) - rng.normal(0, 3, told.label.shape)))
    probability = smooth(noisy.astype(np.float32), told.time_s, 0.5, "mean")
    return replace(told, probability=probability, tag=np.asarray(probability >= 0.5, np.int8))


def shifted(rng: np.random.Generator, labels: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Return the labels as a person would give them who is a little late or early."""
    return np.roll(labels, int(rng.integers(-3, 4)), axis=0)


def timed(seconds: dict[str, float], name: str, work: Callable[[], Any]) -> Any:
    start = time.perf_counter()
    result = work()
    seconds[name] = round(time.perf_counter() - start, 1)
    return result


def read_and_score(folder: Path) -> tuple[list[Prediction], dict[str, dict[str, float]]]:
    read = [read_prediction(path) for path in sorted(folder.glob("*.h5"))]
    return read, score(read)


def study(predictions: Sequence[Prediction], folder: Path) -> None:
    """Do what ``ethocache groups --by genotype`` does with out-of-fold tags."""
    about = {one.animal: {"genotype": one.video.split("_")[0]} for one in predictions}
    videos = [
        measure_video(TaggedVideo(one.video, BEHAVIOURS, one.time_s, one.tag, method="automated"), one.animal, about[one.animal], 60.0)
        for one in predictions
    ]
    errors = tagging_errors({one.animal: count_video(one) for one in predictions}, BEHAVIOURS)
    design = make_design({animal: [its] for animal, its in about.items()}, ("genotype",), ())
    measures = tuple(measure for measure in COMPARED if measure != "distance")
    made = make_study(BEHAVIOURS, ("genotype",), videos, design, errors, measures, 60.0, Drawing())
    write_tables(made, folder)
    draw_groups(made, folder)


if __name__ == "__main__":
    main()
