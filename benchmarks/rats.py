"""Three behaviours of two rats, from their tracks alone, in sessions that were held out: the stages against a strong baseline.

Makes a scratch project of the sessions without video in two folders, each with DeepLabCut's ``tracks/`` and a person's ``labels/``
(Caltech Behavior Annotator; figshare 10.6084/m9.figshare.30393298). The labels of the test sessions are withheld: the stages index,
track, extract, train and predict run as for any user, and the tables of tags of the test sessions are scored against those labels, on
the frames that a person looked at. In the same run a classifier of windowed pose features, as in SimBA and JABS, learns from the same
files of features (see rats_baseline.py).
Ends with one JSON line: `macro`, `social`, `nonsocial` and `aggression` (each `f1`, `average_precision`, `bout_f1_50`), the same blocks
in `baseline_gb` (with what was chosen for it), and `train_seconds`, `predict_seconds`, `head`, `seed`.

Run it with ``uv run python benchmarks/rats.py --train DIR --test DIR [--head ensemble] [--seed 0]``. ``--logistic`` adds
`baseline_logistic`, ``--baseline-only`` trains no head, ``--set epochs=10`` changes a setting of `train`, ``--store DIR`` keeps features
for the next run, and ``--answers FILE`` keeps the tags and probabilities of every test session, for rats_table.py.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rats_baseline import baseline
from rats_project import BEHAVIOURS, RatProject, answer

from ethocache.common.files import replacing
from ethocache.dataset.predictions import Prediction
from ethocache.scoring.settings import EvaluateParams
from ethocache.scoring.summary import score

SCORES = ("f1", "average_precision", "bout_f1_50")
_PARTS = ("probability", "tag", "label")


def main() -> None:
    arguments = read_arguments()
    with tempfile.TemporaryDirectory() as scratch:
        changes = {"seed": arguments.seed} | dict(arguments.set)
        project = RatProject(Path(scratch), arguments.train, arguments.test, arguments.head, changes, arguments.store)
        result, systems = run(project, arguments)
    if arguments.answers:
        write_answers(arguments.answers, systems)
    about = {"seed": arguments.seed, "sessions": {"train": len(project.train), "test": len(project.test)}}
    print(json.dumps(result | about))


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--head", default="ensemble", help="of params.yaml")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", type=setting, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--logistic", action="store_true")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--baseline-only", action="store_true")
    only.add_argument("--no-baseline", action="store_true")
    return parser.parse_args()


def setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    return name, yaml.safe_load(value)


def run(project: RatProject, arguments: argparse.Namespace) -> tuple[dict[str, Any], dict[str, list[Prediction]]]:
    """Return the scores, and the answers of every system by its name."""
    project.run("index", "track", "extract")
    result: dict[str, Any] = {}
    systems: dict[str, list[Prediction]] = {}
    if not arguments.baseline_only:
        project.run("train")
        seconds = {"train_seconds": project.training_seconds(), "predict_seconds": round(project.run("predict"), 1)}
        systems[project.head] = project.answers()
        result |= blocks(systems[project.head]) | seconds | {"head": project.head}
    kinds = ["gb"] * (not arguments.no_baseline) + ["logistic"] * arguments.logistic
    train, test = (project.sessions(names if kinds else []) for names in (project.train, project.test))
    for kind in kinds:
        systems[f"baseline_{kind}"], chosen = baseline(kind, train, test, arguments.seed)
        result[f"baseline_{kind}"] = blocks(systems[f"baseline_{kind}"]) | chosen
    return result, systems


def blocks(answers: Sequence[Prediction]) -> dict[str, dict[str, float]]:
    """Return the scores of each behaviour and their mean; a score that does not exist is left out."""
    scored = score(answers, EvaluateParams(resamples=100))
    return {name: {key: scored[name][key] for key in SCORES if key in scored[name]} for name in ("macro", *BEHAVIOURS)}


def write_answers(path: Path, systems: dict[str, list[Prediction]]) -> None:
    arrays: dict[str, Any] = {
        f"{system}/{one.video}/{part}": values
        for system, answers in systems.items()
        for one in answers
        for part, values in zip(_PARTS, (one.probability.astype(np.float16), one.tag, one.label), strict=True)
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def read_answers(path: Path) -> dict[str, list[Prediction]]:
    """Return what `write_answers` wrote: the answers of every system by its name."""
    systems: dict[str, list[Prediction]] = {}
    with np.load(path) as arrays:
        for system, session in sorted({tuple(name.split("/")[:2]) for name in arrays.files}):
            probability, tag, label = (arrays[f"{system}/{session}/{part}"] for part in _PARTS)
            systems.setdefault(system, []).append(answer(session, probability.astype(np.float32), tag, label))
    return systems


if __name__ == "__main__":
    main()
