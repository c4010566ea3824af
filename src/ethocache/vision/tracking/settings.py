"""What trackers may be told (`track` in params.yaml, without its source)."""

import os
from pathlib import Path

from pydantic import Field

from ethocache.common.params import Section
from ethocache.vision.tracking.background_settings import BackgroundParams


class TrackerSettings(Section):
    """The settings of the sources that run a network.

    Attributes
    ----------
    model
        ``deeplabcut``: folder of a DeepLabCut project, or one ``pytorch_config.yaml``. ``superanimal``: ``topviewmouse`` or
        ``quadruped``, or with a network as in ``topviewmouse_resnet_50``.
    snapshot
        Weights of the pose network: a file, or the name of one beside the ``pytorch_config.yaml``; None takes the best one,
        else the one trained longest; for SuperAnimal None asks the hub.
    detector
        The same of the network that finds the animals' boxes; for SuperAnimal also a detector's name.
    detector_only
        Take the box of each animal as key points, its middle and its corners, and run no pose network.
    individuals
        How many animals there are at most; None leaves it to the model.
    batch_size
        Frames that the network sees at once.
    background
        Of ``background``, which runs no network.
    """

    model: str | None = None
    snapshot: str | None = None
    detector: str | None = None
    detector_only: bool = False
    individuals: int | None = Field(default=None, ge=1, le=100)
    batch_size: int = Field(default=8, ge=1)
    background: BackgroundParams = BackgroundParams()


def from_main_checkout(place: str) -> Path:
    """Return a file or folder of the project; an experiment that runs in a copy finds it where DVC_ROOT says."""
    here = Path(place)
    return here if here.exists() else Path(os.environ.get("DVC_ROOT", ".")) / here
