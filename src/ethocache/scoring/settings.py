"""What the section `evaluate` of params.yaml can say."""

from pydantic import Field

from ethocache.common.params import Section
from ethocache.scoring.edges import TOLERANCE_S


class EvaluateParams(Section):
    """How far off a bout may be, and how the intervals around the scores are drawn.

    Attributes
    ----------
    tolerance_s
        Seconds by which a tagged bout's start, and its end, may miss those of the labelled one that it finds.
    resamples
        How often the animals are drawn again, with replacement.
    seed
        Of those draws: the same seed gives the same interval.
    """

    tolerance_s: float = Field(default=TOLERANCE_S, ge=0, le=60)
    resamples: int = Field(default=1000, ge=100, le=100_000)
    seed: int = Field(default=0, ge=0)
