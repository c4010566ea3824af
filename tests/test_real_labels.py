"""Every real file beside the repository that carries labels, read by the doctor without a hand-made step; skipped where absent."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from pipeline import ROOT, SHARED

from ethocache.common.store import Store
from ethocache.dataset.formats import FORMATS, recognise
from ethocache.dataset.label_frames import lay_over
from ethocache.dataset.label_rules import LabelParams, naming
from ethocache.endtoend.diagnosis import Diagnosis
from ethocache.endtoend.doctor import examine
from ethocache.scoring.agreement import between_raters

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the real files are not beside the repository (../shared/data)")


@pytest.fixture
def diagnose(tmp_path, monkeypatch):
    """Examine a folder of real files under these settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)

    def diagnose(folder: Path, **changes: object) -> Diagnosis:
        params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
        params["data"] |= {"dir": str(folder), "videos": "none/*", "name": "{animal}"}
        for key, value in changes.items():
            section, name = key.split("__")
            params[section][name] = value
        (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
        return examine(tmp_path / "params.yaml", Store(tmp_path / "store"))

    return diagnose


def errors(found: Diagnosis) -> list[str]:
    return [finding.text for finding in found.findings if finding.level == "error"]


def test_a_boris_export_beside_its_track(diagnose):
    found = diagnose(
        SHARED / "boris_ethome",
        data__tracks="*_filtered.csv", data__labels="*_reencode.csv", data__behaviours=["interact"], data__fps=30.0,
        labels__name="{video}_reencode",
    )  # fmt: skip
    assert errors(found) == []
    (row,) = found.rows
    assert (row.video, row.frames, row.formats) == ("e3v813a-20210610T122332-122642", 5700, ["boris_events"])
    assert row.labelled_s[""]["interact"] == pytest.approx(22.1, abs=0.1)


@pytest.fixture(scope="module")
def rats(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rats")
    with tarfile.open(SHARED / "rats/rats.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


def test_forty_four_sessions_of_rats_base_not_scored_and_overruns_clipped(diagnose, rats):
    settings = {
        "data__tracks": "tracks/*", "data__labels": "labels/*", "data__fps": 30.0,
        "data__behaviours": ["social", "nonsocial", "aggression"],
        "labels__name": "{video}_annot", "labels__not_scored": ["base"], "labels__streams": ["S1"], "train__task": "exclusive",
    }  # fmt: skip
    refused = diagnose(rats, **settings)
    assert len(refused.rows) == 44
    assert 0 < len(errors(refused)) < 10 and all("are these its labels, in frames from 0?" in error for error in errors(refused))
    found = diagnose(rats, **settings, labels__past_end="clip")
    assert errors(found) == []
    assert all(row.formats == ["caltech"] for row in found.rows)
    scored = {row.video: round(row.scored_s[""] * 30) for row in found.rows}
    assert {frames for video, frames in scored.items() if video != "50"} == {12000} and scored["50"] == 13003
    clipped = [finding.text for finding in found.findings if "which are cut off" in finding.text]
    assert len(clipped) == 1 and "and the like in" in clipped[0]


def test_three_raters_of_two_tracked_videos_and_eighteen_left_aside(diagnose):
    found = diagnose(
        SHARED / "oft_raters",
        data__tracks="*DeepCut*.csv", data__labels="AllLabDataOFT_final.csv", data__fps=25.0,
        data__behaviours=["Grooming", "Supported", "Unsupported"],
        labels__columns={"behaviour": "type", "start": "from", "stop": "to", "rater": "Experimenter", "video": "DLCFile"},
        labels__unit="seconds", labels__unmatched="skip", labels__raters="majority", labels__past_end="clip", labels__overlaps="join",
        labels__ignore=["Start/End", "StartEnd", "_DEFAULT", "Jumping"],
    )  # fmt: skip
    assert {row.video: sorted(row.labelled_s) for row in found.rows} == {
        "12_01_A_190507144429": ["Furkan", "Jin", "Oliver"],
        "8_01_A_190507134142": ["Furkan", "Jin", "Oliver"],
    }
    assert errors(found) == [], errors(found)
    assert found.agreement["Supported"]["Jin", "Oliver"].kappa > 0.8
    assert any("labels of 54 videos that are not there are left aside" in finding.text for finding in found.findings)


def test_three_raters_agree_on_twenty_videos_as_published_facts_say():
    path = SHARED / "oft_raters/AllLabDataOFT_final.csv"
    names = ("Grooming", "Supported", "Unsupported")
    columns = {"behaviour": "type", "start": "from", "stop": "to", "rater": "Experimenter", "video": "DLCFile"}
    params = LabelParams(unit="seconds", columns=columns, ignore=("Start/End", "StartEnd", "_DEFAULT", "Jumping"), overlaps="join")
    assert recognise(path, params.meaning(names)) == "bouts_csv"
    parts = FORMATS["bouts_csv"].read(path, params.meaning(names))
    videos = sorted({part.media for part in parts})
    assert (len(videos), len(parts)) == (20, 60)
    said: dict[str, list] = {}
    for video in videos:
        of_video = [part for part in parts if part.media == video]
        end_s = max(bout.stop for part in of_video for bout in part.content.bouts)
        for part in of_video:
            table, _ = lay_over(part.content, naming(params, names), params, np.arange(int(end_s * 25) + 2) / 25)
            said.setdefault(part.rater, []).append(table.values)
    ranges = {"Grooming": (0.67, 0.73), "Supported": (0.85, 0.89), "Unsupported": (0.68, 0.75)}
    for place, (name, (low, high)) in enumerate(ranges.items()):
        pairs = between_raters({rater: np.concatenate(tables)[:, place] for rater, tables in said.items()})
        assert len(pairs) == 3
        assert all(low <= round(found.kappa, 2) <= high for found in pairs.values()), (name, pairs)


def test_one_class_per_clip(diagnose):
    found = diagnose(
        SHARED / "bsoid_clips",
        data__videos="clips/*.avi", data__labels="clip_labels.csv", data__behaviours=["grooming", "rearing"], track__source="none",
        labels__columns={"video": "clip", "behaviour": "superclass"}, labels__ignore=["other"],
    )  # fmt: skip
    assert errors(found) == []
    assert len(found.rows) == 80 and sum(row.frames for row in found.rows) == 497
    shown = [name for row in found.rows for name, seconds in row.labelled_s[""].items() if seconds == pytest.approx(row.duration_s)]
    assert (shown.count("grooming"), shown.count("rearing")) == (20, 15)


def test_a_track_with_one_row_too_many_is_a_warning_with_the_counts(diagnose):
    found = diagnose(SHARED / "vame_offbyone", data__videos="*.mp4", data__tracks="*.csv", data__labels="none/*", data__behaviours=["a"])
    assert errors(found) == []
    warnings = [finding.text for finding in found.findings if finding.level == "warning"]
    assert "cropped_video.csv: the track has one row more than the video's 749 frames; its last row is dropped" in warnings
