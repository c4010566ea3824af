"""params.yaml is written by people: a program that sets a value in it changes that line and no other."""

from pathlib import Path

import pytest

from ethocache.common.errors import InputError
from ethocache.common.params import load_params
from ethocache.common.params_editing import set_params

ROOT = Path(__file__).parents[2]
TEXT = """\
# ours
head: lstm        # which

heads:
  lstm:           # both ways
    kind: lstm
    units: 96     # wide
    name: 'a: b'
    train:
      window_s: 30   # seconds

  # for short bouts
  tcn:
    kind: tcn
    empty:
  list:
    kind: tcn
    of:
    - 1           # one

  # the end
  last: {kind: linear}
train:
  learning_rate: 1e-3
"""


@pytest.fixture
def params(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_value_changes_its_line_and_no_other(params):
    set_params(params, {("heads", "lstm", "units"): 128})
    assert params.read_text() == TEXT.replace("units: 96     # wide", "units: 128    # wide")


def test_the_projects_own_params_yaml_comes_back_as_it_was(tmp_path):
    path = tmp_path / "params.yaml"
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    set_params(path, {("heads", "lstm", "units"): 64})
    assert path.read_text(encoding="utf-8") == text


def test_new_values_stand_at_the_end_of_their_section_above_the_comment_of_the_next(params):
    set_params(params, {("heads", "lstm", "tuned_on"): ["m1", "m2"], ("heads", "lstm", "train", "batch_size"): 8})
    part = params.read_text().partition("window_s: 30")[2].partition("  tcn:")[0]
    assert sorted(line.strip() for line in part.splitlines()[1:3]) == ["batch_size: 8", "tuned_on: [m1, m2]"]
    assert part.endswith("\n\n  # for short bouts\n")
    assert load_params(params)["heads"]["lstm"]["tuned_on"] == ["m1", "m2"]
    assert load_params(params)["heads"]["lstm"]["train"] == {"window_s": 30, "batch_size": 8}


def test_a_comment_below_a_list_stays_above_what_it_is_about(params):
    set_params(params, {("heads", "list", "units"): 3})
    assert "    - 1           # one\n    units: 3\n\n  # the end\n  last: {kind: linear}\n" in params.read_text()


def test_sections_that_are_missing_are_made(params):
    set_params(params, {("heads", "new", "train", "learning_rate"): 3e-05, ("heads", "new", "kind"): "lstm"})
    heads = load_params(params)["heads"]
    assert heads["new"] == {"train": {"learning_rate": 3e-05}, "kind": "lstm"}


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("a: [", ("a",), "params.yaml is not valid YAML"),
        ("heads: 3\n", ("heads", "lstm", "units"), "params.yaml: heads: expected 'setting: value' lines, found 3"),
    ],
)
def test_what_cannot_be_edited_is_said_and_stays_as_it_was(params, text, place, said):
    params.write_text(text)
    with pytest.raises(InputError, match=said):
        set_params(params, {place: 1})
    assert params.read_text() == text


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(InputError, match=r"params\.yaml is not there: run from the project's folder"):
        set_params(tmp_path / "params.yaml", {("a",): 1})
