"""What a messy lab may do, one thing at a time, through the real stages: one line says what is wrong and what to do."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from pipeline import Project, environment_of_a_user, make_project

from ethocache.endtoend.demo import write_demo

VIDEO, OTHER = "HD_YFP_02", "WT_YFP_01"


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """Four videos, three with labels: 01, 02 and 03; the labels of 02 start with the header and a bout."""
    folder = tmp_path_factory.mktemp("rendered") / "demo"
    write_demo(folder, animals=3, unlabelled=1, seconds=4, size=(96, 72))
    return folder


@pytest.fixture
def project(tmp_path, demo) -> Project:
    return make_project(tmp_path / "project", demo)


@pytest.fixture(scope="module")
def extracted_once(tmp_path_factory, demo) -> Project:
    project = make_project(tmp_path_factory.mktemp("extracted") / "project", demo)
    project.stage("index", "track", "crop", "extract")
    return project


@pytest.fixture
def extracted(tmp_path, extracted_once) -> Project:
    """A project that has its features."""
    shutil.copytree(extracted_once.folder, tmp_path / "project")
    return Project(tmp_path / "project")


def video(project: Project, stem: str = VIDEO) -> Path:
    return project.folder / f"data/demo/videos/{stem}.mp4"


def track(project: Project, stem: str = VIDEO) -> Path:
    return next((project.folder / "data/demo/videos").glob(f"{stem}DLC*.csv"))


def labels(project: Project, stem: str = VIDEO) -> Path:
    return project.folder / f"data/demo/labels/{stem}.csv"


def refused(project: Project, *stages: str) -> str:
    """Run stages of which the last must fail; return its message, which is no traceback."""
    output = project.stage(*stages, ok=False)
    assert "Traceback" not in output
    assert output.startswith(f"{stages[-1]}: ")
    return output


def cut(project: Project) -> None:
    video(project).write_bytes(video(project).read_bytes()[:-500])


def empty(project: Project) -> None:
    video(project).write_bytes(b"")


def rename_a_text(project: Project) -> None:
    video(project).write_text("date,weight\n2024-05-01,21.5\n" * 50)


def show_nothing(project: Project) -> None:
    with av.open(str(video(project)), "w") as container:
        container.add_stream("libx264", rate=10, width=96, height=72, pix_fmt="yuv420p")
        container.start_encoding()


def name_two_alike(project: Project) -> None:
    folder = video(project).parent / "again"
    folder.mkdir()
    shutil.copy2(video(project), folder)
    project.edit_params(data__videos="videos/**/*.mp4")


def lose_a_track(project: Project) -> None:
    track(project).unlink()


def keep_two_tracks(project: Project) -> None:
    shutil.copy2(track(project), track(project).with_name(f"{track(project).stem}_filtered.csv"))


def add_label(row: str) -> Callable[[Project], None]:
    def spoil(project: Project) -> None:
        labels(project).write_text(f"behaviour,start_s,stop_s\n{row}\n", encoding="latin-1")

    return spoil


def label_no_video(project: Project) -> None:
    shutil.copy2(labels(project), labels(project, "HD_YFP_20"))


def spell(wrong: str, right: str) -> Callable[[Project], None]:
    def spoil(project: Project) -> None:
        path = project.folder / "params.yaml"
        assert right in path.read_text()
        path.write_text(path.read_text().replace(right, wrong, 1))

    return spoil


def lose_a_drive(project: Project) -> None:
    video(project, "WT_ChR2_04").unlink(missing_ok=True)
    video(project, "WT_ChR2_04").symlink_to("/media/lab/WT_ChR2_04.mp4")


def name_in_another_encoding(project: Project) -> None:
    shutil.copy2(video(project), os.fsencode(video(project).parent) + b"/WT_YFP_m\xe9.mp4")
    time.sleep(2.1)  # files as fresh as that are not remembered


def leave_excel_open_and_misspell(project: Project) -> None:
    (labels(project).parent / f"~${VIDEO}.csv").write_bytes(b"x" * 100)
    add_label("groming,1,2")(project)


INDEX_REFUSES = {
    "a video that is cut": (cut, "02.mp4: expected a whole video, but 500 bytes are missing at its end; copy it again"),
    "an empty video": (empty, "02.mp4: expected a video, found an empty file (0 bytes); copy it again"),
    "a text called .mp4": (rename_a_text, "02.mp4: expected a video, but it cannot be opened as one"),
    "a video of no frames": (show_nothing, "02.mp4: expected a video, found a file without a video stream"),
    "a link to a drive that is not there": (lose_a_drive, "04.mp4: a link to /media/lab/WT_ChR2_04.mp4, which is not there; connect its"),
    "a name in another encoding": (name_in_another_encoding, "m\\udce9.mp4': this file's name holds what is no UTF-8 text"),
    "not the lock of an open Excel": (leave_excel_open_and_misspell, "index: data/demo/labels/HD_YFP_02.csv: line 2: 'groming'"),
    "two videos of one name": (
        name_two_alike,
        "two videos have the same name, so their results would mix: videos/HD_YFP_02",
    ),
    "a video without its track": (lose_a_track, "HD_YFP_02.mp4: expected a DeepLabCut file 'HD_YFP_02DLC*.csv' or '.h5' among"),
    "two tracks of a video": (keep_two_tracks, "_filtered.csv (filtered and unfiltered); keep one in data.dir, or narrow data.tracks"),
    "labels of no video": (label_no_video, "HD_YFP_20.csv: no video is called 'HD_YFP_20', did you mean 'HD_YFP_02'?"),
    "a label past the end": (add_label("grooming,1,99"), "02.csv: line 2, 'grooming' from 1 to 99 s: the video ends at 4 s"),
    "an unknown behaviour": (add_label("groming,1,2"), "02.csv: line 2: 'groming' is none of data.behaviours, did you mean 'grooming'?"),
    "overlapping bouts": (add_label("grooming,1,3\ngrooming,2,4"), "from 1 to 3, and line 3, 'grooming' from 2 to 4: they overlap"),
    "labels without a bout": (add_label(""), "02.csv: expected bouts below the header, found none; if nothing was shown"),
    "labels in another encoding": (add_label("Fußputzen,1,2"), "02.csv: this is not UTF-8 text; save it as UTF-8 (Excel: 'CSV UTF-8')"),
    "a data folder that is not there": (spell("data/dmeo", "data/demo"), "data.dir: expected a folder, found none at"),
    "a misspelt setting": (spell("batchsize: 4", "batch_size: 4"), "extract: 'batchsize' is not a setting, did you mean 'batch_size'?"),
    "a misspelt section": (spell("corp:", "crop:"), "params.yaml: 'corp' is not a section, did you mean 'crop'?"),
    "a setting that stands twice": (
        spell("size_px: 64\n  size_px: 128", "size_px: 64"),
        "'size_px' stands twice in the section that starts at line",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), INDEX_REFUSES.values(), ids=INDEX_REFUSES)
def test_index_refuses(project, spoil, message):
    spoil(project)
    assert message in refused(project, "index")
    assert not (project.folder / "data/index.json").exists()


def test_all_that_is_wrong_with_the_videos_is_said_at_once(project):
    empty(project)
    video(project, OTHER).write_text("no video")
    track(project, "WT_ChR2_03").unlink()
    message = refused(project, "index")
    assert all(words in message for words in ("02.mp4: expected a video, found an empty", "01.mp4: expected a video, but", "03DLC*.csv"))


@pytest.mark.parametrize("stage", ["track", "crop", "extract", "train", "predict", "cost"])
def test_a_stage_started_by_hand_before_those_it_needs_says_what_to_run(project, stage):
    assert " is not there: run 'dvc repro' in the project's folder, which makes it" in refused(project, stage)


def test_names_may_hold_spaces_accents_quotes_and_brackets(project):
    project.edit_params(data__name="{animal}")
    names = ("mouse 1 (left)", "Mäuschen é #2 50%", 'it\'s [a] "quoted" {x}' if os.name != "nt" else "it's [a] {x}", "-rf a..b")
    for path, name in zip(sorted(video(project).parent.glob("*.mp4")), names, strict=True):
        for file in project.folder.glob(f"data/demo/*/{path.stem}*"):
            file.rename(file.with_name(file.name.replace(path.stem, name)))
    project.stage("index", "track", "crop")
    for ending in ("mp4", "json"):
        assert {path.name for path in project.folder.glob(f"data/crops/*.{ending}")} == {f"{name}.{ending}" for name in names}


def test_a_track_of_another_video_is_refused_and_the_others_are_kept(project):
    rows = track(project).read_text().splitlines()
    track(project).write_text("\n".join(rows[:-15]) + "\n")
    message = refused(project, "index", "track")
    assert "HD_YFP_02DLC" in message
    assert "expected one row for each of the video's 40 frames (one more is dropped), found 25 rows" in message
    assert "(3 others are done and kept)" in message


def test_a_track_that_saw_nothing_is_refused(project):
    head, rows = track(project).read_text().splitlines()[:3], range(40)
    track(project).write_text("\n".join([*head, *(f"{row}{',' * head[0].count(',')}" for row in rows)]) + "\n")
    assert "no point is seen in any frame; track the video again" in refused(project, "index", "track")


def test_a_track_of_a_larger_picture_is_refused(project):
    rows = [row.split(",") for row in track(project).read_text().splitlines()]
    for row in rows[3:]:
        row[1:] = [str(4 * float(cell)) if cell and column % 3 else cell for column, cell in enumerate(row[1:], 1)]
    track(project).write_text("\n".join(",".join(row) for row in rows) + "\n")
    message = refused(project, "index", "track", "crop")
    assert "of the key points lie outside the picture of 96 x 72 px" in message
    assert "is it the track of a larger or uncropped version of this video?" in message


def test_a_track_that_is_unsure_of_itself_is_refused_with_the_settings_that_decide(project):
    project.edit_params(crop__likelihood=1.0)
    message = refused(project, "index", "track", "crop")
    assert "of the key points reach crop.likelihood 1" in message
    assert "crop.min_kept asks for 30% of the points" in message


def test_a_video_that_is_damaged_inside_stops_only_itself_and_a_mended_one_is_the_only_work(project):
    whole = video(project).read_bytes()
    half = len(whole) // 2
    video(project).write_bytes(whole[:half] + bytes(400) + whole[half + 400 :])
    message = refused(project, "index", "track", "crop")
    assert "02.mp4: damaged, it cannot be decoded to its end" in message
    assert "(3 others are done and kept)" in message
    video(project).write_bytes(whole)
    assert "4 videos, 1 cropped now" in project.stage("index", "track", "crop")


def test_a_video_that_was_replaced_after_indexing_is_not_kept_as_the_old_one(project):
    project.stage("index", "track")
    old = video(project).read_bytes()
    shutil.copyfile(video(project, OTHER), video(project))
    assert "HD_YFP_02.mp4 has changed since it was indexed; run 'dvc repro' again" in refused(project, "crop")
    video(project).write_bytes(old)
    assert "4 videos, 1 cropped now" in project.stage("index", "track", "crop")


def test_two_labelled_animals_are_too_few_for_a_score_and_enough_for_tags(extracted):
    labels(extracted).unlink()
    message = refused(extracted, "index", "train")
    assert "an honest score needs labelled videos of at least 3 animals" in message
    assert "dvc exp run -S train.score=false" in message
    extracted.edit_params(train__score=False, train__epochs_final=1)
    extracted.stage("index", "train")
    assert "2 videos without labels, 2 tagged now" in extracted.stage("predict")


def test_overlapping_behaviours_are_refused_where_they_exclude_each_other(extracted):
    labels(extracted).write_text("behaviour,start_s,stop_s\ngrooming,1,3\nmid_rearing,2,4\n")
    extracted.edit_params(train__task="exclusive")
    message = refused(extracted, "index", "train")
    assert "found grooming and mid_rearing together at 2.00 s (10 such frames); mend the labels" in message


def interrupt(project: Project, stage: str, happened: Callable[[], bool]) -> str:
    """Start a stage, press Ctrl-C as soon as something has happened, and return what it prints."""
    command = (sys.executable, "-m", f"ethocache.stages.{stage}")
    environment = environment_of_a_user()
    running = subprocess.Popen(command, cwd=project.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + 60
    while not happened() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 1, output
    return output


@pytest.mark.skipif(os.name == "nt", reason="SIGINT cannot be sent to one process there")
@pytest.mark.parametrize(("stage", "kind", "all_of_it"), [("crop", "crop", 4), ("extract", "features", 4), ("train", "fold", 3)])
def test_ctrl_c_ends_a_stage_with_one_line_and_the_next_run_goes_on(extracted, stage, kind, all_of_it):
    def kept() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in extracted.store.root.glob(f"{kind}/*/entry.json")}

    shutil.rmtree(extracted.store.root / kind, ignore_errors=True)
    assert interrupt(extracted, stage, lambda: bool(kept())) == f"{stage}: stopped; what is finished is kept, run again to go on\n"
    finished = kept()
    assert 0 < len(finished) < all_of_it
    extracted.stage(stage)
    assert finished.items() < kept().items()


def on_a_disk_of_its_own(project: Project, options: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script with the store on a file system that only this script sees."""
    (project.folder / "disk").mkdir()
    mount = f"mount -t tmpfs -o {options} tmpfs disk || exit 77; export ETHOCACHE_STORE=disk"
    command = ("unshare", "--mount", "--map-root-user", "sh", "-c", f"{mount}; {script}")
    environment = environment_of_a_user()
    done = subprocess.run(command, cwd=project.folder, env=environment, check=False, capture_output=True, text=True)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"no file system may be mounted here: {done.stderr.strip()}")
    return done


@pytest.mark.skipif(not shutil.which("unshare"), reason="a disk of its own needs Linux")
def test_a_store_that_cannot_be_written_says_so(project):
    done = on_a_disk_of_its_own(project, "ro", "python -m ethocache.stages.index")
    assert done.returncode == 1
    assert "this place is read-only; set ETHOCACHE_STORE to a folder you can write" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not shutil.which("unshare"), reason="a disk of its own needs Linux")
def test_a_full_disk_says_so_and_with_more_space_the_run_goes_on(project):
    fill = "head -c $(($(stat -f -c %a disk) * 4096 - 20480)) /dev/zero > disk/photos"
    before = f"python -m ethocache.stages.index && python -m ethocache.stages.track && {fill}"
    script = f"{before}; python -m ethocache.stages.crop; echo; rm disk/photos; python -m ethocache.stages.crop"
    done = on_a_disk_of_its_own(project, "size=20m", script)
    assert "crop: " in done.stderr
    assert "the disk is full; free some space and run again, what is finished is kept" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 0
    assert "crop: 4 videos" in done.stdout


@pytest.mark.skipif(not shutil.which("unshare"), reason="a disk of its own needs Linux")
def test_a_disk_that_fills_up_while_embedding_says_so_and_the_next_run_goes_on(project):
    fill = "head -c $(($(stat -f -c %a disk) * 4096 - 36864)) /dev/zero > disk/photos"
    before = " && ".join(f"python -m ethocache.stages.{stage}" for stage in ("index", "track", "crop"))
    extract = "python -m ethocache.stages.extract"
    script = f"{before} && {fill}; {extract}; echo ended with $?; ls disk/features/*/segments; rm disk/photos; {extract}"
    done = on_a_disk_of_its_own(project, "size=20m", script)
    assert "ended with 1\n000000.npy\n" in done.stdout
    assert "the disk is full; free some space and run again, what is finished is kept" in done.stderr
    assert "Traceback" not in done.stderr
    assert "extract: 4 feature files of mean_colour, 4 computed now" in done.stdout


@pytest.mark.skipif(not shutil.which("unshare"), reason="a disk of its own needs Linux")
@pytest.mark.parametrize("meanwhile", ["true", "touch params.yaml"], ids=["nothing changed", "all is looked at again"])
def test_a_store_that_may_only_be_read_still_gives_what_it_keeps(project, meanwhile):
    before = "; ".join(f"python -m ethocache.stages.{stage}" for stage in ("index", "track", "crop", "extract"))
    script = f"{before}; mount -o remount,ro disk && rm -r data/features && {meanwhile} && python -m ethocache.stages.extract"
    done = on_a_disk_of_its_own(project, "size=20m", script)
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    assert done.stdout.endswith("extract: 4 feature files of mean_colour, 0 computed now\n")
    assert len(list(project.folder.glob("data/features/mean_colour/*.h5"))) == 4


@pytest.mark.skipif(not shutil.which("unshare"), reason="a disk of its own needs Linux")
def test_hdf5_does_not_crash_on_a_full_disk(project):
    fill = "head -c $(($(stat -f -c %a disk) * 4096 - 12288)) /dev/zero > disk/photos"
    track = "python -m ethocache.stages.track"
    script = f"python -m ethocache.stages.index && {fill}; {track}; echo ended with $?; rm disk/photos; {track}"
    done = on_a_disk_of_its_own(project, "size=20m", script)
    assert "ended with 1\n" in done.stdout
    assert done.stderr.count("track: ") == 1
    assert "the disk is full; free some space and run again, what is finished is kept" in done.stderr
    assert "Traceback" not in done.stderr
    assert "track: 4 tracks" in done.stdout
