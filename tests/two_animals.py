"""Cages with a bright and a dark animal, whose places are known: for tests of what keeps them apart."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from films import film

FPS, FRAMES = 10, 60
SIZE = (160, 120)
GREY = {"bright": 235, "dark": 20}
FLOOR = 128
RADIUS_PX = 9
POINTS = {"nose": (8, 0), "left": (0, -6), "right": (0, 6), "tail": (-8, 0)}

Floats = npt.NDArray[np.float64]
Bout = tuple[str, str, float, float]  # subject, behaviour, start s, stop s


def paths(seed: int) -> dict[str, Floats]:
    """The middle of each animal in every frame, (FRAMES, 2) px: they run round each other, and never meet."""
    turn = 2 * np.pi * np.arange(FRAMES) / FRAMES + seed
    round_about = np.stack([np.cos(turn), np.sin(turn)], axis=1) * (45, 28)
    middle = np.array(SIZE) / 2
    return {"bright": middle + round_about, "dark": middle - round_about}


def pictures(where: Mapping[str, Floats]) -> list[npt.NDArray[np.uint8]]:
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    frames = []
    for frame in range(FRAMES):
        picture = np.full((SIZE[1], SIZE[0]), FLOOR, np.uint8)
        for animal, places in where.items():
            picture[np.hypot(x - places[frame, 0], y - places[frame, 1]) <= RADIUS_PX] = GREY[animal]
        frames.append(np.repeat(picture[..., None], 3, axis=2))
    return frames


def track_csv(where: Mapping[str, Floats], names: Mapping[str, str], likelihood: Mapping[str, float] | None = None) -> str:
    """What DeepLabCut would write; `names` says what its track calls each animal, in the order of its columns."""
    columns = [(animal, point, coordinate) for animal in names for point in POINTS for coordinate in ("x", "y", "likelihood")]
    header = [
        ["scorer", *("DLC" for _ in columns)],
        ["individuals", *(names[animal] for animal, _, _ in columns)],
        ["bodyparts", *(point for _, point, _ in columns)],
        ["coords", *(coordinate for _, _, coordinate in columns)],
    ]
    sure = dict.fromkeys(names, 0.95) | dict(likelihood or {})
    rows = []
    for frame in range(FRAMES):
        cells = []
        for animal, point, coordinate in columns:
            place = where[animal][frame] + POINTS[point]
            cells.append({"x": f"{place[0]:.3f}", "y": f"{place[1]:.3f}", "likelihood": f"{sure[animal]:.2f}"}[coordinate])
        rows.append([str(frame), *cells])
    return "".join(",".join(row) + "\n" for row in header + rows)


def boris(scored: Mapping[str, list[Bout]]) -> str:
    """A BORIS project: video -> what its subjects did."""
    observations = {}
    for video, bouts in scored.items():
        events = [[time, subject, name, "", "", "NA"] for subject, name, start, stop in bouts for time in (start, stop)]
        observations[f"{video} scored"] = {
            "type": "MEDIA",
            "file": {"1": [f"D:/films/{video}.mkv"]},
            "time offset": 0.0,
            "media_info": {"length": {f"D:/films/{video}.mkv": FRAMES / FPS}},
            "events": sorted(events, key=lambda event: event[0]),
        }
    kinds = {str(place): {"type": "State event", "key": "", "code": name} for place, name in enumerate(("chasing", "resting"))}
    return json.dumps({"project_format_version": "7.0", "subjects_conf": {}, "behaviors_conf": kinds, "observations": observations})


def write_cages(folder: Path, cages: int = 4, names: Mapping[str, str] | None = None) -> Path:
    """Write the videos and tracks of some cages, without labels; a different animal has the first columns in each second one."""
    (folder / "videos").mkdir(parents=True)
    (folder / "labels").mkdir()
    names = names or {"bright": "m1", "dark": "m2"}
    for cage in range(1, cages + 1):
        where = paths(cage)
        film(folder / f"videos/cage{cage}.mkv", pictures(where))
        order = dict(names if cage % 2 else reversed(names.items()))
        (folder / f"videos/cage{cage}DLC_a.csv").write_text(track_csv(where, order))
    return folder
