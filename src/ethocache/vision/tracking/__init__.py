"""Where tracks come from: one small file per source, and one line here."""

from pydantic import field_validator

from ethocache.common.errors import did_you_mean
from ethocache.common.params import Section
from ethocache.vision.tracking.files import read_file
from ethocache.vision.tracking.none import no_track
from ethocache.vision.tracking.tracked import Tracked, Tracker

__all__ = ["TRACKERS", "TrackParams", "Tracked", "Tracker"]

TRACKERS: dict[str, Tracker] = {
    "files": read_file,
    "none": no_track,
}


class TrackParams(Section):
    """Where tracks come from (`track` in params.yaml).

    Attributes
    ----------
    source
        ``files`` reads DeepLabCut's files in the data folder; ``none`` takes the whole frame. Never switched silently.
    """

    source: str = "files"

    @field_validator("source")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in TRACKERS:
            raise ValueError(f"not a source of tracks{did_you_mean(name, TRACKERS) or '; known: ' + ', '.join(TRACKERS)}")
        return name
