"""Rendered mice whose key points are known, for tests of what tracks them, and films put into another container."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from ethocache.endtoend.demo.body import KEY_POINTS, build_body
from ethocache.endtoend.demo.motion import simulate
from ethocache.endtoend.demo.posture import hold
from ethocache.endtoend.demo.render import Camera, draw, make_scene

__all__ = ["KEY_POINTS", "SIZE", "pack_again", "rendered_mouse"]

SIZE = (160, 120)


def rendered_mouse(seed: int, frames: int, fps: float = 10.0) -> tuple[Iterator[np.ndarray], np.ndarray]:
    """The frames of a mouse's visit, each (120, 160, 3), and its true key points, (frames, 5, 2) px."""
    rng, camera = np.random.default_rng(seed), Camera(*SIZE)
    motion = simulate(camera.arena, frames, fps, rng.uniform(1.6, 2.4), rng)
    body = build_body(motion, hold(motion, fps, rng), rng.uniform(0.9, 1.1))
    scene = make_scene(camera, frames, coat=rng.uniform(0.1, 0.4), rng=rng)
    points, _ = camera.project(body.key_points)
    return draw(scene, body, rng), points


def pack_again(film: Path, path: Path) -> None:
    """Put the packets of a film into another container, as its name says, without encoding anything again."""
    with av.open(str(film)) as source, av.open(str(path), "w") as target:
        out = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = out
                target.mux(packet)
