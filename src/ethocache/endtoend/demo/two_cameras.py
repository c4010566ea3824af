"""Write sessions that two cameras film: from above and from the side, each with a clock, a rate and a blind spot of its own.

The side camera started earlier, its clock gains 2 %, and a pillar stands before each camera in another place: what one does not
show, the other one does.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.files import replacing, write_text
from ethocache.dataset.clocks import Clock
from ethocache.endtoend.demo.body import Body, Points, build_body
from ethocache.endtoend.demo.motion import Motion, simulate
from ethocache.endtoend.demo.posture import hold
from ethocache.endtoend.demo.render import Camera, Frame, draw, make_scene
from ethocache.endtoend.demo.tracks import SCORER, as_deeplabcut_csv, observe
from ethocache.endtoend.demo.write import as_bouts_csv
from ethocache.vision.encode import write_video

NAME = "{animal}_{camera}"  # of a video, for `data.name`
SIDE_CLOCK = Clock(offset_s=0.3, drift=1.02)  # by that of the camera above; 3 of its own frames
_FPS = {"top": 8.0, "side": 10.0}
_MOTION_FPS = 50.0
_AHEAD_S = 1.0  # the animal lives before any camera runs
_TILT = np.radians(35.0)
_FARTHER = 0.7  # the side camera's picture is so much smaller
_RAISED = 0.8  # body lengths; lifts what the tilt puts below the floor
_QUALITY, _KEYFRAME_INTERVAL = 25.0, 100
_GREY = 90
_HIDDEN = 0.05  # likelihood of a key point behind a pillar


@dataclass(frozen=True)
class _Pillar:
    """Columns of the picture that show a pillar, as parts of its width."""

    left: float
    right: float

    def hides(self, x_px: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.bool_]:
        return (x_px >= self.left * width) & (x_px < self.right * width)


_PILLARS = {"top": _Pillar(0.2, 0.5), "side": _Pillar(0.56, 0.72)}


def write_two_cameras(folder: Path, animals: int = 6, seconds: float = 60.0, size: tuple[int, int] = (160, 120), seed: int = 0) -> None:
    """Write ``videos/<animal>_top.mp4``, ``<animal>_side.mp4``, their tracks, and ``labels/<animal>_top.csv``.

    Parameters
    ----------
    animals
        How many, one session each, all labelled.
    seconds
        Length of the video from above; the side camera runs from .3 s before it to its end.
    size
        Width and height of both videos, px, even.
    """
    for number in range(animals):
        rng, camera = np.random.default_rng((seed, number)), Camera(*size)
        frames = round((seconds + 2 * _AHEAD_S) * _MOTION_FPS)
        motion = simulate(camera.arena, frames, _MOTION_FPS, rng.uniform(1.4, 2.2), rng)
        body = build_body(motion, hold(motion, _MOTION_FPS, rng), rng.uniform(0.9, 1.1))
        coat = rng.uniform(0.1, 0.4)
        for view, clock in (("top", Clock()), ("side", SIDE_CLOCK)):
            shown_s = np.arange(round(float(clock.at(np.array([seconds]))[0]) * _FPS[view])) / _FPS[view]
            at = np.rint((_AHEAD_S + (shown_s - clock.offset_s) / clock.drift) * _MOTION_FPS).astype(np.int64)
            seen = _at(body, np.clip(at, 0, frames - 1))
            seen = seen if view == "top" else _from_the_side(seen, camera)
            _write_view(folder / "videos", f"m{number + 1}_{view}", seen, camera, coat, rng)
        write_text(folder / f"labels/m{number + 1}_top.csv", as_bouts_csv(_without(motion, seconds), _MOTION_FPS))


def _at(body: Body, frames: npt.NDArray[np.int64]) -> Body:
    timed = {name: getattr(body, name)[frames] for name in ("balls", "radius", "key_points", "upright")}
    return replace(body, **timed)


def _from_the_side(body: Body, camera: Camera) -> Body:
    """Return the body as a camera that is tilted and farther away has it before it; it casts no shadow there."""
    return replace(
        body,
        balls=_tilted(body.balls, camera),
        key_points=_tilted(body.key_points, camera),
        radius=body.radius * _FARTHER,
        solid=np.zeros_like(body.solid),
    )


def _tilted(points: Points, camera: Camera) -> Points:
    middle = np.array([camera.width, camera.height]) / 2 / camera.px_per_length
    across, deep, high = points[..., 0] - middle[0], points[..., 1] - middle[1], points[..., 2]
    down = deep * np.cos(_TILT) - high * np.sin(_TILT)
    near = deep * np.sin(_TILT) + high * np.cos(_TILT)
    return np.stack([middle[0] + _FARTHER * across, middle[1] + _FARTHER * down, _FARTHER * near + _RAISED], axis=-1)


def _write_view(folder: Path, stem: str, body: Body, camera: Camera, coat: float, rng: np.random.Generator) -> None:
    view = stem.rpartition("_")[2]
    pillar, observed = _PILLARS[view], observe(body, camera, rng)
    true, _ = camera.project(body.key_points)
    observed[..., 2] = np.where(pillar.hides(true[..., 0], camera.width), _HIDDEN, observed[..., 2])
    scene = make_scene(camera, len(body.balls), coat, rng)
    with replacing(folder / f"{stem}.mp4") as temporary:
        write_video(temporary, _behind(pillar, draw(scene, body, rng)), _FPS[view], _QUALITY, _KEYFRAME_INTERVAL)
    write_text(folder / f"{stem}{SCORER}.csv", as_deeplabcut_csv(observed))


def _behind(pillar: _Pillar, frames: Iterator[Frame]) -> Iterator[Frame]:
    for frame in frames:
        width = frame.shape[1]
        frame[:, round(pillar.left * width) : round(pillar.right * width)] = _GREY
        yield frame


def _without(motion: Motion, seconds: float) -> Motion:
    """Return the acts by the clock of the camera above, cut to what it shows."""
    ahead, stop = round(_AHEAD_S * _MOTION_FPS), round(seconds * _MOTION_FPS)
    moved = [replace(act, start=max(0, act.start - ahead), stop=min(stop, act.stop - ahead)) for act in motion.acts]
    return replace(motion, acts=tuple(act for act in moved if act.start < act.stop))
