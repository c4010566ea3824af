"""Several heads as one: which they are, and how their probabilities become one. No network is built here."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field

from ethocache.common.errors import InputError
from ethocache.common.params import Section

KIND = "ensemble"


class MemberRecipe(Section):
    """One member as params.yaml names it.

    Attributes
    ----------
    head
        Name of its recipe.
    streams
        Which streams of the backbone it reads; none named means all.
    seed
        Added to ``train.seed``, so that another seed of an experiment is another one of every member.
    """

    head: str
    streams: tuple[str, ...] = ()
    seed: int = Field(0, ge=0)


class EnsembleRecipe(Section):
    """An ensemble as params.yaml names it.

    Attributes
    ----------
    combine
        ``mean``: every member counts the same. ``stacked``: weights that are chosen on the inner animals.
    decide
        Settings of ``decide`` that it wants otherwise.
    members
        At least two; the same head may stand in it with several seeds.
    """

    kind: Literal["ensemble"]
    combine: Literal["mean", "stacked"] = "mean"
    decide: dict[str, Any] = Field(default_factory=dict)
    members: tuple[MemberRecipe, ...] = Field(min_length=2)


def is_ensemble(recipe: Any) -> bool:
    """Tell a recipe of an ensemble from that of a head."""
    return isinstance(recipe, dict) and recipe.get("kind") == KIND


def check_members(name: str, members: Iterable[dict[str, Any]]) -> None:
    """Refuse members of which two are the same, as they would only count twice.

    Raises
    ------
    InputError
        Naming the head that stands twice.
    """
    seen = []
    for member in members:
        what = [member["head"], sorted(member["streams"]), member["seed"]]
        if what in seen:
            raise InputError(f"params.yaml: heads.{name}: expected members that differ, found '{member['head']}' twice; give each a 'seed'")
        seen.append(what)
