"""How long a `dvc repro` with nothing to do takes for 500 videos, against DVC's own start.

Both pipelines run in the same minutes, in turns. The reference has one stage, `python -c pass`, that
always runs, as `index` does here. Python may keep its compiled files, as it does on a user's machine: without them,
DVC's own start takes three times as long and hides most of the difference.
Ends with one JSON line: `noop_s`, `empty_s` (medians) and `ratio`.

Run it with ``uv run python benchmarks/noop.py [--videos 500] [--rounds 7]``.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
EMPTY = "stages:\n  nothing:\n    cmd: python -c pass\n    always_changed: true\n"
PARAMS: dict[str, dict[str, object]] = {  # small, because only what is not computed is timed
    "data": {"dir": "data/many"},
    "crop": {"size_px": 32},
    "train": {"epochs": 1},
    "evaluate": {"resamples": 100},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        full, empty = Path(scratch, "full"), Path(scratch, "empty")
        make_project(full, arguments.videos)
        make_reference(empty)
        times: dict[Path, list[float]] = {full: [], empty: []}
        for folder in (full, empty):
            timed_repro(folder)  # the first one after files were written looks at all of them again
        for _ in range(arguments.rounds):
            for folder, seconds in times.items():
                seconds.append(timed_repro(folder))
    noop_s, empty_s = (statistics.median(times[folder]) for folder in (full, empty))
    result = {"videos": arguments.videos, "noop_s": round(noop_s, 2), "empty_s": round(empty_s, 2), "ratio": round(noop_s / empty_s, 2)}
    print(json.dumps(result))


def make_project(folder: Path, videos: int) -> None:
    """A project of many videos: one rendered video under many names, all but one of them labelled."""
    from ethocache.endtoend.demo import write_demo

    (folder / ".dvc").mkdir(parents=True)
    shutil.copytree(ROOT / "src", folder / "src")
    for name in ("dvc.yaml", "params.yaml", ".dvcignore", ".gitignore", ".dvc/config"):
        shutil.copy2(ROOT / name, folder / name)
    original = folder / "original"
    write_demo(original, animals=1, unlabelled=0, seconds=2)
    video, track, labels = (next(original.glob(pattern)) for pattern in ("videos/*.mp4", "videos/*.csv", "labels/*.csv"))
    for number in range(videos):
        stem = f"WT_none_{number:04d}"
        for source, target in (
            (video, f"videos/{stem}.mp4"),
            (track, f"videos/{stem}DLC_resnet50_demoMay1shuffle1_50000.csv"),
            (labels, f"labels/{stem}.csv"),
        ):
            path = folder / "data/many" / target
            path.parent.mkdir(parents=True, exist_ok=True)
            if number < videos - 1 or source != labels:
                os.link(source, path)
    set_params(folder / "params.yaml")
    dvc(folder, "git", "init", "-q")
    dvc(folder, "dvc", "repro")


def set_params(path: Path) -> None:
    params = yaml.safe_load(path.read_text(encoding="utf-8")) | {"head": "linear", "backbone": "mean_colour"}
    for section, changes in PARAMS.items():
        params[section] |= changes
    path.write_text(yaml.safe_dump(params), encoding="utf-8")


def make_reference(folder: Path) -> None:
    (folder / ".dvc").mkdir(parents=True)
    shutil.copy2(ROOT / ".dvc/config", folder / ".dvc/config")
    (folder / "dvc.yaml").write_text(EMPTY)
    dvc(folder, "git", "init", "-q")
    dvc(folder, "dvc", "repro", "-q")


def timed_repro(folder: Path) -> float:
    start = time.perf_counter()
    dvc(folder, "dvc", "repro", "-q")
    return time.perf_counter() - start


def dvc(folder: Path, *command: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))}
    subprocess.run(command, cwd=folder, check=True, env=environment, stdout=sys.stderr)


if __name__ == "__main__":
    main()
