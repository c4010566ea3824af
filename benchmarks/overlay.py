"""How quick an overlay is drawn, beside decoding and encoding alone, and what memory it takes for a video ten times as long.

Interleaved rounds over one video, with four random behaviours: `overlay_fps`, the whole of `overlay_video`; `bare_fps`, the same pictures
decoded and encoded the same way with nothing below them. Ends with one JSON line: medians, `ratio_to_bare`, and `peak_mb` and
`peak_10x_mb` of fresh processes that only draw, `memory_ratio_10x` between them. The shorter video is shown again until it has
`--frames`, so that every buffer is full.

Run it with ``uv run python benchmarks/overlay.py VIDEO [--frames 1500] [--rounds 3]``.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tag import repeated

from ethocache.common.stage import Stopwatch, peak_memory_mb
from ethocache.dataset.videos import probe
from ethocache.scoring.pictures import colour_of
from ethocache.vision.canvas import Canvas, Place
from ethocache.vision.decode import decode_pictures, read_tags
from ethocache.vision.encode import ticks_of, write_film
from ethocache.vision.overlay_strip import Shown
from ethocache.vision.overlaying import overlay_video
from ethocache.vision.read_ahead import read_ahead

LONGER = 10  # times
BEHAVIOURS = ("grooming", "mid rearing", "wall rearing", "digging")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--frames", type=int, default=1500, help="of the shorter video, at least")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only-draw", action="store_true", help="draw once and print the peak memory: how it is measured")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if arguments.only_draw:
            draw(arguments.video, Path(scratch) / "film.mp4")
            print(json.dumps(peak_memory_mb()))
            return
        times = -(-arguments.frames // probe(arguments.video)[0].frames)
        short, long = (repeated(arguments.video, Path(scratch), times * more) for more in (1, LONGER))
        print(json.dumps(speeds(short, arguments.rounds, Path(scratch)) | memory(short, long)))


def speeds(video: Path, rounds: int, scratch: Path) -> dict[str, float]:
    """Return medians of both, by turns."""
    facts = probe(video)[0]
    ways: dict[str, Callable[[Path, Path], None]] = {"overlay_fps": draw, "bare_fps": encode_alone}
    fps: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            watch = Stopwatch()
            way(video, scratch / "film.mp4")
            fps[name].append(facts.frames / watch.seconds)
    median = {name: round(statistics.median(of), 1) for name, of in fps.items()}
    return {"frames": facts.frames, **median, "ratio_to_bare": round(median["overlay_fps"] / median["bare_fps"], 3)}


def memory(short: Path, long: Path) -> dict[str, float]:
    """Return the peaks of processes that draw one of them."""
    commands = ([sys.executable, __file__, "--only-draw", str(video)] for video in (short, long))
    peaks = [json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for command in commands]
    return {"peak_mb": peaks[0], "peak_10x_mb": peaks[1], "memory_ratio_10x": round(peaks[1] / peaks[0], 3)}


def draw(video: Path, path: Path) -> None:
    facts, time_s = probe(video)
    random, shape = np.random.default_rng(0), (facts.frames, len(BEHAVIOURS))
    probability = random.random(shape, np.float32)
    colours = [tuple(bytes.fromhex(colour_of(number)[1:])) for number in range(len(BEHAVIOURS))]
    states = {"label": random.integers(0, 2, shape, np.int8), "tag": (probability >= 0.5).astype(np.int8)}
    shown = Shown(video.stem, BEHAVIOURS, [(red, green, blue) for red, green, blue in colours], states, probability)
    overlay_video(path, video, facts, time_s, [shown])


def encode_alone(video: Path, path: Path) -> None:
    facts, time_s = probe(video)
    tags = read_tags(video)
    canvas = Canvas(Place.of(facts.width, facts.height), [], tags.matrix)
    frames = read_ahead(canvas.compose(picture, []) for picture in decode_pictures(video, facts, time_s))
    write_film(path, frames, ticks_of(time_s, tags.ticks_per_second), tags.ticks_per_second)


if __name__ == "__main__":
    main()
