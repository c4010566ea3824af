"""The animal is the unit."""

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.scoring.groups.animals import Variable, animal_table, check_measures, rates_over_time

BEHAVIOURS = ("grooming", "rearing")
FRACTION = Variable("grooming", "fraction")


def test_an_animal_with_many_videos_counts_once(filmed):
    table = animal_table([filmed("b", 2), filmed("a", 2), filmed("a", 4), filmed("a", 6)], BEHAVIOURS)
    assert (table.animals, table.videos) == (("a", "b"), (3, 1))
    np.testing.assert_allclose(table.of(FRACTION, ["a", "b"]), [0.4, 0.2])
    np.testing.assert_allclose(table.of(Variable("grooming", "bouts_per_min"), ["b"]), [60])


def test_an_animal_without_a_number_is_left_out_of_that_measure_only(filmed):
    table = animal_table([filmed("a", 0), filmed("b", 3)], BEHAVIOURS)
    assert len(table.of(Variable("grooming", "latency_s"), ["a", "b"])) == 1
    np.testing.assert_allclose(table.of(FRACTION, ["a", "b"]), [0, 0.3])


def test_what_people_and_what_the_model_said_are_kept_apart(filmed):
    table = animal_table([filmed("a", 2, by="manual"), filmed("a", 4), filmed("b", 5, by="manual")], BEHAVIOURS)
    shares = table.shares_of("grooming", ["a", "b"])
    np.testing.assert_allclose([shares.labelled, shares.tagged, shares.part_tagged], [[0.1, 0.5], [0.2, 0], [0.5, 0]])
    np.testing.assert_allclose(shares.raw, [0.3, 0.5])


def test_measures_are_compared_in_the_order_asked_for_motion_in_any_unit(filmed):
    table = animal_table([filmed("a", 2, motion={"seen_fraction": 1.0, "distance_px": 9.0}), filmed("b", 2)], BEHAVIOURS)
    found = table.compared(["distance", "fraction"])
    assert found == [Variable("", "distance_px"), Variable("grooming", "fraction"), Variable("rearing", "fraction")]
    np.testing.assert_allclose(table.of(found[0], ["a", "b"]), [9])


def test_rates_over_time_are_known_as_far_as_each_animal_was_filmed(filmed):
    rates = rates_over_time([filmed("a", 2, seconds=20), filmed("b", 2, seconds=10)], ["a", "b"], 10.0)
    np.testing.assert_allclose(rates[:, 0], [[60, 60], [60, np.nan]])


def test_measures_that_do_not_exist_are_refused(filmed):
    with pytest.raises(InputError, match=r"--measures: 'fractoin' is not a measure, did you mean 'fraction'\?; known: fraction, total_s, "):
        check_measures(["fractoin"])
    with pytest.raises(InputError, match="--measures: no video has distance; 'dvc repro' measures motion from tracks"):
        animal_table([filmed("a", 2)], BEHAVIOURS).compared(["distance"])
