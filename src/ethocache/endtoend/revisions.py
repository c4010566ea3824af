"""What of our code decides each stage's result, as numbers: the REVISION of every part that has a say in it.

`index` writes them to files on which the stages depend, so that DVC runs a stage again when a newer ethocache would give
other numbers, also in a project that holds none of our code.
"""

from ethocache.common.cost import REVISION as COSTS
from ethocache.dataset.index import REVISION as TIMES
from ethocache.dataset.summary_table import REVISION as SUMMARIES
from ethocache.scoring.summary import REVISION as SCORES
from ethocache.sequence.tagging import REVISION as TAGS
from ethocache.sequence.trainings import REVISION as TRAININGS
from ethocache.vision.backbones.pose import REVISION as POSES
from ethocache.vision.crop_plan import REVISION as CROPS
from ethocache.vision.embedding import REVISION as FEATURES
from ethocache.vision.kept import TRACK_REVISION as TRACKS
from ethocache.vision.motion import REVISION as MOTION
from ethocache.vision.tracking.background import REVISION as BACKGROUNDS
from ethocache.vision.tracking.deeplabcut import REVISION as NETWORKS_THAT_TRACK

REVISIONS: dict[str, dict[str, int]] = {
    "track": {"tracks": TRACKS, "networks": NETWORKS_THAT_TRACK, "backgrounds": BACKGROUNDS},
    "crop": {"times": TIMES, "crops": CROPS},
    "motion": {"times": TIMES, "motion": MOTION},
    "extract": {"features": FEATURES, "poses": POSES, "times": TIMES},
    "train": {"trainings": TRAININGS},
    "evaluate": {"scores": SCORES},
    "cost": {"costs": COSTS},
    "predict": {"tags": TAGS, "summary": SUMMARIES},
}
