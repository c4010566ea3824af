"""One line of the overview for each video."""

import unicodedata
from dataclasses import dataclass

import numpy as np

from ethocache.dataset.index import VideoRecord
from ethocache.dataset.label_table import NO, YES
from ethocache.scoring.report.told import Told


@dataclass(frozen=True)
class VideoRow:
    """What the list of videos says of one.

    Attributes
    ----------
    id, page
        The video, and the address of its page.
    about
        The parts of its name.
    length_s
        From its first frame to the end of its last.
    labelled, tagged
        Whether people labelled it, and whether a model tagged it.
    labelled_s, tagged_s
        Per behaviour; None where nobody looked for it, or no model answered.
    wrong_s
        Per behaviour, where label and tag differ; None as above.
    moments, doubts
        How many of the queue, and of the labels that look wrong, lie in it.
    """

    id: str
    page: str
    about: dict[str, str]
    length_s: float
    labelled: bool
    tagged: bool
    labelled_s: list[float | None]
    tagged_s: list[float | None]
    wrong_s: list[float | None]
    moments: int
    doubts: int

    @property
    def words(self) -> str:
        """What a search looks through."""
        kind = "labelled" if self.labelled else "unlabelled"
        # as a browser writes what is searched for: it knows no casefold, and macOS takes letters of file names and their accents apart
        return unicodedata.normalize("NFC", " ".join([self.id, *self.about.values(), kind])).lower()


def row_of(told: Told, page: str, moments: int, doubts: int) -> VideoRow:
    """Return the line of a video."""
    looked = told.label >= NO
    tagged = told.probability is not None
    seen = [bool(looked[:, b].any()) for b in range(len(told.behaviours))]
    labelled_s, tagged_s = told.seconds(told.label == YES), told.seconds(told.tag == YES)
    wrong_s = told.seconds(np.asarray(looked & (told.label != told.tag)))
    return VideoRow(
        told.record.id,
        page,
        told.record.about,
        float(told.edges_s[-1] - told.edges_s[0]) if len(told.time_s) else 0.0,
        told.labelled,
        tagged,
        [value if there else None for value, there in zip(labelled_s, seen, strict=True)],
        [value if tagged else None for value in tagged_s],
        [value if there and tagged else None for value, there in zip(wrong_s, seen, strict=True)],
        moments,
        doubts,
    )


def title_of(record: VideoRecord) -> str:
    """Return what a video is called on its page."""
    return f"{record.video} · {record.individual}" if record.individual else record.id
