"""Numbers of every frame from the track alone: posture, movement, and what animals do to each other.

They do not change when the animal is elsewhere in the picture, turned, or filmed from nearer, nor when a tracker swaps
two animals: individuals are followed by their places, and features of two are the larger and the smaller of both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ethocache.dataset.tracks import Track
from ethocache.vision.backbones.pose_animal import Named, animal_features
from ethocache.vision.backbones.pose_body import Bodies, find_bodies
from ethocache.vision.backbones.pose_motion import Floats, measure_motion
from ethocache.vision.backbones.pose_pairs import extremes, pair_features
from ethocache.vision.backbones.settings import PoseSettings

REVISION = 1  # raise it when a change of this code changes the numbers
VIEW_REVISION = 2  # the same, of what is told from the view of one animal
_LARGEST = 100.0  # body lengths: beyond it the track jumped


@dataclass(frozen=True, eq=False)
class PoseFeatures:
    """What a track tells of every frame.

    Attributes
    ----------
    values
        (T, D) float32, finite: what is unknown has the mean of the frames in which it is known.
    valid
        (T,) bool: whether the pose of at least one animal is known, or of the focal one.
    names
        D names; the same for all sessions with the same points and as many animals.
    axis
        Names of the points at the back and at the front, or empty.
    """

    values: npt.NDArray[np.float32]
    valid: npt.NDArray[np.bool_]
    names: tuple[str, ...]
    axis: tuple[str, ...]


def pose_features(track: Track, time_s: Floats, settings: PoseSettings, focal: int | None = None) -> PoseFeatures:
    """Return the features of a track.

    Without a focal animal all of them count alike, and features are the same whoever is called the first. With one, they are
    that animal's own, then those of the others (of several the largest and the smallest), then what it does to them and they
    to it; who is who is then the track's word, and nobody is followed across columns.

    Parameters
    ----------
    track
        Of any number of points and individuals.
    time_s
        (T,) time stamps of its rows.
    focal
        The individual from whose view everything is told; None for no one's.

    Raises
    ------
    InputError
        If a named point is not in the track, or too few points are likely enough.
    """
    if len(time_s) != track.frames:
        raise ValueError(f"Expected a time stamp for each of {track.frames} rows, got {len(time_s)}")
    with np.errstate(invalid="ignore", divide="ignore"):  # what is not known is NaN until the end
        bodies = find_bodies(track if focal is None else _first(track, focal), time_s, settings, focal is not None)
        known = np.isfinite(bodies.middle) if focal is None else np.isfinite(bodies.middle[:, :1])
        named = list(_all_features(bodies, settings.scales_s, focal is not None))
    values = np.empty((len(named), track.frames), np.float32)  # one feature after the other is three times as quick
    for row, (_, feature) in zip(values, named, strict=True):
        row[:] = _filled(feature)
    return PoseFeatures(np.ascontiguousarray(values.T), np.asarray(known.any(axis=1)), tuple(name for name, _ in named), bodies.axis)


def of_its_kind(track: Track, focal: int) -> Track:
    """Return the track without what is no animal like the focal one, such as the corners of the arena, which DeepLabCut calls `single`.

    An individual whose key points are all others than the focal one's goes, and so do those points. An animal, or a point of one,
    that is never seen stays: it may be seen in another video.
    """
    has = np.asarray(np.isfinite(track.points[..., 0]).any(axis=0))
    things = has.any(axis=1) & ~(has & has[focal]).any(axis=1)
    things[focal] = False
    names = has[~things].any(axis=0) | ~has[things].any(axis=0)
    return replace(
        track,
        points=track.points[:, ~things][:, :, names],
        names=tuple(name for name, stays in zip(track.names, names, strict=True) if stays),
        individuals=tuple(name for name, goes in zip(track.individuals, things, strict=True) if not goes),
    )


def _first(track: Track, focal: int) -> Track:
    """Return the track with one individual before the others."""
    order = [focal, *(other for other in range(len(track.individuals)) if other != focal)]
    return replace(track, points=track.points[:, order], individuals=tuple(track.individuals[number] for number in order))


def _all_features(bodies: Bodies, scales_s: Sequence[float], focal: bool) -> Iterator[Named]:
    motions = [measure_motion(bodies.middle, bodies.length_px, bodies.time_s, scale_s) for scale_s in scales_s]
    for name, feature in animal_features(bodies, motions):
        own, *others = feature.T
        if not focal:
            yield from extremes(name, [own, *others])
            continue
        yield name, own
        if others:
            yield from extremes(f"other: {name}", others)
    yield from pair_features(bodies, motions, focal)
    yield "animals known", np.isfinite(bodies.middle).mean(axis=1)


def _filled(feature: Floats) -> Floats:
    """Put the mean of the known frames where nothing is known; a feature that is never known is 0."""
    known = np.isfinite(feature)
    mean = feature[known].mean() if known.any() else 0.0
    return np.clip(np.where(known, feature, mean), -_LARGEST, _LARGEST)
