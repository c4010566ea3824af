"""All that was measured and compared, together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ethocache.scoring.groups.animals import AnimalTable, Variable, animal_table
from ethocache.scoring.groups.comparing import Comparison, Drawing, GroupValue, Overall, compare_groups, describe_groups
from ethocache.scoring.groups.design import Design
from ethocache.scoring.groups.measuring import MeasuredVideo
from ethocache.scoring.groups.tagging_error import TaggingError


@dataclass(frozen=True, eq=False)
class Study:
    """What tables, pictures and words are made from.

    Attributes
    ----------
    behaviours
        The B behaviours.
    fields
        What is known of a video: the parts of its name, columns of the metadata.
    videos, table, design
        The videos, the animals' means, and who is in which group.
    errors
        How each behaviour is tagged, from held-out animals; none where nothing was tagged.
    compared
        The variables that the groups were compared in, and that are drawn.
    values, overall, pairs
        What was found.
    bin_s
        Seconds of a time bin.
    drawing
        How often was drawn.
    """

    behaviours: tuple[str, ...]
    fields: tuple[str, ...]
    videos: Sequence[MeasuredVideo]
    table: AnimalTable
    design: Design
    errors: Mapping[str, TaggingError]
    compared: Sequence[Variable]
    values: Sequence[GroupValue]
    overall: Sequence[Overall]
    pairs: Sequence[Comparison]
    bin_s: float
    drawing: Drawing

    @property
    def cells(self) -> list[tuple[str, str, list[str]]]:
        """Level, group and animals of every group."""
        every = ((level, group, self.design.animals(group, level)) for level in self.design.levels for group in self.design.groups)
        return [cell for cell in every if cell[2]]


def make_study(
    behaviours: tuple[str, ...],
    fields: Sequence[str],
    videos: Sequence[MeasuredVideo],
    design: Design,
    errors: Mapping[str, TaggingError],
    measures: Sequence[str],
    bin_s: float,
    drawing: Drawing,
) -> Study:
    """Describe the groups in everything that is known of their animals, and compare them in some measures, see `Study`.

    Parameters
    ----------
    measures
        Names of `CAN_BE_COMPARED`.

    Raises
    ------
    InputError
        If none of the measures is known of any video.
    """
    table = animal_table(videos, behaviours)
    compared = table.compared(measures)
    values = describe_groups(table, design, errors, table.variables, drawing)
    overall, pairs = compare_groups(table, design, errors, compared, drawing)
    return Study(behaviours, tuple(fields), videos, table, design, errors, compared, values, overall, pairs, bin_s, drawing)
