"""How fast pose features are made of tracks of several animals.

Rounds take turns: features of every track, and as the bare limit reading the kept track from disk, which nothing can do without.
Ends with one JSON line: medians `frames_per_second` (features), `read_frames_per_second` (the limit), their `ratio`, and beside
them `swap_frames_changed`: frames whose features change when the first two individuals change places from the middle onwards.

Run it with ``uv run python benchmarks/pose.py FOLDER [--likelihood 0.2] [--fps 30] [--rounds 5]``, where FOLDER holds DeepLabCut
files; without one, it makes a track of two animals with five points that wander about.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from ethocache.dataset.tracks import Track, is_track, load_track, read_track, write_track
from ethocache.vision.backbones.pose import pose_features
from ethocache.vision.backbones.settings import PoseSettings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--likelihood", type=float, default=0.2)
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    tracks = read_folder(arguments.folder) if arguments.folder else [wandering(15_000)]
    settings = PoseSettings(likelihood=arguments.likelihood, min_kept=0)
    frames = sum(track.frames for track in tracks)
    times: dict[str, list[float]] = {"frames_per_second": [], "read_frames_per_second": []}
    with tempfile.TemporaryDirectory() as scratch:
        kept = [Path(scratch) / f"{number}.h5" for number in range(len(tracks))]
        for path, track in zip(kept, tracks, strict=True):
            write_track(path, track)
        pose_features(tracks[0], np.arange(tracks[0].frames) / arguments.fps, settings)  # libraries are loaded once
        for _ in range(arguments.rounds):
            start = time.perf_counter()
            for track in tracks:
                pose_features(track, np.arange(track.frames) / arguments.fps, settings)
            half = time.perf_counter()
            for path in kept:
                load_track(path)
            times["frames_per_second"].append(frames / (half - start))
            times["read_frames_per_second"].append(frames / (time.perf_counter() - half))
    medians = {name: round(statistics.median(rates)) for name, rates in times.items()}
    ratio = round(medians["frames_per_second"] / medians["read_frames_per_second"], 3)
    changed = sum(changed_by_a_swap(track, arguments.fps, settings) for track in tracks)
    print(json.dumps({"tracks": len(tracks), "frames": frames} | medians | {"ratio": ratio, "swap_frames_changed": changed}))


def read_folder(folder: Path) -> list[Track]:
    return [read_track(path) for path in sorted(folder.iterdir()) if is_track(path)]


def wandering(frames: int) -> Track:
    random = np.random.default_rng(0)
    middles = np.cumsum(random.normal(0, 2, (frames, 2, 1, 2)), axis=0) + 300
    body = np.stack([np.linspace(20, -40, 5), np.zeros(5)], axis=1)
    places = middles + body + random.normal(0, 1, (frames, 2, 5, 2))
    points = np.concatenate([places, random.uniform(0.1, 1, (frames, 2, 5, 1))], axis=-1).astype(np.float32)
    return Track(points, ("nose", "head", "middle", "rump", "tail"), ("one", "two"))


def changed_by_a_swap(track: Track, fps: float, settings: PoseSettings) -> int:
    time_s = np.arange(track.frames) / fps
    points = track.points.copy()
    points[track.frames // 2 :, :2] = points[track.frames // 2 :, 1::-1]
    swapped = pose_features(Track(points, track.names, track.individuals), time_s, settings)
    return int((swapped.values != pose_features(track, time_s, settings).values).any(axis=1).sum())


if __name__ == "__main__":
    main()
