"""Does putting right or labelling what ``ethocache review`` names first bring more than as much chosen at random, on the demo's features?

Takes the demo's features and labels as ``dvc repro`` left them in this folder, and forgets 30 % of the labels, in stretches of 5 s. A head
is trained on the rest; then 5 % of all frames, each counted for one behaviour, get their true labels, and it is trained again: those that
the queue names first; stretches of the same lengths anywhere ("random"); or as many frames without a label, wherever they are
("unlabelled", a harder rival: it wastes nothing on frames that are labelled already). Scores are macro average precision against all true
labels, by models that never saw the animal. Done for several seeds of what is forgotten, the demo being the same; both kinds of chance are
drawn several times a seed, and their means are compared with the queue.

Run it with ``uv run python benchmarks/review.py [--for training] [--head linear] [--seeds 5] [--first 0] [--draws 2]`` in a clone in which
``uv run dvc repro`` ran. It ends with one JSON line: `before`, `queue`, `random`, `unlabelled` (mean macro average precision); of the queue
minus each kind of chance `gain` (each seed, in order), `mean`, `standard_error` and `seeds_better`; and `new`, which part of the frames
that the queue named had no label.
"""

import argparse
import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ethocache.common.store import Store, find_store
from ethocache.dataset.label_table import NOT_SCORED
from ethocache.dataset.predictions import Prediction
from ethocache.endtoend.labelled_project import LabelledProject, read_labelled_project
from ethocache.scoring.measures import by_animal, scorable, score_of
from ethocache.scoring.review.moments import PURPOSES, Purpose, moments_of
from ethocache.scoring.review.queue import make_queue
from ethocache.scoring.review.simulated import Labels, Place, corrected, first_places, places_at_random, unlabelled_at_random, without_some
from ethocache.scoring.review.wrongness import Answers, likely_shown, rare_weights
from ethocache.sequence.crossvalidation import run_training

FORGOTTEN, STRETCH, CORRECTED = 0.3, 50, 0.05
LONG_S = 36_000.0  # as much time as the corrections take


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--for", dest="purpose", choices=PURPOSES, default="training")
    parser.add_argument("--head", default="linear")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--draws", type=int, default=2)
    arguments = parser.parse_args()
    project = read_labelled_project(arguments.head, find_store())
    found = []
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        found.append(review(project, seed, arguments.purpose, arguments.draws))
        print(f"seed {seed}: " + ", ".join(f"{name} {value:.4f}" for name, value in found[-1].items()), flush=True)
    means = {name: round(float(np.mean([of_seed[name] for of_seed in found])), 4) for name in found[0]}
    over = {f"over_{name}": compared([of_seed["queue"] - of_seed[name] for of_seed in found]) for name in ("random", "unlabelled")}
    print(json.dumps({"head": arguments.head, "for": arguments.purpose} | means | over))


def review(project: LabelledProject, seed: int, purpose: Purpose, draws: int) -> dict[str, float]:
    """Return macro average precision before, after the queue and after both kinds of chance, and which part of the queue had no labels."""
    truth = {video.id: video.labels for video in project.videos}
    rng = np.random.default_rng(seed)
    labels = without_some(truth, FORGOTTEN, STRETCH, rng)

    def after(places: list[Place]) -> float:
        return score(train(project, corrected(labels, truth, places)), truth)

    before = train(project, labels)
    cells = round(CORRECTED * sum(values.size for values in truth.values()))
    named = queued(project, before, cells, purpose)
    usual = round(np.mean([stop - start for _, _, start, stop in named]))
    anywhere = [places_at_random(named, labels, rng) for _ in range(draws)]
    unlabelled = [unlabelled_at_random(labels, cells, usual, rng) for _ in range(draws)]
    unknown = np.concatenate([labels[video][start:stop, b] == NOT_SCORED for video, b, start, stop in named])
    return {
        "before": score(before, truth),
        "queue": after(named),
        "random": float(np.mean([after(places) for places in anywhere])),
        "unlabelled": float(np.mean([after(places) for places in unlabelled])),
        "new": float(unknown.mean()),
    }


def compared(gains: list[float]) -> dict[str, object]:
    """Return the queue minus chance of each seed, their mean with its standard error, and in how many the queue is better."""
    error = round(float(np.std(gains, ddof=1) / np.sqrt(len(gains))), 4) if len(gains) > 1 else None
    better = sum(gain > 0 for gain in gains)
    return {
        "gain": [round(gain, 4) for gain in gains],
        "mean": round(float(np.mean(gains)), 4),
        "standard_error": error,
        "seeds_better": better,
    }


def train(project: LabelledProject, labels: Mapping[str, Labels]) -> list[Prediction]:
    """Return the answers for all videos, each of a model that never saw the animal."""
    videos = [replace(video, labels=labels[video.id], raters=()) for video in project.videos]
    with tempfile.TemporaryDirectory() as scratch:
        return run_training(Store(Path(scratch)), videos, project.behaviours, project.system).predictions


def queued(project: LabelledProject, predictions: list[Prediction], cells: int, purpose: Purpose) -> list[Place]:
    said = [Answers(p.video, p.behaviours, p.time_s, p.probability, p.tag, p.label, p.exclusive) for p in predictions]
    weights = rare_weights(np.sum([likely_shown(answers) for answers in said], axis=0))
    moments = [moment for answers in said for moment in moments_of(answers, weights, LONG_S, purpose)]
    return first_places(make_queue(moments, LONG_S, 1.0, project.system.exclusive).moments, project.behaviours, cells)


def score(predictions: list[Prediction], truth: Mapping[str, Labels]) -> float:
    """Return macro average precision against labels that the training did not have."""
    of_behaviour = by_animal(scorable([replace(prediction, label=truth[prediction.video]) for prediction in predictions]))
    return float(np.mean([score_of("average_precision", videos) for videos in of_behaviour.values()]))


if __name__ == "__main__":
    main()
