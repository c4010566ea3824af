"""How long `index` takes for 1000 videos with labels, once their fingerprints are known.

One rendered video under many names, as links, with a labels file each; every round rewrites one labels file, then all of
them, and lets `index` look again; the bare limit beside it is a Python that imports the package's index and lists the files.
Ends with one JSON line: medians `nothing_changed_s`, `one_label_changed_s`, `all_labels_changed_s`, `limit_s`, and
`ratio` (`all_labels_changed_s` / `limit_s`).

Run it with ``uv run python benchmarks/index.py [--videos 1000] [--rounds 5]``.
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
INDEX = (sys.executable, "-m", "ethocache.stages.index")
LIMIT = (
    "import ethocache.dataset.index, ethocache.endtoend.project; from pathlib import Path;"
    "[path.read_bytes() for path in Path('lab/labels').glob('*')]; [path.stat() for path in Path('lab/videos').glob('*')]"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    times: dict[str, list[float]] = {name: [] for name in ("all_labels_changed_s", "one_label_changed_s", "nothing_changed_s", "limit_s")}
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch)
        labels = make_project(project, arguments.videos)
        timed(project, *INDEX)
        for round_number in range(arguments.rounds):
            for changed, name in ((labels, "all_labels_changed_s"), (labels[:1], "one_label_changed_s"), ([], "nothing_changed_s")):
                for path in changed:
                    path.write_text(bouts(round_number))
                if not changed:
                    time.sleep(2.1)  # younger files are looked at again
                    timed(project, *INDEX)
                times[name].append(timed(project, *INDEX))
            times["limit_s"].append(timed(project, sys.executable, "-c", LIMIT))
    medians = {name: round(statistics.median(seconds), 2) for name, seconds in times.items()}
    ratio = round(medians["all_labels_changed_s"] / medians["limit_s"], 2)
    print(json.dumps({"videos": arguments.videos} | medians | {"ratio": ratio}))


def bouts(number: int) -> str:
    rows = [f"grooming,{start / 10 + number / 1000:.3f},{start / 10 + 0.2:.3f}" for start in range(0, 18, 4)]
    return "\n".join(["behaviour,start_s,stop_s", *rows]) + "\n"


def make_project(project: Path, videos: int) -> list[Path]:
    """Make a project of many videos and return its labels files."""
    from ethocache.endtoend.demo import write_demo

    write_demo(project / "original", animals=1, unlabelled=0, seconds=2)
    video, track = (next((project / "original/videos").glob(pattern)) for pattern in ("*.mp4", "*.csv"))
    for folder in ("videos", "labels"):
        (project / "lab" / folder).mkdir(parents=True)
    for number in range(videos):
        os.link(video, project / f"lab/videos/WT_none_{number:04d}.mp4")
        os.link(track, project / f"lab/videos/WT_none_{number:04d}DLC_x.csv")
        (project / f"lab/labels/WT_none_{number:04d}.csv").write_text(bouts(9))
    shutil.rmtree(project / "original")
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["data"]["dir"] = "lab"
    (project / "params.yaml").write_text(yaml.safe_dump(params))
    return sorted((project / "lab/labels").iterdir())


def timed(project: Path, *command: str) -> float:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "ETHOCACHE_STORE", "DVC_ROOT")
    }
    start = time.perf_counter()
    subprocess.run(command, cwd=project, check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
