"""What the section `evaluate` of params.yaml can say."""

from pydantic import Field

from ethocache.common.params import Section


class EvaluateParams(Section):
    """How the intervals around the scores are drawn.

    Attributes
    ----------
    resamples
        How often the animals are drawn again, with replacement.
    seed
        Of those draws: the same seed gives the same interval.
    """

    resamples: int = Field(default=1000, ge=100, le=100_000)
    seed: int = Field(default=0, ge=0)
