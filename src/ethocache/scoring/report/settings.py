"""What the section `report` of params.yaml can say."""

from pydantic import field_validator

from ethocache.common.errors import InputError
from ethocache.common.params import Section
from ethocache.scoring.review.budget import seconds_of


class ReportParams(Section):
    """What the pages hold.

    Attributes
    ----------
    title
        What the overview is called.
    budget
        How much time of a person the review queue is made for, such as ``10min``.
    media
        Whether the crops lie beside the pages; without them the report is small enough for a mail, and shows ethograms only.
    """

    title: str = "Behaviour report"
    budget: str = "10min"
    media: bool = True

    @field_validator("budget", mode="before")
    @classmethod
    def _is_a_time(cls, budget: object) -> str:
        try:
            seconds_of(str(budget))
        except InputError:
            raise ValueError("expected a time such as 10min, 90s or 600 (seconds)") from None
        return str(budget)

    @property
    def budget_s(self) -> float:
        """The budget in seconds."""
        return seconds_of(self.budget)
