"""How far and how fast an animal went, and how long it stayed at the wall."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass

import numpy as np

from ethocache.common.errors import InputError
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.runs import frame_durations_s
from ethocache.dataset.summary_table import Cell
from ethocache.dataset.tracks import Track
from ethocache.vision.animal_path import AnimalPath, choose_points, find_individual, follow_animal
from ethocache.vision.arena import ArenaParams, Floats, find_corners, wall_distance
from ethocache.vision.crop_settings import CropParams

REVISION = 1  # of how motion is measured; raising it measures every track again


@dataclass(frozen=True)
class Motion:
    """What a track tells of one animal's motion in one video.

    Attributes
    ----------
    seen_s
        How long the animal was seen.
    seen_fraction
        Of the video's duration.
    distance
        Length of its smoothed path, in the unit of the scale; steps into and out of frames in which it was not seen are
        left out, so that a long gap makes it too short, never too long. None where it was never seen.
    speed
        Mean speed in the steps that count, per second; None where there is no such step.
    wall_s, wall_fraction
        How long its middle was near a wall or beyond one, and that by `seen_s`; None where no walls are known.
    """

    seen_s: float
    seen_fraction: float
    distance: float | None
    speed: float | None
    wall_s: float | None
    wall_fraction: float | None


def measure_motion(path: AnimalPath, time_s: Floats, pixels_per_unit: float, corners: Floats | None, wall: float) -> Motion:
    """Measure the motion of one animal along its smoothed path.

    Parameters
    ----------
    path
        From `follow_animal`, T frames.
    time_s
        (T,) when each frame was shown.
    pixels_per_unit
        Pixels in the unit of the lengths: `pixels_per_cm`, or 1.
    corners
        (4, 2) px in order around the floor, or None.
    wall
        How near counts as at the wall, in that unit.
    """
    x, y = path.x_px / pixels_per_unit, path.y_px / pixels_per_unit
    frame_s, counts = frame_durations_s(time_s), path.seen[1:] & path.seen[:-1]
    distance, walked_s = float(np.hypot(np.diff(x), np.diff(y))[counts].sum()), float(np.diff(time_s)[counts].sum())
    seen_s, video_s = float(frame_s[path.seen].sum()), float(frame_s.sum())
    near = None if corners is None else wall_distance(x, y, corners / pixels_per_unit) <= wall
    at_wall = None if near is None else float(frame_s[near & path.seen].sum())
    return Motion(
        seen_s=seen_s,
        seen_fraction=seen_s / video_s if video_s else float(path.seen.mean()),  # a single frame has no duration
        distance=distance if path.seen.any() else None,
        speed=distance / walked_s if walked_s else None,
        wall_s=at_wall,
        wall_fraction=at_wall / seen_s if at_wall is not None and seen_s else None,
    )


def motion_header(fields: Sequence[str], arena: ArenaParams) -> list[str]:
    """Return the columns of the table of motion; the unit of every length is in its name."""
    unit = "px" if arena.pixels_per_cm is None else "cm"
    measures = ("seen_s", "seen_fraction", f"distance_{unit}", f"mean_speed_{unit}_per_s", "wall_s", "wall_fraction")
    return ["video", *fields, "individual", *measures]


def motion_rows(
    record: VideoRecord, track: Track, time_s: Floats, fields: Sequence[str], crop: CropParams, arena: ArenaParams
) -> Iterator[list[Cell]]:
    """Give one row for each animal of a video, or for the one that the record is about, in the columns of `motion_header`.

    Corners that DeepLabCut followed are no part of the animal.

    Raises
    ------
    InputError
        If the corners or key points that the parameters name are not in the track.
    """
    try:
        likelihood = crop.trusted(track.pcutoff)
        corners = find_corners(track, arena, likelihood)
        names = crop.points or tuple(name for name in track.names if name not in arena.corner_points)
        for individual in (record.individual,) if record.individual else track.individuals:
            number = find_individual(track, individual)
            path = follow_animal(choose_points(track, names, number), record.facts.fps, likelihood, crop.max_gap_s)
            motion = measure_motion(path, time_s, arena.pixels_per_cm or 1.0, corners, arena.wall_cm)
            yield [record.id, *(record.fields.get(field, "") for field in fields), individual, *astuple(motion)]
    except InputError as error:
        raise InputError(f"{record.place}: {error}") from None
