"""What a demo mouse does: where it walks, where it pauses, and when it grooms and rears.

Lengths are in body lengths (snout to tail base of an average animal), the origin is the top left
corner of the picture, x to the right, y down; angles in radians from the x axis towards y.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Behaviour = Literal["grooming", "mid_rearing", "wall_rearing"]
Kind = Literal["grooming", "mid_rearing", "wall_rearing", "resting", "sniffing", "rising", "reaching"]
BEHAVIOURS: tuple[Behaviour, ...] = ("grooming", "mid_rearing", "wall_rearing")

_SHARE = {"grooming": 0.12, "mid_rearing": 0.115, "wall_rearing": 0.115}  # of the time
_BOUT_S = {"grooming": (2.0, 5.0), "mid_rearing": (0.8, 2.5), "wall_rearing": (0.8, 2.5)}
_A_FULL_VISIT_S = 60.0  # in shorter videos the bouts are shorter too, so that all behaviours fit
_TRIES = 20  # until a short video shows every behaviour
_TURN_RAD_PER_S = 5.0
_ALONG_THE_WALL = 0.3  # how far from the wall a mouse walks when it follows it
_FACING_THE_WALL = 0.5


@dataclass(frozen=True)
class Arena:
    """The floor's rectangle within the picture, in body lengths."""

    left: float
    top: float
    right: float
    bottom: float

    def inset(self, margin: float) -> "Arena":
        """Return the rectangle made smaller by `margin` on each side, but never turned inside out."""
        across = min(margin, 0.48 * (self.right - self.left))
        down = min(margin, 0.48 * (self.bottom - self.top))
        return Arena(self.left + across, self.top + down, self.right - across, self.bottom - down)

    def clip(self, x: float, y: float) -> tuple[float, float]:
        return min(max(x, self.left), self.right), min(max(y, self.top), self.bottom)

    def nearest_wall(self, x: float, y: float) -> tuple[tuple[float, float], float]:
        """Return the nearest point of the wall and the direction that faces it."""
        walls = [
            (x - self.left, (self.left, y), math.pi),
            (self.right - x, (self.right, y), 0.0),
            (y - self.top, (x, self.top), -math.pi / 2),
            (self.bottom - y, (x, self.bottom), math.pi / 2),
        ]
        _, point, facing = min(walls)
        return point, facing

    def along(self, x: float, y: float, distance: float) -> tuple[float, float]:
        """Return the point of the border that lies `distance` further clockwise than the point nearest to (x, y)."""
        corners = [(self.left, self.top), (self.right, self.top), (self.right, self.bottom), (self.left, self.bottom)]
        sides = [math.dist(corners[i], corners[(i + 1) % 4]) for i in range(4)]
        (px, py), facing = self.nearest_wall(*self.clip(x, y))
        side = {-math.pi / 2: 0, 0.0: 1, math.pi / 2: 2, math.pi: 3}[facing]
        place = (sum(sides[:side]) + math.dist(corners[side], (px, py)) + distance) % sum(sides)
        for i, length in enumerate(sides):
            if place <= length:
                (ax, ay), (bx, by) = corners[i], corners[(i + 1) % 4]
                return ax + (bx - ax) * place / length, ay + (by - ay) * place / length
            place -= length
        return corners[0]


@dataclass(frozen=True)
class Act:
    """Something the mouse does on the spot, in the half-open range of frames [start, stop).

    Rising and reaching are what rearing in the middle and at the wall begin with, but they stop half way.
    """

    kind: Kind
    start: int
    stop: int
    strength: float


@dataclass(frozen=True)
class Motion:
    """A mouse's way through its video.

    Attributes
    ----------
    x, y
        (T,) middle of the body, body lengths.
    heading
        (T,) direction of the body, radians, continuous.
    pace
        (T,) body lengths per second.
    acts
        What it did where it stood, in order, never two at once.
    """

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    heading: npt.NDArray[np.float64]
    pace: npt.NDArray[np.float64]
    acts: tuple[Act, ...]

    @property
    def bouts(self) -> list[Act]:
        """The acts that are to be labelled."""
        return [act for act in self.acts if act.kind in BEHAVIOURS]


def simulate(arena: Arena, frames: int, fps: float, speed: float, rng: np.random.Generator) -> Motion:
    """Let a mouse live in the arena for some frames; from 6 s on it shows every behaviour.

    Parameters
    ----------
    speed
        Of walking, body lengths per second.
    """
    for _ in range(_TRIES):
        motion = _live(arena, frames, fps, speed, rng)
        if {bout.kind for bout in motion.bouts if bout.stop - bout.start >= 0.75 * _BOUT_S[bout.kind][0] * fps} == set(BEHAVIOURS):
            break
    return motion


def _live(arena: Arena, frames: int, fps: float, speed: float, rng: np.random.Generator) -> Motion:
    mouse = _Mouse(arena, frames, fps, speed, rng)
    for behaviour, seconds, start in _schedule(frames / fps, rng):
        mouse.roam(until=min(round(start * fps), frames))
        mouse.show(behaviour, seconds)
    mouse.roam(until=frames)
    path = np.array(mouse.path[:frames])
    return Motion(path[:, 0], path[:, 1], np.unwrap(path[:, 2]), path[:, 3], tuple(mouse.acts))


def _schedule(seconds: float, rng: np.random.Generator) -> list[tuple[Behaviour, float, float]]:
    """Return (behaviour, how long, earliest start) for each bout, spread over the video."""
    stretch = min(1.0, seconds / _A_FULL_VISIT_S)
    rounds: list[list[Behaviour]] = [[]]
    for behaviour in BEHAVIOURS:
        shortest, longest = _BOUT_S[behaviour]
        count = max(1, round(_SHARE[behaviour] * seconds / (0.5 * (shortest + longest))))
        rounds += [[] for _ in range(count - len(rounds))]
        for i in range(count):
            rounds[i * len(rounds) // count].append(behaviour)
    order: list[Behaviour] = [bout for each in rounds for bout in rng.permutation(each).tolist()]
    lengths = [_BOUT_S[bout][0] + stretch * (_BOUT_S[bout][1] - _BOUT_S[bout][0]) * rng.uniform() for bout in order]
    gaps = rng.uniform(0.4, 1.6, len(order) + 1)
    gaps *= max(0.0, seconds - sum(lengths)) / gaps.sum() * stretch  # a short video has no time to idle
    starts = np.cumsum(gaps[:-1]) + np.concatenate([[0.0], np.cumsum(lengths[:-1])])
    return list(zip(order, lengths, starts.tolist(), strict=True))


class _Mouse:
    """The walker: it knows where it is, and writes down its way frame by frame."""

    def __init__(self, arena: Arena, frames: int, fps: float, speed: float, rng: np.random.Generator) -> None:
        self.arena, self.frames, self.dt, self.speed, self.rng = arena, frames, 1 / fps, speed, rng
        self.x, self.y = arena.inset(_FACING_THE_WALL).along(rng.uniform(0, 9), rng.uniform(0, 9), rng.uniform(0, 9))
        self.heading, self.pace = rng.uniform(-math.pi, math.pi), 0.0
        self.clockwise = 1 if rng.uniform() < 0.5 else -1
        self.path: list[tuple[float, float, float, float]] = []
        self.acts: list[Act] = []

    def roam(self, until: int) -> None:
        """Follow the walls, cross the floor, sniff and rest until a frame has come."""
        while len(self.path) < until:
            choice, seconds = self.rng.uniform(), self.rng.uniform(0.5, 1.6)
            if choice < 0.36:
                distance = self.clockwise * self.rng.uniform(0.8, 2.5)
                self.walk_to(*self.arena.inset(_ALONG_THE_WALL).along(self.x, self.y, distance), until)
            elif choice < 0.46:
                self.walk_to(*self.somewhere(0.5), until)
                self.clockwise = 1 if self.rng.uniform() < 0.5 else -1
            elif choice < 0.62:
                self.face_the_wall(until)
                self.stay("sniffing" if choice < 0.53 else "reaching", seconds, self.rng.uniform(0.2, 0.6), until)
            elif choice < 0.82:
                self.stay("sniffing" if choice < 0.70 else "rising", seconds, self.rng.uniform(0.2, 0.6), until)
            else:
                self.stay("resting", 2 * seconds, self.rng.uniform(0.6, 1), until)

    def show(self, behaviour: Behaviour, seconds: float) -> None:
        """Go where the behaviour belongs and show it."""
        if behaviour == "wall_rearing":
            self.face_the_wall(self.frames)
        elif behaviour == "mid_rearing":
            spots = sorted((math.dist(spot, (self.x, self.y)), spot) for spot in (self.somewhere(1.05) for _ in range(4)))
            self.walk_to(*spots[0][1], self.frames)
        else:
            self.walk_to(*self.arena.inset(0.45).clip(self.x, self.y), self.frames)
        self.stay(behaviour, seconds, self.rng.uniform(0.62, 1.0), self.frames)

    def somewhere(self, margin: float) -> tuple[float, float]:
        """Return a random place that keeps a distance from the walls."""
        inner = self.arena.inset(margin)
        return self.rng.uniform(inner.left, inner.right), self.rng.uniform(inner.top, inner.bottom)

    def face_the_wall(self, until: int) -> None:
        """Go to the wall a little further on and turn to it."""
        along = self.clockwise * self.rng.uniform(-0.3, 0.9)
        x, y = self.arena.inset(_FACING_THE_WALL).along(self.x, self.y, along)
        self.walk_to(x, y, until)
        facing = self.arena.nearest_wall(self.x, self.y)[1] + self.rng.normal(0, 0.25)
        while len(self.path) < until and abs(_wrapped(facing - self.heading)) > 0.3:
            self._step(facing, 0.0)

    def walk_to(self, x: float, y: float, until: int) -> None:
        """Walk to a place, or towards it until a frame has come."""
        while len(self.path) < until and (distance := math.dist((x, y), (self.x, self.y))) > 0.15:
            self._step(math.atan2(y - self.y, x - self.x), self.speed * min(1.0, 0.25 + distance))

    def stay(self, kind: Kind, seconds: float, strength: float, until: int) -> None:
        """Stop, and do something on the spot."""
        start = len(self.path)
        stop = min(start + max(1, round(seconds / self.dt)), until)
        turning = self.rng.normal(0, 0.12 if kind in ("sniffing", "mid_rearing") else 0.04)
        self.pace = 0.0
        for _ in range(start, stop):
            self.heading += turning * self.dt
            self.path.append((self.x, self.y, self.heading, 0.0))
        if stop > start:
            self.acts.append(Act(kind, start, stop, strength))

    def _step(self, facing: float, cruise: float) -> None:
        error = _wrapped(facing - self.heading)
        most = _TURN_RAD_PER_S * self.dt
        self.heading += min(max(error, -most), most) + self.rng.normal(0, 0.12) * self.dt**0.5 * (cruise > 0)
        self.pace += (cruise * max(0.1, math.cos(error)) - self.pace) * min(1.0, self.dt / 0.2)
        self.x += self.pace * math.cos(self.heading) * self.dt
        self.y += self.pace * math.sin(self.heading) * self.dt
        self._keep_off_the_walls()
        self.path.append((self.x, self.y, self.heading, self.pace))

    def _keep_off_the_walls(self) -> None:
        for reach in (0.5, -0.4):  # snout, rump
            tip = self.x + reach * math.cos(self.heading), self.y + reach * math.sin(self.heading)
            inside = self.arena.inset(0.03).clip(*tip)
            self.x, self.y = self.x + inside[0] - tip[0], self.y + inside[1] - tip[1]
        self.x, self.y = self.arena.inset(0.22).clip(self.x, self.y)


def _wrapped(angle: float) -> float:
    """Return the same angle within [-pi, pi)."""
    return (angle + math.pi) % (2 * math.pi) - math.pi
