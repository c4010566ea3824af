"""Write the demo: videos of rendered mice, tracks as DeepLabCut writes them, and labels."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ethocache.common.errors import InputError
from ethocache.common.files import replacing, write_text
from ethocache.common.progress import progress
from ethocache.common.wording import counted
from ethocache.endtoend.demo.body import build_body
from ethocache.endtoend.demo.motion import Motion, simulate
from ethocache.endtoend.demo.posture import hold
from ethocache.endtoend.demo.render import Camera, Frame, draw, make_scene
from ethocache.endtoend.demo.tracks import SCORER, as_deeplabcut_csv, observe
from ethocache.vision.encode import write_video

_GROUPS = (("WT", "YFP"), ("HD", "YFP"), ("WT", "ChR2"), ("HD", "ChR2"))  # genotype, treatment
_LIVELINESS = {"WT": 1.0, "HD": 0.8}
_QUALITY = 25.0  # x264 crf: 0.8 kB per frame at 320 x 240; from 24 on most of the bytes would be sensor noise
_KEYFRAME_INTERVAL = 100
_LEFT_BY_A_KILL = re.compile(r"^\.\d+\.")


@dataclass(frozen=True)
class Visit:
    """One animal's time in the arena, one video.

    Attributes
    ----------
    stem
        Name of the video: genotype, treatment and animal.
    labelled
        Whether somebody has scored it.
    seed
        Of everything that is drawn by chance.
    """

    stem: str
    labelled: bool
    seed: tuple[int, int]

    @property
    def files(self) -> list[str]:
        labels = [f"labels/{self.stem}.csv"] if self.labelled else []
        return [f"videos/{self.stem}.mp4", f"videos/{self.stem}{SCORER}.csv", *labels]


def write_demo(
    folder: Path,
    animals: int = 8,
    unlabelled: int = 1,
    seconds: float = 60.0,
    fps: float = 10.0,
    size: tuple[int, int] = (320, 240),
    seed: int = 0,
) -> str:
    """Write the demo into a folder and say in one line what is there now.

    The same arguments give the same tables and the same frames. A run that was interrupted can be repeated.

    Parameters
    ----------
    folder
        New, empty, or holding an earlier demo.
    animals, unlabelled
        How many animals have labels, and how many more have none.
    seconds, fps
        Length and frame rate of each video. From 6 s on, every animal shows every behaviour.
    size
        Width and height of the videos, px, even.

    Raises
    ------
    InputError
        If the folder holds anything else.
    """
    visits = list(_visits(animals, unlabelled, seed))
    _check_folder(folder, {name for visit in visits for name in visit.files})
    camera, frames = Camera(*size), round(seconds * fps)
    for visit in visits:
        _write_visit(folder, visit, camera, frames, fps)
    taken = sum((folder / name).stat().st_size for visit in visits for name in visit.files)
    return f"{counted(len(visits), 'video')} ({animals} with labels) of {seconds:g} s with their tracks, {taken / 1e6:.1f} MB, in {folder}"


def _visits(animals: int, unlabelled: int, seed: int) -> Iterator[Visit]:
    for i in range(animals + unlabelled):
        genotype, treatment = _GROUPS[i % len(_GROUPS)]
        yield Visit(f"{genotype}_{treatment}_{i + 1:02d}", i < animals, (seed, i))


def _check_folder(folder: Path, ours: set[str]) -> None:
    """Refuse a folder that somebody else uses; take away what an interrupted run left half written."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file: name a folder for the demo")
    present = sorted(path for path in folder.rglob("*") if not path.is_dir())
    for path in present:
        name = path.relative_to(folder)
        whole = name.with_name(_LEFT_BY_A_KILL.sub("", name.name)).as_posix()
        if whole not in ours:
            raise InputError(f"{folder} holds {name.as_posix()}, which is not part of this demo: name a new or empty folder")
    for path in present:
        if _LEFT_BY_A_KILL.match(path.name):
            path.unlink()


def _write_visit(folder: Path, visit: Visit, camera: Camera, frames: int, fps: float) -> None:
    """Simulate one animal and write its files, each at once."""
    rng = np.random.default_rng(visit.seed)
    size, speed = rng.uniform(0.9, 1.1), rng.uniform(1.6, 2.4) * _LIVELINESS[visit.stem[:2]]
    motion = simulate(camera.arena, frames, fps, speed, rng)
    body = build_body(motion, hold(motion, fps, rng), size)
    track = as_deeplabcut_csv(observe(body, camera, rng))
    scene = make_scene(camera, frames, coat=rng.uniform(0.1, 0.4), rng=rng)
    video, table, *labels = (folder / name for name in visit.files)
    with replacing(video) as temporary:
        write_video(temporary, _counted(draw(scene, body, rng), visit.stem, frames), fps, _QUALITY, _KEYFRAME_INTERVAL)
    write_text(table, track)
    for path in labels:
        write_text(path, as_bouts_csv(motion, fps))


def as_bouts_csv(motion: Motion, fps: float) -> str:
    """Write the labels as one row per bout, in seconds."""
    rows = [f"{bout.kind},{bout.start / fps:.3f},{bout.stop / fps:.3f}\n" for bout in motion.bouts]
    return "behaviour,start_s,stop_s\n" + "".join(rows)


def _counted(frames: Iterator[Frame], stem: str, total: int) -> Iterator[Frame]:
    with progress(f"drawing {stem}", total) as bar:
        for frame in frames:
            yield frame
            bar.update()
