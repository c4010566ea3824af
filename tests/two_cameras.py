"""Sessions that two cameras film, whose clocks are known: a disc runs about and at times turns bright."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.dataset.clocks import Clock
from ethocache.vision.encode import write_video

SIZE = (64, 48)
SECONDS = 24.0
FPS = {"top": 10.0, "side": 12.5}
SIDE_CLOCK = Clock(offset_s=0.3, drift=1.02)
HZ = 50.0
POINTS = {"nose": (5, 0), "left": (0, -4), "right": (0, 4), "tail": (-5, 0)}

Floats = npt.NDArray[np.float64]


def run_about(rng: np.random.Generator, seconds: float) -> Floats:
    """Places of the disc at `HZ`, (N, 2) in 0 to 1: it runs, stops, and turns, and never twice in the same way."""
    frames = int(seconds * HZ)
    speed = np.repeat(rng.gamma(1.0, 0.35, frames // 40 + 1), 40)[:frames]
    heading = np.cumsum(rng.normal(0, 0.12, frames))
    way = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], 1) * speed[:, None] / HZ, axis=0) + rng.random(2)
    return np.abs((way % 2) - 1)  # reflected at the walls


def write_session(folder: Path, animal: str, seed: int, views: tuple[str, ...] = ("top", "side"), labelled: bool = True) -> None:
    """Write ``videos/<animal>_d1_<view>.mp4`` with their tracks, and labels of the camera above."""
    rng = np.random.default_rng(seed)
    places = 0.2 + 0.6 * run_about(rng, SECONDS + 4)
    starts = np.arange(2.0, SECONDS - 3, 5.0) + rng.random(len(np.arange(2.0, SECONDS - 3, 5.0)))
    for view in views:
        clock = SIDE_CLOCK if view == "side" else Clock()
        shown_s = np.arange(round(float(clock.at(np.array([SECONDS]))[0]) * FPS[view])) / FPS[view]
        true_s = (shown_s - clock.offset_s) / clock.drift
        where = places[np.clip(np.rint((true_s + 2) * HZ).astype(int), 0, len(places) - 1)] * SIZE
        if view == "side":
            where = (where - (SIZE[0], 0)) * (-0.9, 0.8)  # mirrored, and from farther away
        bright = ((true_s[:, None] >= starts) & (true_s[:, None] < starts + 2)).any(axis=1)
        stem = f"{animal}_d1_{view}"
        (folder / "videos").mkdir(parents=True, exist_ok=True)
        write_video(folder / f"videos/{stem}.mp4", _pictures(where, bright), FPS[view], quality=20, keyframe_interval=50)
        (folder / f"videos/{stem}DLC.csv").write_text(_track(where, rng))
    if labelled:
        rows = [f"bright,{start:.3f},{start + 2:.3f}\n" for start in starts]
        (folder / "labels").mkdir(exist_ok=True)
        (folder / f"labels/{animal}_d1_top.csv").write_text("behaviour,start_s,stop_s\n" + "".join(rows))


def _pictures(where: Floats, bright: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.uint8]]:
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    frames = []
    for (across, down), shines in zip(where, bright, strict=True):
        picture = np.full((SIZE[1], SIZE[0]), 110, np.uint8)
        picture[np.hypot(x - across, y - down) <= 6] = 240 if shines else 20
        frames.append(np.repeat(picture[..., None], 3, axis=2))
    return frames


def _track(where: Floats, rng: np.random.Generator) -> str:
    columns = [(point, coordinate) for point in POINTS for coordinate in ("x", "y", "likelihood")]
    header = [["scorer", *("DLC" for _ in columns)], ["bodyparts", *(p for p, _ in columns)], ["coords", *(c for _, c in columns)]]
    rows = []
    for frame, place in enumerate(where):
        cells = [str(frame)]
        for offset in POINTS.values():
            cells += [f"{value:.3f}" for value in place + offset + rng.normal(0, 0.1, 2)] + ["0.95"]
        rows.append(cells)
    return "".join(",".join(row) + "\n" for row in header + rows)
