"""Every animal is scored once, and never by a model that has seen it."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.common.errors import InputError
from ethocache.dataset.groups import Fold, make_folds

ALL = frozenset({"grooming", "rearing"})
NAMES = st.lists(st.text("abcdefgh", min_size=1, max_size=2), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(
    videos=NAMES,
    max_folds=st.integers(0, 12),
    groups=st.integers(3, 6),
    shown=st.dictionaries(st.text("abcd", min_size=1, max_size=2), st.just(ALL)),
)
def test_every_animal_is_scored_once_and_no_animal_is_on_two_sides(videos, max_folds, groups, shown):
    if len(set(videos)) < 3:
        return
    folds = make_folds(videos, max_folds, groups, shown)
    assert sorted(animal for fold in folds for animal in fold.scored) == sorted(set(videos))
    for fold in folds:
        assert sorted([*fold.scored, *fold.inner, *fold.fitted]) == sorted(set(videos))
        assert fold.fitted and fold.inner and fold.scored


def test_few_animals_are_left_out_one_by_one_and_the_next_one_chooses():
    folds = make_folds(["c", "a", "b", "a"])
    assert [(fold.name, fold.scored, fold.inner, fold.fitted) for fold in folds] == [
        ("a", ("a",), ("b",), ("c",)),
        ("b", ("b",), ("c",), ("a",)),
        ("c", ("c",), ("a",), ("b",)),
    ]


def test_many_animals_are_dealt_into_groups_of_about_as_many_videos():
    videos = [f"animal{number}" for number in range(20) for _ in range(1 + number % 3)]
    folds = make_folds(videos, max_folds=12, groups=5)
    counts = Counter(videos)
    sizes = [sum(counts[animal] for animal in fold.scored) for fold in folds]
    assert [fold.name for fold in folds] == [f"group_{number}" for number in range(1, 6)]
    assert max(sizes) - min(sizes) <= 2


def test_the_seed_decides_the_groups():
    videos = [f"animal{number}" for number in range(20)]
    assert make_folds(videos, seed=1) == make_folds(videos[::-1], seed=1)
    assert make_folds(videos, seed=1) != make_folds(videos, seed=2)


def test_more_groups_than_animals_become_one_each():
    assert len(make_folds("abcd", max_folds=3, groups=9)) == 4


def test_animals_that_show_every_behaviour_choose():
    shown = {"a": ALL, "b": frozenset({"grooming"}), "c": ALL, "d": ALL}
    assert make_folds("abcd", has=shown)[0].inner == ("c",)


def test_the_only_other_animal_with_a_behaviour_is_fitted_on():
    shown = {"a": ALL, "b": ALL, "c": frozenset({"grooming"}), "d": frozenset({"grooming"})}
    assert "b" in make_folds("abcd", has=shown)[0].fitted


def test_what_the_scored_animal_shows_does_not_decide_its_fold():
    shown = dict.fromkeys("bcd", ALL)
    assert make_folds("abcd", has=shown | {"a": ALL})[0] == make_folds("abcd", has=shown | {"a": frozenset()})[0]


@pytest.mark.parametrize(("animals", "found"), [([], "found none"), (["m1", "m2", "m1"], "found 2 (m1, m2)")])
def test_fewer_than_three_animals_are_refused_with_a_way_to_tag_all_the_same(animals, found):
    with pytest.raises(InputError, match=r"at least 3 animals .* -S train.score=false") as refusal:
        make_folds(animals)
    assert found in str(refusal.value)


def test_a_fold_with_an_animal_on_two_sides_cannot_be_built():
    with pytest.raises(ValueError, match="every animal on one side of fold x"):
        Fold("x", ("a",), ("a",), ("b",))
    with pytest.raises(ValueError, match="animals on every side of fold x"):
        Fold("x", ("a",), ("b",), ())
