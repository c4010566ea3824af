"""The doctor on a rendered project, with one thing wrong at a time."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from ethocache.cli import app
from ethocache.common.store import Store
from ethocache.endtoend.demo import write_demo
from ethocache.endtoend.diagnosis import Diagnosis, Finding, Row
from ethocache.endtoend.doctor import examine
from ethocache.endtoend.doctor_report import as_json, in_words

ROOT = Path(__file__).parents[2]
FIRST, SECOND = "WT_YFP_01", "HD_YFP_02"


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("doctor") / "demo"
    write_demo(folder, animals=4, unlabelled=1, seconds=4, size=(96, 72))
    return folder


@pytest.fixture
def lab(tmp_path, demo, monkeypatch) -> Path:
    """A project of five videos, four of them labelled; its data folder is `lab`."""
    shutil.copytree(demo, tmp_path / "lab")
    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    setting(data__dir="lab")
    return tmp_path / "lab"


def setting(**changes: object) -> None:
    params = yaml.safe_load(Path("params.yaml").read_text())
    for key, value in changes.items():
        section, name = key.split("__")
        params[section][name] = value
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))


def diagnose() -> Diagnosis:
    return examine(Path("params.yaml"), Store(Path("store")))


def texts(level: str) -> str:
    return "\n".join(finding.text for finding in diagnose().findings if finding.level == level)


def labels(lab: Path, stem: str = FIRST) -> Path:
    return lab / f"labels/{stem}.csv"


def correct(lab: Path, *rows: str, file: str = "corrections.csv", saved: str = "2026-11-28T10:15:00Z") -> None:
    (lab / "corrections").mkdir(exist_ok=True)
    head = "video,behaviour,start_frame,stop_frame,label,video_frames,start_s,stop_s,saved"
    (lab / "corrections" / file).write_text("\n".join([head, *(f"{row},{saved}" for row in rows), ""]))


def test_corrections_are_counted_and_what_is_wrong_with_them_is_told(lab):
    stem = "WT_YFP_05"  # nobody labelled it
    correct(lab, f"{FIRST},grooming,3,9,1,40,0.3,0.9", f"{stem},mid_rearing,0,4,1,40,0,0.4")
    assert "2 corrections of 2 videos laid over the labels" in texts("note") and texts("error") == ""
    assert f"1 video has no labels, to be tagged: videos/{stem}.mp4" in texts("note")
    assert {row.video: row.corrections for row in diagnose().rows if row.corrections} == {FIRST: 1, stem: 1}
    correct(lab, f"{FIRST},grooming,3,9,1,40,0.3,1.9", file="b.csv")
    correct(lab, "WT_YFP_1,grooming,3,9,1,40,0.3,0.9", file="c.csv")
    errors = texts("error").splitlines()
    assert errors[0].startswith("corrections/c.csv: line 2: no video is called 'WT_YFP_1', did you mean 'WT_YFP_01'?")
    assert errors[1].startswith("corrections/b.csv, line 2: frames 3 to 9 are 0.300 to 0.900 s of 'WT_YFP_01', but start_s and stop_s say")


def test_a_correction_may_mend_exclusive_behaviours_that_overlap(lab):
    labels(lab).write_text("behaviour,start_s,stop_s\ngrooming,1,2\nmid_rearing,1.5,3\n")
    setting(train__task="exclusive")
    assert "grooming and mid_rearing are both labelled in frame 15" in texts("error")
    correct(lab, f"{FIRST},mid_rearing,15,20,1,40,1.5,2")
    assert texts("error") == ""


def test_a_sound_project_has_a_row_for_each_video_and_no_error(lab):
    found = diagnose()
    assert [finding.text for finding in found.findings if finding.level == "error"] == []
    assert [row.video for row in found.rows] == sorted(path.stem for path in lab.glob("videos/*.mp4"))
    row = next(row for row in found.rows if row.video == FIRST)
    assert (row.frames, row.fps, row.track_rows, row.formats) == (40, 10.0, 40, ["bouts_csv"])
    bouts = [line.split(",") for line in labels(lab).read_text().splitlines()[1:]]
    for name, seconds in row.labelled_s[""].items():
        assert seconds == pytest.approx(sum(float(stop) - float(start) for what, start, stop in bouts if what == name), abs=0.2)
    assert row.scored_s[""] == pytest.approx(4.0)


def past_the_end(lab: Path) -> None:
    labels(lab).write_text("behaviour,start_s,stop_s\ngrooming,1,9\n")


def one_without_track(lab: Path) -> None:
    next(lab.glob(f"videos/{FIRST}DLC*")).unlink()


def track_too_short(lab: Path) -> None:
    track = next(lab.glob(f"videos/{FIRST}DLC*"))
    track.write_text("\n".join(track.read_text().splitlines()[:-5]) + "\n")


def shorter_than_a_frame(lab: Path) -> None:
    labels(lab).write_text("behaviour,start_s,stop_s\ngrooming,1.01,1.02\n")


def two_at_once(lab: Path) -> None:
    labels(lab).write_text("behaviour,start_s,stop_s\ngrooming,1,2\nmid_rearing,1.5,3\n")
    setting(train__task="exclusive")


def no_video_of_that_name(lab: Path) -> None:
    labels(lab).rename(lab / "labels/WT_YFP_1.csv")


def cut_video(lab: Path) -> None:
    video = lab / f"videos/{FIRST}.mp4"
    video.write_bytes(video.read_bytes()[:-500])
    labels(lab).unlink()


def unknown_setting(lab: Path) -> None:
    setting(labels__formt="auto")


def no_folder(lab: Path) -> None:
    setting(data__dir="elsewhere")


ERRORS: dict[Callable[[Path], None], str] = {
    past_the_end: "line 2, 'grooming' from 1 to 9 s: the video ends at 4 s",
    one_without_track: "expected a DeepLabCut file 'WT_YFP_01DLC*.csv' or '.h5'",
    track_too_short: "expected one row for each of the video's 40 frames (one more is dropped), found 35 rows",
    shorter_than_a_frame: "no frame is shown in that time (one comes every 0.1 s), so it would be lost",
    two_at_once: "grooming and mid_rearing are both labelled in frame 15 (and 4 more frames have two), but train.task is exclusive",
    no_video_of_that_name: "no video is called 'WT_YFP_1', did you mean 'WT_YFP_01'?",
    cut_video: "bytes are missing at its end; copy it again",
    unknown_setting: "'formt' is not a setting, did you mean 'format'?",
    no_folder: "data.dir: expected a folder, found none",
}


@pytest.mark.parametrize("spoil", ERRORS, ids=lambda spoil: spoil.__name__)
def test_what_is_wrong_is_an_error_and_the_other_videos_are_still_shown(lab, spoil):
    spoil(lab)
    assert ERRORS[spoil] in texts("error")
    others = {row.video for row in diagnose().rows} - {FIRST}
    assert len(others) == (0 if spoil in (unknown_setting, no_folder) else 4)


def test_everything_wrong_is_said_at_once(lab):
    past_the_end(lab)
    track = next(lab.glob(f"videos/{SECOND}DLC*"))
    track.unlink()
    labels(lab, SECOND).write_text("behaviour,start_s,stop_s\nGrooming,1,2\n")
    errors = texts("error")
    assert "the video ends at 4 s" in errors and "02DLC*" in errors and "'Grooming' is none of data.behaviours" in errors


def test_one_behaviour_in_two_spellings_is_told_with_the_setting_that_mends_it(lab):
    labels(lab).write_text("behaviour,start_s,stop_s\nGroom ,1,2\ngrooming,2,3\n")
    assert "'Groom' (once) and 'grooming'" in texts("warning")
    assert "set labels.rename: {'Groom': 'grooming'}" in texts("warning")
    setting(labels__rename={"Groom": "grooming"})
    assert "look like one behaviour" not in texts("warning")
    assert texts("error") == ""


def test_a_surplus_row_a_copy_and_another_rate_are_warnings(lab):
    track = next(lab.glob(f"videos/{FIRST}DLC*"))
    last = track.read_text().splitlines()[-1].split(",")
    track.write_text(track.read_text() + ",".join([str(int(last[0]) + 1), *last[1:]]) + "\n")
    shutil.copy(lab / f"videos/{SECOND}.mp4", lab / "videos/WT_ChR2_77.mp4")
    shutil.copy(next(lab.glob(f"videos/{SECOND}DLC*")), lab / "videos/WT_ChR2_77DLC_x.csv")
    write_demo(lab.parent / "fast", animals=1, unlabelled=0, seconds=4, fps=20, size=(96, 72))
    for path in (lab.parent / "fast").glob(f"*/{FIRST}*"):
        shutil.copy(path, lab / path.parent.name / path.name.replace("_01", "_88"))
    warnings = texts("warning")
    assert "the track has one row more than the video's 40 frames; its last row is dropped" in warnings
    assert "2 files hold the same video: videos/HD_YFP_02.mp4, videos/WT_ChR2_77.mp4" in warnings
    assert "videos have about 10 frames per second, but not videos/WT_YFP_88.mp4 (20)" in warnings


def test_groups_that_nothing_can_be_said_of_are_named(lab):
    for stem in ("WT_YFP_01", "WT_ChR2_03"):
        labels(lab, stem).unlink()
    assert "no video of genotype 'WT' has labels: scores say nothing about it" in texts("warning")


def test_raters_are_compared_and_those_who_hardly_agree_are_named(lab):
    for stem in (FIRST, SECOND):
        text = labels(lab, stem).read_text()
        labels(lab, stem).unlink()
        (lab / f"labels/{stem}-rater_1.csv").write_text(text)
        (lab / f"labels/{stem}-rater_2.csv").write_text(text)
        (lab / f"labels/{stem}-rater_3.csv").write_text("behaviour,start_s,stop_s\ngrooming,0,0.1\n")
    for path in lab.glob("labels/*_0[345].csv"):
        path.rename(path.with_name(f"{path.stem}-rater_1.csv"))
    setting(labels__name="{video}-{rater}", labels__raters="majority")
    found = diagnose()
    grooming = found.agreement["grooming"]
    assert grooming["rater_1", "rater_2"].kappa == 1.0
    assert grooming["rater_1", "rater_2"].frames == 80
    assert grooming["rater_1", "rater_3"].kappa < 0.6
    assert "grooming: 'rater_1' and 'rater_3' hardly agree (kappa" in texts("warning")
    assert "rater_1, rater_3" in in_words(found)
    setting(labels__raters=None)
    assert "several people labelled this video, 'rater_1', 'rater_2', 'rater_3'; set labels.raters" in texts("error")


def test_tracks_without_a_video_are_sessions_once_their_rate_is_said(lab):
    (lab / f"videos/{FIRST}.mp4").unlink()
    assert "1 track belongs to no video" in texts("note")
    assert "no video is called 'WT_YFP_01'" in texts("error")
    setting(data__fps=10.0)
    assert texts("error") == ""
    row = next(row for row in diagnose().rows if row.video == FIRST)
    assert (row.frames, row.fps, row.formats) == (40, 10.0, ["bouts_csv"])


def run(*arguments: str):
    return CliRunner().invoke(app, ["doctor", *arguments])


def test_the_command_exits_with_1_only_when_an_error_stands(lab):
    sound = run(str(lab.parent))
    assert sound.exit_code == 0 and sound.output.startswith("5 videos (0.3 min), 4 with labels (formats: bouts_csv): 0 errors")
    past_the_end(lab)
    wrong = run()
    assert wrong.exit_code == 1 and "error: " in wrong.output and "Traceback" not in wrong.output
    report = json.loads(run("--json").output)
    assert (report["errors"], len(report["videos"])) == (1, 5)
    assert report["findings"][0]["level"] == "error"


def test_a_folder_without_a_project_is_refused(tmp_path):
    answer = run(str(tmp_path))
    assert answer.exit_code == 1
    assert "expected a project with params.yaml in" in str(answer.exception or answer.output)


def test_a_thousand_videos_stay_readable_summary_and_errors_first():
    found = Diagnosis([Row(f"m{number:04d}", 100, 10.0, 10.0) for number in range(1000)])
    found.add("note", ["a note"])
    found.add("error", [f"m{number:04d}.csv: broken" for number in range(200)])
    lines = in_words(found).splitlines()
    assert lines[0] == "1000 videos (166.7 min), 0 with labels (formats: none): 200 errors, 0 warnings, 1 note"
    assert lines[2] == "error: m0000.csv: broken"
    assert "170 more errors not shown; all are in --json" in lines and "970 more videos not shown; all are in --json" in lines
    assert len(lines) < 80
    assert len(as_json(found)["videos"]) == 1000 and found.findings[0] == Finding("error", "m0000.csv: broken")


def test_files_that_no_pattern_matches_are_named(lab):
    setting(data__labels="labels/*.csv")
    (lab / "labels/corrected.boris").write_text("{}")
    assert (
        "1 file lies beside them and match none of data.videos, data.tracks, data.labels and data.corrections: labels/corrected.boris"
        in texts("note")
    )
    (lab / "labels/corrected.boris").unlink()
    (lab / "corrections").mkdir()
    (lab / "corrections/saved.xlsx").write_text("another ending")
    assert "1 file lies beside them" in texts("note") and "corrections/saved.xlsx" in texts("note")


def test_too_few_animals_for_a_score_are_told_before_anything_is_computed(lab):
    for stem in ("WT_ChR2_03", "HD_ChR2_04"):
        labels(lab, stem).unlink()
    assert "labels of 2 animals (01, 02): an honest score needs at least 3" in texts("warning")


def test_a_behaviour_that_nobody_labelled_is_told(lab):
    for path in lab.glob("labels/*.csv"):
        path.write_text("behaviour,start_s,stop_s\ngrooming,1,2\n")
    assert "no labels file shows 'mid_rearing': if nobody looked for it" in texts("warning")


def several(lab: Path, stem: str, *individuals: str) -> None:
    """Give the track of a video several animals: each the same columns."""
    path = next(lab.glob(f"videos/{stem}DLC*"))
    scorer, points, kinds, *frames = [line.split(",") for line in path.read_text().splitlines()]
    count = len(scorer) - 1
    header = [["individuals", *(name for name in individuals for _ in range(count))]]
    repeated = [[row[0], *row[1:] * len(individuals)] for row in (scorer, points, kinds, *frames)]
    path.write_text("".join(",".join(row) + "\n" for row in [repeated[0], *header, *repeated[1:]]))


def test_each_individual_has_a_row_and_what_is_wrong_with_one_video_does_not_hide_the_others(lab):
    several(lab, FIRST, "m1", "m2")
    next(lab.glob(f"videos/{SECOND}DLC*")).unlink()
    setting(data__individuals="each", labels__subjects={"m7": "x"})
    errors = texts("error")
    assert f"labels/{FIRST}.csv: it does not say whose behaviour this is, and '{FIRST}' has 2 individuals ('m1', 'm2')" in errors
    assert "labels.subjects: 'm7' is no individual of a track, did you mean" in errors and f"{SECOND}DLC*" in errors
    assert len(errors.splitlines()) == 3
    assert {f"{FIRST}.m1", f"{FIRST}.m2", SECOND} < {row.video for row in diagnose().rows}
    labels(lab).rename(labels(lab, f"{FIRST}.m2"))
    setting(labels__subjects={})
    shown = {row.video: row.labelled_s for row in diagnose().rows}
    assert shown[f"{FIRST}.m2"] and not shown[f"{FIRST}.m1"] and f"{FIRST}DLC" not in texts("error")


def test_an_animal_called_like_a_video_whose_track_is_missing_is_told(lab):
    several(lab, FIRST, "m1", "m2")
    next(lab.glob(f"videos/{SECOND}.*")).rename(lab / f"videos/{FIRST}.m1.mp4")
    setting(data__individuals="each", data__name="{animal}")
    assert f"would both be called '{FIRST}.m1', so their results would mix; rename one of them" in texts("error")
