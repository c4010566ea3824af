"""How long `dvc repro -s -f extract` takes where all features of 500 videos are kept, against a stage that does nothing.

Both run in the same minutes, in turns, and DVC is told to run the stage although nothing has changed. The reference is a project
of one stage, `python -c pass`. What `extract` imports is listed as well: with everything kept it must load no network.
Ends with one JSON line: `kept_s`, `empty_s` (medians), `ratio`, `stage_s` (without DVC) and `heavy_modules` (that it has loaded).

Run it with ``uv run python benchmarks/kept.py [--videos 500] [--rounds 7]``.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from noop import dvc, make_project, make_reference

HEAVY = {"torch", "timm", "torchvision", "deeplabcut", "openvino", "distributed", "pandas", "scipy", "sklearn", "matplotlib"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        full, empty = Path(scratch, "full"), Path(scratch, "empty")
        make_project(full, arguments.videos)
        make_reference(empty)
        stages = {full: "extract", empty: "nothing"}
        times: dict[Path, list[float]] = {folder: [] for folder in stages}
        for number in range(arguments.rounds + 1):
            for folder, stage in stages.items():
                seconds = timed(folder, stage)
                times[folder] += [seconds] if number else []  # the first one after files were written looks at all of them again
        heavy, stage_s = HEAVY & loaded(full), stage_alone(full, arguments.rounds)
    kept_s, empty_s = (statistics.median(times[folder]) for folder in (full, empty))
    result = {"videos": arguments.videos, "kept_s": round(kept_s, 2), "empty_s": round(empty_s, 2), "ratio": round(kept_s / empty_s, 2)}
    print(json.dumps(result | {"stage_s": round(stage_s, 2), "heavy_modules": sorted(heavy)}))


def timed(folder: Path, stage: str) -> float:
    start = time.perf_counter()
    dvc(folder, "dvc", "repro", "-q", "-s", "-f", stage)
    return time.perf_counter() - start


def loaded(folder: Path) -> set[str]:
    """Run the stage and return the top-level names of all modules that it imports."""
    command = (sys.executable, "-X", "importtime", "-m", "ethocache.stages.extract")
    said = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stderr
    lines = [line for line in said.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in lines}


def stage_alone(folder: Path, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run((sys.executable, "-m", "ethocache.stages.extract"), cwd=folder, check=True, stdout=sys.stderr)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
