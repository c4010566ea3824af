"""Kill the crop and extract stages again and again, and see whether anything is lost, done twice or different afterwards.

Rendered videos, cut into many small segments, are processed by the stages as they are; each run gets a SIGKILL, at a random moment of
the stage's whole duration, or at a named point: `rename` (a segment is written, not yet renamed), `assemble` (the file is being put
together), `link` (the result is renamed into the store, not yet linked into the project). When a run ends before its kill, all files
are compared with those of an undisturbed project, the stage's results are deleted, and it starts again. At the end `dvc repro` runs.

Ends with one JSON line: `kills`, `files_differing` (from the undisturbed run), `videos_recomputed` (results that were finished and were
made again), `segments_lost_max` (segments of work that one kill has cost; the one in work counts as lost whole).

Run it with ``uv run python benchmarks/kill.py [--random 50] [--named 5] [--seed N] [--backbone mean_colour]``.
"""

import argparse
import hashlib
import json
import os
import random
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
KINDS = {"crop": "crop", "extract": "features"}
POINTS = ("rename", "assemble", "link")
SEGMENT_FRAMES = 10
SETTINGS: dict[str, dict[str, object]] = {
    "data": {"dir": "data/demo"},
    "crop": {"size_px": 64, "keyframe_interval": SEGMENT_FRAMES},
    "extract": {"batch_size": 5, "segment_frames": SEGMENT_FRAMES},
}


@dataclass
class Tally:
    """What has happened so far."""

    kills: int = 0
    files_differing: int = 0
    videos_recomputed: int = 0
    segments_lost_max: int = 0


@dataclass
class Trial:
    """One project whose stage is killed until it has ended by itself.

    Attributes
    ----------
    written
        The segments that were finished since the stage's results were deleted.
    """

    project: Path
    undisturbed: Path
    stage: str
    tally: Tally
    chance: random.Random
    written: set[str] = field(default_factory=set)

    @property
    def log(self) -> Path:
        return self.project / "segments.log"

    def go_on(self, seconds: float, point: str = "never") -> bool:
        """Run the stage once more; tell whether it was killed."""
        before = self._finished()
        self.log.write_text("")
        killed = run_watched(self.project, self.stage, self.log, point, self.chance.randint(1, 6), seconds)
        self.tally.videos_recomputed += sum(self._finished().get(path) != mark for path, mark in before.items())
        segments = self.log.read_text().splitlines()
        again = len(self.written.intersection(segments))
        unfinished = any((self.project / "store" / KINDS[self.stage]).glob("*.building"))
        self.written |= {segment for segment in segments if not killed or Path(segment).exists() or not Path(segment).parent.exists()}
        self.tally.kills += killed
        self.tally.segments_lost_max = max(self.tally.segments_lost_max, again + (killed and unfinished))
        if not killed:
            self.compare()
            self.start_again()
        return killed

    def compare(self) -> None:
        differing = {path for path, _ in digests(self.undisturbed).items() ^ digests(self.project).items() if KINDS[self.stage] in path}
        self.tally.files_differing += len(differing)
        if differing:
            print(f"{self.stage}: different from the undisturbed run: {sorted(differing)[:4]}", file=sys.stderr)

    def start_again(self) -> None:
        shutil.rmtree(self.project / "store" / KINDS[self.stage])
        self.written.clear()

    def _finished(self) -> dict[Path, tuple[int, int]]:
        entries = (self.project / "store" / KINDS[self.stage]).glob("*/entry.json")
        return {path: ((status := path.stat()).st_mtime_ns, status.st_ino) for path in entries}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--random", type=int, default=50, help="kills at random moments, of both stages together")
    parser.add_argument("--named", type=int, default=5, help="kills at each named point of each stage")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--backbone", default="mean_colour")
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if arguments.seed is None else arguments.seed
    print(f"--seed {seed}")
    with tempfile.TemporaryDirectory() as scratch:
        tally = kill_all(Path(scratch).resolve(), arguments.random, arguments.named, arguments.backbone, random.Random(seed))
    print(json.dumps(vars(tally)))


def kill_all(scratch: Path, kills: int, named: int, backbone: str, chance: random.Random) -> Tally:
    undisturbed, project, tally = make_project(scratch, "undisturbed", backbone), make_project(scratch, "killed", backbone), Tally()
    dvc(undisturbed, "repro", "-q", "extract")
    dvc(project, "repro", "-q", "track")
    for stage in KINDS:
        trial = Trial(project, undisturbed, stage, tally, chance)
        seconds = duration(undisturbed, stage)
        print(f"{stage}: {seconds:.2f} s undisturbed", flush=True)
        for point, wanted in {"random": -(-kills // 2), **dict.fromkeys(POINTS, named)}.items():
            done = 0
            while done < wanted:
                done += trial.go_on(chance.uniform(0, seconds) if point == "random" else 600, point)
            while trial.go_on(600):
                pass
            print(f"{stage}, {point}: {tally}", flush=True)
        run_watched(project, stage, trial.log, "never", 1, 600)
    before = digests(project)
    dvc(project, "repro", "-q", "extract")
    tally.files_differing += sum(before.get(path) != digest for path, digest in digests(project).items())
    tally.files_differing += len(dict(digests(undisturbed).items() ^ digests(project).items()))
    return tally


def make_project(scratch: Path, name: str, backbone: str) -> Path:
    """A project of three rendered videos, and beside it a copy of our code that cuts crops into small segments too."""
    from ethocache.endtoend.demo import write_demo

    folder, code = scratch / name, scratch / "code"
    (folder / ".dvc").mkdir(parents=True)
    for file in ("dvc.yaml", ".dvcignore", ".gitignore", ".dvc/config"):
        shutil.copy2(ROOT / file, folder / file)
    if not code.exists():
        shutil.copytree(ROOT / "src", code)
        settings = code / "ethocache/vision/crop_settings.py"
        text = settings.read_text(encoding="utf-8")
        start = text.index("SEGMENT_FRAMES = ")
        settings.write_text(f"{text[:start]}SEGMENT_FRAMES = {SEGMENT_FRAMES}{text[text.index(chr(10), start) :]}", encoding="utf-8")
    write_demo(folder / "data/demo", animals=2, unlabelled=1, seconds=30, size=(160, 120))
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8")) | {"backbone": backbone}
    for section, changes in SETTINGS.items():
        params[section] |= changes
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    subprocess.run(("git", "init", "-q"), cwd=folder, check=True)
    return folder


def duration(project: Path, stage: str) -> float:
    """Return how long the stage takes with nothing kept, in seconds."""
    shutil.rmtree(project / "store" / KINDS[stage])
    start = time.perf_counter()
    run_watched(project, stage, project / "segments.log", "never", 1, 600)
    return time.perf_counter() - start


def run_watched(project: Path, stage: str, log: Path, point: str, count: int, seconds: float) -> bool:
    """Run a stage, and kill it after some seconds; tell whether it was killed, by us or at its point."""
    command = (sys.executable, __file__, stage, str(log), point, str(count))
    running = subprocess.Popen(command, cwd=project, env=environment(project) | {"KILLED_ON_PURPOSE": "1"}, stdout=subprocess.DEVNULL)
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
    if running.returncode not in (0, -signal.SIGKILL):
        sys.exit(f"{stage} failed by itself, with exit code {running.returncode}")
    return running.returncode != 0


def watched(stage: str, log: Path, point: str, count: int) -> None:
    """Be a stage that writes down which segments it finishes, and kills itself at the `count`-th time that it comes to a point."""
    left, renamed = count, False
    lines = log.open("a", buffering=1)

    def come_to(name: str) -> None:
        nonlocal left
        left -= name == point
        if name == point and left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal renamed
        if event == "os.rename":
            source, target = map(Path, map(str, arguments[:2]))
            if target.parent.name == "segments":
                come_to("rename")
                lines.write(f"{target.absolute()}\n")
            renamed |= source.name == "output"
        elif event == "os.link" or (event == "open" and renamed):
            renamed = False
            come_to("link")
        elif event == "open" and being_assembled(str(arguments[0])):
            come_to("assemble")

    import av  # opens files without Python's knowledge

    opened = av.open

    def tell(file: Any, *arguments: Any, **named: Any) -> Any:
        if being_assembled(str(file)):
            come_to("assemble")
        return opened(file, *arguments, **named)

    vars(av)["open"] = tell
    sys.addaudithook(look)
    sys.argv = [stage]
    runpy.run_module(f"ethocache.stages.{stage}", run_name="__main__")


def being_assembled(file: str) -> bool:
    """Tell whether a file is a segment that is read for a result that has been begun."""
    path = Path(file)
    return path.parent.name == "segments" and any(os.scandir(path.parents[1] / "output"))


def digests(project: Path) -> dict[str, str]:
    """Return the content of all crops and features in the store and in place, by path; `entry.json` also says how long it took.

    What a kill has left beside a finished result is no result; `ethocache store prune` takes it away.
    """
    places = ("store/crop", "store/features", "data/crops", "data/features")
    files = [path for place in places for path in (project / place).rglob("*") if path.is_file()]
    results = [path for path in files if path.name != "entry.json" and ".building" not in path.as_posix()]
    return {path.relative_to(project).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in results}


def environment(project: Path) -> dict[str, str]:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return os.environ | {"PATH": path, "PYTHONPATH": str(project.parent / "code"), "OMP_NUM_THREADS": "1", "ETHOCACHE_STORE": "store"}


def dvc(project: Path, *command: str) -> None:
    subprocess.run(("dvc", *command), cwd=project, env=environment(project), check=True, stdout=sys.stderr)


if __name__ == "__main__":
    watched(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])) if "KILLED_ON_PURPOSE" in os.environ else main()
