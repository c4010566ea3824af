"""Decide, once networks are trained, how their probabilities become tags: by animals that none of them was fitted on."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.files import write_json
from ethocache.common.store import Entry, Store
from ethocache.common.workbench import Workbench
from ethocache.dataset.predictions import Prediction
from ethocache.sequence.choosing import Scored, choose, written_down
from ethocache.sequence.combination import Combine, combined, mean_weights, stacked_weights
from ethocache.sequence.decision_settings import DecideParams
from ethocache.sequence.system import VIEWS_REVISION
from ethocache.sequence.trainings import Probabilities, Videos, labels_sha256
from ethocache.sequence.verdict import Verdict
from ethocache.sequence.videos import TrainingVideo

REVISION = 5  # raise it when the same probabilities and labels would decide otherwise
_FILE = "verdict.json"


@dataclass(frozen=True)
class Question:
    """What a verdict is reached by, besides the probabilities; `streams` are those of each member, where there are several cameras."""

    behaviours: tuple[str, ...]
    exclusive: bool
    combine: Combine
    params: DecideParams
    streams: tuple[tuple[str, ...], ...] = ()

    def there(self, video: TrainingVideo) -> list[npt.NDArray[np.bool_]] | None:
        """Return for each member whether its cameras show the animal, (T,); None where there is one camera."""
        return [video.there(streams) for streams in self.streams] if video.valid else None

    def all_there(self, videos: Videos) -> list[npt.NDArray[np.bool_]] | None:
        """Return the same of several videos, one after the other."""
        each = [there for video in videos if (there := self.there(video))]
        return [np.concatenate(of_member) for of_member in zip(*each, strict=True)] or None

    def about_views(self, videos: Videos) -> dict[str, Any]:
        """Return what a verdict depends on besides where there are several cameras: who reads which, and when they show the animal."""
        if not any(video.valid for video in videos):
            return {}
        shown = {video.id: [hashlib.sha256(there.tobytes()).hexdigest() for there in self.there(video) or ()] for video in videos}
        return {"streams": [list(streams) for streams in self.streams], "shown": shown, "views_revision": VIEWS_REVISION}


def plain_verdict(members: int, question: Question) -> Verdict:
    """Return the verdict where nobody can be asked: equal weights, and what the settings fix."""
    fixed = written_down(question.behaviours, question.params, question.exclusive)
    return Verdict(mean_weights(members, len(question.behaviours)), fixed)


def prediction_of(
    question: Question, verdict: Verdict, fold: str, video: TrainingVideo, members: Sequence[npt.NDArray[np.float32]], seen: bool
) -> Prediction:
    """Return what a fold says of a video that it scores, from what each member says of it (T, B)."""
    probability, tag = verdict.apply(members, video.time_s, question.there(video))
    return Prediction(
        video=video.id,
        animal=video.animal,
        fold=fold,
        behaviours=question.behaviours,
        probability=probability,
        label=video.labels,
        tag=tag,
        time_s=video.time_s,
        threshold=verdict.decision.threshold,
        exclusive=question.exclusive,
        seen=seen,
    )


def reach_verdict(
    store: Store, question: Question, videos: Videos, answers: Sequence[Probabilities], made_of: Sequence[Entry]
) -> tuple[Verdict, Entry]:
    """Return what these videos decide, and its entry; reached once, then kept.

    Parameters
    ----------
    videos
        Of animals that none of the networks was fitted on.
    answers
        What each of the M members says of every one of these videos, by id.
    made_of
        The trainings that the answers are from.
    """
    recipe = question.about_views(videos) | {
        "kind": "verdict",
        "revision": REVISION,
        "made_of": [entry.key for entry in made_of],
        "labels": {video.id: labels_sha256(video) for video in videos},
        "behaviours": list(question.behaviours),
        "exclusive": question.exclusive,
        "combine": question.combine,
        "decide": question.params.model_dump(mode="json"),
    }

    def build(bench: Workbench) -> dict[str, Any]:
        write_json(bench.output / _FILE, _reach(question, videos, answers).to_json())
        return {}

    entry = store.make("verdict", recipe, build)
    return Verdict.from_json(json.loads(entry.path(_FILE).read_text(encoding="utf-8"))), entry


def _reach(question: Question, videos: Videos, answers: Sequence[Probabilities]) -> Verdict:
    weights = mean_weights(len(answers), len(question.behaviours))
    if question.combine == "stacked" and len(answers) > 1:
        label = np.concatenate([video.labels for video in videos])
        said = [np.concatenate([answer[video.id] for video in videos]) for answer in answers]
        weights = stacked_weights(said, label, question.exclusive, question.all_there(videos))
    scored = [
        Scored(combined([answer[video.id] for answer in answers], weights, question.there(video)), video.labels, video.time_s)
        for video in videos
    ]
    return Verdict(weights, choose(scored, question.behaviours, question.params, question.exclusive))
