"""The whole pipeline on 80 real clips (B-SOiD's examples): does it run on real video, from files to metrics?

Makes a scratch project of the clips, whole frames (there are no tracks), with the behaviours grooming and rearing, and
runs every stage with the settings of params.yaml. Each clip has one machine-made class; its bout covers the
whole clip, and a clip of another class has none. Prints the caveat, and ends with one JSON line: `macro` and a
block per behaviour, `clips`, `frames` and `seconds`.

Run it with ``uv run python benchmarks/bsoid.py [CLIPS] [--head lstm]``.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from ethocache.common.files import link, write_text

ROOT = Path(__file__).parents[1]
CLIPS = ROOT.parent / "shared/data/bsoid_clips"
BEHAVIOURS = ("grooming", "rearing")
FOLDER = "data/clips"
DATA = {"dir": FOLDER, "videos": "videos/*.avi", "labels": "labels/*.csv", "name": "{animal}", "behaviours": list(BEHAVIOURS)}
SCORES = (
    "f1", "f1_low", "f1_high", "f1_chance",
    "average_precision", "average_precision_low", "average_precision_high", "prevalence",
    "accuracy", "accuracy_never",
)  # fmt: skip
CAVEAT = (
    "These labels are one machine-made class per clip, and folds are over clips, not over animals (nobody says which clips show the "
    "same animal, so one may be on both sides): this shows that the pipeline runs on real video, not how good it is."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="?", default=CLIPS)
    parser.add_argument("--head", default="lstm")
    arguments = parser.parse_args()
    if not (arguments.clips / "clip_labels.csv").is_file():
        sys.exit(f"{arguments.clips}: expected a folder with clip_labels.csv and clips/, found none; give the folder of the clips")
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch)
        make_project(project, arguments.clips, arguments.head)
        seconds = run_pipeline(project)
        metrics = json.loads((project / "metrics/metrics.json").read_text(encoding="utf-8"))
    print(CAVEAT)
    print(json.dumps(result(metrics) | {"head": arguments.head, "seconds": round(seconds, 1)}))


def make_project(project: Path, clips: Path, head: str) -> None:
    for name in ("src", ".dvc/config", "dvc.yaml", ".dvcignore", ".gitignore"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, project / name)
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params |= {"head": head, "data": DATA, "track": {"source": "none"}}
    params["labels"]["allow_empty"] = True
    write_text(project / "params.yaml", yaml.safe_dump(params, sort_keys=False))
    with (clips / "clip_labels.csv").open(encoding="utf-8", newline="") as file:
        for clip in csv.DictReader(file):
            video = Path(clip["clip"])
            (project / FOLDER / "videos").mkdir(parents=True, exist_ok=True)
            link(clips / "clips" / video, project / FOLDER / "videos" / video)
            write_text(project / FOLDER / "labels" / f"{video.stem}.csv", bouts(clip))


def bouts(clip: dict[str, str]) -> str:
    shown = [f"{clip['superclass']},0,{clip['frames']}"] if clip["superclass"] in BEHAVIOURS else []
    return "\n".join(["behaviour,start_frame,stop_frame", *shown]) + "\n"


def run_pipeline(project: Path) -> float:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = os.environ | {"PATH": path, "ETHOCACHE_STORE": str(project / "store")}
    start = time.perf_counter()
    for command in (("git", "init", "-q"), ("dvc", "repro")):
        subprocess.run(command, cwd=project, check=True, env=environment, stdout=sys.stderr)
    return time.perf_counter() - start


def result(metrics: dict[str, dict[str, float]]) -> dict[str, Any]:
    scores = {block: {name: metrics[block][name] for name in SCORES} for block in ("macro", *BEHAVIOURS)}
    return scores | {"clips": metrics["data"]["videos"], "folds": metrics["data"]["folds"], "frames": metrics["data"]["frames"]}


if __name__ == "__main__":
    main()
