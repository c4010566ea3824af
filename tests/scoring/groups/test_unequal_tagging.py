"""A tagger that is better in one group than in the other is found out, one that errs alike in both is not."""

import numpy as np
import pytest

from ethocache.scoring.groups.in_words import notes
from ethocache.scoring.groups.tagging_error import TaggingError
from ethocache.scoring.groups.unequal_tagging import unequal_tagging

LIKE = "may be the model's; compare by --from labels"


def tagger(animals, recalls, wrongs=None):
    """Held-out animals that show the behaviour in 400 of 2000 frames."""
    wrongs = wrongs or [0.02] * len(animals)
    counts = [[400 * r, 1600 * w, 400 * (1 - r), 1600 * (1 - w)] for r, w in zip(recalls, wrongs, strict=True)]
    return TaggingError(tuple(animals), np.array(counts))


@pytest.fixture
def warned(studied, filmed):
    """Return the warnings about the model, for animals that groom so many of every 10 frames by their tags."""

    def warn(error, first=(2, 3, 2, 3), second=(2, 3, 2, 3)):
        videos = [filmed(f"{name}{n}", g, genotype=name) for name, of in (("WT", first), ("HD", second)) for n, g in enumerate(of)]
        study = studied(videos, control="WT", errors={"grooming": error})
        found = unequal_tagging(study.table, study.design, study.errors, study.drawing)
        return [line for line in notes(study, ["fraction"]) if "the model" in line], found

    return warn


ANIMALS = [f"{name}{n}" for name in ("WT", "HD") for n in range(4)]


def test_recalls_whose_intervals_do_not_overlap_are_told_whatever_the_tags_say(warned):
    lines, _ = warned(tagger(ANIMALS, [0.8, 0.81, 0.79, 0.8, 0.28, 0.3, 0.26, 0.28]))
    assert lines == [f"the model finds grooming in WT better (recall .80) than in HD (.28): a difference between these groups {LIKE}"]


def test_false_alarms_whose_intervals_do_not_overlap_are_told(warned):
    lines, _ = warned(tagger(ANIMALS, [0.8, 0.7, 0.8, 0.7] * 2, [0.02, 0.03, 0.02, 0.03, 0.2, 0.21, 0.2, 0.19]))
    said = "the model sees grooming where it is not more often in HD (false-positive rate .20) than in WT (.03)"
    assert lines == [f"{said}: a difference between these groups {LIKE}"]


def test_a_difference_that_the_tagger_would_make_by_itself_is_told_though_intervals_overlap(warned):
    recalls = [0.9, 0.6, 0.95, 0.75, 0.1, 0.6, 0.1, 0.32]
    assert warned(tagger(ANIMALS, recalls))[1] == []  # no difference to explain
    lines, found = warned(tagger(ANIMALS, recalls), first=(3, 3, 3, 4), second=(2, 2, 2, 1))
    assert [one.rate for one in found] == ["recall"] and "better (recall .80) than in HD (.28)" in lines[0]


def test_a_difference_far_beyond_the_taggers_or_against_it_is_not_told(warned):
    recalls = [0.9, 0.6, 0.95, 0.75, 0.1, 0.6, 0.1, 0.32]
    assert warned(tagger(ANIMALS, recalls), first=(8, 9, 8, 9), second=(1, 2, 1, 2))[0] == []
    assert warned(tagger(ANIMALS, recalls), first=(2, 2, 2, 1), second=(3, 3, 3, 4))[0] == []


def test_a_tagger_that_errs_alike_in_both_groups_is_not_told(warned):
    assert warned(tagger(ANIMALS, [0.7, 0.6, 0.8, 0.65, 0.66, 0.72, 0.6, 0.75]), first=(3, 3, 3, 4), second=(2, 2, 2, 1))[0] == []


def test_one_held_out_animal_of_a_group_says_nothing_of_the_group(warned):
    assert warned(tagger(ANIMALS[:5], [0.8, 0.81, 0.79, 0.8, 0.1]), first=(3, 3, 3, 4), second=(2, 2, 2, 1))[0] == []
