"""Compare groups of animals: every behaviour and measure, corrected for how many comparisons that makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from ethocache.scoring.frames import Floats
from ethocache.scoring.groups.animals import AnimalTable, Variable, most_of
from ethocache.scoring.groups.design import Design
from ethocache.scoring.groups.effects import UNKNOWN, Estimate, cliffs_delta, difference_of, hedges_g, holm, mean_of, widened
from ethocache.scoring.groups.permutation import permutation_test
from ethocache.scoring.groups.tagging_error import NOBODY, Shares, TaggingError, adjusted_fractions, why_not_adjusted
from ethocache.scoring.intervals import FEWEST_ANIMALS

_FEWEST_TO_TEST = 2


@dataclass(frozen=True)
class Drawing:
    """How often animals are drawn again and groups dealt again.

    Attributes
    ----------
    resamples
        Bootstrap draws for the intervals of adjusted fractions and of the tagger's rates.
    permutations
        Ways of dealing the groups for p, at most.
    seed
        Of both.
    """

    resamples: int = 2000
    permutations: int = 25_000  # every way for up to 17 animals in two groups
    seed: int = 0


@dataclass(frozen=True)
class GroupValue:
    """One measure of one behaviour in one group.

    Attributes
    ----------
    level, group, variable, animals
        What it is of, and how many animals have the number.
    mean
        Over animals, with its interval.
    spread
        Standard deviation of the animals; None for one animal.
    adjusted
        The fraction of time, adjusted for the tagger's errors; without a value for other measures, or where that is not possible.
    """

    level: str
    group: str
    variable: Variable
    animals: int
    mean: Estimate
    spread: float | None
    adjusted: Estimate


@dataclass(frozen=True)
class Comparison:
    """Two groups compared.

    Attributes
    ----------
    level, first, second, variable, animals
        What is compared; how many animals of each group have the number.
    means
        Of the first and the second group.
    difference, g, delta
        Second minus first, in the measure's unit, as Hedges' g, and as Cliff's delta.
    p, p_holm, p_smallest
        Of the permutation test; corrected for all comparisons; the smallest that so few animals could reach. None where a group
        has fewer than two animals.
    adjusted
        The difference of the adjusted fractions; without a value where they cannot be.
    """

    level: str
    first: str
    second: str
    variable: Variable
    animals: tuple[int, int]
    means: tuple[float | None, float | None]
    difference: Estimate
    g: Estimate
    delta: Estimate
    p: float | None
    p_smallest: float | None
    adjusted: Estimate
    p_holm: float | None = None


@dataclass(frozen=True)
class Overall:
    """More than two groups compared at once: whether any differs.

    Attributes
    ----------
    level, groups, variable, animals
        What is compared, without groups of fewer than two animals, which cannot be tested; how many of each have the number.
    f
        The F statistic; None where all animals are alike.
    p, p_holm, p_smallest
        As in `Comparison`.
    """

    level: str
    groups: tuple[str, ...]
    variable: Variable
    animals: tuple[int, ...]
    f: float | None
    p: float | None
    p_smallest: float | None
    p_holm: float | None = None


def describe_groups(
    table: AnimalTable, design: Design, errors: Mapping[str, TaggingError], variables: Sequence[Variable], drawing: Drawing
) -> list[GroupValue]:
    """Return the mean of every group in every variable, the animal as the unit."""
    cells = [(level, group) for level in design.levels for group in design.groups if design.animals(group, level)]
    return [_describe(table, cell, design.animals(cell[1], cell[0]), variable, errors, drawing) for cell in cells for variable in variables]


def _describe(
    table: AnimalTable,
    cell: tuple[str, str],
    members: Sequence[str],
    variable: Variable,
    errors: Mapping[str, TaggingError],
    drawing: Drawing,
) -> GroupValue:
    values, adjusted = table.of(variable, members), UNKNOWN
    shares = _shares(table, variable, [members])
    if _can_be_adjusted(variable, shares, errors):
        adjusted = adjusted_fractions(shares, errors.get(variable.behaviour, NOBODY), drawing.resamples, drawing.seed)[0][0]
    spread = float(values.std(ddof=1)) if len(values) > 1 else None
    return GroupValue(*cell, variable, len(values), mean_of(values, most_of(variable.measure)), spread, adjusted)


def compare_groups(
    table: AnimalTable, design: Design, errors: Mapping[str, TaggingError], variables: Sequence[Variable], drawing: Drawing
) -> tuple[list[Overall], list[Comparison]]:
    """Compare all groups at once where there are more than two, and every pair; each kind is corrected by Holm over all its rows.

    Groups that a level does not have are left out of it. An animal without a number, such as a latency where the behaviour was
    never shown, is left out of that comparison.
    """
    overall, pairs = [], []
    for level in design.levels:
        groups = [group for group in design.groups if design.animals(group, level)]
        members = {group: design.animals(group, level) for group in groups}
        for variable in variables:
            if len(groups) > 2:
                overall.append(_compare_all(level, variable, {group: table.of(variable, members[group]) for group in groups}, drawing))
            for first, second in combinations(groups, 2):
                adjusted = _adjusted_difference(table, variable, (members[first], members[second]), errors, drawing)
                values = (table.of(variable, members[first]), table.of(variable, members[second]))
                pairs.append(replace(_compare_two(level, (first, second), variable, values, drawing), adjusted=adjusted))
    corrected_overall, corrected = _corrected([row.p for row in overall]), _corrected([row.p for row in pairs])
    return (
        [replace(row, p_holm=p) for row, p in zip(overall, corrected_overall, strict=True)],
        [replace(row, p_holm=p) for row, p in zip(pairs, corrected, strict=True)],
    )


def _compare_two(level: str, names: tuple[str, str], variable: Variable, values: tuple[Floats, Floats], drawing: Drawing) -> Comparison:
    first, second = values
    p, smallest, _ = _test(values, drawing)
    return Comparison(
        level=level,
        first=names[0],
        second=names[1],
        variable=variable,
        animals=(len(first), len(second)),
        means=(float(first.mean()) if len(first) else None, float(second.mean()) if len(second) else None),
        difference=difference_of(first, second),
        g=hedges_g(first, second),
        delta=cliffs_delta(first, second),
        p=p,
        p_smallest=smallest,
        adjusted=UNKNOWN,
    )


def _compare_all(level: str, variable: Variable, values: Mapping[str, Floats], drawing: Drawing) -> Overall:
    """Compare the groups of at least two animals: a single animal must not keep the others from being tested."""
    tested = {group: numbers for group, numbers in values.items() if len(numbers) >= _FEWEST_TO_TEST}
    p, smallest, f = _test([*tested.values()], drawing) if len(tested) > 1 else (None, None, None)
    return Overall(level, tuple(tested), variable, tuple(map(len, tested.values())), f, p, smallest)


def _test(values: Sequence[Floats], drawing: Drawing) -> tuple[float | None, float | None, float | None]:
    """Return p, the smallest p that is possible, and F; None of them where a group has too few animals."""
    if min(map(len, values)) < _FEWEST_TO_TEST:
        return None, None, None
    groups = np.repeat(np.arange(len(values), dtype=np.int8), [len(of_group) for of_group in values])
    chance = permutation_test(np.concatenate([*values]), groups, drawing.permutations, drawing.seed)
    return chance.p, chance.smallest, None if np.isnan(chance.f) else chance.f


def _adjusted_difference(
    table: AnimalTable,
    variable: Variable,
    members: tuple[Sequence[str], Sequence[str]],
    errors: Mapping[str, TaggingError],
    drawing: Drawing,
) -> Estimate:
    """Return the second group's adjusted fraction minus the first's, both with the same draw of the held-out animals."""
    shares = _shares(table, variable, members)
    if not _can_be_adjusted(variable, shares, errors):
        return UNKNOWN
    (first, second), (drawn, other) = adjusted_fractions(shares, errors.get(variable.behaviour, NOBODY), drawing.resamples, drawing.seed)
    difference = float(second.value or 0) - float(first.value or 0)
    animals = [len(group.labelled) for group in shares]
    if min(animals) < FEWEST_ANIMALS:
        return Estimate(difference)
    return Estimate(difference, *widened(other - drawn, difference, animals, -1, 1))


def _shares(table: AnimalTable, variable: Variable, members: Sequence[Sequence[str]]) -> list[Shares]:
    """Return what a fraction of time stands on in each group; nothing for other measures, which have no adjustment."""
    return [table.shares_of(variable.behaviour, animals) for animals in members] if variable.measure == "fraction" else []


def _can_be_adjusted(variable: Variable, shares: Sequence[Shares], errors: Mapping[str, TaggingError]) -> bool:
    if variable.measure != "fraction" or not all(len(group.labelled) for group in shares):
        return False
    by_tags = any(group.part_tagged.any() for group in shares)
    return not by_tags or why_not_adjusted(errors.get(variable.behaviour, NOBODY)) is None


def _corrected(p_values: Sequence[float | None]) -> list[float | None]:
    known = [p for p in p_values if p is not None]
    corrected = iter(holm(known))
    return [None if p is None else next(corrected) for p in p_values]
