"""The queue and the doubts of a whole project."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.labels import raters_of
from ethocache.dataset.text import shown
from ethocache.scoring.review.doubts import Doubt, doubtful_bouts
from ethocache.scoring.review.late_edges import late_raters, late_videos
from ethocache.scoring.review.moments import Moment, Purpose, moments_of
from ethocache.scoring.review.wrongness import Answers, likely_shown, rare_weights, wrong_probability

Step = Callable[[], object]
Raters = Mapping[str, Mapping[str, npt.NDArray[np.int8]]]


def find_moments(
    videos: Mapping[str, Answers], budget_s: float, step: Step = lambda: None, purpose: Purpose = "results"
) -> tuple[list[Moment], float]:
    """Return the moments of all videos, and how many frames are expected to be wrong in all; each video is read twice.

    Parameters
    ----------
    videos
        What is said of every video; may read them one at a time.
    budget_s
        Seconds that somebody has: there are no more moments of a video and behaviour than could be looked at in them.
    step
        Called once a video, in the second reading.
    purpose
        What the moments are for, as in `moments_of`.
    """
    frames, wrong_in_all, moments = np.zeros(1), 0.0, list[Moment]()
    for answers in videos.values():
        frames = frames + likely_shown(answers)
        wrong_in_all += float(wrong_probability(answers).sum())
    weights = rare_weights(frames)
    for answers in videos.values():
        moments += moments_of(answers, weights, budget_s, purpose)
        step()
    return moments, wrong_in_all


def find_doubts(videos: Mapping[str, Answers], raters: Raters, step: Step = lambda: None) -> list[Doubt]:
    """Return people and videos whose edges are early or late, then the doubtful bouts, the surest first.

    Parameters
    ----------
    videos
        What models that never saw the animal say of labelled videos; may read them one at a time.
    raters
        Video -> rater -> that person's labels (T, B), of videos that several people labelled.
    step
        Called once a video, as its bouts are looked at.
    """
    bouts = list[Doubt]()
    for answers in videos.values():
        bouts += doubtful_bouts(answers)
        step()
    bouts.sort(key=lambda doubt: (-(doubt.sureness or 0), doubt.video, doubt.start or 0))
    return [*late_raters(videos, raters), *late_videos(videos.values()), *bouts]


def read_raters(labels: Path, videos: Mapping[str, Answers]) -> dict[str, dict[str, npt.NDArray[np.int8]]]:
    """Read each person's labels (T, B) of the videos that several people labelled.

    Parameters
    ----------
    labels
        Folder of ``<video>.json``.

    Raises
    ------
    InputError
        If they were indexed anew since the training, with another number of frames.
    """
    of_video = raters_of(labels, videos)
    found = {video: {rater: table.values for rater, table in tables.items()} for video, tables in of_video.items() if tables}
    for video, said in found.items():
        frames = len(videos[video].time_s)
        for rater, values in said.items():
            if len(values) != frames:
                raise InputError(
                    f"{video}: labels of {len(values)} frames by '{shown(rater)}', a prediction of {frames}; run 'dvc repro' first"
                )
    return found
