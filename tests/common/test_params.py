from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.params import Section, load_params, parse_section


class Example(Section):
    batch_size: Annotated[int, Field(gt=0)] = 16
    rate: float


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "params.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_rate_written_as_1e_3_is_a_number(tmp_path):
    assert load_params(write(tmp_path, "train: {rate: 1e-3, other: -2.5E+2, name: 1e}")) == {
        "train": {"rate": 0.001, "other": -250.0, "name": "1e"}
    }


def test_a_missing_file_says_where_to_run(tmp_path):
    with pytest.raises(InputError, match="is not there: run from the project's folder"):
        load_params(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("crop:\n  size: 1\n  size: 2\n", "'size' stands twice in the section that starts at line 2"),
        ("crop: [", "is not valid YAML"),
        ("- a\n- b\n", "expected sections such as 'data:', found list"),
        ("a: é".encode("latin-1"), "is not UTF-8 text"),
        ("!!python/object/apply:os.system ['echo']", "is not valid YAML"),
    ],
)
def test_a_file_that_cannot_be_read_right_is_one_clear_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as caught:
        load_params(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_all_problems_of_a_section_come_at_once_with_the_nearest_name():
    with pytest.raises(InputError) as caught:
        parse_section({"batchsize": 3, "batch_size": 0}, Example, "params.yaml: extract")
    assert str(caught.value).splitlines() == [
        "params.yaml: extract: 'batch_size': Input should be greater than 0, found 0",
        "params.yaml: extract: 'rate' is missing",
        "params.yaml: extract: 'batchsize' is not a setting, did you mean 'batch_size'?",
    ]


def test_a_key_like_no_other_lists_the_known_ones():
    with pytest.raises(InputError, match="'xyzzy' is not a setting; known: batch_size, rate"):
        parse_section({"xyzzy": 3, "rate": 1}, Example, "params.yaml: extract")


def test_a_choice_that_is_misspelt_is_told_with_the_nearest_one():
    class Smoothed(Section):
        smoothing: Literal["auto", "median", "none"] = "auto"

    said = "decide: 'smoothing': Input should be 'auto', 'median' or 'none', found "
    for found, hint in (("medain", "'medain', did you mean 'median'?"), ("xyz", "'xyz'"), (3, "3")):
        with pytest.raises(InputError) as caught:
            parse_section({"smoothing": found}, Smoothed, "decide")
        assert str(caught.value) == said + hint


def test_a_section_that_is_no_mapping_is_refused():
    with pytest.raises(InputError, match=r"expected 'setting: value' lines, found \[1\]"):
        parse_section([1], Example, "params.yaml: extract")


def test_an_empty_section_is_its_defaults_and_cannot_be_changed():
    class Defaults(Section):
        size: int = 256

    section = parse_section(None, Defaults, "params.yaml: crop")
    assert section.size == 256
    with pytest.raises(ValueError, match="frozen"):
        section.size = 3


def test_nan_is_not_a_setting():
    with pytest.raises(InputError, match="'rate'"):
        parse_section({"rate": float("nan")}, Example, "params.yaml: train")


def test_the_nearest_name_is_found_whatever_its_case_and_none_when_nothing_is_near():
    assert did_you_mean("LSMT ", ["lstm", "tcn"]) == ", did you mean 'lstm'?"
    assert did_you_mean("grooming", ["Grooming"]) == ", did you mean 'Grooming'?"
    assert did_you_mean("xyz", ["lstm"]) == ""
