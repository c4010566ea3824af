"""Is the tagger as good in one group as in the other? If not, tags can differ where the animals do not."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ethocache.scoring.frames import Floats, prevalence, recall
from ethocache.scoring.groups.animals import AnimalTable, Variable
from ethocache.scoring.groups.comparing import Drawing
from ethocache.scoring.groups.design import Design
from ethocache.scoring.groups.effects import Estimate, difference_of
from ethocache.scoring.groups.tagging_error import TaggingError, false_positive_rate, rate_of

FEWEST_SHOWING = 2
"""Held-out animals of a group that show a behaviour, below which its rates say next to nothing of the group."""

EXPLAINED = 0.5
"""Part of a difference between groups from which on the tagger's own difference is named beside it."""

RATES = ("recall", "false_positive_rate")


@dataclass(frozen=True)
class UnequalTagging:
    """One behaviour that is tagged differently in two groups.

    Attributes
    ----------
    level, first, second, behaviour
        Where.
    rate
        One of `RATES`: the one that makes the difference.
    values
        What it is in the first and the second group, in held-out animals.
    """

    level: str
    first: str
    second: str
    behaviour: str
    rate: str
    values: tuple[float, float]


def unequal_tagging(table: AnimalTable, design: Design, errors: Mapping[str, TaggingError], drawing: Drawing) -> list[UnequalTagging]:
    """Return the pairs of groups, and behaviours, in which the tagger clearly differs.

    It does where the 95 % intervals of recall, or of the false-positive rate, do not overlap; or where the interval of the
    difference in the fraction of time leaves out zero, and the rates of the two groups by themselves would make at least half of
    that difference, in the same direction, in animals that do not differ. These would be the held-out animals of both
    groups together, which show the behaviour for the fraction p of the time: tags of a group say
    ``recall * p + false_positive_rate * (1 - p)``.

    Groups in which fewer than two held-out animals show the behaviour are not compared.
    """
    found = []
    for level in design.levels:
        groups = [group for group in design.groups if design.animals(group, level)]
        for (first, second), (behaviour, error) in ((pair, item) for pair in combinations(groups, 2) for item in errors.items()):
            members = [design.animals(group, level) for group in (first, second)]
            parts = [error.only(animals) for animals in members]
            if min(_showing(part) for part in parts) < FEWEST_SHOWING:
                continue
            fractions = [table.of(Variable(behaviour, "fraction"), animals) for animals in members]
            if rate := _apart(parts, drawing) or _explaining(parts, difference_of(*fractions)):
                values = [_rates(part.counts.sum(axis=0))[RATES.index(rate)] for part in parts]
                found.append(UnequalTagging(level, first, second, behaviour, rate, (float(values[0]), float(values[1]))))
    return found


def _showing(error: TaggingError) -> int:
    return int(np.count_nonzero(error.counts[:, 0] + error.counts[:, 2]))


def _rates(counts: Floats) -> Floats:
    return np.array([recall(counts), false_positive_rate(counts)])


def _apart(parts: list[TaggingError], drawing: Drawing) -> str:
    """Return the rate whose intervals do not overlap; nothing where they all do, or are not known."""
    for rate in RATES:
        first, second = (rate_of(part, rate, drawing.resamples, drawing.seed) for part in parts)
        known = None not in (first.low, first.high, second.low, second.high)
        if known and (_before(first, second) or _before(second, first)):
            return rate
    return ""


def _before(one: Estimate, other: Estimate) -> bool:
    return one.high is not None and other.low is not None and one.high < other.low


def _explaining(parts: list[TaggingError], found: Estimate) -> str:
    """Return the rate that makes most of the difference found; nothing where none was, or where little of it is the tagger's."""
    if found.value is None or found.low is None or found.high is None or found.low <= 0 <= found.high:
        return ""
    shown = float(prevalence(np.sum([part.counts.sum(axis=0) for part in parts], axis=0)))
    made = (_rates(parts[1].counts.sum(axis=0)) - _rates(parts[0].counts.sum(axis=0))) * (shown, 1 - shown)
    part_of_it = made / found.value  # NaN, where an animal shows it all the time, explains nothing
    return RATES[int(part_of_it.argmax())] if part_of_it.sum() >= EXPLAINED else ""
