"""Rendered mice for tests: what a camera sees, and where the mouse truly is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from ethocache.endtoend.demo.body import build_body
from ethocache.endtoend.demo.motion import Motion, simulate
from ethocache.endtoend.demo.posture import hold
from ethocache.endtoend.demo.render import Camera, Scene, draw, make_scene

FPS = 10.0
Frames = list[npt.NDArray[np.uint8]]


@dataclass(frozen=True)
class Mouse:
    """Frames (H, W, 3), the middle of the key points' box (T, 2) px, and the empty scene."""

    frames: Frames
    middle_px: npt.NDArray[np.float64]
    scene: Scene


def mouse(
    seed: int = 0,
    frames: int = 150,
    size: tuple[int, int] = (240, 180),
    coat: float = 0.15,
    change: Callable[[Motion], Motion] = lambda motion: motion,
) -> Mouse:
    """Render a mouse that lives in an open field; `change` alters what it does."""
    rng = np.random.default_rng(seed)
    camera = Camera(*size)
    motion = change(simulate(camera.arena, frames, FPS, 2.0, rng))
    body = build_body(motion, hold(motion, FPS, rng), 1.0)
    scene = make_scene(camera, frames, coat=coat, rng=rng)
    points, _ = camera.project(body.key_points)
    return Mouse(list(draw(scene, body, rng)), (points.min(axis=1) + points.max(axis=1)) / 2, scene)


def sitting(share: float = 1.0, breathing_only: bool = False) -> Callable[[Motion], Motion]:
    """Let the mouse stay where it is in frame 50, for the first part of the video."""

    def change(motion: Motion) -> Motion:
        still = np.arange(len(motion.x)) < share * len(motion.x)
        x, y, heading = (np.where(still, values[50], values) for values in (motion.x, motion.y, motion.heading))
        acts = () if breathing_only else motion.acts
        return replace(motion, x=x, y=y, heading=heading, pace=np.where(still, 0, motion.pace), acts=acts)

    return change


def empty(scene: Scene) -> Frames:
    """What the camera sees while nobody is there."""
    rng = np.random.default_rng(0)
    floors = (scene.floor * exposure + 0.01 * rng.standard_normal(scene.floor.shape) for exposure in scene.exposure)
    return [np.repeat((np.clip(floor, 0, 1) * 255).astype(np.uint8)[..., None], 3, axis=2) for floor in floors]


def film(path: Path, frames: Iterable[npt.NDArray[np.uint8]], pixel_format: str = "yuv420p", codec: str = "ffv1") -> Path:
    """Write a video without loss, of any size and pixel format."""
    frames = list(frames)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = Fraction(1, 10)
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24").reformat(format=pixel_format)
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def seen_through(frames: Sequence[npt.NDArray[np.uint8]], offsets: Iterable[tuple[int, int]], size: tuple[int, int]) -> Frames:
    """What a camera sees that looks at a part of `size` of each frame, from an offset (x, y) px on."""
    return [frame[y : y + size[1], x : x + size[0]] for frame, (x, y) in zip(frames, offsets, strict=True)]
