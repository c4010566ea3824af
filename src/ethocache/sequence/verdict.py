"""How the probabilities of several networks become tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.sequence.combination import combined
from ethocache.sequence.decision import Decision


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
        self,
        members: Sequence[npt.NDArray[np.float32]],
        time_s: npt.NDArray[np.float64],
        there: Sequence[npt.NDArray[np.bool_]] | None = None,
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]:
        """Return the probability (T, B) and the tags (T, B) of one video, from what each member says (T, B); `there` as in `combined`."""
        return self.decision.apply(combined(members, self.weights, there), time_s)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"weights": self.weights.tolist(), "decision": self.decision.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Verdict":
        """Read what `to_json` gave."""
        return cls(np.array(values["weights"], np.float64), Decision.from_json(values["decision"]))
