"""The data of one video's page: a file of JavaScript with a single call, so that it can be read from a disk without a server."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.dataset.label_table import NOT_SCORED, YES
from ethocache.dataset.runs import runs
from ethocache.scoring.pictures import colour_of
from ethocache.scoring.report.told import Told
from ethocache.scoring.review.doubts import Doubt
from ethocache.scoring.review.moments import Moment

FORMAT = 1
VIEWS_REVISION = 1  # raise it when pages would tell something else where several cameras film a session
NO_ANSWER, FULL = 255, 254
Link = dict[str, str] | None


def video_data(
    told: Told, media: str | None, moments: Sequence[tuple[int, Moment]], doubts: Sequence[Doubt], links: dict[str, Link]
) -> dict[str, Any]:
    """Return what the page of a video is told, as plain values; frames count from 0, spans are half-open.

    Parameters
    ----------
    media
        Where the page finds the crop; None without one.
    moments
        Those of the review queue in this video, each with its rank over all videos.
    doubts
        Labels of this video that look wrong.
    links
        ``previous``, ``next`` and ``next_moment``: other pages.
    """
    record = told.record
    return {
        "format": FORMAT,
        "id": record.id,
        "file": record.file,
        **({"view": record.view} if record.view else {}),
        "about": record.about,
        "media": media,
        "frames": len(told.time_s),
        "fps": record.facts.fps,
        "time_s": _base64(told.time_s.astype("<f8")),
        "judged_by": told.judged_by,
        "labelled": told.labelled,
        "tagged": told.probability is not None,
        "exclusive": told.exclusive,
        "behaviours": [_behaviour(told, b) for b in range(len(told.behaviours))],
        "queue": [_moment(rank, moment) for rank, moment in moments],
        "doubts": [_doubt(doubt) for doubt in doubts],
        **links,
    }


def as_script(data: dict[str, Any]) -> str:
    """Return data as a script that a page loads; ASCII only, and nothing in it ends a script element."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return f"ethocacheVideo({text});\n"


def _behaviour(told: Told, b: int) -> dict[str, Any]:
    return {
        "name": told.behaviours[b],
        "colour": colour_of(b),
        "threshold": None if told.threshold is None else round(float(told.threshold[b]), 4),
        "labels": runs(told.label[:, b] == YES).tolist(),
        "looked": runs(told.label[:, b] != NOT_SCORED).tolist(),
        "corrected": [] if told.corrected is None else runs(told.corrected[:, b]).tolist(),
        "tags": runs(told.tag[:, b] == YES).tolist(),
        "probability": _base64(_bytes(told, b)),
    }


def _bytes(told: Told, b: int) -> npt.NDArray[np.uint8]:
    """Return probabilities as (T,) whole numbers from 0 to 254; 255 is no answer."""
    if told.probability is None:
        return np.full(len(told.time_s), NO_ANSWER, np.uint8)
    return np.rint(told.probability[:, b].astype(np.float64) * FULL).astype(np.uint8)


def _base64(values: npt.NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _moment(rank: int, moment: Moment) -> dict[str, Any]:
    about = {"behaviour": moment.behaviour, "start": moment.start, "stop": moment.stop, "why": moment.why}
    return about | {"wrong_frames": round(moment.wrong, 2), "rank": rank}


def _doubt(doubt: Doubt) -> dict[str, Any]:
    sureness = None if doubt.sureness is None else round(doubt.sureness, 4)
    about = {"behaviour": doubt.behaviour, "start": doubt.start, "stop": doubt.stop, "kind": doubt.kind, "sureness": sureness}
    return about | {"detail": doubt.detail}
