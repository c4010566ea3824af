"""How the mouse holds itself in every frame: what it does, turned into smooth movements of its body."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.endtoend.demo.motion import Act, Motion

Signal = npt.NDArray[np.float64]
_RISE_S = 0.3  # from all fours to upright, or into a hunch
_STROKES_PER_S = 3.6  # of the forepaws over the face; below half the frame rate, so that the video shows them


@dataclass(frozen=True)
class Posture:
    """The shape of the body, one value per frame.

    Attributes
    ----------
    rear, lean, hunch
        0 to 1: upright, upright against the wall, hunched.
    bend
        Turn of the spine from hip to shoulder, radians.
    head_yaw, head_pitch
        Of the head against the shoulders, radians; up is positive.
    stride, stride_size
        Phase of the gait (radians) and length of a step (body lengths).
    stroke, stroke_size
        Where the forepaws are on their way over the face (-1 to 1), and 1 while they stroke.
    tail
        Curvature of the tail, radians from base to tip.
    """

    rear: Signal
    lean: Signal
    hunch: Signal
    bend: Signal
    head_yaw: Signal
    head_pitch: Signal
    stride: Signal
    stride_size: Signal
    stroke: Signal
    stroke_size: Signal
    tail: Signal


def hold(motion: Motion, fps: float, rng: np.random.Generator) -> Posture:
    """Give the posture of every frame of a motion."""
    frames = len(motion.x)
    turning = _smooth(np.gradient(motion.heading) * fps, 0.15 * fps)
    washing, licking = _grooming_movements(motion, fps, rng)
    sniffing = _level(motion, "sniffing", fps)
    rear = np.maximum(_level(motion, "mid_rearing", fps), _level(motion, "rising", fps))
    lean = np.maximum(_level(motion, "wall_rearing", fps), _level(motion, "reaching", fps))
    upright = rear + lean
    shaking = np.sin(2 * np.pi * _STROKES_PER_S * np.arange(frames) / fps + _wander(rng, frames, 0.4 * fps, 1.5))
    return Posture(
        rear=rear,
        lean=lean,
        hunch=np.clip(_level(motion, "grooming", fps) + _level(motion, "resting", fps), 0, 1),
        bend=np.clip(0.22 * turning, -0.8, 0.8) + 0.5 * licking + _wander(rng, frames, 0.8 * fps, 0.06),
        head_yaw=np.clip(0.08 * turning, -0.4, 0.4)
        + _wander(rng, frames, 0.5 * fps, 0.12)
        + sniffing * _wander(rng, frames, 0.16 * fps, 0.3)
        + upright * _wander(rng, frames, 0.3 * fps, 0.3)
        + 0.9 * licking
        + 0.10 * washing * shaking,
        head_pitch=_wander(rng, frames, 0.4 * fps, 0.08)
        + sniffing * _wander(rng, frames, 0.14 * fps, 0.2)
        + upright * _wander(rng, frames, 0.3 * fps, 0.15)
        + 0.30 * washing * shaking,
        stride=np.cumsum(2 * np.pi * np.minimum(1.5 * motion.pace, 0.4 * fps) / fps),
        stride_size=0.09 * np.clip(motion.pace / 1.5, 0, 1),
        stroke=shaking,
        stroke_size=washing,
        tail=np.clip(-0.25 * turning, -0.9, 0.9) + _wander(rng, frames, 1.2 * fps, 0.6),
    )


def _grooming_movements(motion: Motion, fps: float, rng: np.random.Generator) -> tuple[Signal, Signal]:
    """Return washing of the face (0 to 1) and licking of the flanks (-1 left to 1 right), which take turns."""
    washing, licking = np.zeros(len(motion.x)), np.zeros(len(motion.x))
    for bout in (act for act in motion.acts if act.kind == "grooming"):
        start = bout.start
        while start < bout.stop:
            stop = min(start + round(fps * rng.uniform(0.8, 1.8)), bout.stop)
            part = Act("grooming", start, stop, 1.0)
            if rng.uniform() < 0.7:
                washing += _envelope(part, fps, len(motion.x))
            else:
                licking += rng.choice([-1.0, 1.0]) * _envelope(part, fps, len(motion.x))
            start = stop
    return np.clip(washing, 0, 1), np.clip(licking, -1, 1)


def _level(motion: Motion, kind: str, fps: float) -> Signal:
    """Return how far the mouse is in acts of one kind, 0 to 1."""
    level = np.zeros(len(motion.x))
    for act in motion.acts:
        if act.kind == kind:
            level = np.maximum(level, act.strength * _envelope(act, fps, len(level)))
    return level


def _envelope(act: Act, fps: float, frames: int) -> Signal:
    """Rise smoothly at the start of an act and fall at its end; half way up midway between its frames and the next."""
    time_s = np.arange(frames) / fps
    since_s = time_s - (act.start - 0.5) / fps
    until_s = (act.stop - 0.5) / fps - time_s
    return _smoothstep(since_s / _RISE_S + 0.5) * _smoothstep(until_s / _RISE_S + 0.5)


def _smoothstep(x: Signal) -> Signal:
    part: Signal = np.clip(x, 0, 1)
    return part * part * (3 - 2 * part)


def _wander(rng: np.random.Generator, frames: int, scale_frames: float, size: float) -> Signal:
    """Return smooth noise of a given time scale and standard deviation."""
    spare = int(4 * scale_frames) + 1
    noise = _smooth(rng.standard_normal(frames + 2 * spare), scale_frames)[spare : spare + frames]
    return noise * float(size * np.sqrt(2 * np.sqrt(np.pi) * scale_frames))


def _smooth(signal: Signal, scale_frames: float) -> Signal:
    """Convolve with a Gaussian; the ends are held."""
    reach = max(1, int(3 * scale_frames))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / scale_frames) ** 2)
    smooth: Signal = np.convolve(np.pad(signal, reach, mode="edge"), kernel / kernel.sum(), mode="valid")
    return smooth
