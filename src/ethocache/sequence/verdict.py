"""What the inner animals decide once networks are trained: how members become one, and where a probability becomes a tag."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.files import write_json
from ethocache.common.store import Entry, Store
from ethocache.common.workbench import Workbench
from ethocache.sequence.choosing import Scored, choose
from ethocache.sequence.combination import Combine, combined, mean_weights, stacked_weights
from ethocache.sequence.decision import Decision
from ethocache.sequence.decision_settings import DecideParams
from ethocache.sequence.trainings import Probabilities, Videos, labels_sha256

REVISION = 1  # raise it when the same probabilities and labels would decide otherwise
_FILE = "verdict.json"


@dataclass(frozen=True)
class Verdict:
    """How the probabilities of M networks become tags.

    Attributes
    ----------
    weights
        (M, B): what each member counts.
    decision
        What becomes of their weighted mean.
    """

    weights: npt.NDArray[np.float64]
    decision: Decision

    def apply(
        self, members: Sequence[npt.NDArray[np.float32]], time_s: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]:
        """Return the probability (T, B) and the tags (T, B) of one video, from what each member says (T, B)."""
        return self.decision.apply(combined(members, self.weights), time_s)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"weights": self.weights.tolist(), "decision": self.decision.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Verdict":
        """Read what `to_json` gave."""
        return cls(np.array(values["weights"], np.float64), Decision.from_json(values["decision"]))


@dataclass(frozen=True)
class Question:
    """What a verdict is reached by, besides the probabilities."""

    behaviours: tuple[str, ...]
    exclusive: bool
    combine: Combine
    params: DecideParams


def plain_verdict(members: int, question: Question) -> Verdict:
    """Return the verdict where nobody can be asked: equal weights, thresholds of .5."""
    return Verdict(mean_weights(members, len(question.behaviours)), Decision.plain(question.behaviours, question.exclusive))


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
    recipe = {
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
        weights = stacked_weights([np.concatenate([answer[video.id] for video in videos]) for answer in answers], label, question.exclusive)
    scored = [Scored(combined([answer[video.id] for answer in answers], weights), video.labels, video.time_s) for video in videos]
    return Verdict(weights, choose(scored, question.behaviours, question.params, question.exclusive))
