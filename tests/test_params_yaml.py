"""DVC's -S rewrites params.yaml; what it leaves must be a file that it can read."""

from pathlib import Path

import pytest
import yaml
from dvc.utils.hydra import apply_overrides

SHIPPED = Path(__file__).parents[1] / "params.yaml"
LISTS = [
    f"{section}.{name}"
    for section, settings in yaml.safe_load(SHIPPED.read_text()).items()
    if isinstance(settings, dict)
    for name, value in settings.items()
    if value == []
]


@pytest.mark.parametrize("setting", LISTS)
def test_a_list_can_be_filled_and_emptied_again(tmp_path, setting):
    """A remark behind an empty list made ruamel.yaml join two later lines into one."""
    file = tmp_path / "params.yaml"
    file.write_text(SHIPPED.read_text())
    section, _, name = setting.partition(".")
    for values in ([], ["a", "b"], [], ["a"], []):
        apply_overrides(file, [f"{setting}=[{','.join(values)}]"])
        expected = yaml.safe_load(SHIPPED.read_text())
        expected[section][name] = values
        assert yaml.safe_load(file.read_text()) == expected


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("labels.columns.behaviour", "type"),
        ("labels.rename.Rearing", "mid_rearing"),
        ("labels.subjects.mouse1", "resident"),
        ("crop.views.side", "{scale: 3.0}"),
        ("finetune.recipes.e2e.unfreeze", "4"),
    ],
)
def test_a_name_can_be_added_and_taken_away_again(tmp_path, setting, value):
    file = tmp_path / "params.yaml"
    file.write_text(SHIPPED.read_text())
    for _ in range(2):
        apply_overrides(file, [f"+{setting}={value}"])
        *parts, name = setting.split(".")
        found = yaml.safe_load(file.read_text())
        for part in parts:
            found = found[part]
        assert found == {name: yaml.safe_load(value)}
        apply_overrides(file, [f"~{setting}"])
        assert yaml.safe_load(file.read_text()) == yaml.safe_load(SHIPPED.read_text())


def test_there_are_such_lists():
    assert "finetune.runs" in LISTS and len(LISTS) >= 7
