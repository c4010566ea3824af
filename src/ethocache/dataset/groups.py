"""Decide which animals a model is fitted on, which choose its settings, and which score it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ethocache.common.errors import InputError

_Has = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Fold:
    """One round of the nested validation; no animal is on two sides.

    Attributes
    ----------
    name
        The scored animal, or ``group_1``, ``group_2``, ...
    scored
        Animals that the fold's model never sees, not even to choose something.
    inner
        Animals that choose when to stop and where the thresholds lie.
    fitted
        Animals that the weights are fitted on.
    """

    name: str
    scored: tuple[str, ...]
    inner: tuple[str, ...]
    fitted: tuple[str, ...]

    def __post_init__(self) -> None:
        sides = [*self.scored, *self.inner, *self.fitted]
        if len(set(sides)) != len(sides):
            raise ValueError(f"Expected every animal on one side of fold {self.name}, got {sides}")
        if not (self.scored and self.inner and self.fitted):
            raise ValueError(f"Expected animals on every side of fold {self.name}, got {self}")


def make_folds(animals: Iterable[str], max_folds: int = 12, groups: int = 5, has: _Has | None = None, seed: int = 0) -> list[Fold]:
    """Return the folds in which every animal is scored exactly once.

    Up to `max_folds` animals each are a fold of their own (leave one animal out); more are dealt into groups.
    What a fold's inner and fitted animals are does not depend on what its scored animals show.

    Parameters
    ----------
    animals
        The animal of each labelled video; one that is named more often counts as more videos.
    max_folds
        How many animals may each have a fold of their own.
    groups
        How many groups more animals than that are dealt into, with about the same number of videos.
    has
        Animal -> the behaviours it shows at least once. The inner animals are chosen so that every behaviour is left
        to be fitted, and so that they show as many as they can.
    seed
        Decides between animals with equally many videos when groups are dealt.

    Raises
    ------
    InputError
        With fewer than 3 animals, which cannot be fitted, chosen with and scored separately.
    """
    videos = Counter(animals)
    if len(videos) < 3:
        raise InputError(
            f"an honest score needs labelled videos of at least 3 animals (to fit, to choose, to score), found {_listed(videos)}: "
            "label more animals, or only tag videos without any score with: dvc exp run -S train.score=false"
        )
    alone = len(videos) <= max_folds
    teams = [(animal,) for animal in sorted(videos)] if alone else _deal(videos, min(groups, len(videos)), seed)
    names = [team[0] if alone else f"group_{number}" for number, team in enumerate(teams, 1)]
    return [_fold(name, place, teams, has or {}) for place, name in enumerate(names)]


def _listed(videos: Counter[str]) -> str:
    return f"{len(videos)} ({', '.join(sorted(videos))})" if videos else "none"


def _deal(videos: Counter[str], groups: int, seed: int) -> list[tuple[str, ...]]:
    """Give the animals with most videos first, each to the group that has fewest videos so far."""
    names = [str(name) for name in np.random.default_rng(seed).permutation(sorted(videos))]
    teams: list[list[str]] = [[] for _ in range(groups)]
    for name in sorted(names, key=lambda name: -videos[name]):
        min(teams, key=lambda team: (sum(videos[member] for member in team), len(team))).append(name)
    return [tuple(sorted(team)) for team in teams]


def _fold(name: str, place: int, teams: Sequence[tuple[str, ...]], has: _Has) -> Fold:
    others = [*teams[place + 1 :], *teams[:place]]
    inner = max(others, key=lambda team: (_shown([o for o in others if o != team], has), _shown([team], has)))  # max takes the first
    return Fold(name, teams[place], inner, tuple(sorted(animal for team in others if team != inner for animal in team)))


def _shown(teams: Iterable[tuple[str, ...]], has: _Has) -> int:
    """Return how many behaviours these animals show between them."""
    return len(frozenset().union(*(has.get(animal, frozenset()) for team in teams for animal in team)))
