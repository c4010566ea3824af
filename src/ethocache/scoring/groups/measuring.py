"""What one video says of its animal: measures of each behaviour, bouts over time, and what followed what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ethocache.dataset.label_table import NOT_SCORED, YES
from ethocache.dataset.runs import frame_durations_s, runs
from ethocache.dataset.summary_table import MEASURES as OF_SUMMARY
from ethocache.dataset.summary_table import measure_behaviour
from ethocache.dataset.tagged_video import TaggedVideo
from ethocache.scoring.frames import Floats
from ethocache.scoring.groups.transitions import Counts, count_next, count_transitions, states_of

Instrument = Literal["labels", "tags"]
MEASURES = (*OF_SUMMARY, "bouts_per_min")


@dataclass(frozen=True, eq=False)
class MeasuredVideo:
    """The numbers of one video; its frames need not be kept.

    Attributes
    ----------
    video, animal
        Its name, and whose it is.
    instrument
        Whether people (``labels``) or the model (``tags``) said what it shows.
    about
        The parts of its name and what else is known of it.
    duration_s, frames
        How long it is.
    measures
        (B, M) in the order of `MEASURES`; NaN where there is no such number.
    motion
        What the track says, by name; empty without a track.
    bouts, looked_s
        (B, N) bouts that begin in each time bin, and the seconds of it that somebody looked at.
    transitions
        (B + 1, B + 1), see `count_transitions`.
    nexts
        (B, B), see `count_next`.
    """

    video: str
    animal: str
    instrument: Instrument
    about: Mapping[str, str]
    duration_s: float
    frames: int
    measures: Floats
    motion: Mapping[str, float]
    bouts: Floats
    looked_s: Floats
    transitions: Counts
    nexts: Counts


def measure_video(
    video: TaggedVideo, animal: str, about: Mapping[str, str], bin_s: float, motion: Mapping[str, float] | None = None
) -> MeasuredVideo:
    """Measure one video.

    Parameters
    ----------
    video
        Its tags or labels.
    animal, about, motion
        See `MeasuredVideo`.
    bin_s
        Seconds of a time bin, from the first frame on. A bout counts where it begins.
    """
    frame_s = frame_durations_s(video.time_s)
    states, behaviours = states_of(video.tags), len(video.behaviours)
    bouts, looked_s = _over_time(video.tags, video.time_s, frame_s, bin_s)
    return MeasuredVideo(
        video=video.video,
        animal=animal,
        instrument="labels" if video.method == "manual" else "tags",
        about=about,
        duration_s=float(frame_s.sum()),
        frames=len(frame_s),
        measures=np.array([_measures(column, video.time_s, frame_s) for column in video.tags.T]),
        motion=motion or {},
        bouts=bouts,
        looked_s=looked_s,
        transitions=count_transitions(states, behaviours),
        nexts=count_next(states, behaviours),
    )


def rate_per_minute(bouts: Floats, looked_s: Floats, bin_s: float) -> Floats:
    """Return bouts per minute of each time bin; NaN where less than half of a bin was looked at, which says little of it."""
    rate = np.full(bouts.shape, np.nan)
    np.divide(60 * bouts, looked_s, out=rate, where=looked_s >= bin_s / 2 - 1e-9)
    return rate


def _measures(column: npt.NDArray[np.integer], time_s: Floats, frame_s: Floats) -> list[float]:
    values = [np.nan if value is None else float(value) for value in measure_behaviour(column, time_s, frame_s)]
    count, scored_s = values[OF_SUMMARY.index("count")], values[OF_SUMMARY.index("scored_s")]
    return [*values, 60 * count / scored_s if scored_s else np.nan]


def _over_time(tags: npt.NDArray[np.integer], time_s: Floats, frame_s: Floats, bin_s: float) -> tuple[Floats, Floats]:
    place = np.floor((time_s - time_s[:1]) / bin_s + 1e-9).astype(np.intp)
    bins = int(place[-1]) + 1 if len(place) else 0
    bouts = [np.bincount(place[runs(column == YES)[:, 0]], minlength=bins).astype(np.float64) for column in tags.T]
    looked_s = [_looked_in_bins(frame_s * (column != NOT_SCORED), frame_s, bins, bin_s) for column in tags.T]
    return np.array(bouts, np.float64), np.array(looked_s, np.float64)


def _looked_in_bins(looked_s: Floats, frame_s: Floats, bins: int, bin_s: float) -> Floats:
    """Return the seconds (N,) of each bin that somebody looked at; a frame shown across an edge counts on both sides of it."""
    ends_s, looked_until_s = np.append(0, np.cumsum(frame_s)), np.append(0, np.cumsum(looked_s))
    edges_s = np.arange(1, bins) * bin_s
    inner_s = np.interp(edges_s, ends_s, looked_until_s)
    in_bins: Floats = np.diff(inner_s, prepend=0, append=looked_until_s[-1])[:bins]
    return in_bins
