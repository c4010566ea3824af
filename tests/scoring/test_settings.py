import subprocess
import sys

import pytest

from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.scoring.settings import EvaluateParams


def test_half_a_second_and_a_thousand_draws_of_seed_zero_unless_said():
    assert parse_section({}, EvaluateParams, "evaluate") == EvaluateParams(tolerance_s=0.5, resamples=1000, seed=0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"resamples": 10}, "evaluate: 'resamples': Input should be greater than or equal to 100, found 10"),
        ({"seed": -1}, "evaluate: 'seed': Input should be greater than or equal to 0, found -1"),
        ({"tolerance_s": -0.1}, "evaluate: 'tolerance_s': Input should be greater than or equal to 0, found -0.1"),
        ({"bootstraps": 100}, "evaluate: 'bootstraps' is not a setting"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(values, message):
    with pytest.raises(InputError, match=message):
        parse_section(values, EvaluateParams, "evaluate")


def test_scoring_is_imported_without_heavy_libraries():
    modules = "ethocache.scoring.summary, ethocache.scoring.comparison, ethocache.scoring.plots, ethocache.dataset.tags"
    heavy = "{'torch', 'matplotlib', 'scipy', 'sklearn', 'pandas'}"
    command = f"import sys, {modules}; print(*sorted({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout.strip() == ""
