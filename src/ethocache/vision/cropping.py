"""Cut a video around its animal: every frame, at its true time, in segments that survive a kill."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.progress import progress
from ethocache.common.stage import Stopwatch, peak_memory_mb
from ethocache.common.workbench import Workbench
from ethocache.dataset.videos import VideoFacts
from ethocache.vision.crop_plan import CropPlan, write_plan
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.decode import decode_pictures, read_tags
from ethocache.vision.encode import CropStyle, join_segments, ticks_of, write_segment
from ethocache.vision.pictures import Picture, cut_square

VIDEO, PLAN = "crop.mp4", "crop.json"


def crop_video(
    video: Path, facts: VideoFacts, time_s: npt.NDArray[np.float64], plan: CropPlan, params: CropParams, bench: Workbench, key: str
) -> dict[str, Any]:
    """Write ``crop.mp4`` and ``crop.json`` into `bench.output`, and return what it cost.

    Every frame is kept, at its time; sound is dropped. Frames are decoded once, in order; only the
    square is cut out of the planes, scaled and encoded. Finished segments of an interrupted run are
    not encoded again, and the bytes are the same as without the interruption.

    Parameters
    ----------
    facts, time_s
        What `probe` returned for this video.
    plan
        Where the square lies in each frame, from `plan_crops`.
    key
        The crop's key in the store, kept in ``crop.json``.

    Raises
    ------
    InputError
        If the video is damaged, or holds other frames or times than `probe` found.
    """
    watch = Stopwatch()
    tags = read_tags(video)
    style = CropStyle(params.size_px, params.quality, params.keyframe_interval, tags.matrix)
    resumed_at = min(len(bench.finished_segments(".mp4")) * params.segment_frames, plan.frames)
    with progress(f"cropping {video.stem}", plan.frames) as bar:
        bar.update(resumed_at)
        pictures = decode_pictures(video, facts, time_s, start=resumed_at)
        for first in range(resumed_at, plan.frames, params.segment_frames):
            last = min(first + params.segment_frames, plan.frames)
            with bench.writing_segment(first // params.segment_frames, ".mp4") as path:
                write_segment(path, _squares(pictures, plan, range(first, last)), style)
            bar.update(last - first)
        for _ in pictures:
            pass  # a frame too many is reported by the decoder, when it has reached the end
    crop = bench.output / VIDEO
    join_segments(crop, bench.finished_segments(".mp4"), ticks_of(time_s, tags.ticks_per_second), tags.ticks_per_second)
    write_plan(bench.output / PLAN, plan, time_s, params.size_px, key)
    return {
        "frames": plan.frames,
        "resumed_at": resumed_at,
        "seconds": round(watch.seconds, 3),
        "bytes": crop.stat().st_size,
        "peak_memory_mb": peak_memory_mb(),
        "device": "cpu",
    }


def _squares(pictures: Iterable[Picture], plan: CropPlan, frames: range) -> Iterator[Picture]:
    for frame, picture in zip(frames, islice(pictures, len(frames)), strict=True):
        yield cut_square(picture, int(plan.left_px[frame]), int(plan.top_px[frame]), plan.side_px)
