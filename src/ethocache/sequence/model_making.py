"""Put trained networks and what was decided about them together into the model that tags videos."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ethocache.common.files import write_json
from ethocache.common.store import Entry, Store
from ethocache.common.workbench import Workbench
from ethocache.sequence.heads.settings import HeadSettings
from ethocache.sequence.model_file import CARD, FORMAT_VERSION, ModelCard
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.trainings import ABOUT, WEIGHTS
from ethocache.sequence.verdict import Verdict
from ethocache.sequence.videos import TrainingVideo
from ethocache.sequence.windows import frames_per_second

REVISION = 1  # raise it when the same networks would become another model


@dataclass(frozen=True)
class MemberPart:
    """A trained network on its way into a model: the entry that holds it, and what its card says."""

    entry: Entry
    streams: tuple[str, ...]
    head: HeadSettings
    params: TrainParams
    epochs: int
    fold_epochs: Sequence[int]


def make_model(
    store: Store,
    videos: Sequence[TrainingVideo],
    behaviours: Sequence[str],
    verdict: Verdict,
    parts: Sequence[MemberPart],
    made_of: Sequence[Entry],
) -> Entry:
    """Return the entry of a whole model: its networks, and ``model.json``; the same parts give the same bytes.

    Parameters
    ----------
    made_of
        All trainings and verdicts behind it, which pruning keeps as long as the model is used.
    """
    about = {
        "behaviours": tuple(behaviours),
        "exclusive": parts[0].params.task == "exclusive",
        "verdict": verdict.to_json(),
        "fps": round(float(np.median([frames_per_second(video.time_s) for video in videos])), 6),
        "animals": sorted({video.animal for video in videos}),
    }
    cards = [
        {"streams": part.streams, "head": part.head.model_dump(exclude={"train", "decide", "tuned_on"}), "train": part.params}
        for part in parts
    ]
    cards = [card | {"epochs": part.epochs, "fold_epochs": list(part.fold_epochs)} for card, part in zip(cards, parts, strict=True)]

    def build(bench: Workbench) -> dict[str, Any]:
        members = [_take(part, card, number, bench.output) for number, (part, card) in enumerate(zip(parts, cards, strict=True), 1)]
        write_json(bench.output / CARD, ModelCard(**about, members=members).model_dump(mode="json"))
        return {}

    described = [card | {"streams": list(part.streams), "train": part.params.model_dump()} for card, part in zip(cards, parts, strict=True)]
    recipe = {"kind": "model", "revision": REVISION, "format": FORMAT_VERSION, "made_of": [entry.key for entry in made_of]}
    return store.make("model", recipe | about | {"behaviours": list(behaviours), "members": described}, build)


def _take(part: MemberPart, card: dict[str, Any], number: int, folder: Path) -> dict[str, Any]:
    """Copy a network into the model's folder; return its card."""
    name = f"network_{number}.safetensors"
    shutil.copyfile(part.entry.path(WEIGHTS), folder / name)
    dimensions = json.loads(part.entry.path(ABOUT).read_text(encoding="utf-8"))["dimensions"]
    return card | {"dimensions": dimensions, "weights": name, "weights_sha256": part.entry.files[WEIGHTS]["sha256"]}
