"""Bodies from key points: who is who, where each body is, how it is turned and how long it is."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError, did_you_mean
from ethocache.dataset.text import shown
from ethocache.dataset.tracks import Track
from ethocache.vision.backbones.pose_link import link_individuals
from ethocache.vision.backbones.pose_motion import Complex, Floats, fill_gaps, half_window, moved, usual_step
from ethocache.vision.backbones.settings import PoseSettings

Bools = npt.NDArray[np.bool_]

_CORE = 0.8  # of the sightings of the point that is seen most: points as reliable as that carry the body
_SAMPLE = 4000  # frames, at most, from which lengths and the typical shape are measured
_SPREAD = 0.05  # body lengths: points closer together than this do not tell a direction
_STILL = 1e-6  # of all movement: less of it along the axis does not tell front from back
_STRIDE_S = 0.2


@dataclass(frozen=True, eq=False)
class Bodies:
    """Every animal of a session; places are x + iy px, and NaN where unknown.

    Attributes
    ----------
    points
        (T, I, K) places of the key points, short gaps filled.
    seen
        (T, I, K) whether the point was found in this very frame.
    likelihood
        (T, I, K) as tracked, 0 where the point was not seen.
    middle
        (T, I) the body's middle, from whichever points are known.
    heading
        (T, I) direction of the body's axis, of length 1, towards the front.
    length_px
        Body length of this session.
    axis
        Names of the points that lie at the back and at the front; empty where the points have no axis.
    time_s
        (T,) time stamps.
    names
        K names.
    """

    points: Complex
    seen: Bools
    likelihood: Floats
    middle: Complex
    heading: Complex
    length_px: float
    axis: tuple[str, ...]
    time_s: Floats
    names: tuple[str, ...]

    @cached_property
    def egocentric(self) -> Complex:
        """(T, I, K) the points as the body sees them: from its middle, x along its axis, in body lengths; NaN without an axis."""
        if not self.axis:  # what has no axis has no posture, only places
            return np.full(self.points.shape, complex(np.nan, np.nan))
        seen_from: Complex = (self.points - self.middle[:, :, None]) * (np.conj(self.heading) / self.length_px)[:, :, None]
        return seen_from


def find_bodies(track: Track, time_s: Floats, settings: PoseSettings, focal: bool = False) -> Bodies:
    """Return the bodies of a session.

    Parameters
    ----------
    focal
        The first individual counts: it must be likely enough, and everybody stays in the columns that the track gives them.

    Raises
    ------
    InputError
        If a named point is not in the track, or too few points reach `PoseSettings.likelihood`.
    """
    track = choose_points(track, settings)
    points, likelihood = _likely(track, settings, focal)
    core = _core(points)
    if not focal:
        order = link_individuals(_mean_place(points, core), _tokens(points, likelihood))[:, :, None]
        points, likelihood = np.take_along_axis(points, order, axis=1), np.take_along_axis(likelihood, order, axis=1)
    seen = np.isfinite(points)
    points = fill_gaps(points, int(settings.max_gap_s / usual_step(time_s) + 1e-6))
    ends = _ends(points, core, track.names, settings)
    if ends is None:
        middle = _mean_place(points, core)
        return Bodies(points, seen, likelihood, middle, _course(middle, time_s), _roaming_px(middle), (), time_s, track.names)
    shape, length_px = _typical_shape(points, ends)
    middle, heading = _fit(points, shape, length_px)
    if not settings.front and _runs_backwards(middle, heading, time_s):
        heading, ends = -heading, ends[::-1]
    return Bodies(points, seen, likelihood, middle, heading, length_px, tuple(track.names[end] for end in ends), time_s, track.names)


def choose_points(track: Track, settings: PoseSettings) -> Track:
    """Return the track with the points of `PoseSettings.points` alone, in that order; all of them where it names none."""
    names = settings.points or track.names
    for setting, wanted in (("points", settings.points), ("front", settings.front), ("back", settings.back)):
        for name in [wanted] if isinstance(wanted, str) else wanted or ():
            if name not in (track.names if setting == "points" else names):
                hint = did_you_mean(name, track.names)
                raise InputError(f"backbone: {setting}: '{name}' is no key point of the track{hint}; known: {shown(', '.join(names))}")
    if names == track.names:
        return track
    return Track(track.points[:, :, [track.names.index(name) for name in names]], tuple(names), track.individuals)


def _likely(track: Track, settings: PoseSettings, focal: bool) -> tuple[Complex, Floats]:
    likelihood = np.nan_to_num(track.points[..., 2].astype(np.float64))
    found = np.isfinite(track.points[..., :2]).all(axis=-1)
    likely = found & (likelihood >= settings.likelihood)
    counts = likely[:, :1] if focal else likely
    if counts.mean() < settings.min_kept or not counts.any():
        raise InputError(
            f"{counts.mean():.0%} of the key points reach the pose backbone's likelihood of {settings.likelihood:g}, expected at least "
            f"{settings.min_kept:.0%}; lower 'likelihood' or 'min_kept' of this backbone (multi-animal models are less sure: try 0.2), "
            "leave out bad points with 'points', or track again with a better model"
        )
    places = np.full(likely.shape, complex(np.nan, np.nan))
    places[likely] = track.points[..., 0][likely] + 1j * track.points[..., 1][likely]
    return places, np.where(likely, likelihood, 0)


def _tokens(points: Complex, likelihood: Floats) -> Floats:
    """Return (T, I) a number that two columns share only if they hold the same points."""
    weights = np.arange(1, points.shape[2] + 1)
    places = np.nan_to_num(points)
    return np.asarray(((places.real + np.pi * places.imag + likelihood) * weights).sum(axis=-1))


def _core(points: Complex) -> Bools:
    sightings = np.isfinite(points).sum(axis=(0, 1))
    return np.asarray(sightings >= _CORE * sightings.max())


def _mean_place(points: Complex, core: Bools) -> Complex:
    """Return (T, I) the mean of the core points; of all where no core point is known, NaN where none is."""
    return np.where(np.isfinite(inner := _mean(points[:, :, core])), inner, _mean(points))


def _mean(points: Complex) -> Complex:
    known = np.isfinite(points)
    count = known.sum(axis=-1)
    mean: Complex = np.where(known, points, 0).sum(axis=-1) / np.where(count, count, np.nan)
    return mean


def _ends(points: Complex, core: Bools, names: tuple[str, ...], settings: PoseSettings) -> tuple[int, int] | None:
    """Return the points at the back and at the front: as named, or the two core points that are usually farthest apart."""
    if settings.front and settings.back:
        return names.index(settings.back), names.index(settings.front)
    sample = _sample(points)
    candidates = np.flatnonzero(core) if core.sum() > 1 else np.arange(len(core))
    apart = {(a, b): _median(np.abs(sample[:, a] - sample[:, b])) for a in candidates.tolist() for b in candidates.tolist() if a < b}
    farthest = max(apart, key=lambda pair: apart[pair], default=None)
    return farthest if farthest and apart[farthest] > 0 else None


def _typical_shape(points: Complex, ends: tuple[int, int]) -> tuple[Complex, float]:
    """Return the (K,) median places of the points in a body that lies along the x axis, and its length in px."""
    sample = _sample(points)
    back, front = sample[:, ends[0]], sample[:, ends[1]]
    length_px = _median(np.abs(front - back))
    if not length_px:
        raise InputError("the key points 'front' and 'back' of this backbone are never apart in one frame; name two others")
    with np.errstate(invalid="ignore", divide="ignore"):
        level = (sample - ((front + back) / 2)[:, None]) / ((front - back) / np.abs(front - back))[:, None]
    medians = [complex(_median(column.real, np.nan), _median(column.imag, np.nan)) for column in level.T]
    return np.array(medians), length_px


def _fit(points: Complex, shape: Complex, length_px: float) -> tuple[Complex, Complex]:
    """Lay the typical shape over the known points of each frame (least squares, turned and moved, not scaled).

    With two points or more this gives the same middle and direction whichever of them are missing.
    """
    known = np.isfinite(points) & np.isfinite(shape)
    count = np.where(enough := known.sum(axis=-1) > 1, known.sum(axis=-1), 1)
    place, model = np.where(known, points, 0), np.where(known, np.nan_to_num(shape), 0)
    mean_place, mean_model = place.sum(axis=-1) / count, model.sum(axis=-1) / count
    from_mean = np.where(known, model - mean_model[..., None], 0)
    turn = (np.conj(from_mean) * (place - mean_place[..., None])).sum(axis=-1)
    told = enough & (np.abs(turn) > 0) & ((np.abs(from_mean) ** 2).sum(axis=-1) > (_SPREAD * length_px) ** 2)
    heading = np.where(told, turn / np.where(told, np.abs(turn), 1), complex(np.nan, np.nan))
    return mean_place - heading * mean_model, heading


def _runs_backwards(middle: Complex, heading: Complex, time_s: Floats) -> bool:
    """Say whether the animals move against their axis on the whole; animals that do not move do not tell."""
    step = moved(middle, half_window(_STRIDE_S, time_s))
    along = np.nan_to_num((step * np.conj(heading)).real)
    return bool(along.sum() < -_STILL * np.abs(along).sum())


def _course(middle: Complex, time_s: Floats) -> Complex:
    """Return the direction of movement, for points that have no axis; NaN where there is no movement."""
    step = moved(middle, half_window(2 * _STRIDE_S, time_s))
    size = np.abs(step)
    return np.where(size > 0, step / np.where(size > 0, size, 1), complex(np.nan, np.nan))


def _roaming_px(middle: Complex) -> float:
    """Return a tenth of how far the animal roams, for points that have no length; 1 for one that never moves."""
    found = middle[np.isfinite(middle)]
    roaming = 2 * float(np.sqrt(np.mean(np.abs(found - found.mean()) ** 2)))
    return roaming / 10 or 1.0


def _sample(points: Complex) -> Complex:
    """Return (n, K): all animals of evenly spaced frames."""
    return points[:: 1 + len(points) // _SAMPLE].reshape(-1, points.shape[2])


def _median(values: Floats, otherwise: float = 0.0) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else otherwise
