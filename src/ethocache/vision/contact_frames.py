"""Which frames of a video show best whether its track is right: the worst ones, and some from everywhere."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.tracks import Track
from ethocache.vision.animal_path import choose_points, find_individual
from ethocache.vision.crop_gates import check_quality
from ethocache.vision.crop_plan import CropPlan, plan_crops
from ethocache.vision.crop_settings import CropParams

FRAMES = 12  # on a sheet: up to 5 of the worst, the rest evenly spaced


@dataclass(frozen=True, eq=False)
class Checked:
    """A video's track, as the crop stage will judge it.

    Attributes
    ----------
    plan
        Where the crop lies; None where none can be planned.
    problem
        Why the crop stage will stop; None where it will not.
    likelihood
        From which key points are used.
    points
        (T, P, 3) the key points that count.
    """

    plan: CropPlan | None
    problem: str | None
    likelihood: float
    points: npt.NDArray[np.float32]

    def in_words(self) -> str:
        """Return the numbers of the gates, and whether they let the track pass, in one line."""
        quality = self.plan and self.plan.quality
        if not quality:
            return f"the crop stage will stop: {self.problem}"
        numbers = (
            f"{quality.kept:.1%} of the key points reach {quality.likelihood:g}, found in {quality.seen:.1%} of the frames, "
            f"longest gap {quality.longest_gap_s:.2f} s, longest step {quality.longest_step:.2f} of the crop's side"
        )
        return numbers if self.problem is None else f"{numbers}; the crop stage will stop: {self.problem}"


def check_track(record: VideoRecord, track: Track, params: CropParams) -> Checked:
    """Judge a track as the crop stage does.

    Raises
    ------
    InputError
        If `params` name a key point or an animal that the track does not have.
    """
    params = params.of_view(record.view).following(record.individual)
    facts, likelihood = record.facts, params.trusted(track.pcutoff)
    individual = None if params.individual is None else find_individual(track, params.individual)
    points = choose_points(track, params.points, individual)
    plan = None
    try:
        plan = plan_crops(track, facts.width, facts.height, facts.fps, params, frames=facts.frames)
        if plan.quality:
            check_quality(plan.quality, params)
    except InputError as error:
        return Checked(plan, str(error), likelihood, points)
    return Checked(plan, None, likelihood, points)


def choose_frames(checked: Checked) -> dict[int, str]:
    """Return the frames to look at and why: the worst ones first, then evenly spaced ones in order; no frame twice."""
    frames = len(checked.points)
    chosen = {int(np.nan_to_num(checked.points[..., 2]).mean(axis=1).argmin()): "lowest likelihood"}
    quality = checked.plan and checked.plan.quality
    if checked.plan and quality:
        if quality.step_frame > 0:
            chosen.setdefault(quality.step_frame - 1, "before the longest step")
            chosen.setdefault(quality.step_frame, "after the longest step")
        if quality.gap_first >= 0:
            chosen.setdefault((quality.gap_first + quality.gap_last) // 2, "longest gap")
        chosen.setdefault(_nearest_to_the_edge(checked, checked.plan), "nearest to the crop's edge")
    for frame in np.linspace(0, frames - 1, FRAMES - len(chosen)).round().astype(int).tolist():
        chosen.setdefault(frame, "")
    return {frame: why for frame, why in chosen.items() if frame < frames}


def _nearest_to_the_edge(checked: Checked, plan: CropPlan) -> int:
    """Return the frame in which a key point that is used comes nearest to the edge of the crop, or lies outside."""
    used = np.isfinite(checked.points).all(axis=2) & (checked.points[..., 2] >= checked.likelihood)
    start = np.stack([plan.left_px, plan.top_px], axis=1)[:, None]
    room = np.minimum(checked.points[..., :2] - start, start + plan.side_px - 1 - checked.points[..., :2]).min(axis=2)
    return int(np.where(used, room, np.inf).min(axis=1).argmin())
