"""The settings of docs/public-data.md: each recipe is valid, and those of sets that are at hand read them."""

import json
import re
import tarfile
from pathlib import Path

import pytest
import yaml
from dataset.test_calms21 import sequence
from pipeline import ROOT, SHARED

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.endtoend.doctor import Diagnosis, examine
from ethocache.endtoend.public_data import convert

TEXT = (ROOT / "docs/public-data.md").read_text(encoding="utf-8")
SETS = ("Two rats", "CalMS21", "Open field: Sturman et al. 2020", "CRIM13", "Home cage: Jhuang et al. 2010")
at_hand = pytest.mark.skipif(not SHARED.is_dir(), reason="the real files are not beside the repository (../shared/data)")


def recipe(name: str) -> dict:
    """The settings below a heading of the page."""
    part = TEXT.split(f"\n## {name}\n")[1].split("\n## ")[0]
    (block,) = re.findall(r"^```yaml\n(.*?)^```", part, re.DOTALL | re.MULTILINE)
    return yaml.safe_load(block)


@pytest.fixture
def diagnose(tmp_path, monkeypatch):
    """Examine a folder under the settings of a set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)

    def diagnose(name: str, folder: Path) -> Diagnosis:
        params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
        params["data"] |= {"dir": str(folder), "videos": "none/*", "tracks": "none/*", "labels": "none/*"}
        for section, values in recipe(name).items():
            params[section] = params[section] | values if isinstance(values, dict) else values
        (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
        return examine(tmp_path / "params.yaml", Store(tmp_path / "store"))

    return diagnose


def errors(found: Diagnosis) -> list[str]:
    return [finding.text for finding in found.findings if finding.level == "error"]


def test_every_set_has_a_section_with_its_source_its_licence_and_what_to_compare_with():
    assert re.findall(r"^## (.+)$", TEXT, re.MULTILINE) == list(SETS)
    for name in SETS:
        part = TEXT.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert all(f"**{what}:**" in part for what in ("Where", "Licence", "Folder", "To compare with")), name


@pytest.mark.parametrize("name", SETS)
def test_every_setting_of_a_recipe_is_one(name, diagnose, tmp_path):
    (tmp_path / "empty").mkdir()
    found = errors(diagnose(name, tmp_path / "empty"))
    assert len(found) == 1 and found[0].startswith("data.videos: no file in "), found


def test_calms21_is_read_after_it_is_converted(diagnose, tmp_path):
    file = tmp_path / "calms21_task1_train.json"
    content = {f"task1/train/mouse{n:03d}_task1_annotator1": sequence(90, [3] * 30 + [n % 3] * 60) for n in range(4)}
    file.write_text(json.dumps({"annotator-id_0": content}))
    assert "4 sequences of 360 frames" in convert("calms21", file, tmp_path / "calms21")
    found = diagnose("CalMS21", tmp_path / "calms21")
    assert errors(found) == []
    assert [(row.video, row.frames) for row in found.rows] == [(f"mouse{n:03d}_task1_annotator1", 90) for n in range(4)]
    assert found.rows[1].labelled_s[""]["investigation"] == pytest.approx(2.0)


def test_a_set_that_needs_no_other_form_is_told_of(tmp_path):
    with pytest.raises(InputError) as refused:
        convert("calms12", tmp_path, tmp_path)
    assert str(refused.value) == (
        "'calms12' is no set that needs another form, did you mean 'calms21'?; known: calms21. docs/public-data.md tells of the others"
    )


@at_hand
def test_the_rats_are_read_as_they_come(diagnose, tmp_path):
    with tarfile.open(SHARED / "rats/rats.tar.xz") as archive:
        few = [member for member in archive.getmembers() if re.search(r"/(57|42)(_annot|DLC)", member.name)]
        archive.extractall(tmp_path / "rats", few, filter="data")
    found = diagnose("Two rats", tmp_path / "rats")
    assert errors(found) == []
    assert [row.video for row in found.rows] == ["42", "57"]


@at_hand
def test_the_open_field_is_read_as_it_comes(diagnose):
    found = diagnose("Open field: Sturman et al. 2020", SHARED / "oft_raters")
    assert errors(found) == []
    assert {row.video for row in found.rows} == {"12_01_A_190507144429", "8_01_A_190507134142"}
