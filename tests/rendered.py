"""Rendered mice whose key points are known, for tests of what tracks them."""

from collections.abc import Iterator

import numpy as np

from ethocache.endtoend.demo.body import KEY_POINTS, build_body
from ethocache.endtoend.demo.motion import simulate
from ethocache.endtoend.demo.posture import hold
from ethocache.endtoend.demo.render import Camera, draw, make_scene

__all__ = ["KEY_POINTS", "SIZE", "rendered_mouse"]

SIZE = (160, 120)


def rendered_mouse(seed: int, frames: int, fps: float = 10.0) -> tuple[Iterator[np.ndarray], np.ndarray]:
    """The frames of a mouse's visit, each (120, 160, 3), and its true key points, (frames, 5, 2) px."""
    rng, camera = np.random.default_rng(seed), Camera(*SIZE)
    motion = simulate(camera.arena, frames, fps, rng.uniform(1.6, 2.4), rng)
    body = build_body(motion, hold(motion, fps, rng), rng.uniform(0.9, 1.1))
    scene = make_scene(camera, frames, coat=rng.uniform(0.1, 0.4), rng=rng)
    points, _ = camera.project(body.key_points)
    return draw(scene, body, rng), points
