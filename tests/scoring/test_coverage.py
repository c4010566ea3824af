"""Intervals and p values keep their promise on simulated animals; the whole measurement is ``benchmarks/coverage.py``."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

PLACE = Path(__file__).parents[2] / "benchmarks/coverage.py"


@pytest.fixture(scope="module")
def coverage():
    spec = importlib.util.spec_from_file_location("benchmark_of_coverage", PLACE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measured(coverage, animals, experiments, population):
    better, equal = (coverage.populate(population, gain, seed=3) for gain in (coverage.BETTER, 0.0))
    found = coverage.percentages(better, equal, animals, experiments, resamples=200, seed=0).values()
    return {column: np.array([row[column] for row in found]) for column in coverage.COLUMNS}


def test_of_six_animals_the_interval_holds_the_truth_and_the_plain_draws_do_not(coverage):
    found = measured(coverage, animals=6, experiments=60, population=300)
    assert found["percentile"].mean() < 88
    for column in ("score", "difference", "no_difference"):
        assert 93 <= found[column].mean() <= 99 and found[column].min() >= 85, column  # 60 experiments: give or take 6 %
    assert found["told_apart"].mean() <= 6


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("animals", [6, 12, 40])
def test_of_few_and_many_animals_the_interval_holds_the_truth_and_equal_systems_are_told_apart_by_chance_only(coverage, animals):
    found = measured(coverage, animals, experiments=500, population=2000)
    for column in ("score", "difference", "no_difference"):
        assert found[column].min() >= 90 and found[column].max() <= 99.5 and found[column].mean() <= 98, column
    assert found["told_apart"].mean() <= 6 and found["told_apart"].max() <= 8, "500 experiments: give or take 2 %"
