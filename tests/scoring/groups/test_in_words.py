"""What was found, for people."""

from ethocache.scoring.groups.in_words import notes, summary


def groups(filmed, animals, apart=5):
    return [
        filmed(f"{genotype}{n}", first + n % 3, genotype=genotype)
        for genotype, first in (("WT", 1), ("HD", 1 + apart))
        for n in range(animals)
    ]


def test_clear_differences_are_told_with_their_corrected_p(studied, filmed):
    said = summary(studied(groups(filmed, 6), control="WT", measures=["fraction"]))
    assert said.startswith("12 videos of 12 animals in 2 groups (WT 6, HD 6); 1 of 2 comparisons with p < .05 after Holm's correction: ")
    assert "grooming fraction, HD minus WT +0.5 (p 0.004" in said


def test_of_many_groups_the_comparison_of_all_is_told(studied, two_groups):
    assert "0 of 4 comparisons of all groups at once with p < .05" in summary(studied(two_groups, by=["genotype", "treatment"]))


def test_levels_with_two_groups_are_told_beside_those_with_more(studied, filmed, two_groups):
    third = [filmed(f"KO{n}", 3 + n, genotype="KO", treatment="drug") for n in range(2)]
    said = summary(studied([*two_groups, *third], within=["treatment"]))
    assert "; 0 of 4 comparisons of all groups at once with p < .05 after Holm's correction; 0 of 4 comparisons with p < .05" in said


def test_without_groups_it_is_said_how_to_name_some(studied, two_groups, filmed):
    study = studied(two_groups, by=())
    assert summary(study) == "8 videos of 8 animals"
    assert notes(study, ["fraction"]) == ["no groups were compared; name them with --by genotype"]
    assert (
        notes(studied([filmed("a", 2)], by=()), ["fraction"])[-1] == "no groups were compared; name them with --metadata FILE --by COLUMN"
    )


def test_too_few_animals_for_any_p_to_be_small_is_said(studied, filmed):
    lines = notes(studied(groups(filmed, 3)), ["fraction", "bouts_per_min"])
    assert lines == ["HD and WT: with 3 against 3 animals p cannot be smaller than 0.1"]
    (line,) = notes(studied(groups(filmed, 4)), ["fraction", "bouts_per_min"])
    assert line.startswith(
        "with so few animals p is at least 0.029, which times 4 comparisons is never below .05 after Holm's correction: "
    )
    assert "decide on at most 1 (" in line
    assert notes(studied(groups(filmed, 6)), ["fraction", "bouts_per_min"]) == []


def test_a_group_of_one_animal_is_named(studied, filmed):
    videos = [*groups(filmed, 6), filmed("lonely", 3, genotype="KO")]
    assert any(
        line.startswith("HD and KO: 6 against 1 animals cannot be tested (grooming fraction, ") for line in notes(studied(videos), [])
    )


def test_missing_motion_and_behaviours_that_cannot_be_adjusted_are_named(studied, filmed):
    from ethocache.scoring.groups.tagging_error import tagging_errors

    study = studied(groups(filmed, 6), errors=tagging_errors({}, ("grooming", "rearing")))
    assert notes(study, ["fraction", "distance"])[:2] == [
        "no distance, as data/summary/motion.csv has none; 'dvc repro' measures it from tracks",
        "grooming: its fraction of time is not adjusted for tagging errors: 0 held-out animals show it, and 3 are needed to know how it "
        "is tagged",
    ]


def test_names_with_line_breaks_stay_on_one_line(studied, filmed):
    videos = [filmed(f"{name}{n}", first + n % 3, genotype=name) for name, first in (("W\nT", 1), ("H\x1bD", 6)) for n in range(6)]
    said = summary(studied(videos, measures=["fraction"]))
    assert "(H D 6, W T 6)" in said and "W T minus H D -0.5" in said and "\n" not in said and "\x1b" not in said
