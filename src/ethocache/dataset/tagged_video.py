"""One video with its tags or labels, as the writers of results take it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.tags import read_tags

Method = Literal["automated", "manual", "curated"]


@dataclass(frozen=True, eq=False)
class TaggedVideo:
    """What is known of the behaviour in one video, from a person or a model: what every results file is written from.

    Attributes
    ----------
    video
        Its name.
    behaviours
        The B behaviours, in the order of the arrays' last axis.
    time_s
        (T,) time stamps in seconds from the first frame.
    tags
        (T, B) 1 yes, 0 no, -1 nobody looked.
    method
        Whether a model tagged (``automated``), a person (``manual``), or a person corrected a model (``curated``).
    probability
        (T, B) of a model, where there are any.
    fields
        The parts of its name; ``animal`` and ``genotype`` become the NWB subject's, all are kept in the notes.
    session
        The whole video of which this is one animal; empty where it is itself the whole.
    individual
        Whose behaviour this is, of several animals in the video; empty for all of them, or for the only one.
    media
        The video file, as a path that other programs can open, absolute or relative; empty for a session without a video.
    fps
        Its usual rate, for the display of other programs; times come from `time_s`.
    annotator
        Who labelled, where somebody did.
    exclusive
        Whether a frame has at most one behaviour.
    started
        When the recording began, with its time zone; None where nobody knows (NWB then gets 1970, and notes that say so).
    """

    video: str
    behaviours: tuple[str, ...]
    time_s: npt.NDArray[np.float64]
    tags: npt.NDArray[np.integer]
    method: Method = "automated"
    probability: npt.NDArray[np.floating] | None = None
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    media: str = ""
    fps: float = 0.0
    annotator: str = ""
    exclusive: bool = False
    started: datetime | None = None
    session: str = ""
    individual: str = ""

    def __post_init__(self) -> None:
        shape = (len(self.time_s), len(self.behaviours))
        found = [array.shape for array in (self.tags, self.probability) if array is not None]
        if any(other != shape for other in found):
            raise ValueError(f"Expected tags and probability of shape {shape} for {self.video}, got {found}")
        if self.started is not None and self.started.tzinfo is None:
            raise InputError(f"{self.video}: expected a start with its time zone, such as 2026-01-31T09:30+01:00, found {self.started}")


def read_tagged(path: Path, record: VideoRecord, media: str = "") -> TaggedVideo:
    """Read the tags that a model gave a video.

    Parameters
    ----------
    path
        ``<video>.csv`` in the folder of tags.
    record
        The video.
    media
        The video file as others find it.

    Raises
    ------
    InputError
        If the file is not there, or is not a table of tags.
    """
    behaviours, time_s, probability, tags = read_tags(path)
    return TaggedVideo(record.id, behaviours, time_s, tags, "automated", probability, media=media, **about_video(record))


def about_video(record: VideoRecord) -> dict[str, Any]:
    """Return what a `TaggedVideo` holds of its video besides frames and file."""
    session = record.video if record.individual else ""
    return {"fields": record.about, "fps": record.facts.fps, "session": session, "individual": record.individual}
