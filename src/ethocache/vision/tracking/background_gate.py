"""When an animal's track from the background is not to be believed, and what to do then."""

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.vision.tracking.background_settings import BackgroundParams
from ethocache.vision.tracking.blobs import Look
from ethocache.vision.tracking.scene import Scene

CLEAR = 0.5  # likelihood from which a frame shows one clear animal

_ABOVE_NOISE = 8.0  # times
_MOST_GHOST = 0.5  # of the animal; the real video has .01, rendered ones up to .1, still ones about 1
_MOST_SHIFT = 0.01  # of the picture's long side: the camera stands, but for the tremble of its table
_MOST_JUMPS = 0.005  # of the frames
_REMEDY = "track it with DeepLabCut (track.source: files), or take the whole frame (track.source: none)"


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
            f"(a ratio of {look.ghost:.2f}, at most {_MOST_GHOST:g}); it sits still for most of the video, or several things move; {_REMEDY}"
        )


def likelihoods(
    area: npt.NDArray[np.float64], second: npt.NDArray[np.float64], depth: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[np.float64]]]:
    """Return how sure it is in each frame that the blob is the animal, (T,) from 0 to 1, and the three numbers behind it.

    The product of how strongly the blob stands out, how much larger it is than the next, and how usual its size is, each 1
    for the usual blob of this video. It says nothing of the chance to be right.

    Parameters
    ----------
    area, second, depth
        (T,) of each frame's `Blob`; 0 where there is none.
    """
    found = area > 0
    if not found.any():
        return np.zeros(len(area)), {}
    usual_area, usual_depth = np.median(area[found]), np.median(depth[found])
    ratio = np.where(found, area, usual_area) / usual_area
    parts = {
        "nothing stands out": np.minimum(1, depth / usual_depth),
        "several things of about the same size move": 1 - second,
        "the size of what moves jumps": np.sqrt(np.minimum(ratio, 1 / ratio)),
    }
    product = np.prod(list(parts.values()), axis=0)
    return np.where(found, product, 0.0), parts


def check_path(
    likelihood: npt.NDArray[np.float64],
    parts: dict[str, npt.NDArray[np.float64]],
    centre_px: npt.NDArray[np.float64],
    length_px: float,
    params: BackgroundParams,
) -> None:
    """Refuse a path that no single animal makes.

    Parameters
    ----------
    likelihood, parts
        From `likelihoods`.
    centre_px
        (T, 2); of frames that are clear.
    length_px
        The animal's.

    Raises
    ------
    InputError
        If too few frames show one clear animal, or its steps are too long.
    """
    clear = likelihood >= CLEAR
    if clear.mean() < params.min_clear:
        unclear = np.stack(list(parts.values()))[:, ~clear] if parts else np.zeros((1, 1))
        names = list(parts) or ["nothing stands out"]
        why = names[int(np.bincount(unclear.argmin(axis=0), minlength=len(names)).argmax())]
        raise InputError(
            f"{clear.mean():.0%} of the frames show one clear animal, but track.background.min_clear asks for {params.min_clear:.0%}; "
            f"in most of the others {why} (first in frame {int(np.flatnonzero(~clear)[0])}): "
            f"the animal sits still for long, or the scene is cluttered, or its light or camera changes; {_REMEDY}"
        )
    _check_steps(clear, centre_px, length_px, params)


def _check_steps(clear: npt.NDArray[np.bool_], centre_px: npt.NDArray[np.float64], length_px: float, params: BackgroundParams) -> None:
    both = clear[1:] & clear[:-1]
    steps = np.where(both, np.linalg.norm(np.diff(centre_px, axis=0), axis=1), 0) / length_px
    jumps = np.flatnonzero(steps > params.max_step) + 1
    if len(jumps) > _MOST_JUMPS * len(clear):
        raise InputError(
            f"what is taken for the animal jumps in {len(jumps)} frames (first frame {jumps[0]}, the longest {steps.max():.1f} body lengths), "
            f"where track.background.max_step allows {params.max_step:g} in 1 frame of {1 / _MOST_JUMPS:.0f}; "
            f"the scene is cluttered, or there are several animals; {_REMEDY}"
        )
