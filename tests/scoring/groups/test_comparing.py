"""Groups compared in every behaviour and measure."""

import numpy as np
import pytest

from ethocache.dataset.predictions import Prediction
from ethocache.dataset.tagged_video import TaggedVideo
from ethocache.scoring.groups.effects import UNKNOWN, holm
from ethocache.scoring.groups.measuring import measure_video
from ethocache.scoring.groups.tagging_error import TaggingError, count_video, tagging_errors


def row_of(rows, behaviour, measure):
    return next(row for row in rows if (row.variable.behaviour, row.variable.measure) == (behaviour, measure))


def test_two_groups_are_compared_second_minus_first(studied, two_groups):
    study = studied(two_groups, control="WT")
    row = row_of(study.pairs, "grooming", "fraction")
    assert (row.first, row.second, row.animals) == ("WT", "HD", (4, 4))
    assert row.means == pytest.approx((0.35, 0.55)) and row.difference.value == pytest.approx(0.2)
    assert row.difference.low < 0.2 < row.difference.high and row.g.value > 1 and row.delta.value == pytest.approx(12 / 16)
    assert row.p_smallest == pytest.approx(2 / 70) and row.p >= row.p_smallest
    assert study.overall == []


def test_tags_understate_a_planted_difference_and_the_adjusted_difference_recovers_it(studied):
    """From frames to the table: animals groom 15 or 40 % of the time; .7 of that is tagged, and .08 of all else."""
    random = np.random.default_rng(2)

    def groom(animal: str, mean: float) -> Prediction:
        label = (random.random((200, 1)) < random.beta(20 * mean, 20 * (1 - mean))).repeat(10, axis=0).astype(np.int8)  # bouts of 1 s
        recall, wrong = random.beta(28, 12), random.beta(3.2, 36.8)
        tag = (random.random(label.shape) < np.where(label, recall, wrong)).astype(np.int8)
        nothing = np.zeros_like(tag)
        label, tag = np.hstack([label, nothing]), np.hstack([tag, nothing])
        threshold, time_s = np.full(2, 0.5, np.float32), np.arange(2000) / 10
        return Prediction(animal, animal, animal, ("grooming", "rearing"), tag.astype(np.float32), label, tag, time_s, threshold, False)

    animals = [(genotype, groom(f"{genotype}{n}", mean)) for genotype, mean in (("WT", 0.15), ("HD", 0.40)) for n in range(12)]
    videos = [
        measure_video(TaggedVideo(p.video, p.behaviours, p.time_s, p.tag), p.animal, {"genotype": genotype}, 60) for genotype, p in animals
    ]
    held_out = {f"h{n}": count_video(groom(f"h{n}", 0.25)) for n in range(10)}
    row = row_of(studied(videos, control="WT", errors=tagging_errors(held_out, ("grooming", "rearing"))).pairs, "grooming", "fraction")
    of_group = {name: np.mean([p.label[:, 0].mean() for genotype, p in animals if genotype == name]) for name in ("WT", "HD")}
    planted = of_group["HD"] - of_group["WT"]
    assert row.difference.value < 0.75 * planted and row.difference.high < planted
    assert row.adjusted.low <= 0.25 <= row.adjusted.high and abs(row.adjusted.value - planted) < 0.3 * abs(row.difference.value - planted)


def test_the_difference_is_adjusted_for_the_tagger(studied, two_groups):
    row = row_of(studied(two_groups).pairs, "grooming", "fraction")
    assert row.adjusted.value == pytest.approx(row.difference.value / (0.7 - 0.1)) and row.adjusted.low < row.adjusted.value
    assert row_of(studied(two_groups).pairs, "grooming", "bouts_per_min").adjusted == UNKNOWN
    useless = {name: TaggingError(("a", "b", "c"), np.array([[10.0, 100, 90, 900]] * 3)) for name in ("grooming", "rearing")}
    study = studied(two_groups, errors=useless)
    assert {row.adjusted for row in study.pairs} == {value.adjusted for value in study.values} == {UNKNOWN}


def test_videos_that_people_scored_need_no_tagger(studied, filmed):
    videos = [filmed(f"{genotype}{n}", 2 + n, by="manual", genotype=genotype) for genotype in ("WT", "HD") for n in range(3)]
    study = studied(videos, errors={})
    assert row_of(study.pairs, "grooming", "fraction").adjusted.value == row_of(study.pairs, "grooming", "fraction").difference.value
    assert row_of(study.values, "grooming", "fraction").adjusted.value == pytest.approx(0.3)


def test_p_values_are_corrected_over_all_behaviours_measures_and_levels(studied, two_groups):
    study = studied(two_groups, within=["treatment"])
    assert [row.level for row in study.pairs] == ["drug"] * 4 + ["saline"] * 4
    assert [row.p_holm for row in study.pairs] == holm([row.p for row in study.pairs])
    assert {row.animals for row in study.pairs} == {(2, 2)}


def test_more_than_two_groups_are_compared_at_once_and_in_pairs(studied, two_groups):
    study = studied(two_groups, by=["genotype", "treatment"])
    assert [row.groups for row in study.overall] == [("HD drug", "HD saline", "WT drug", "WT saline")] * 4
    assert len(study.pairs) == 6 * 4 and row_of(study.overall, "grooming", "fraction").f > 0
    assert [row.p_holm for row in study.overall] == holm([row.p for row in study.overall])


def test_a_group_of_one_animal_is_described_but_not_tested(studied, filmed, two_groups):
    study = studied([*two_groups, filmed("lonely", 3, genotype="KO", treatment="drug")])
    rows = [row for row in study.pairs if "KO" in (row.first, row.second)]
    assert rows and all(
        row.p is row.p_holm is row.p_smallest is row.difference.low is row.g.value is row.delta.value is None for row in rows
    )
    assert row_of(rows, "grooming", "fraction").difference.value == pytest.approx(0.3 - 0.55)
    alone = studied([video for video in [*two_groups, filmed("lonely", 3, genotype="KO")] if video.animal in ("WT0", "HD0", "lonely")])
    assert {(row.groups, row.p) for row in alone.overall} == {((), None)}


def test_a_group_of_one_animal_does_not_keep_the_others_from_being_compared_at_once(studied, filmed, two_groups):
    study = studied([*two_groups, filmed("lonely", 3, genotype="KO")])
    row, pair = row_of(study.overall, "grooming", "fraction"), row_of(studied(two_groups).pairs, "grooming", "fraction")
    assert (row.groups, row.animals, row.p) == (("HD", "WT"), (4, 4), pair.p)


def test_levels_without_a_group_compare_the_others(studied, filmed, two_groups):
    third = [filmed(f"KO{n}", 3 + n, genotype="KO", treatment="drug") for n in range(2)]
    study = studied([*two_groups, *third], within=["treatment"])
    assert {row.groups for row in study.overall} == {("HD", "KO", "WT")} and {row.level for row in study.overall} == {"drug"}
    assert {(row.first, row.second) for row in study.pairs if row.level == "saline"} == {("HD", "WT")}


def test_groups_are_described_in_everything_that_is_known(studied, two_groups):
    study = studied(two_groups)
    value = row_of(study.values, "grooming", "total_s")
    assert (value.group, value.animals, value.mean.value) == ("HD", 4, pytest.approx(11))
    assert value.spread == pytest.approx(2 * np.std([1, 2, 3, 4], ddof=1))
    assert row_of(study.values, "", "distance_cm").mean.value == pytest.approx(155)
