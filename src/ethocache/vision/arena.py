"""The arena: how many pixels are a centimetre, and where its walls are."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator, model_validator

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.params import Section
from ethocache.dataset.tracks import Track

Floats = npt.NDArray[np.float64]
_CORNERS = 4


class ArenaParams(Section):
    """The section ``arena`` of params.yaml: what turns a track into centimetres and time at the wall.

    Attributes
    ----------
    pixels_per_cm
        Pixels of the video in a centimetre of the floor; None where nobody measured it: lengths are then in pixels.
    corners
        Four (x, y) in pixels of the video, in order around the floor; none where the arena does not stand still between videos.
    corner_points
        Instead: the names of the four DeepLabCut points that mark the corners, in order around the floor.
    wall_cm
        The animal is at the wall where its middle is this near to one, or beyond it.
    """

    pixels_per_cm: float | None = Field(None, gt=0)
    corners: tuple[tuple[float, float], ...] = ()
    corner_points: tuple[str, ...] = ()
    wall_cm: float = Field(5.0, gt=0)

    @field_validator("corners")
    @classmethod
    def _go_around(cls, corners: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        if corners and not _is_convex(np.array(corners)):
            raise ValueError("expected four [x, y], in order around the floor")
        return corners

    @field_validator("corner_points")
    @classmethod
    def _are_four(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if names and (len(names) != _CORNERS or len(set(names)) != _CORNERS):
            raise ValueError("expected the names of four key points")
        return names

    @model_validator(mode="after")
    def _fit_together(self) -> "ArenaParams":
        if self.corners and self.corner_points:
            raise ValueError("'corners' and 'corner_points' both say where the walls are; leave one empty")
        if (self.corners or self.corner_points) and self.pixels_per_cm is None:
            raise ValueError("the corners need 'pixels_per_cm', as 'wall_cm' is in centimetres")
        return self


def find_corners(track: Track, params: ArenaParams, likelihood: float) -> Floats | None:
    """Return the corners of the arena, (4, 2) px, in order around its floor; None where nothing says where they are.

    A corner that DeepLabCut followed is where it was in the median of the frames in which it reaches the likelihood.

    Raises
    ------
    InputError
        If a corner is no key point of the track or is never seen, or if the four do not go around a floor.
    """
    if params.corners:
        return np.array(params.corners)
    if not params.corner_points:
        return None
    corners = np.array([_median_place(track, name, likelihood) for name in params.corner_points])
    if not _is_convex(corners):
        found = ", ".join(f"{name} {x:.0f} {y:.0f}" for name, (x, y) in zip(params.corner_points, corners, strict=True))
        raise InputError(f"arena.corner_points: expected four corners in order around the floor, found {found} (px)")
    return corners


def wall_distance(x: Floats, y: Floats, corners: Floats) -> Floats:
    """Return how far each place is from the nearest wall, inside; negative beyond a wall. In the unit of the arguments."""
    edges = [*pairwise(corners), (corners[-1], corners[0])]
    # Twice the area that place and edge span, by the edge's length: positive on the inner side, whichever way the corners go round.
    inside = np.sign(_turns(corners).sum())
    across = [((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / np.hypot(*(b - a)) for a, b in edges]
    nearest: Floats = np.min([inside * distance for distance in across], axis=0)
    return nearest


def _median_place(track: Track, name: str, likelihood: float) -> Floats:
    if name not in track.names:
        hint = did_you_mean(name, track.names)
        raise InputError(f"arena.corner_points: '{name}' is no key point of the track{hint}; it has: {', '.join(track.names)}")
    points = track.points[:, :, track.names.index(name)].reshape(-1, 3)
    good = np.isfinite(points).all(axis=1) & (points[:, 2] >= likelihood)
    if not good.any():
        raise InputError(
            f"arena.corner_points: '{name}' never reaches crop.likelihood {likelihood:g}; give arena.corners in pixels instead"
        )
    place: Floats = np.median(points[good, :2].astype(np.float64), axis=0)
    return place


def _is_convex(corners: Floats) -> bool:
    """Whether four corners go around a floor without crossing: they turn the same way at each of them."""
    if corners.shape != (_CORNERS, 2):
        return False
    turns = _turns(corners)
    return bool((turns > 0).all() or (turns < 0).all())


def _turns(corners: Floats) -> Floats:
    """Return the cross product of the two edges that meet in each corner."""
    before, after = corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners
    turns: Floats = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    return turns
