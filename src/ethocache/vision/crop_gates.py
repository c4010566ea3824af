"""Whether a track is good enough to crop by: how much of it is kept, for how long the animal is lost, how far it jumps."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.vision.animal_path import AnimalPath
from ethocache.vision.crop_settings import CropParams

_LOOK = "look at it with 'ethocache tracks check'"


@dataclass(frozen=True)
class TrackQuality:
    """How good the track of a crop is.

    Attributes
    ----------
    likelihood
        From which key points were used.
    kept
        Fraction of key points that reach it.
    seen
        Fraction of frames in which the animal was found.
    longest_gap_s, gap_first, gap_last
        The longest run of frames in which it was not, in seconds, and its first and last frame; 0 s and -1 where there is none.
    longest_step, step_frame
        The longest way of the animal's middle from one frame to the next, in sides of the crop, and the frame in which it
        ends; -1 where there is none. Across a gap it is divided by the number of frames.
    """

    likelihood: float
    kept: float
    seen: float
    longest_gap_s: float
    gap_first: int
    gap_last: int
    longest_step: float
    step_frame: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure_quality(path: AnimalPath, likelihood: float, fps: float, side_px: int) -> TrackQuality:
    """Return how good the track behind a path is."""
    first, last = longest_run(~path.seen)
    step = int(path.step_px.argmax())
    return TrackQuality(
        likelihood=likelihood,
        kept=path.kept,
        seen=float(path.seen.mean()),
        longest_gap_s=round((last - first + 1) / fps, 3) if first >= 0 else 0.0,
        gap_first=first,
        gap_last=last,
        longest_step=round(float(path.step_px[step]) / side_px, 4),
        step_frame=step if path.step_px[step] > 0 else -1,
    )


def longest_run(lost: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Return the first and last frame of the longest run of True; -1, -1 where there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lost, [False]])))
    first, stop = edges[::2], edges[1::2]
    if not len(first):
        return -1, -1
    longest = int((stop - first).argmax())
    return int(first[longest]), int(stop[longest]) - 1


def check_enough(kept: float, seen: float, likelihood: float, params: CropParams) -> None:
    """Refuse a track of which too few key points are good enough.

    Raises
    ------
    InputError
        It names ``crop.likelihood`` and ``crop.min_kept``.
    """
    if kept < params.min_kept or not seen:
        raise InputError(
            f"{kept:.0%} of the key points reach crop.likelihood {likelihood:g}, and the animal is found in "
            f"{seen:.0%} of the frames, but crop.min_kept asks for {params.min_kept:.0%} of the points; "
            "look at the track, then lower one of the two, or track the video with a better model"
        )


def check_quality(quality: TrackQuality, params: CropParams) -> None:
    """Refuse a track that is not good enough to crop by.

    The gates decide nothing but this, so they are no part of a crop's key: a kept crop is refused, or taken, by the numbers
    that it keeps, and no crop is cut again because a gate was moved.

    Raises
    ------
    InputError
        It names the parameter and the frames.
    """
    check_enough(quality.kept, quality.seen, quality.likelihood, params)
    if quality.longest_gap_s > params.longest_gap_s:
        raise InputError(
            f"the animal is lost in frames {quality.gap_first} to {quality.gap_last} ({quality.longest_gap_s:.1f} s), but "
            f"crop.longest_gap_s allows {params.longest_gap_s:g} s; {_LOOK}, then raise it, lower crop.likelihood "
            f"({quality.likelihood:g} here), or track the video with a better model"
        )
    if quality.longest_step > params.max_step:
        raise InputError(
            f"the animal jumps by {quality.longest_step:.2f} sides of its crop into frame {quality.step_frame}, but crop.max_step allows "
            f"{params.max_step:g}; {_LOOK}: if it is taken for something else there, correct the track or name reliable crop.points, "
            "else raise crop.max_step"
        )
