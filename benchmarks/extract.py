"""How fast crops become embeddings, beside the bare network and beside what others do.

The video is cropped first, untimed. Interleaved rounds in one process: `pipeline_fps`, the whole of `extract_video` (crop file in,
HDF5 out); `forward_fps`, the same engine, precision and batch on inputs that are ready; `eager_fp32_fps`, the network as timm gives
it, in float32, on ready batches (what others do at best); `thesis_loop_fps`, OpenCV's reader and one frame at a time.
Medians; ends with one JSON line, with `efficiency` (pipeline / forward), `speedup_vs_eager`, `speedup_vs_thesis` and `peak_rss_mb` of
a process that only extracts, for a short video and one ten times as long. On a processor without bfloat16 the speed-ups are null.

With ``--weights package`` also the fidelity of a low precision, on features that are centred over the video: `retrieval_top1`, the
share of frames whose nearest float32 frame is itself or a neighbour, and `shuffled_top1`, the same with the frames shuffled.

Run it with ``uv run python benchmarks/extract.py --video VIDEO [--backbone resnet50] [--weights random]``.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import torch
from crop import crop_to, repeated

from ethocache.common.files import sha256_of
from ethocache.common.stage import peak_memory_mb
from ethocache.common.store import Store
from ethocache.common.workbench import Workbench
from ethocache.dataset.features import FeatureFile
from ethocache.vision.backbones.running import Run, this_machine
from ethocache.vision.backbones.settings import Embedder, ImageSettings
from ethocache.vision.backbones.weights import load_network
from ethocache.vision.context import batches_of
from ethocache.vision.decode import decode_frames
from ethocache.vision.embedding import FEATURES, ExtractParams, describe_network, extract_video, feature_recipe, load_embedder, resolve_run
from ethocache.vision.read_ahead import overlapped

MODELS = {"efficientnet_lite0": "tf_efficientnet_lite0"}
Frames = npt.NDArray[np.uint8]
LONGER, SHORT_FRAMES = 10, 240


def main() -> None:
    arguments = parsed()
    work = Work(arguments)
    if arguments.only_extract:
        with tempfile.TemporaryDirectory() as scratch:
            work.extract(arguments.only_extract, Path(scratch))
        print(json.dumps(peak_memory_mb()))
        return
    with tempfile.TemporaryDirectory() as scratch:
        crop = crop_to(Path(scratch), arguments.video)
        result = {"backbone": arguments.backbone, "weights": arguments.weights, "engine": work.run.engine, "precision": work.run.precision}
        result |= {"batch": work.params.batch_size} | speeds(work, crop, arguments.rounds, Path(scratch))
        result |= memory(crop, Path(scratch)) if arguments.memory else {}
        result |= fidelity(work, crop, Path(scratch)) if arguments.weights == "package" else {}
    print(json.dumps(result))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, required=True, help="its DeepLabCut file lies beside it")
    parser.add_argument("--backbone", default="resnet50", help="timm's name, or efficientnet_lite0")
    parser.add_argument("--weights", default="random", help="random, package, or a file")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-memory", dest="memory", action="store_false")
    parser.add_argument("--only-extract", type=Path, metavar="CROP", help="extract once and print the peak memory: how it is measured")
    return parser.parse_args()


class Work:
    """One network, and how it runs."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.settings: dict[str, Any] = {
            "kind": "image",
            "model": MODELS.get(arguments.backbone, arguments.backbone),
            "weights": arguments.weights,
        }
        self.params = ExtractParams(engine=arguments.engine, precision=arguments.precision)
        with tempfile.TemporaryDirectory() as scratch:
            self.description = describe_network(self.settings, Store(Path(scratch)))
        self.run = resolve_run(self.params, self.description)
        self.network: Any = load_embedder(self.settings, self.run)

    def extract(self, crop: Path, scratch: Path, network: Embedder | None = None) -> npt.NDArray[np.float32]:
        """Return the features (T, D) of a crop, which went through the file."""
        frames = count_frames(crop)
        bench = Workbench(scratch / "output", scratch / "segments")
        for folder in (bench.output, bench.segments):
            folder.mkdir()
        recipe = feature_recipe("benchmark", self.settings, self.description, self.run, self.params)
        times, valid = np.arange(frames) / 25, np.ones(frames, bool)
        extract_video(crop, times, valid, lambda: network or self.network, recipe, sha256_of(recipe), self.params, bench, "benchmark")
        with FeatureFile.open(bench.output / FEATURES) as features:
            return features.rows(0, frames)


def count_frames(crop: Path) -> int:
    """Return the number of frames from the file's own index; nothing is decoded."""
    with av.open(str(crop)) as film:
        return len(film.streams.video[0].index_entries)


def speeds(work: Work, crop: Path, rounds: int, scratch: Path) -> dict[str, Any]:
    frames = count_frames(crop)
    size = work.params.batch_size
    ready = [work.network.preprocess(batch) for batch in islice(batches_of(crop, 0, size, work.network.context, work.network.view), 16)]
    plain = load_network(ImageSettings(**work.settings)).eval().requires_grad_(False)
    normal = [(batch.float() / 255).contiguous() for batch in ready[:2]]

    def pipeline() -> int:
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            work.extract(crop, Path(folder))
        return frames

    ways: dict[str, Callable[[], int]] = {
        "forward": lambda: forward(work.network, ready),
        "pipeline": pipeline,
        "eager_fp32": lambda: eager(plain, normal),
        "thesis_loop": lambda: thesis_loop(plain, crop, ready[0].shape[-1]),
    }
    fps: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            fps[name].append(way() / (time.perf_counter() - start))
    medians = {name: statistics.median(values) for name, values in fps.items()}
    return {
        "frames": frames,
        **{f"{name}_fps": round(value, 1) for name, value in medians.items()},
        "efficiency": round(statistics.median(a / b for a, b in zip(fps["pipeline"], fps["forward"], strict=True)), 3),
        **{f"speedup_vs_{way}": speedup(medians, name) for way, name in (("eager", "eager_fp32"), ("thesis", "thesis_loop"))},
    }


def speedup(fps: dict[str, float], other: str) -> float | None:
    return round(fps["pipeline"] / fps[other], 2) if this_machine().bf16 else None


def forward(network: Any, ready: list[torch.Tensor]) -> int:
    with closing(overlapped(network.engine, iter(ready), network.at_once)) as answers:
        return sum(len(answer) for answer in answers)


@torch.inference_mode()
def eager(network: torch.nn.Module, batches: list[torch.Tensor]) -> int:
    return sum(len(network(batch)) for batch in batches)


@torch.inference_mode()
def thesis_loop(network: torch.nn.Module, crop: Path, size: int, frames: int = 24) -> int:
    """Read, resize and embed one frame after the other."""
    import cv2

    film = cv2.VideoCapture(str(crop))
    for _ in range(frames):
        picture = cv2.resize(film.read()[1], (size, size))
        network(torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255).numpy()
    film.release()
    return frames


def memory(crop: Path, scratch: Path) -> dict[str, Any]:
    short = first_frames(crop, scratch / "short.mp4")
    long = repeated(short, scratch / "long.mp4")
    return {"peak_rss_mb": peak_of(short), f"peak_rss_{LONGER}x_mb": peak_of(long)}


def first_frames(crop: Path, path: Path) -> Path:
    from ethocache.vision.encode import write_video

    write_video(path, map(np.ascontiguousarray, islice(decode_frames(crop), SHORT_FRAMES)), 25, 8, 30)
    return path


def peak_of(crop: Path) -> float:
    command = [sys.executable, *sys.argv, "--only-extract", str(crop)]
    peak: float = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    return peak


def fidelity(work: Work, crop: Path, scratch: Path) -> dict[str, float]:
    exact = load_embedder(work.settings, Run("torch", "fp32", "cpu"))
    with tempfile.TemporaryDirectory(dir=scratch) as first, tempfile.TemporaryDirectory(dir=scratch) as second:
        expected, found = work.extract(crop, Path(first), exact), work.extract(crop, Path(second))
    shuffled = np.random.default_rng(0).permutation(len(found))
    return {
        "retrieval_top1": retrieval(found, expected),
        "shuffled_top1": retrieval(found[shuffled], expected),
        "median_cosine": round(float(np.median(cosines(found, expected))), 4),
    }


def retrieval(found: npt.NDArray[np.float32], expected: npt.NDArray[np.float32]) -> float:
    """Return the share of frames whose nearest exact frame, by the cosine of centred features, is itself or a neighbour."""
    hits = [abs(int(np.argmax(row)) - frame) <= 1 for frame, row in enumerate(_near(found, expected))]
    return round(float(np.mean(hits)), 4)


def _near(found: npt.NDArray[np.float32], expected: npt.NDArray[np.float32]) -> Iterator[npt.NDArray[np.float32]]:
    centred = [values - values.mean(0) for values in (found, expected)]
    one, other = (values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12) for values in centred)
    yield from one @ other.T


def cosines(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    together: npt.NDArray[np.float32] = (one * other).sum(1) / (np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1))
    return together


if __name__ == "__main__":
    main()
