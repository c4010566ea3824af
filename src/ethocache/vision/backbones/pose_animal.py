"""What one body tells of its posture and movement, frame by frame, wherever in the picture it is and however it is turned."""

from collections.abc import Iterator, Sequence

import numpy as np

from ethocache.vision.backbones.pose_body import Bodies
from ethocache.vision.backbones.pose_motion import FASTEST, Complex, Floats, Motion, around, moved

_ALL_PAIRS_UP_TO = 12  # key points; with more of them, distances between neighbours in the list

Named = tuple[str, Floats]


def animal_features(bodies: Bodies, motions: Sequence[Motion]) -> Iterator[Named]:
    """Give the name and the (T, I) values of every feature of an animal by itself; NaN where it is unknown."""
    for number, name in enumerate(bodies.names):
        yield f"{name} along", bodies.egocentric[:, :, number].real
        yield f"{name} across", bodies.egocentric[:, :, number].imag
    yield from _distances(bodies)
    yield from _bends(bodies)
    for motion in motions:
        yield from _movement(bodies, motion)
    yield "place", np.abs(bodies.middle - np.nanmean(bodies.middle)) / bodies.length_px
    for number, name in enumerate(bodies.names):
        yield f"{name} seen", bodies.seen[:, :, number].astype(np.float64)
        yield f"{name} likelihood", bodies.likelihood[:, :, number]


def _distances(bodies: Bodies) -> Iterator[Named]:
    count = len(bodies.names)
    reach = 1 if count > _ALL_PAIRS_UP_TO else count
    for one in range(count):
        for other in range(one + 1, min(one + reach, count - 1) + 1):
            distance = np.abs(bodies.points[:, :, one] - bodies.points[:, :, other]) / bodies.length_px
            yield f"{bodies.names[one]} to {bodies.names[other]}", distance


def _bends(bodies: Bodies) -> Iterator[Named]:
    """Give how the line through the points turns at each of them: cosine (1 is straight on) and sine (left or right)."""
    steps = np.diff(bodies.points, axis=2)
    for number, name in enumerate(bodies.names[1:-1]):
        turn = steps[:, :, number + 1] * np.conj(steps[:, :, number])
        size = np.abs(turn)
        turn = np.where(size > 0, turn / np.where(size > 0, size, 1), complex(np.nan, np.nan))
        yield f"bend at {name}", turn.real
        yield f"bend aside at {name}", turn.imag


def _movement(bodies: Bodies, motion: Motion) -> Iterator[Named]:
    seconds = motion.seconds[:, None]
    ahead = motion.velocity * np.conj(bodies.heading)
    yield f"speed {motion}", np.abs(motion.velocity)
    yield f"forwards {motion}", ahead.real
    yield f"sideways {motion}", ahead.imag
    yield f"turning {motion}", np.minimum(_angle_turned(bodies.heading, motion.half) / seconds, FASTEST)
    own = np.minimum(np.abs(moved(bodies.egocentric, motion.half)) / seconds[:, :, None], FASTEST)
    for number, name in enumerate(bodies.names):
        yield f"{name} moves {motion}", own[:, :, number]


def _angle_turned(heading: Complex, half: int) -> Floats:
    before, after = around(len(heading), half)
    return np.abs(np.angle(heading[after] * np.conj(heading[before])))
