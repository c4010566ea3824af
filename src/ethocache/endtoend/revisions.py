"""What of our code decides each stage's result: the REVISION of every part that has a say in it, and in a clone the code itself.

`index` writes them to files on which the stages depend, so that DVC runs a stage again when a newer ethocache would give
other numbers, also in a project that holds none of our code. Where our source lies in the project, as in a clone, an edit makes the
stages stale that import it: one small file a stage, since DVC would look through every folder again for each of them.
"""

from pathlib import Path
from typing import Any

from ethocache.common.cost import REVISION as COSTS
from ethocache.common.files import sha256_of, sha256_of_file
from ethocache.dataset.index import REVISION as TIMES
from ethocache.dataset.label_snapshot import REVISION as NEEDS
from ethocache.dataset.summary_table import REVISION as SUMMARIES
from ethocache.endtoend.finetuning.settings import REVISION as TUNINGS
from ethocache.scoring.report.video_data import VIEWS_REVISION as PAGES_OF_VIEWS
from ethocache.scoring.report.writing import REVISION as REPORTS
from ethocache.scoring.summary import REVISION as SCORES
from ethocache.sequence.deciding import REVISION as VERDICTS
from ethocache.sequence.heads.settings import CAUSAL_REVISION as CAUSAL
from ethocache.sequence.model_making import REVISION as MODELS
from ethocache.sequence.system import VIEWS_REVISION as SEVERAL
from ethocache.sequence.tagging import REVISION as TAGS
from ethocache.sequence.trainings import REVISION as TRAININGS
from ethocache.vision.backbones.pose import REVISION as POSES
from ethocache.vision.backbones.pose import VIEW_REVISION as VIEWS
from ethocache.vision.browser_film import REVISION as FILMS
from ethocache.vision.crop_plan import REVISION as CROPS
from ethocache.vision.embedding import REVISION as FEATURES
from ethocache.vision.finding_clocks import REVISION as CLOCKS
from ethocache.vision.kept import TRACK_REVISION as TRACKS
from ethocache.vision.motion import REVISION as MOTION
from ethocache.vision.session_features import REVISION as ALIGNED
from ethocache.vision.tracking.background import REVISION as BACKGROUNDS
from ethocache.vision.tracking.deeplabcut import REVISION as NETWORKS_THAT_TRACK

_PACKAGE = Path(__file__).parents[1]

REVISIONS: dict[str, dict[str, int]] = {
    "track": {"tracks": TRACKS, "networks": NETWORKS_THAT_TRACK, "backgrounds": BACKGROUNDS},
    "crop": {"times": TIMES, "crops": CROPS},
    "motion": {"times": TIMES, "motion": MOTION},
    "extract": {"features": FEATURES, "poses": POSES, "views": VIEWS, "times": TIMES, "clocks": CLOCKS, "aligned": ALIGNED},
    "train": {"trainings": TRAININGS, "verdicts": VERDICTS, "models": MODELS, "causal": CAUSAL},
    "evaluate": {"scores": SCORES},
    "finetune": {"tunings": TUNINGS, "trainings": TRAININGS, "verdicts": VERDICTS, "models": MODELS, "causal": CAUSAL, "scores": SCORES}
    | {"features": FEATURES},
    "cost": {"costs": COSTS},
    "predict": {"tags": TAGS, "causal": CAUSAL, "summary": SUMMARIES, "needs": NEEDS},
    "report": {"reports": REPORTS, "films": FILMS, "times": TIMES},
}

OF_VIEWS: dict[str, dict[str, int]] = {
    "train": {"several": SEVERAL},
    "predict": {"several": SEVERAL},
    "report": {"several": PAGES_OF_VIEWS},
}
"""Stage -> what decides its result besides where several cameras film a session."""

LAYERS: dict[str, tuple[str, ...]] = {
    "track": ("common", "dataset", "vision"),
    "crop": ("common", "dataset", "vision"),
    "motion": ("common", "dataset", "vision"),
    "extract": ("common", "dataset", "vision"),
    "train": ("common", "dataset", "scoring", "sequence"),
    "evaluate": ("common", "dataset", "scoring"),
    "finetune": ("common", "dataset", "vision", "scoring", "sequence", "endtoend"),
    "cost": ("common",),
    "predict": ("common", "dataset", "sequence"),
    "report": ("common", "dataset", "scoring", "sequence", "vision"),
}
"""Stage -> the layers that it imports."""

BESIDES: dict[str, tuple[str, ...]] = {"report": ("scoring/report/templates", "scoring/report/assets")}
"""Stage -> folders of what decides its result and is no Python."""


def code_of(stage: str, several_views: bool = False) -> dict[str, Any]:
    """Return what stands for the code of a stage: its revisions; in a folder that holds our source, also the sha256 of that."""
    revisions: dict[str, Any] = {"revisions": REVISIONS[stage] | (OF_VIEWS.get(stage, {}) if several_views else {})}
    return revisions | {"source": _source(stage)} if Path("src/ethocache").is_dir() else revisions


def _source(stage: str) -> str:
    ours = [_PACKAGE / "stages" / f"{stage}.py", *(path for layer in LAYERS[stage] for path in sorted((_PACKAGE / layer).rglob("*.py")))]
    files = ours + [path for folder in BESIDES.get(stage, ()) for path in sorted((_PACKAGE / folder).iterdir())]
    return sha256_of([[path.relative_to(_PACKAGE).as_posix(), sha256_of_file(path)] for path in files])
