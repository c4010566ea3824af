"""Where tracks come from: one small file per source, and one line here."""

from pydantic import field_validator

from ethocache.common.errors import did_you_mean
from ethocache.common.store import Store
from ethocache.vision.tracking.background import BackgroundTracker
from ethocache.vision.tracking.deeplabcut import DeepLabCutTracker
from ethocache.vision.tracking.files import TrackFiles
from ethocache.vision.tracking.none import NoTracks
from ethocache.vision.tracking.settings import TrackerSettings
from ethocache.vision.tracking.superanimal import SuperAnimalTracker
from ethocache.vision.tracking.tracked import MakeTracker, Tracked, Tracker

__all__ = ["TRACKERS", "TrackParams", "Tracked", "Tracker", "make_tracker"]

TRACKERS: dict[str, MakeTracker] = {
    "files": TrackFiles,
    "deeplabcut": DeepLabCutTracker,
    "superanimal": SuperAnimalTracker,
    "background": BackgroundTracker,
    "none": NoTracks,
}


class TrackParams(TrackerSettings):
    """Where tracks come from (`track` in params.yaml).

    Attributes
    ----------
    source
        ``files`` reads DeepLabCut's files in the data folder, ``deeplabcut`` runs a trained model of yours, ``superanimal``
        one that was trained on many labs' animals; ``background`` takes what differs from the empty scene for the animal, and
        refuses a video where that is not to be trusted; ``none`` takes the whole frame. Never switched silently.
    """

    source: str = "files"

    @field_validator("source")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in TRACKERS:
            raise ValueError(f"not a source of tracks{did_you_mean(name, TRACKERS) or '; known: ' + ', '.join(TRACKERS)}")
        return name


def make_tracker(params: TrackParams, store: Store) -> Tracker:
    """Set up the source that params.yaml names.

    Raises
    ------
    InputError
        If it needs a model that is not there, or not named.
    """
    return TRACKERS[params.source](params, store)
