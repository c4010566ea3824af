"""The mouse's body in space: a heap of balls that follows its posture, and the key points on it.

Lengths are in body lengths; x and y as in `motion`, z is the height above the floor.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.endtoend.demo.motion import Motion
from ethocache.endtoend.demo.posture import Posture, Signal

KEY_POINTS = ("snout", "leftear", "rightear", "midbody", "tailbase")

# The spine from the hip to the snout, one value per segment: length, and elevation in degrees in each posture.
_AHEAD: dict[str, list[float]] = {
    "length": [0.17, 0.17, 0.12, 0.08, 0.08, 0.08, 0.05],
    "walk": [3, -1, -6, -5, -8, -18, -20],
    "rear": [68, 78, 80, 62, 34, 6, -4],
    "lean": [58, 66, 70, 66, 60, 50, 44],
    "hunch": [46, 26, -18, -50, -66, -74, -70],
}
# The same from the hip back to the tail base.
_BEHIND: dict[str, list[float]] = {
    "length": [0.14, 0.14],
    "walk": [-8, -18],
    "rear": [-34, -30],
    "lean": [-26, -26],
    "hunch": [-26, -34],
}
_RADIUS = [0.165, 0.172, 0.150, 0.127, 0.104, 0.098, 0.064, 0.032]  # hip to snout
_RADIUS_BEHIND = [0.130, 0.062]
_BALLS_PER_SEGMENT = 4
_TAIL_BALLS = 40
_TAIL_LENGTH = 0.85
_UP = np.array([0.0, 0.0, 1.0])

Points = npt.NDArray[np.float64]  # (T, N, 3)


@dataclass(frozen=True)
class Body:
    """A mouse in every frame of a video.

    Attributes
    ----------
    balls
        (T, N, 3) centres x, y, z.
    radius
        (T, N).
    shade
        (N,) brightness against the coat: 1 is fur, more is skin, less is the eyes.
    solid
        (N,) whether the ball is large enough to cast a shadow.
    key_points
        (T, 5, 3) in the order of `KEY_POINTS`.
    upright
        (T,) 0 on all fours to 1 upright.
    """

    balls: Points
    radius: Signal
    shade: Signal
    solid: npt.NDArray[np.bool_]
    key_points: Points
    upright: Signal


def build_body(motion: Motion, posture: Posture, size: float) -> Body:
    """Put a mouse of a given size (1 is average) into every frame of its motion."""
    heading = _direction(motion.heading, np.zeros_like(motion.heading))
    forward = 0.26 * posture.lean + 0.10 * posture.rear - 0.10 * posture.hunch  # the hind feet step under the body
    hip = np.stack([motion.x, motion.y, np.full_like(motion.x, 0.14)], axis=1) + heading * size * (forward - 0.22)[:, None]
    hip[:, 2] += 0.05 * (posture.rear + posture.lean)
    spine = _chain(hip, _AHEAD, posture, motion.heading, size)
    rump = _chain(hip, _BEHIND, posture, motion.heading + np.pi, size)
    wide = 1 + 0.20 * posture.hunch - 0.04 * posture.lean
    chain = np.concatenate([rump[:, :0:-1], spine], axis=1)
    radius = size * wide[:, None] * np.array(_RADIUS_BEHIND[::-1] + _RADIUS)
    chain[..., 2] = np.maximum(chain[..., 2], 0.92 * radius)
    spine, rump = chain[:, 2:], chain[:, 2::-1]
    parts = [
        _fur(chain, radius),
        _head(spine, size),
        _hind_feet(spine, posture, motion.heading, size),
        _forepaws(spine, posture, motion.heading, size),
        _tail(rump, posture, motion.heading, size),
    ]
    left, right = parts[1][0][:, 0], parts[1][0][:, 1]
    return Body(
        balls=np.concatenate([part[0] for part in parts], axis=1),
        radius=np.concatenate([part[1] for part in parts], axis=1),
        shade=np.concatenate([part[2] for part in parts]),
        solid=np.concatenate([np.full(len(part[2]), part is parts[0]) for part in parts]),
        key_points=np.stack([spine[:, -1], left, right, spine[:, 1] + _UP * radius[:, 3:4], rump[:, -1]], axis=1),
        upright=np.clip(posture.rear + posture.lean, 0, 1),
    )


_Part = tuple[Points, Signal, Signal]  # centres (T, n, 3), radii (T, n), shades (n,)


def _chain(start: Points, segments: dict[str, list[float]], posture: Posture, heading: Signal, size: float) -> Points:
    """Lay segments end to end from the hip; (T, 1 + segments, 3)."""
    ahead = segments is _AHEAD
    weights = {"rear": posture.rear, "lean": posture.lean, "hunch": posture.hunch}
    weights["walk"] = np.clip(1 - sum(weights.values(), np.zeros_like(heading)), 0, 1)
    joints = [start]
    for i, length in enumerate(segments["length"]):
        elevation = np.radians(sum(weight * segments[name][i] for name, weight in weights.items()))
        yaw = heading + (posture.bend * (i + 1) / 4 if ahead else -0.3 * posture.bend * (i + 1))
        if ahead and i >= 3:
            elevation, yaw = elevation + posture.head_pitch, yaw + posture.head_yaw * (i - 2) / 3
        curled = 1 - 0.30 * posture.hunch * (i < 4)
        joints.append(joints[-1] + _direction(yaw, elevation) * (size * length * curled)[:, None])
    return np.stack(joints, axis=1)


def _fur(chain: Points, radius: Signal) -> _Part:
    """Fill the chain with balls."""
    at = np.linspace(0, chain.shape[1] - 1, _BALLS_PER_SEGMENT * (chain.shape[1] - 1) + 1)
    low = np.minimum(at.astype(int), chain.shape[1] - 2)
    part = at - low
    centres = chain[:, low] * (1 - part)[:, None] + chain[:, low + 1] * part[:, None]
    return centres, radius[:, low] * (1 - part) + radius[:, low + 1] * part, np.ones(len(at))


def _head(spine: Points, size: float) -> _Part:
    """Ears, eyes and nose, which turn with the head; left before right."""
    ahead = spine[:, 6] - spine[:, 4]
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    left = np.cross(ahead, _UP)  # y points down in the picture, so this is the animal's left
    left /= np.maximum(np.linalg.norm(left, axis=1, keepdims=True), 1e-6)
    up = np.cross(left, ahead)
    ear, eye = spine[:, 4], spine[:, 6]
    places = [ear + size * (side * 0.105 * left + 0.055 * up) for side in (1, -1)]
    places += [ear + size * (side * 0.110 * left + 0.078 * up + 0.016 * ahead) for side in (1, -1)]
    places += [eye + size * (side * 0.056 * left + 0.036 * up - 0.01 * ahead) for side in (1, -1)]
    places += [spine[:, 7] + size * 0.012 * ahead]
    return _balls(places, [0.066, 0.066, 0.048, 0.048, 0.016, 0.016, 0.018], [1.25, 1.25, 1.8, 1.8, 0.2, 0.2, 2.0], size)


def _hind_feet(spine: Points, posture: Posture, heading: Signal, size: float) -> _Part:
    ahead, left = _direction(heading, 0 * heading), _direction(heading - np.pi / 2, 0 * heading)
    places = []
    for side, phase in ((1, 0.0), (-1, np.pi)):
        step = posture.stride_size * np.sin(posture.stride + phase) + 0.06 + 0.05 * posture.hunch
        places += [spine[:, 0] * [1, 1, 0] + size * (side * 0.155 * left + (step + toe)[:, None] * ahead) for toe in (0.0, 0.05, 0.09)]
    return _on_the_floor(_balls(places, [0.03, 0.032, 0.026] * 2, [1.9] * 6, size))


def _forepaws(spine: Points, posture: Posture, heading: Signal, size: float) -> _Part:
    """On the floor when walking, before the chest when rearing, on the wall when leaning, at the face when grooming."""
    ahead, left = _direction(heading, 0 * heading), _direction(heading - np.pi / 2, 0 * heading)
    places = []
    for side, phase in ((1, np.pi), (-1, 0.0)):
        step = posture.stride_size * np.sin(posture.stride + phase) + 0.05
        walking = spine[:, 3] * [1, 1, 0] + size * (side * 0.10 * left + step[:, None] * ahead)
        rearing = spine[:, 3] + size * (side * 0.06 * left + 0.12 * ahead)
        leaning = spine[:, 4] + size * (side * 0.13 * left + 0.17 * ahead + 0.06 * _UP)
        reach = posture.stroke * posture.stroke_size
        washing = spine[:, 6] + size * (side * 0.075 * left + (0.015 - 0.06 * reach)[:, None] * ahead + 0.05 * _UP)
        upright, grooming = (posture.rear + posture.lean)[:, None], posture.stroke_size[:, None]
        place = walking * np.clip(1 - upright - grooming, 0, 1) + rearing * posture.rear[:, None]
        place = place + leaning * posture.lean[:, None] + washing * grooming
        total = np.clip(1 - upright - grooming, 0, 1) + upright + grooming
        places += [place / total, 0.5 * (place / total + spine[:, 3])]
    return _on_the_floor(_balls(places, [0.036, 0.036] * 2, [2.2, 1.1] * 2, size))


def _tail(rump: Points, posture: Posture, heading: Signal, size: float) -> _Part:
    """A thin chain that leaves the tail base and lies on the floor."""
    along = np.linspace(0, 1, _TAIL_BALLS)
    yaw = heading[:, None] + np.pi - 0.6 * posture.bend[:, None] + posture.tail[:, None] * along
    step = size * _TAIL_LENGTH / _TAIL_BALLS
    way = np.cumsum(np.stack([np.cos(yaw), np.sin(yaw)], axis=2) * step, axis=1)
    centres = np.concatenate([rump[:, -1:, :2] + way, np.full((*way.shape[:2], 1), 0.03)], axis=2)
    radius = size * (0.026 - 0.016 * along)
    return centres, np.broadcast_to(radius, way.shape[:2]), np.full(_TAIL_BALLS, 1.7)


def _balls(places: list[Points], radii: list[float], shades: list[float], size: float) -> _Part:
    centres = np.stack(places, axis=1)
    return centres, np.broadcast_to(size * np.array(radii), centres.shape[:2]), np.array(shades)


def _on_the_floor(part: _Part) -> _Part:
    """Lift what would be below the floor."""
    part[0][..., 2] = np.maximum(part[0][..., 2], part[1])
    return part


def _direction(yaw: Signal, elevation: Signal) -> Points:
    """Return unit vectors (T, 3)."""
    return np.stack([np.cos(yaw) * np.cos(elevation), np.sin(yaw) * np.cos(elevation), np.sin(elevation)], axis=1)
