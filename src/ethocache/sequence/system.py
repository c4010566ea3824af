"""The networks that tag together: one, or the members of an ensemble."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.dataset.views import view_of
from ethocache.sequence.combination import Combine
from ethocache.sequence.decision_settings import DecideParams
from ethocache.sequence.heads import effective_train, parse_head
from ethocache.sequence.heads.ensemble import is_ensemble
from ethocache.sequence.heads.settings import HeadSettings
from ethocache.sequence.settings import TrainParams

VIEWS_REVISION = 1  # raise it when networks of several cameras would be trained, combined, or tag otherwise; of one camera none hangs on it
HIDDEN_VIEWS = 0.2  # probability that training hides one of several cameras where `hide_streams` says nothing; one may be missing later


@dataclass(frozen=True)
class Member:
    """One network of a system.

    Attributes
    ----------
    name
        In the user's words, such as ``"lstm"`` or ``"lstm on resnet50, seed 1"``.
    head, params
        Its settings, and those of its training; what the head wants otherwise is in them already.
    streams
        Which feature streams it reads.
    """

    name: str
    head: HeadSettings
    params: TrainParams
    streams: tuple[str, ...]


@dataclass(frozen=True)
class System:
    """What is trained and scored together.

    Attributes
    ----------
    members
        At least one.
    combine
        How several become one.
    params
        Decide about folds and the task of all.
    decide
        How probabilities become tags; what the head wants otherwise is in it already.
    """

    members: tuple[Member, ...]
    combine: Combine
    params: TrainParams
    decide: DecideParams

    @property
    def exclusive(self) -> bool:
        """Whether a frame has at most one of the behaviours."""
        return self.params.task == "exclusive"

    @property
    def streams(self) -> tuple[tuple[str, ...], ...]:
        """Which streams each member reads."""
        return tuple(member.streams for member in self.members)

    @property
    def tuned_on(self) -> frozenset[str]:
        """The animals that settings of any member were searched on."""
        return frozenset(animal for member in self.members for animal in member.head.tuned_on)


def read_system(recipe: Mapping[str, Any], params: TrainParams, decide: DecideParams, streams: Sequence[str]) -> System:
    """Return the system of a resolved recipe, as `resolve_head` gives it.

    Parameters
    ----------
    params, decide
        The sections ``train`` and ``decide``.
    streams
        Of the backbone.

    Raises
    ------
    InputError
        If a head does not agree with the section ``train``, or a member reads a stream that the backbone does not have.
    """
    name, settings = str(recipe["name"]), recipe["settings"]
    place = f"params.yaml: decide, with the 'decide' of heads.{name}"
    decide = parse_section({**decide.model_dump(), **settings.get("decide", {})}, DecideParams, place)
    if not is_ensemble(settings):
        head = parse_head(settings, f"params.yaml: heads.{name}")
        params = effective_train(params, head)
        return System(_of_views(Member(name, head, params, tuple(streams))), "mean", params, decide)
    members = tuple(one for member in settings["members"] for one in _of_views(_member(name, member, params, streams)))
    return System(members, settings["combine"], params, decide)


def missing_streams(recipe: Mapping[str, Any], streams: Sequence[str]) -> tuple[str, ...]:
    """Return the streams that members of a resolved recipe name and the backbone does not have."""
    members = recipe["settings"]["members"] if is_ensemble(recipe["settings"]) else ()
    return tuple(dict.fromkeys(stream for member in members for stream in member["streams"] if stream not in streams))


def _member(ensemble: str, recipe: Mapping[str, Any], params: TrainParams, streams: Sequence[str]) -> Member:
    place = f"params.yaml: heads.{ensemble}: member '{recipe['head']}'"
    if lacking := [stream for stream in recipe["streams"] if stream not in streams]:
        raise InputError(f"{place}: expected streams of the backbone ({', '.join(streams)}), found '{lacking[0]}'")
    head = parse_head(recipe["settings"], place)
    own = effective_train(params, head)
    if own.task != params.task:
        raise InputError(f"{place}: expected train.task '{params.task}' as of all members, found '{own.task}' in its 'train'")
    return Member(
        _named(recipe), head, own.model_copy(update={"seed": own.seed + recipe["seed"]}), tuple(recipe["streams"]) or tuple(streams)
    )


def _of_views(member: Member) -> tuple[Member, ...]:
    """Return the networks that a member is: of several cameras one, or with late fusion one for each camera."""
    views = tuple(dict.fromkeys(map(view_of, member.streams)))
    head = member.head.model_copy(update={"fusion": "middle"})  # from here on the streams say it
    if len(views) < 2:
        return (replace(member, head=head),)
    if member.head.fusion == "middle":
        hide = member.params.hide_streams or HIDDEN_VIEWS
        return (replace(member, head=head, params=member.params.model_copy(update={"hide_streams": hide})),)
    own = {view: tuple(stream for stream in member.streams if view_of(stream) == view) for view in views}
    return tuple(replace(member, name=f"{member.name} on {view}", head=head, streams=streams) for view, streams in own.items())


def _named(recipe: Mapping[str, Any]) -> str:
    where = f" on {', '.join(recipe['streams'])}" if recipe["streams"] else ""
    return f"{recipe['head']}{where}" + (f", seed {recipe['seed']}" if recipe["seed"] else "")
