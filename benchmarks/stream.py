"""Tag a stream of 100 000 frames of features with each kind of causal head: latency, and memory that stays flat.

Each head of the default size, untrained, with every part of a decision (calibration, box, gaps, bouts), gets one frame of 1280 features
after the other. Memory is what the process holds (its resident set), read after the first tenth and at the end. Prints a line
per head, and ends with one JSON line: for each head median, 95 % and 99 % of the milliseconds that a frame takes, the frames that its tags
wait, `mb_grown` and, on the first 2000 frames, whether every bit is that of the whole video.

Run it with ``uv run python benchmarks/stream.py [--frames 100000] [--heads lstm tcn]``.
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ethocache.sequence.calibration import Temperature
from ethocache.sequence.decision import Decision
from ethocache.sequence.heads import parse_head
from ethocache.sequence.inference import predict_video
from ethocache.sequence.model_file import MemberCard, Model, ModelCard
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.stream_steps import Given
from ethocache.sequence.streaming import TagStream
from ethocache.sequence.verdict import Verdict

FPS, DIMENSIONS, BEHAVIOURS = 30.0, 1280, ("grooming", "mid_rearing", "wall_rearing")
COMPARED = 2000
HEADS = {
    "linear": {"kind": "linear"},
    "mlp": {"kind": "mlp"},
    "lstm": {"kind": "lstm", "bidirectional": False},
    "gru": {"kind": "gru", "layers": 1, "units": 96, "project": 128, "bidirectional": False},
    "tcn": {"kind": "tcn", "causal": True},
    "mstcn": {"kind": "mstcn", "causal": True},
    "transformer": {"kind": "transformer", "causal": True},
}
ENSEMBLE = ("gru", "tcn", "linear")
Floats = npt.NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--heads", nargs="+", default=[*HEADS, "ensemble"], choices=[*HEADS, "ensemble"])
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # steps of one frame are too small to share
    found = {}
    for name in arguments.heads:
        found[name] = measure(model_of(name), arguments.frames)
        print(name, found[name], flush=True)
    print(json.dumps({"frames": arguments.frames, "dimensions": DIMENSIONS, "heads": found}))


def model_of(name: str) -> Model:
    """Return an untrained model of one head, or of several together, that decides with everything there is."""
    torch.manual_seed(0)
    heads = [HEADS[each] for each in (ENSEMBLE if name == "ensemble" else (name,))]
    train = TrainParams(max_fps=None)
    networks = tuple(TaggingNetwork(DIMENSIONS, len(BEHAVIOURS), parse_head(head, name), train).eval() for head in heads)
    each = (0.5,) * len(BEHAVIOURS)
    scale = Temperature((2.0,) * len(BEHAVIOURS), (0.0,) * len(BEHAVIOURS))
    weights = np.full((len(heads), len(BEHAVIOURS)), 1 / len(heads))
    verdict = Verdict(weights, Decision(BEHAVIOURS, False, scale, "mean", each, each, each, each, ()))
    members = tuple(
        MemberCard(
            streams=("x",),
            dimensions=DIMENSIONS,
            head=head,
            train=train,
            epochs=0,
            fold_epochs=(),
            weights="x.safetensors",
            weights_sha256="",
        )
        for head in heads
    )
    card = ModelCard(behaviours=BEHAVIOURS, exclusive=False, members=members, verdict=verdict.to_json(), fps=FPS, animals=("none",))
    return Model(card, networks, verdict)


def measure(model: Model, frames: int) -> dict[str, float | bool]:
    """Return latency, delay, growth of memory, and whether the first frames have the bits of the whole video."""
    x = np.random.default_rng(0).normal(size=(COMPARED, DIMENSIONS)).astype(np.float16).astype(np.float32)
    stream, seconds, first = TagStream(model, FPS), np.zeros(frames, np.float32), 0.0
    for frame in range(frames):
        row, at = x[frame % COMPARED][None], np.array([frame / FPS])
        start = time.perf_counter()
        stream.push({"x": row}, at)
        seconds[frame] = time.perf_counter() - start
        if frame == frames // 10:
            first = resident_mb()
    median, most, nearly_all = (round(float(value), 3) for value in np.percentile(seconds * 1e3, [50, 95, 99]))
    grown = round(resident_mb() - first, 1)
    return {
        "ms": median,
        "ms_95": most,
        "ms_99": nearly_all,
        "delay_frames": stream.delay_frames,
        "mb_grown": grown,
        "equal": equal(model, x),
    }


def equal(model: Model, x: Floats) -> bool:
    """Return whether a stream of single frames has the bits of the whole video, probabilities and tags."""
    stream, time_s = TagStream(model, FPS), np.arange(len(x)) / FPS
    told = [stream.push({"x": x[t : t + 1]}, time_s[t : t + 1]) for t in range(len(x))] + [stream.finish()]
    whole = Given(x, np.ones(len(x), bool), time_s)
    probability, tags = predict_video(model, [whole] * len(model.networks))
    return np.array_equal(np.concatenate([part.probability for part in told]), probability) and np.array_equal(
        np.concatenate([part.tags for part in told]), tags
    )


def resident_mb() -> float:
    """Return what this process holds in memory, in MB (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
