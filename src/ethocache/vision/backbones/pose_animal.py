"""What one body tells of its posture and movement, frame by frame, wherever in the picture it is and however it is turned."""

from collections.abc import Iterator, Sequence

import numpy as np

from ethocache.vision.backbones.pose_body import Bodies, Complex, Floats, fill_gaps, half_window, moved

_ALL_PAIRS_UP_TO = 12  # key points; with more of them, distances between neighbours in the list
_FASTEST = 20.0  # body lengths or turns in radians per second: beyond it the track jumped

Named = tuple[str, Floats]


def animal_features(bodies: Bodies, scales_s: Sequence[float]) -> Iterator[Named]:
    """Give the name and the (T, I) values of every feature of an animal by itself; NaN where it is unknown."""
    yield from _posture(bodies)
    yield from _distances(bodies)
    yield from _bends(bodies)
    for scale_s in scales_s:
        yield from _movement(bodies, scale_s)
    yield "place", abs(bodies.middle - np.nanmean(bodies.middle)) / bodies.length_px
    for number, name in enumerate(bodies.names):
        yield f"{name} seen", bodies.seen[:, :, number].astype(np.float64)
        yield f"{name} likelihood", bodies.likelihood[:, :, number]


def egocentric(bodies: Bodies) -> Complex:
    """Return (T, I, K) the points as the body sees them: from its middle, x along its axis, in body lengths."""
    if not bodies.axis:  # what has no axis has no posture, only places
        return np.full(bodies.points.shape, complex(np.nan, np.nan))
    seen_from: Complex = (bodies.points - bodies.middle[:, :, None]) * np.conj(bodies.heading)[:, :, None] / bodies.length_px
    return seen_from


def velocity(bodies: Bodies, scale_s: float) -> Complex:
    """Return (T, I) body lengths per second of each middle, over a time scale, in the picture's own directions."""
    half = half_window(scale_s, bodies.time_s)
    step = moved(fill_gaps(bodies.middle, 2 * half), half)
    return capped(step / bodies.length_px / _seconds(bodies, half))


def capped(rate: Complex) -> Complex:
    """Return a velocity, not faster than an animal can be."""
    size = abs(rate)
    return np.where(size > _FASTEST, rate * (_FASTEST / np.maximum(size, _FASTEST)), rate)


def _posture(bodies: Bodies) -> Iterator[Named]:
    points = egocentric(bodies)
    for number, name in enumerate(bodies.names):
        yield f"{name} along", points[:, :, number].real
        yield f"{name} across", points[:, :, number].imag


def _distances(bodies: Bodies) -> Iterator[Named]:
    count = len(bodies.names)
    apart = 1 if count > _ALL_PAIRS_UP_TO else count
    for one in range(count):
        for other in range(one + 1, min(one + apart, count - 1) + 1):
            distance = abs(bodies.points[:, :, one] - bodies.points[:, :, other]) / bodies.length_px
            yield f"{bodies.names[one]} to {bodies.names[other]}", distance


def _bends(bodies: Bodies) -> Iterator[Named]:
    """Give how the line through the points turns at each of them: cosine (1 is straight on) and sine (left or right)."""
    steps = np.diff(bodies.points, axis=2)
    for number, name in enumerate(bodies.names[1:-1]):
        turn = steps[:, :, number + 1] * np.conj(steps[:, :, number])
        size = abs(turn)
        turn = np.where(size > 0, turn / np.where(size > 0, size, 1), complex(np.nan, np.nan))
        yield f"bend at {name}", turn.real
        yield f"bend aside at {name}", turn.imag


def _movement(bodies: Bodies, scale_s: float) -> Iterator[Named]:
    half, scale = half_window(scale_s, bodies.time_s), f"{scale_s:g} s"
    seconds = _seconds(bodies, half)
    rate = velocity(bodies, scale_s)
    towards = rate * np.conj(bodies.heading)
    yield f"speed {scale}", abs(rate)
    yield f"forwards {scale}", towards.real
    yield f"sideways {scale}", towards.imag
    yield f"turning {scale}", np.minimum(abs(_angle_turned(bodies.heading, half)) / seconds, _FASTEST)
    own = abs(moved(egocentric(bodies), half)) / seconds[:, :, None]
    for number, name in enumerate(bodies.names):
        yield f"{name} moves {scale}", np.minimum(own[:, :, number], _FASTEST)


def _angle_turned(heading: Complex, half: int) -> Floats:
    frames = np.arange(len(heading))
    after, before = np.minimum(frames + half, len(heading) - 1), np.maximum(frames - half, 0)
    angle: Floats = np.angle(heading[after] * np.conj(heading[before]))
    return angle


def _seconds(bodies: Bodies, half: int) -> Floats:
    """Return (T, 1) the seconds between the two frames that are compared; at the ends of the session there are fewer."""
    seconds = moved(bodies.time_s, half)[:, None]
    return np.where(seconds > 0, seconds, 1.0)
