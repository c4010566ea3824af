"""Settings of training are strict."""

import subprocess
import sys

import pytest

from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.sequence.settings import TrainParams


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"window_s": 5, "overlap_s": 5}, r"train: 'overlap_s' \(5\) must be shorter than 'window_s' \(5\)"),
        ({"task": "exclusive", "per_behaviour": True}, "'per_behaviour: true' goes with 'task: multilabel' only"),
        ({"batchsize": 3}, "'batchsize' is not a setting, did you mean 'batch_size'?"),
        ({"groups": 2}, "'groups': Input should be greater than or equal to 3, found 2"),
        ({"ema": 1}, "'ema': Input should be less than 1, found 1"),
        ({"warp": 1}, "'warp': Input should be less than 1, found 1"),
        ({"max_fps": -1}, "'max_fps': Input should be greater than or equal to 0, found -1"),
        ({"learning_rate": 0}, "'learning_rate': Input should be greater than 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        parse_section(values, TrainParams, "train")


def test_settings_and_folds_load_neither_torch_nor_pandas():
    modules = "ethocache.sequence.settings, ethocache.sequence.heads, ethocache.sequence.crossvalidation, ethocache.sequence.model_file"
    heavy = "{'torch', 'pandas', 'sklearn', 'scipy', 'matplotlib', 'timm'}"
    code = f"import sys, {modules}; sys.exit(str(sorted({heavy} & set(sys.modules))) if {heavy} & set(sys.modules) else 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
