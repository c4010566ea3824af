"""Fine-tuning against the frozen backbone on the same folds: on a detail that the frozen one cannot see, and on the normal demo.

Two projects go through the real stages, each up to `finetune`:

- `detail`: rendered mice as in the demo, each with a mark of a few pixels on its back, whose stripes lie while the behaviour is shown
  and stand while it is not. Nothing else tells: bouts begin at random, whatever the animal does. The stripes are 3 grey levels lighter
  and darker than the coat, so that the frozen network hardly sees them (with 40 grey levels it reads the mark).
- `demo`: the demo's own three behaviours, with the settings that the stage has by itself but for fewer clips.

Animals are dealt into three groups, each scored once by a backbone that was tuned on the others; `frozen` is the same head on the
frozen backbone, on the same folds, with intervals over animals. `memory` fine-tunes on videos of one length and of ten times that
length, each in a process of its own, and compares the most memory that each held.

Ends with one JSON line: for each project `tuned`, `frozen` (macro average precision: value, low, high), `prevalence`, `seconds` of the
stage finetune; `peak_mb` and `peak_mb_ten_times` of `memory`.

Run it with ``uv run python benchmarks/finetune.py [--parts detail demo memory] [--animals 10] [--seconds 40]``.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ethocache.common.files import write_text
from ethocache.endtoend.demo import write_demo
from ethocache.endtoend.demo.body import KEY_POINTS, build_body
from ethocache.endtoend.demo.motion import simulate
from ethocache.endtoend.demo.posture import hold
from ethocache.endtoend.demo.render import Camera, Frame, draw, make_scene
from ethocache.endtoend.demo.tracks import SCORER, as_deeplabcut_csv, observe
from ethocache.vision.encode import write_video

ROOT = Path(__file__).parents[1]
FPS, SIZE = 10.0, (320, 240)
BEHAVIOUR, SHARE, BOUT_S = "signalling", 0.3, (1.0, 3.0)
MARK_PX, STRIPE_PX, CONTRAST = 5, 2, 3  # half the mark's side, width of a stripe, grey levels to each side
SETTINGS: dict[str, dict[str, Any]] = {
    "train": {"max_folds": 0, "groups": 3, "epochs": 25, "window_s": 10.0, "overlap_s": 2.0},
    "finetune": {"runs": ["e2e"], "folds": 3, "clips": 60, "clip_s": 2.0},
}
FINE = {"unfreeze": 4, "epochs": 8, "rotate_deg": 0.0, "brightness": 0.05, "blur_px": 0.0}  # for a detail that is faint


def write_detail(folder: Path, animals: int, seconds: float) -> None:
    """Write the demo's mice with a mark on their backs, and when its stripes lie."""
    for number in range(animals):
        rng, camera, stem = np.random.default_rng([7, number]), Camera(*SIZE), f"WT_none_{number + 1:02d}"
        frames = round(seconds * FPS)
        motion = simulate(camera.arena, frames, FPS, rng.uniform(1.6, 2.4), rng)
        body = build_body(motion, hold(motion, FPS, rng), rng.uniform(0.9, 1.1))
        scene = make_scene(camera, frames, coat=rng.uniform(0.1, 0.4), rng=rng)
        back = camera.project(body.key_points)[0][:, KEY_POINTS.index("midbody")]
        lying = bouts(frames, rng)
        write_text(folder / f"videos/{stem}{SCORER}.csv", as_deeplabcut_csv(observe(body, camera, rng)))
        write_video(folder / f"videos/{stem}.mp4", marked(draw(scene, body, rng), back, lying), FPS, 15, 100)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], lying, [0]])))
        rows = [f"{BEHAVIOUR},{start / FPS:.3f},{stop / FPS:.3f}\n" for start, stop in edges.reshape(-1, 2)]
        write_text(folder / f"labels/{stem}.csv", "behaviour,start_s,stop_s\n" + "".join(rows))


def bouts(frames: int, rng: np.random.Generator) -> np.ndarray:
    """Return (T,) 1 in bouts that begin at random, whatever the animal does."""
    lying, start = np.zeros(frames, np.int8), 0
    while start < frames:
        length = round(rng.uniform(*BOUT_S) * FPS)
        pause = round(length * rng.uniform(0.5, 1.5) * (1 - SHARE) / SHARE)
        lying[start + pause : start + pause + length] = 1
        start += pause + length
    return lying


def marked(frames: Iterator[Frame], back: np.ndarray, lying: np.ndarray) -> Iterator[Frame]:
    """Put the mark on the back in every frame."""
    for frame, (x, y), lies in zip(frames, back, lying, strict=True):
        top, left = (int(np.clip(round(p) - MARK_PX, 0, n - 2 * MARK_PX)) for p, n in zip((y, x), frame.shape, strict=False))
        put_mark(frame[top : top + 2 * MARK_PX, left : left + 2 * MARK_PX], bool(lies))
        yield frame


def put_mark(place: np.ndarray, lies: bool) -> None:
    """Draw stripes over a square (H, W, 3); its mean brightness stays."""
    stripes = np.arange(2 * MARK_PX) // STRIPE_PX % 2 * 2 - 1
    pattern = np.broadcast_to(stripes[:, None] if lies else stripes[None], (2 * MARK_PX, 2 * MARK_PX))
    place[:] = (np.clip(place.mean(), CONTRAST, 255 - CONTRAST) + CONTRAST * pattern)[..., None]


def make_project(folder: Path, data: Path, behaviours: list[str], **changes: dict[str, Any]) -> None:
    """Set up a project with the pipeline of this clone."""
    folder.mkdir()
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["data"] |= {"dir": str(data), "behaviours": behaviours}
    for section, values in SETTINGS.items():
        params[section] |= values | changes.get(section, {})
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))


def run_stage(project: Path, name: str, *arguments: str) -> tuple[float, str]:
    """Run a stage; return its seconds and what it said."""
    start = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    command = (sys.executable, "-m", f"ethocache.stages.{name}", *arguments)
    done = subprocess.run(command, cwd=project, env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    print(f"  {time.perf_counter() - start:.0f} s {done.stdout.strip()}", flush=True)
    return time.perf_counter() - start, done.stdout


def compare(project: Path) -> dict[str, Any]:
    """Run all stages, and return the scores of both backbones on the same folds."""
    for name in ("index", "track", "crop", "extract", "train"):
        run_stage(project, name)
    seconds, _ = run_stage(project, "finetune", "e2e")
    metrics = json.loads((project / "metrics/finetune-e2e.json").read_text())
    tuned, frozen = metrics["macro"], metrics["frozen"]["macro"]
    names = ("average_precision", "average_precision_low", "average_precision_high")
    scores = {name: [block.get(key) for key in names] for name, block in (("tuned", tuned), ("frozen", frozen))}
    return scores | {"prevalence": tuned["prevalence"], "animals": metrics["data"]["animals"], "seconds": round(seconds)}


def peak_mb(scratch: Path, seconds: float) -> float:
    """Return the most memory that one fine-tuning, of an epoch on three animals, has held."""
    data, project = scratch / f"data{seconds:g}", scratch / f"memory{seconds:g}"
    write_detail(data, 3, seconds)
    few = FINE | {"folds": 0, "clips": 12, "epochs": 1}
    make_project(project, data, [BEHAVIOUR], finetune=few, train={"epochs": 1, "score": False, "epochs_final": 1})
    for name in ("index", "track", "crop", "extract", "train"):
        run_stage(project, name)
    run_stage(project, "finetune", "e2e")
    (entry,) = (project / "store/finetuning").glob("*/entry.json")
    return float(json.loads(entry.read_text())["facts"]["peak_memory_mb"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=("detail", "demo", "memory"), default=["detail", "demo", "memory"])
    parser.add_argument("--animals", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=40.0, help="length of each video")
    parser.add_argument("--keep", type=Path, help="a new folder for the projects, which stay there")
    arguments = parser.parse_args()
    scratch = arguments.keep or Path(tempfile.mkdtemp())
    scratch.mkdir(exist_ok=True, parents=True)
    found: dict[str, Any] = {}
    if "detail" in arguments.parts:
        write_detail(scratch / "detail", arguments.animals, arguments.seconds)
        make_project(scratch / "detail_project", scratch / "detail", [BEHAVIOUR], finetune=FINE)
        found["detail"] = compare(scratch / "detail_project")
    if "demo" in arguments.parts:
        write_demo(scratch / "demo", arguments.animals, 0, arguments.seconds)
        make_project(scratch / "demo_project", scratch / "demo", ["grooming", "mid_rearing", "wall_rearing"])
        found["demo"] = compare(scratch / "demo_project")
    if "memory" in arguments.parts:
        found |= {"peak_mb": peak_mb(scratch, 12.0), "peak_mb_ten_times": peak_mb(scratch, 120.0)}
    if not arguments.keep:
        shutil.rmtree(scratch)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
