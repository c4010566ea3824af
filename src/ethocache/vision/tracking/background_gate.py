"""When an animal's track from the background is not to be believed, and what to do then."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.vision.tracking.background_settings import BackgroundParams
from ethocache.vision.tracking.blobs import Blob, Look
from ethocache.vision.tracking.scene import Scene

Floats = npt.NDArray[np.float64]

CLEAR = 0.5  # likelihood from which a frame shows one clear animal

_ABOVE_NOISE = 8.0  # times
_MOST_GHOST = 0.5  # of the animal; the real video has .01, rendered ones up to .1, still ones about 1
_MOST_SHIFT = 0.01  # of the picture's long side: the camera stands, but for the tremble of its table
_MOST_JUMPS = 0.005  # of the frames
_LEAST_SPREAD = 0.5  # body lengths from its usual place; the real mouse has 2.2, rendered ones .9 and more, one that only stirs .3
_REMEDY = "track it with DeepLabCut (track.source: files, deeplabcut or superanimal), or take the whole frame (track.source: none)"


def check_look(scene: Scene, look: Look, shift_px: float, params: BackgroundParams) -> None:
    """Refuse a video in whose samples no animal stands out from a background that stays where it is.

    Raises
    ------
    InputError
        If the camera moves, or the arena is empty, or the animal sits still.
    """
    if shift_px > _MOST_SHIFT * max(scene.background.shape):
        share = shift_px / max(scene.background.shape)
        raise InputError(
            f"the camera moves: the scene shifts by {share:.1%} of the picture, so that there is no still background; "
            f"stabilise the video, or {_REMEDY}"
        )
    needed = max(params.min_contrast, _ABOVE_NOISE * scene.noise)
    if look.contrast < needed:
        raise InputError(
            f"nothing that moves stands out from the background: {look.contrast:.0f} grey levels of contrast, where "
            f"track.background.min_contrast and the noise ask for {needed:.0f}; the arena is empty, the animal never moves, or it is "
            f"as bright as the floor; {_REMEDY}"
        )
    if look.ghost > _MOST_GHOST:
        raise InputError(
            "the animal is part of the background: as much of the picture is lighter than the background as is darker "
            f"(a ratio of {look.ghost:.2f}, at most {_MOST_GHOST:g}); it sits still for most of the video, or"
            f" several things move; {_REMEDY}"
        )


@dataclass(frozen=True, eq=False)
class Found:
    """What was found in every frame of a video.

    Attributes
    ----------
    likelihood
        (T,) from 0 to 1: how sure it is that the blob is the animal. The product of `parts`.
    parts
        What is wrong where a number is low -> (T,) from 0 to 1, where 1 is the usual blob of this video.
    centre_px
        (T, 2) the middle of the blob's box; NaN where there is none.
    length_px
        The animal's: 95th percentile of the long side of the blob's box, in clear frames.
    """

    likelihood: Floats
    parts: dict[str, Floats]
    centre_px: Floats
    length_px: float

    @property
    def clear(self) -> npt.NDArray[np.bool_]:
        """Return which frames show one clear animal, (T,)."""
        return self.likelihood >= CLEAR


def weigh(blobs: Sequence[Blob | None]) -> Found:
    """Return how sure it is in each frame that the blob is the animal.

    The product of how strongly it stands out, how much more than the next, and how usual its size is. It orders frames from
    doubtful to clear; it is no chance to be right.
    """
    area, second, depth = (np.array([getattr(blob, name) if blob else 0 for blob in blobs], float) for name in ("area", "second", "depth"))
    found = area > 0
    ratio = np.where(found, area, 1) / (np.median(area[found]) if found.any() else 1)
    parts = {
        "nothing stands out": np.minimum(1, depth / np.median(depth[found])) if found.any() else depth,
        "several things stand out alike": 1 - second,
        "the size of what stands out jumps": np.where(found, np.sqrt(np.minimum(ratio, 1 / ratio)), 1),
    }
    likelihood = np.prod(list(parts.values()), axis=0)
    box = np.stack([blob.points[1:] if blob else np.full((4, 2), np.nan) for blob in blobs])
    sides = np.ptp(box, axis=1).max(axis=1)[likelihood >= CLEAR]
    return Found(likelihood, parts, (box.min(axis=1) + box.max(axis=1)) / 2, float(np.percentile(sides, 95)) if len(sides) else np.inf)


def check_found(found: Found, params: BackgroundParams) -> None:
    """Refuse what no single animal does that walks about.

    Raises
    ------
    InputError
        If too few frames show one clear animal, its steps are too long, or it never leaves its place.
    """
    _check_clear(found, params)
    _check_steps(found, params)
    _check_spread(found)


def _check_clear(found: Found, params: BackgroundParams) -> None:
    share = float(found.clear.mean())
    if share >= params.min_clear:
        return
    first = int(np.flatnonzero(~found.clear)[0])
    worst = np.stack(list(found.parts.values()))[:, ~found.clear].argmin(axis=0)
    why = list(found.parts)[int(np.bincount(worst).argmax())]
    raise InputError(
        f"{share:.0%} of the frames show one clear animal, but track.background.min_clear asks for {params.min_clear:.0%}; in most of "
        f"the others {why} (first in frame {first}): the animal sits still for long, or the scene is cluttered, or the light or the "
        f"camera changes; {_REMEDY}"
    )


def _check_steps(found: Found, params: BackgroundParams) -> None:
    steps = np.linalg.norm(np.diff(found.centre_px, axis=0), axis=1) / found.length_px
    steps = np.where(found.clear[1:] & found.clear[:-1], steps, 0)
    jumps = np.flatnonzero(steps > params.max_step) + 1
    if len(jumps) > _MOST_JUMPS * len(found.clear):
        raise InputError(
            f"what is taken for the animal jumps in {len(jumps)} frames (first in frame {jumps[0]}, by up to {steps.max():.1f} body "
            f"lengths), where track.background.max_step allows {params.max_step:g} in all but 1 of {1 / _MOST_JUMPS:.0f} frames; the "
            f"scene is cluttered, or there are several animals; {_REMEDY}"
        )


def _check_spread(found: Found) -> None:
    places = found.centre_px[found.clear]
    if not len(places):
        return
    away = np.linalg.norm(places - np.median(places, axis=0), axis=1) / found.length_px
    if (spread := float(np.percentile(away, 90))) < _LEAST_SPREAD:
        raise InputError(
            f"what moves stays within {spread:.1f} of its own lengths of one place: a part of an animal that sits still, and is "
            f"itself part of the background; {_REMEDY}"
        )
