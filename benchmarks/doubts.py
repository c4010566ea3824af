"""Does ``ethocache review --doubts`` find labelling errors that were planted, and how much else does it name?

Takes the features and labels of the project in this folder, such as the demo's as ``dvc repro`` left them. For each seed, one bout in fifty
gets another behaviour's name, and three people are made of the labels: one is 0.3 s late, one is as labelled, one off by a frame at most.
A head is trained on their majority, and the doubts are what models that never saw the animal make of it. A doubt is right if it names the
late person or lies on a swapped bout and names it as it is labelled or as it should be; an error is found if a right doubt names it.
The late person counts as two errors, starts and ends, as doubts do.

Run it with ``uv run python benchmarks/doubts.py [--head linear] [--seeds 20 21 22 23 24]`` in a clone in which ``uv run dvc repro`` ran. It
ends with one JSON line: `precision` and `recall` over all seeds together, `bout_precision` and `bout_recall` of swapped bouts alone, and
`each`: per seed how many errors were planted, found, and how many doubts there were and were right.
"""

import argparse
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ethocache.common.store import Store, find_store
from ethocache.dataset.label_table import LabelTable
from ethocache.dataset.raters import combine
from ethocache.dataset.tags import bouts_of
from ethocache.endtoend.labelled_project import LabelledProject, read_labelled_project
from ethocache.scoring.review.doubts import Doubt
from ethocache.scoring.review.project import find_doubts
from ethocache.scoring.review.simulated import Labels
from ethocache.scoring.review.wrongness import Answers
from ethocache.sequence.crossvalidation import run_training

SWAPPED, LATE_S = 0.02, 0.3
LATE = "late"


@dataclass(frozen=True)
class Swap:
    """A bout that was labelled as `wrong` although it is `right`."""

    video: str
    start: int
    stop: int
    wrong: str
    right: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--head", default="linear")
    parser.add_argument("--seeds", type=int, nargs="+", default=[20, 21, 22, 23, 24])
    arguments = parser.parse_args()
    project = read_labelled_project(arguments.head, find_store())
    each = []
    for seed in arguments.seeds:
        each.append(plant_and_look(project, seed))
        print(f"seed {seed}: {each[-1]}", flush=True)
    total = {name: sum(counts[name] for counts in each) for name in each[0]}
    result = {"head": arguments.head, "seeds": arguments.seeds}
    result |= {"precision": round(total["right"] / max(total["doubts"], 1), 3), "recall": round(total["found"] / total["planted"], 3)}
    result["bout_precision"] = round(total["right_bouts"] / max(total["bout_doubts"], 1), 3)
    result["bout_recall"] = round(total["found_bouts"] / total["swapped"], 3)
    print(json.dumps(result | {"each": each}))


def plant_and_look(project: LabelledProject, seed: int) -> dict[str, int]:
    """Return how many errors were planted and found, and how many doubts there were and were right."""
    rng = np.random.default_rng(seed)
    labels, swaps = swapped(project, rng)
    raters = {video.id: three_people(labels[video.id], video.time_s, rng) for video in project.videos}
    answers = answers_of(project, raters)
    values = {video: {name: table.values for name, table in tables.items()} for video, tables in raters.items()}
    return count(find_doubts({one.video: one for one in answers}, values), swaps)


def swapped(project: LabelledProject, rng: np.random.Generator) -> tuple[dict[str, Labels], list[Swap]]:
    """Give one bout in fifty, at least one, the name of a behaviour that is not shown there."""
    labels, names = {video.id: video.labels.copy() for video in project.videos}, project.behaviours
    bouts = [(video.id, *bout) for video in project.videos for bout in bouts_of(video.labels)]
    swaps = list[Swap]()
    for place in rng.permutation(len(bouts)).tolist():
        video, start, b, stop = bouts[place]
        around = labels[video][max(start - 1, 0) : stop + 1]
        free = [other for other in range(len(names)) if not around[:, other].any()]
        if len(swaps) == max(1, round(SWAPPED * len(bouts))):
            break
        if free:
            other = int(rng.choice(free))
            labels[video][start:stop, [b, other]] = 0, 1
            swaps.append(Swap(video, start, stop, names[other], names[b]))
    return labels, swaps


def three_people(labels: Labels, time_s: np.ndarray, rng: np.random.Generator) -> dict[str, LabelTable]:
    """Return what three people would label: one late, one exactly this, one a frame early or late in the whole video."""
    late = round(LATE_S / float(np.median(np.diff(time_s))))
    moved = {LATE: late, "exact": 0, "near": int(rng.integers(-1, 2))}
    names = tuple(str(b) for b in range(labels.shape[1]))
    return {rater: LabelTable(names, np.roll(labels, frames, axis=0)) for rater, frames in moved.items()}


def answers_of(project: LabelledProject, raters: Mapping[str, Mapping[str, LabelTable]]) -> list[Answers]:
    """Return the answers for all videos, each of a model that never saw the animal and learned from the majority."""
    learned = {video: combine(tables, "majority").values for video, tables in raters.items()}
    videos = [replace(video, labels=learned[video.id], raters=()) for video in project.videos]
    with tempfile.TemporaryDirectory() as scratch:
        predictions = run_training(Store(Path(scratch)), videos, project.behaviours, project.system).predictions
    return [Answers(p.video, p.behaviours, p.time_s, p.probability, p.tag, p.label, p.exclusive) for p in predictions]


def count(doubts: list[Doubt], swaps: list[Swap]) -> dict[str, int]:
    """Count planted, found, doubts and right ones, of all kinds and of swapped bouts alone."""
    about_people = [doubt for doubt in doubts if doubt.start is None]
    about_bouts = [doubt for doubt in doubts if doubt.start is not None]
    edges = {doubt.kind for doubt in about_people if doubt.rater == LATE} & {"starts late", "ends late"}
    right = sum(any(names(doubt, swap) for swap in swaps) for doubt in about_bouts)
    found = sum(any(names(doubt, swap) for doubt in about_bouts) for swap in swaps)
    return {
        "planted": len(swaps) + 2,
        "found": found + len(edges),
        "doubts": len(doubts),
        "right": right + len(edges),
        "swapped": len(swaps),
        "found_bouts": found,
        "bout_doubts": len(about_bouts),
        "right_bouts": right,
    }


def names(doubt: Doubt, swap: Swap) -> bool:
    """Return whether a doubt is about a swapped bout: half of either lies in the other, and a behaviour is one of its two."""
    first, after = max(doubt.start or 0, swap.start), min(doubt.stop or 0, swap.stop)
    shorter = min((doubt.stop or 0) - (doubt.start or 0), swap.stop - swap.start)
    return doubt.video == swap.video and doubt.behaviour in (swap.wrong, swap.right) and after - first >= shorter / 2


if __name__ == "__main__":
    main()
