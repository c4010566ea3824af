from ethocache.scoring.comparison import Difference
from ethocache.scoring.comparison_report import HEADER, ON_ITS_RUN, cost_table, in_words, rows, table
from ethocache.scoring.standings import Cost


def found(difference: float, p: float, animals: int = 8, low: float | None = None, high: float | None = None):
    macro = Difference(0.7, 0.7 + difference, difference, low, high, p, animals)
    grooming = Difference(0.8, 0.9, 0.1, 0.01, 0.2, 0.03, animals)
    return {"average_precision": {"grooming": grooming, "macro": macro}, "f1": {"grooming": grooming, "macro": macro}}


def test_the_better_one_is_named_first_with_how_much_how_sure_and_how_likely_by_chance():
    expected = "tcn is better than lstm by 0.050 macro average precision (0.020 to 0.080, p = 0.008), on 8 animals"
    assert in_words("lstm", "tcn", found(0.05, 0.0078, low=0.02, high=0.08)) == expected
    assert in_words("tcn", "lstm", found(-0.05, 0.0078, low=-0.08, high=-0.02)) == expected


def test_a_p_below_a_thousandth_is_not_written_as_zero():
    assert "(p < 0.001)" in in_words("lstm", "tcn", found(0.05, 0.0004))


def test_a_difference_that_chance_makes_too_is_none_and_says_which_way_it_lies():
    assert in_words("lstm", "tcn", found(-0.012, 0.31, low=-0.044, high=0.02)) == (
        "no difference between lstm and tcn that can be told from chance: macro average precision of tcn is 0.012 lower "
        "(difference -0.044 to 0.020, p = 0.310), on 8 animals"
    )


def test_with_fewer_than_six_animals_no_difference_can_be_shown():
    few = "; p cannot fall below 0.0625 with so few, so no difference could be shown: label more"
    assert in_words("a", "b", found(0.3, 0.0625, animals=5)).endswith(f"on 5 animals{few}")
    assert in_words("a", "b", found(0.3, 0.09, animals=6)).endswith("on 6 animals")


def test_equal_answers_and_animals_left_out_are_told():
    assert in_words("a", "b", found(0, 1), same=True) == "no difference: a and b gave the same answers in every frame, on 8 animals"
    assert in_words("a", "b", found(0.1, 0.01), searched=3).endswith("; 3 more are not compared, as settings were searched on them")
    left_out = "on 8 animals that both scored (left out: videos of m1, m2, m3, m4, m5, ... that only one has)"
    assert in_words("a", "b", found(0.1, 0.01), [f"m{number}" for number in range(1, 7)]).endswith(left_out)


def test_the_table_has_macro_first_and_straight_columns():
    lines = table("lstm", "tcn", found(0.05, 0.5)).splitlines()
    assert lines == [
        "score              behaviour   lstm    tcn  difference   95 % interval      p",
        "average precision  macro      0.700  0.750      +0.050               -  0.500",
        "average precision  grooming   0.800  0.900      +0.100  0.010 to 0.200  0.030",
        *(line.replace("average precision", "F1               ") for line in lines[1:3]),
    ]
    given = list(rows(found(0.05, 0.5)))
    assert given[0] == ("average_precision", "macro", 0.7, 0.75, 0.05, None, None, 0.5, 8)
    assert len(given) == 4 and all(len(row) == len(HEADER) for row in given)


def test_costs_stand_side_by_side_and_what_is_not_known_is_a_dash():
    costs = cost_table("lstm", "folder", Cost(480.04, 33.5, 44.7, 48.2), Cost())
    assert [line.split() for line in costs.splitlines()] == [
        ["cost", "lstm", "folder"], ["embedding,", "frames/s", "480.0", "-"], ["training,", "s", "33.5", "-"],
        ["all", "stages,", "s", "44.7", "-"], ["kept,", "MB", "48.2", "-"],
        ON_ITS_RUN.split(),
    ]  # fmt: skip
