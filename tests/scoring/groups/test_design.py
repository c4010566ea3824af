"""Who is compared with whom."""

from itertools import product

import pytest

from ethocache.common.errors import InputError
from ethocache.scoring.groups.design import make_design

ABOUT = {
    "3": [{"genotype": "HD", "treatment": "saline", "animal": "3"}],
    "1": [{"genotype": "WT", "treatment": "saline", "animal": "1"}] * 2,
    "2": [{"genotype": "WT", "treatment": "drug", "animal": "2"}],
}


def test_groups_are_made_of_parts_of_the_name_the_control_first():
    design = make_design(ABOUT, ["genotype"], [], control="WT")
    assert design.groups == ("WT", "HD") and design.animals("WT") == ["1", "2"] and design.levels == ("",)
    assert make_design(ABOUT, ["genotype", "treatment"], []).groups == ("HD saline", "WT drug", "WT saline")


def test_groups_are_compared_within_levels_of_another_part():
    design = make_design(ABOUT, ["genotype"], ["treatment"])
    assert design.levels == ("drug", "saline")
    assert (design.animals("WT", "saline"), design.animals("HD", "drug")) == (["1"], [])


def test_without_parts_all_animals_are_one_group():
    assert make_design(ABOUT, [], []).animals("") == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("by", "within", "control", "said"),
    [
        (["genotyp"], [], "", r"--by: 'genotyp' is no part of the videos' names .*, did you mean 'genotype'\?; known: genotype, treatment"),
        (["genotype"], ["sex"], "", "--within: 'sex' is no part of the videos' names"),
        (["animal"], [], "", "--by: expected what several animals have in common, found 'animal'"),
        (["genotype"], ["genotype"], "", "--within: expected another part than in --by, found 'genotype' in both"),
        (["genotype"], [], "KO", "--control: 'KO' is not a group; known: HD, WT"),
    ],
)
def test_a_question_that_does_not_fit_is_refused(by, within, control, said):
    with pytest.raises(InputError, match=said):
        make_design(ABOUT, by, within, control)


def test_an_animal_in_two_groups_or_in_none_and_a_single_group_are_refused():
    both = ABOUT | {"1": [{"genotype": "WT"}, {"genotype": "HD"}]}
    with pytest.raises(InputError, match="--by: animal '1' has genotype 'HD' and 'WT', and animals are compared between groups; if these"):
        make_design(both, ["genotype"], [])
    with pytest.raises(InputError, match="--by: animal '1' has no genotype; fill it in"):
        make_design(ABOUT | {"1": [{"genotype": ""}]}, ["genotype"], [])
    with pytest.raises(InputError, match="--by: expected at least two groups by genotype, found only 'WT'; name another part"):
        make_design({"1": ABOUT["1"], "2": ABOUT["2"]}, ["genotype"], [])
    with pytest.raises(InputError, match="names have no other part than the animal; give a table with --metadata"):
        make_design({"1": [{"animal": "1"}]}, ["genotype"], [])


def test_two_groups_never_share_a_name():
    about = {"1": [{"line": "WT", "dose": "very high"}], "2": [{"line": "WT very", "dose": "high"}], "3": [{"line": "HD", "dose": "high"}]}
    with pytest.raises(InputError, match="--by: 'WT very high' would be the name of two groups, as line and dose have"):
        make_design(about, ["line", "dose"], [])


def test_groups_with_numbers_stand_in_the_order_of_the_numbers():
    doses = ["10 mg", "2 mg", "0.5 mg", "saline", "02 mg"]
    design = make_design({f"a{number}": [{"dose": dose}] for number, dose in enumerate(doses)}, ["dose"], [])
    assert design.groups == ("0.5 mg", "02 mg", "2 mg", "10 mg", "saline")
    within = make_design(
        {f"a{n}": [{"day": day, "dose": dose}] for n, (day, dose) in enumerate(product(("9", "10"), "ab"))}, ["dose"], ["day"]
    )
    assert within.levels == ("9", "10")


def test_a_part_that_is_named_twice_is_refused():
    with pytest.raises(InputError, match=r"^--by: expected each part once, found 'dose' twice$"):
        make_design({"a": [{"dose": "1"}], "b": [{"dose": "2"}]}, ["dose", "dose"], [])
