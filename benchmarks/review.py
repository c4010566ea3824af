"""Does putting right what ``ethocache review`` names first bring more than as much chosen at random, on the demo's features?

Takes the demo's features and labels as ``dvc repro`` left them in this folder, and forgets 30 % of the labels, in stretches of 5 s. A head
is trained on the rest; then 5 % of all frames, each counted for one behaviour, get their true labels: those that the queue names first, or
stretches of the same lengths anywhere. Both are trained again. Scores are macro average precision against all true labels, by models that
never saw the animal. Done for several seeds of what is forgotten and drawn, the demo being the same.

Run it with ``uv run python benchmarks/review.py [--head linear] [--seeds 5]`` in a clone in which ``uv run dvc repro`` ran. It ends with
one JSON line: `before`, `queue` and `random` (mean macro average precision), `gain` (queue minus random: each seed, in order), `mean_gain`,
`seeds_better`, and `unlabelled`: which part of the frames that the queue named had no label.
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
from ethocache.scoring.review.moments import moments_of
from ethocache.scoring.review.queue import make_queue
from ethocache.scoring.review.simulated import Labels, Place, corrected, first_places, places_at_random, without_some
from ethocache.scoring.review.wrongness import Answers, likely_shown, rare_weights
from ethocache.sequence.crossvalidation import run_training

FORGOTTEN, STRETCH, CORRECTED = 0.3, 50, 0.05
LONG_S = 36_000.0  # as much time as the corrections take


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--head", default="linear")
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    project = read_labelled_project(arguments.head, find_store())
    scores, unlabelled = [], []
    for seed in range(arguments.seeds):
        of_seed, part = review(project, seed)
        print(f"seed {seed}: before {of_seed[0]:.4f}, queue {of_seed[1]:.4f}, random {of_seed[2]:.4f}", flush=True)
        scores.append(of_seed)
        unlabelled.append(part)
    before, queue, random = np.array(scores).T
    result = {"head": arguments.head, "before": before.mean(), "queue": queue.mean(), "random": random.mean()}
    result |= {"mean_gain": (queue - random).mean(), "seeds_better": int((queue > random).sum()), "unlabelled": np.mean(unlabelled)}
    result["gain"] = [round(float(gain), 4) for gain in queue - random]
    print(json.dumps({name: round(float(value), 4) if isinstance(value, np.floating) else value for name, value in result.items()}))


def review(project: LabelledProject, seed: int) -> tuple[list[float], float]:
    """Return macro average precision before, after the queue and after chance, and which part of the queue had no labels."""
    truth = {video.id: video.labels for video in project.videos}
    rng = np.random.default_rng(seed)
    labels = without_some(truth, FORGOTTEN, STRETCH, rng)
    before = train(project, labels)
    named = queued(project, before, round(CORRECTED * sum(values.size for values in truth.values())))
    anywhere = places_at_random(named, labels, rng)
    after = [train(project, corrected(labels, truth, places)) for places in (named, anywhere)]
    unknown = np.concatenate([labels[video][start:stop, b] == NOT_SCORED for video, b, start, stop in named])
    return [score(predictions, truth) for predictions in (before, *after)], float(unknown.mean())


def train(project: LabelledProject, labels: Mapping[str, Labels]) -> list[Prediction]:
    """Return the answers for all videos, each of a model that never saw the animal."""
    videos = [replace(video, labels=labels[video.id], raters=()) for video in project.videos]
    with tempfile.TemporaryDirectory() as scratch:
        return run_training(Store(Path(scratch)), videos, project.behaviours, project.system).predictions


def queued(project: LabelledProject, predictions: list[Prediction], cells: int) -> list[Place]:
    said = [Answers(p.video, p.behaviours, p.time_s, p.probability, p.tag, p.label, p.exclusive) for p in predictions]
    weights = rare_weights(np.sum([likely_shown(answers) for answers in said], axis=0))
    moments = [moment for answers in said for moment in moments_of(answers, weights, LONG_S)]
    return first_places(make_queue(moments, LONG_S, 1.0, project.system.exclusive).moments, project.behaviours, cells)


def score(predictions: list[Prediction], truth: Mapping[str, Labels]) -> float:
    """Return macro average precision against labels that the training did not have."""
    of_behaviour = by_animal(scorable([replace(prediction, label=truth[prediction.video]) for prediction in predictions]))
    return float(np.mean([score_of("average_precision", videos) for videos in of_behaviour.values()]))


if __name__ == "__main__":
    main()
