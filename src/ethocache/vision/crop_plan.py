"""Where the square around the animal lies in every frame."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.common.files import canonical_json, write_text
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.tracks import Track
from ethocache.vision.animal_path import AnimalPath, choose_points, find_individual, follow_animal
from ethocache.vision.crop_gates import TrackQuality, check_enough, measure_quality
from ethocache.vision.crop_settings import GATES, CropParams

REVISION = 4  # of what decides the pixels of a crop; raising it makes every crop again

_SMALLEST_SIDE_PX = 16
_BEYOND = 0.1  # of the picture's width or height: a point may be guessed a little outside
_MOST_OUTSIDE = 0.05  # of the points; real tracks have none so far out, a track of a larger picture has many


@dataclass(frozen=True)
class CropPlan:
    """The square that is cut from every frame; checks itself.

    Pixel (x, y) of the crop is at ``left_px + (x + .5) * side_px / size - .5`` of the frame, y likewise.

    Attributes
    ----------
    left_px, top_px
        (T,) int, even; negative where a whole frame is padded to a square.
    side_px
        The same in every frame, even.
    valid
        (T,) bool; False where the animal was not seen and its place was filled in.
    source
        ``track`` or ``whole frame``.
    kept
        Fraction of key points that were good enough; 1 for whole frames.
    individuals
        Names of the animals around which it is cut; ``("",)`` for a single one, none for whole frames.
    quality
        How good the track is; None for whole frames.
    """

    left_px: npt.NDArray[np.int64]
    top_px: npt.NDArray[np.int64]
    side_px: int
    valid: npt.NDArray[np.bool_]
    source: str
    kept: float
    individuals: tuple[str, ...] = ()
    quality: TrackQuality | None = None

    def __post_init__(self) -> None:
        shapes = {self.left_px.shape, self.top_px.shape, self.valid.shape}
        if len(shapes) != 1 or self.left_px.ndim != 1 or not len(self.left_px):
            raise ValueError(f"expected one left, top and valid per frame, found shapes {sorted(shapes)}")
        if self.left_px.dtype.kind != "i" or self.top_px.dtype.kind != "i" or self.valid.dtype != np.bool_:
            raise ValueError(f"expected int, int, bool; found {self.left_px.dtype}, {self.top_px.dtype}, {self.valid.dtype}")
        if self.side_px <= 0 or self.side_px % 2 or (self.left_px % 2).any() or (self.top_px % 2).any():
            raise ValueError("expected even pixels, so that chroma is cut where luma is")
        if not 0 <= self.kept <= 1:
            raise ValueError(f"expected a fraction of key points, found {self.kept}")

    @property
    def frames(self) -> int:
        return len(self.valid)


def plan_crops(track: Track | None, width: int, height: int, fps: float, params: CropParams, *, frames: int) -> CropPlan:
    """Decide where the square around the animal lies in each frame.

    Without a track it is the whole frame, padded to a square with black. With one it has one size
    for the whole video and follows the smoothed midpoint of the key points (`follow_animal`);
    at the borders it is shifted, so that it stays in the frame. Whether the track is good enough is for `check_quality`
    to say.

    Parameters
    ----------
    track
        (T, I, K, 3) key points, or None.
    width, height, fps, frames
        Of the video.

    Raises
    ------
    InputError
        If the track has another length than the video, too few of its key points are good enough
        (``crop.likelihood``, ``crop.min_kept``) or in the picture, or ``crop.points`` or
        ``crop.individual`` names what is not in the track.
    """
    if track is None:
        return _whole_frame(width, height, frames)
    if len(track.points) != frames:
        raise InputError(f"expected a track of {frames} rows, one per frame, found {len(track.points)}; track this video again")
    individual = None if params.individual is None else find_individual(track, params.individual)
    points = choose_points(track, params.points, individual)
    likelihood = params.trusted(track.pcutoff)
    _check_in_picture(points[points[..., 2] >= likelihood], width, height)
    path = follow_animal(points, fps, likelihood, params.max_gap_s)
    check_enough(path.kept, float(path.seen.mean()), likelihood, params)
    side = _side(path, params, min(width, height))
    followed = track.individuals if individual is None else (track.individuals[individual],)
    left, top = _start(path.x_px, side, width), _start(path.y_px, side, height)
    return CropPlan(left, top, side, path.seen, "track", path.kept, followed, measure_quality(path, likelihood, fps, side))


def crop_recipe(record: VideoRecord, track_digest: str, params: CropParams, pcutoff: float | None = None) -> dict[str, Any]:
    """Return everything that decides the crop of a video: the key of the store is its hash.

    The gates are not in it (`check_quality`), and of the likelihood only the number that is used.

    The version of x264 is not in it: another one gives other bytes of the same picture, which is no
    reason to crop again.
    """
    facts = record.facts
    return {
        "revision": REVISION,
        "segment_frames": params.segment_frames,
        "video": facts.fingerprint,
        "frames": facts.frames,
        "fps": facts.fps,
        "size": [facts.width, facts.height],
        "track": track_digest,
        "params": params.model_dump(mode="json", exclude={*GATES, "views"}) | {"likelihood": params.trusted(pcutoff)},
    }


@dataclass(frozen=True, eq=False)
class KeptPlan:
    """What ``crop.json`` says of the crop beside it.

    Attributes
    ----------
    plan
        Where each frame comes from.
    time_s
        (T,) float64, when each frame was shown, from the first.
    size
        Width and height of the crop in pixels.
    key
        The crop's key in the store: it stands for everything that decided the pixels.
    """

    plan: CropPlan
    time_s: npt.NDArray[np.float64]
    size: int
    key: str

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        return self.plan.valid


def write_plan(path: Path, plan: CropPlan, time_s: npt.NDArray[np.float64], size: int, key: str) -> None:
    """Write ``crop.json``: where each frame of the crop comes from, and when it was shown."""
    values = {
        "key": key,
        "source": plan.source,
        "kept": plan.kept,
        "individuals": list(plan.individuals),
        "quality": plan.quality and plan.quality.as_json(),
        "size": size,
        "side_px": plan.side_px,
        "left_px": plan.left_px.tolist(),
        "top_px": plan.top_px.tolist(),
        "valid": plan.valid.astype(int).tolist(),
        "time_s": time_s.tolist(),
    }
    write_text(path, canonical_json(values) + "\n")


def read_plan(path: Path) -> KeptPlan:
    """Read a ``crop.json``.

    Raises
    ------
    InputError
        If it is damaged.
    """
    try:
        return _kept_plan(json.loads(path.read_text(encoding="utf-8")))
    except (LookupError, ValueError, TypeError, OverflowError) as error:
        reason = " ".join(str(error).split())
        remedy = "run 'ethocache store verify', then 'dvc repro'"
        raise InputError(f"{path}: not a plan of a crop, or a damaged one ({reason}); {remedy}") from None


def _kept_plan(values: dict[str, Any]) -> KeptPlan:
    plan = CropPlan(
        left_px=np.asarray(values["left_px"], dtype=np.int64),
        top_px=np.asarray(values["top_px"], dtype=np.int64),
        side_px=values["side_px"],
        valid=np.asarray(values["valid"], dtype=bool),
        source=values["source"],
        kept=values["kept"],
        individuals=tuple(values["individuals"]),
        quality=values["quality"] and TrackQuality(**values["quality"]),
    )
    return KeptPlan(plan, np.asarray(values["time_s"], dtype=np.float64), values["size"], values["key"])


def _whole_frame(width: int, height: int, frames: int) -> CropPlan:
    side = max(width, height)
    side += side % 2
    left, top = (-((side - length) // 4 * 2) for length in (width, height))
    return CropPlan(np.full(frames, left), np.full(frames, top), side, np.ones(frames, dtype=bool), "whole frame", 1.0)


def _check_in_picture(points: npt.NDArray[np.float32], width: int, height: int) -> None:
    """Refuse the track of a larger picture: its squares would lie at the border, beside the animal."""
    position = points[:, :2] / np.array([width, height])
    outside = np.count_nonzero(((position < -_BEYOND) | (position > 1 + _BEYOND)).any(axis=1))
    if outside > _MOST_OUTSIDE * len(points):
        raise InputError(
            f"{outside / len(points):.0%} of the key points lie outside the picture of {width} x {height} px; "
            "is it the track of a larger or uncropped version of this video? Track this one"
        )


def _side(path: AnimalPath, params: CropParams, short_side: int) -> int:
    """Return the side in px: even, and never longer than the frame's short side."""
    wanted = params.scale * path.long_side_px + 2 * params.margin_px
    side = min(2 * int(np.ceil(wanted / 2)), short_side // 2 * 2)
    if side < _SMALLEST_SIDE_PX:
        raise InputError(
            f"the key points span {path.long_side_px:.1f} px, which gives a crop of {side} px, expected at least {_SMALLEST_SIDE_PX}; "
            "raise crop.margin_px or crop.scale, or name more crop.points"
        )
    return side


def _start(centre_px: npt.NDArray[np.float64], side: int, length: int) -> npt.NDArray[np.int64]:
    """Return the even pixel at which a box of this side begins, so that it stays in the frame."""
    wanted = 2 * np.round((centre_px + 0.5 - side / 2) / 2).astype(np.int64)
    clipped: npt.NDArray[np.int64] = np.clip(wanted, 0, (length - side) // 2 * 2)
    return clipped
