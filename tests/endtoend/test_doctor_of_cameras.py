"""The doctor on sessions that two cameras film, with one thing wrong at a time."""

import shutil
from pathlib import Path

import pytest
import yaml
from two_cameras import write_session

from ethocache.common.store import Store
from ethocache.endtoend.doctor import examine

ROOT = Path(__file__).parents[2]
SETTINGS = {"dir": "lab", "name": "{animal}_{day}_{camera}", "views": "camera", "behaviours": ["bright"]}


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("films") / "lab"
    for number in range(4):
        write_session(folder, f"m{number}", number)
    return folder


@pytest.fixture
def lab(films, tmp_path, monkeypatch) -> Path:
    """A project of four sessions by two cameras, all labelled on the one above."""
    shutil.copytree(films, tmp_path / "lab")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    return tmp_path / "lab"


def diagnose(crop_views: object = None, **data: object) -> dict[str, list[str]]:
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["data"] |= SETTINGS | data
    params["crop"]["views"] = crop_views or {}
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    found = examine(Path("params.yaml"), Store(Path("store"))).findings
    return {level: [finding.text for finding in found if finding.level == level] for level in ("error", "warning", "note")}


def test_sound_sessions_of_two_cameras_surprise_nobody(lab):
    found = diagnose()
    assert (found["error"], found["warning"]) == ([], [])
    assert "sessions are filmed by side, top; their frames are those of 'top'" in found["note"]


def test_crops_that_are_set_for_a_camera_that_is_not_there_are_an_error(lab):
    said = "params.yaml: crop.views: 'sid' is no view, did you mean 'side'?; there are: side, top"
    assert diagnose({"sid": {"scale": 3.0}})["error"] == [said]
    assert diagnose({"side": {"scale": 3.0}})["error"] == []


def correct(lab: Path) -> None:
    (lab / "corrections").mkdir()
    head = "video,behaviour,start_frame,stop_frame,label,video_frames,start_s,stop_s,saved,view"
    (lab / "corrections/saved.csv").write_text(f"{head}\nm0_d1,bright,3,9,1,240,0.3,0.9,2026-11-28T10:15:00Z,top\n")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"clocks": {"sid": {"offset_s": 0.3}}}, "data.clocks: 'sid' is no view, did you mean 'side'?; there are: side, top"),
        ({"clocks": "clocks.csv"}, "data.clocks: expected motion, same, a table below data.dir or the clock of each view, found no file"),
        ({"reference_view": "topp"}, "data.reference_view: 'topp' is no view, did you mean 'top'?; there are: side, top"),
    ],
)
def test_one_error_in_what_is_said_of_cameras_makes_no_untrue_finding_beside_it(lab, settings, said):
    (lab / "labels/m0_d1_top.csv").rename(lab / "labels/m0_d1.csv")
    correct(lab)
    assert diagnose()["warning"] == []
    found = diagnose(**settings)
    assert len(found["error"]) == 1 and found["error"][0].startswith(said)
    assert found["warning"] == []
    assert not any("no labels, to be tagged" in note for note in found["note"])


def test_with_wrong_clocks_it_still_tells_which_session_nobody_labelled(lab):
    (lab / "labels/m3_d1_top.csv").unlink()
    note = "1 video has no labels, to be tagged: videos/m3_d1_top.mp4"
    assert note in diagnose()["note"]
    assert note in diagnose(clocks={"sid": {"offset_s": 0.3}})["note"]


def test_sessions_that_fail_one_by_one_make_no_untrue_finding_either(lab):
    correct(lab)
    found = diagnose(clocks={"top": {"drift": 0.6}, "side": {"drift": 1.9}})
    assert len(found["error"]) == 4 and all("drift" in error for error in found["error"]), found["error"]
    assert found["warning"] == []
    assert not any("there is no session" in note or "no labels" in note for note in found["note"])


def test_a_camera_whose_videos_cannot_be_read_is_still_one(lab):
    for video in (lab / "videos").glob("*_side.mp4"):
        video.write_bytes(b"broken")
    errors = diagnose({"side": {"scale": 3.0}})["error"]
    assert errors and not any("crop.views" in error for error in errors)
