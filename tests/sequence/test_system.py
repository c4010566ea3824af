"""One head or several: which networks are trained, on what, and what cannot be."""

import pytest

from ethocache.common.errors import InputError
from ethocache.sequence.decision_settings import DecideParams
from ethocache.sequence.heads import check_heads, resolve_head
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.system import missing_streams, read_system

STREAMS = ("resnet50", "inception_resnet_v2")
RECIPES = {
    "lstm": {"kind": "lstm", "train": {"window_s": 20}},
    "tcn": {"kind": "tcn", "decide": {"threshold": 0.5}},
    "two": {"kind": "ensemble", "members": [{"head": "lstm", "seed": 3}, {"head": "tcn", "streams": ["resnet50"]}]},
    "two_of_two": {"kind": "ensemble", "members": [{"head": "two"}, {"head": "lstm"}]},
    "twice": {"kind": "ensemble", "members": [{"head": "lstm"}, {"head": "lstm"}]},
    "one": {"kind": "ensemble", "members": [{"head": "lstm"}]},
    "unknown": {"kind": "ensemble", "members": [{"head": "lstm"}, {"head": "tnc"}]},
    "other_task": {"kind": "ensemble", "members": [{"head": "lstm"}, {"head": "alone"}]},
    "alone": {"kind": "linear", "train": {"task": "exclusive"}},
}


def system(name, streams=STREAMS, **train):
    return read_system(resolve_head(name, RECIPES), TrainParams(**train), DecideParams(), streams)


def test_a_head_is_a_system_of_one_that_reads_every_stream():
    (member,) = system("lstm", seed=5).members
    assert (member.name, member.streams, member.params.window_s, member.params.seed) == ("lstm", STREAMS, 20, 5)


def test_members_have_their_streams_seeds_and_trainings_of_their_own():
    both = system("two", seed=5)
    assert [(m.name, m.streams, m.params.seed, m.params.window_s) for m in both.members] == [
        ("lstm, seed 3", STREAMS, 8, 20),
        ("tcn on resnet50", ("resnet50",), 5, 30),
    ]
    assert (both.combine, both.params.seed, both.exclusive) == ("mean", 5, False)


def test_a_head_may_want_its_tags_decided_otherwise_but_not_as_a_member():
    assert system("tcn").decide.threshold == 0.5
    assert system("two").decide == DecideParams()


def test_an_edited_member_makes_another_recipe_and_an_unused_head_does_not():
    before = resolve_head("two", RECIPES)
    assert resolve_head("two", RECIPES | {"alone": {"kind": "linear", "input_dropout": 0.1}}) == before
    assert resolve_head("two", RECIPES | {"tcn": {"kind": "tcn", "channels": 32}}) != before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("two_of_two", "params.yaml: heads.two_of_two: member 'two' is an ensemble itself; name its members instead"),
        ("twice", "params.yaml: heads.twice: expected members that differ, found 'lstm' twice; give each a 'seed'"),
        ("one", "heads.one: 'members': Tuple should have at least 2 items"),
        ("unknown", "params.yaml: heads.unknown: member 'tnc' is not a recipe of 'heads', did you mean 'tcn'?"),
    ],
)
def test_an_ensemble_that_cannot_be_is_refused(name, message):
    with pytest.raises(InputError) as refusal:
        resolve_head(name, RECIPES)
    assert message in str(refusal.value)
    with pytest.raises(InputError):
        check_heads({name: RECIPES[name]} | {"lstm": RECIPES["lstm"], "two": RECIPES["two"], "tcn": RECIPES["tcn"]})


def test_a_member_of_another_task_is_refused():
    with pytest.raises(
        InputError, match=r"heads.other_task: member 'alone': expected train.task 'multilabel' as of all members, found 'exclusive'"
    ):
        system("other_task")


def test_a_stream_that_the_backbone_lacks_is_refused():
    assert missing_streams(resolve_head("two", RECIPES), ("pose",)) == ("resnet50",)
    assert missing_streams(resolve_head("two", RECIPES), STREAMS) == missing_streams(resolve_head("lstm", RECIPES), ()) == ()
    with pytest.raises(InputError, match=r"member 'tcn': expected streams of the backbone \(pose\), found 'resnet50'"):
        system("two", streams=("pose",))
