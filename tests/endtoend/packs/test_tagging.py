"""A model leaves its project: packed there, it tags videos elsewhere as `predict` does, frame for frame."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pipeline import Project, environment_of_a_user, make_project

from ethocache.common.files import sha256_of_file
from ethocache.dataset.videos import probe
from ethocache.endtoend.demo import write_demo
from ethocache.vision.decode import decode_rgb
from ethocache.vision.encode import write_video

COMMAND = (sys.executable, "-c", "from ethocache.cli import app; app(prog_name='ethocache')")
BEHAVIOURS = ("grooming", "mid_rearing", "wall_rearing")


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Project:
    """A project whose model has tagged one video, with its pack."""
    folder = tmp_path_factory.mktemp("trained")
    write_demo(folder / "demo", animals=4, unlabelled=1, seconds=6, size=(96, 72))
    project = make_project(folder / "project", folder / "demo")
    project.stage("index", "track", "crop", "extract", "train", "evaluate", "predict")
    project.run(*COMMAND, "pack", "--to", "model.zip")
    return project


@pytest.fixture
def elsewhere(tmp_path, trained) -> Path:
    """A folder with the pack and the videos, and no project."""
    place = tmp_path / "elsewhere"
    shutil.copytree(trained.folder / "data/demo/videos", place / "videos")
    shutil.copy2(trained.folder / "model.zip", place)
    return place


def tag(place: Path, *arguments: str, ok: bool = True) -> str:
    done = subprocess.run(
        [*COMMAND, "tag", *arguments, "--model", "model.zip"],
        cwd=place,
        env=environment_of_a_user() | {"ETHOCACHE_STORE": str(place.parent / "store")},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert (done.returncode == 0) == ok, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def unlabelled(project: Project) -> str:
    (path,) = (project.folder / "data/tags").glob("*.csv")
    return path.stem


def test_tags_elsewhere_are_those_of_predict_byte_for_byte(trained, elsewhere):
    video = unlabelled(trained)
    said = tag(elsewhere, f"videos/{video}.mp4", "--boris", "--overlay")
    assert "1 video tagged with lstm on mean_colour, see tagged" in said
    for kind in ("tags", "bouts"):
        assert (elsewhere / f"tagged/{kind}/{video}.csv").read_bytes() == (trained.folder / f"data/{kind}/{video}.csv").read_bytes()
    rows = [*csv.DictReader((elsewhere / "tagged/summary.csv").read_text().splitlines())]
    kept = [*csv.DictReader((trained.folder / "data/summary/tagged.csv").read_text().splitlines())]
    assert [{name: row[name] for name in kept[0] if name in row} for row in rows] == [
        {name: row[name] for name in row if name in rows[0]} for row in kept
    ]
    assert rows[0]["file"] == f"videos/{video}.mp4"
    assert [*json.loads((elsewhere / f"tagged/boris/{video}.boris").read_text())["observations"]] == [video]
    assert (elsewhere / f"tagged/overlays/{video}.mp4").stat().st_size > 1000
    assert "all kept from before" in tag(elsewhere, f"videos/{video}.mp4"), "and nothing is computed twice"


def test_a_pack_is_the_same_each_time(trained):
    trained.run(*COMMAND, "pack", "--to", "again.zip")
    assert sha256_of_file(trained.folder / "again.zip") in trained.output
    assert (trained.folder / "again.zip").read_bytes() == (trained.folder / "model.zip").read_bytes()


def test_a_corrupt_video_is_told_at_the_end_and_the_others_are_tagged(elsewhere):
    (elsewhere / "videos/broken.mp4").write_bytes(b"no video")
    (elsewhere / "videos/broken.csv").write_bytes((next((elsewhere / "videos").glob("*DLC*.csv"))).read_bytes())
    said = tag(elsewhere, "videos", "videos/gone.mp4", ok=False)
    assert said.count("broken.mp4") == 1
    assert "2 of 7 videos not tagged; 5 others are tagged, see tagged\n" in said
    assert {line.partition(": ")[0] for line in said.splitlines() if line.startswith("  ")} >= {"  videos/broken.mp4", "  videos/gone.mp4"}
    assert "\n  videos/gone.mp4: expected a video, found no file\n" in said
    assert len([*(elsewhere / "tagged/tags").iterdir()]) == 5
    assert len([*csv.DictReader((elsewhere / "tagged/summary.csv").read_text().splitlines())]) == 5


def test_the_tables_of_a_folder_hold_the_videos_of_earlier_runs(elsewhere):
    first, other = sorted((elsewhere / "videos").glob("*.mp4"))[:2]
    tag(elsewhere, str(first))
    tag(elsewhere, str(other))
    for table in ("summary.csv", "unlike.csv"):
        rows = csv.DictReader((elsewhere / "tagged" / table).read_text().splitlines())
        assert {row["video"] for row in rows} == {first.stem, other.stem}


def test_videos_of_a_run_that_was_ended_before_its_tables_are_told_of(elsewhere):
    first, other = sorted((elsewhere / "videos").glob("*.mp4"))[:2]
    tag(elsewhere, str(first))
    for table in ("summary.csv", "unlike.csv"):
        (elsewhere / "tagged" / table).unlink()  # as where a run was killed between its last tags and its tables
    said = tag(elsewhere, str(other))
    assert f"summary.csv has no row of 1 tagged video ({first.stem}), whose run has not ended or was ended: name them again" in said
    assert "no row of" not in tag(elsewhere, str(first)), "what is named again has its row"


def test_videos_that_are_unlike_are_told_of_although_another_is_corrupt(elsewhere):
    film = min((elsewhere / "videos").glob("*.mp4"))
    (elsewhere / "slow").mkdir()
    facts, time_s = probe(film)
    write_video(elsewhere / "slow" / film.name, decode_rgb(film, facts, time_s), facts.fps / 2, 18, 50)
    track = next((elsewhere / "videos").glob(f"{film.stem}DLC*"))
    shutil.copy2(track, elsewhere / "slow" / track.name)
    said = tag(elsewhere, "slow", "gone.mp4", ok=False)
    assert f"note: {film.stem} is unlike the training videos: frames/s {facts.fps / 2:g}" in said
    assert "gone.mp4: expected a video, found no file" in said


def test_two_videos_of_one_name_have_two_results(elsewhere):
    (elsewhere / "day2").mkdir()
    first, other = sorted((elsewhere / "videos").glob("*.mp4"))[:2]
    track = next((elsewhere / "videos").glob(f"{other.stem}DLC*"))
    shutil.copy2(other, elsewhere / "day2" / first.name)
    shutil.copy2(track, elsewhere / "day2" / track.name.replace(other.stem, first.stem))
    tag(elsewhere, f"videos/{first.name}", f"day2/{first.name}")
    one, two = (elsewhere / "tagged/tags" / f"{name}.csv" for name in (first.stem, f"day2_{first.stem}"))
    assert one.read_bytes() != two.read_bytes()
    said = tag(elsewhere, f"videos/{first.name}", f"day2/{first.name}", "--tracks", "videos", "--to", "mixed", ok=False)
    assert "which has the same name; put each beside its video" in said


def test_a_video_without_its_track_is_told_what_is_missing(trained, elsewhere):
    video = unlabelled(trained)
    (elsewhere / "tracks").mkdir()
    track = next((elsewhere / "videos").glob(f"{video}DLC*"))
    track.rename(elsewhere / "tracks" / track.name)
    said = tag(elsewhere, f"videos/{video}.mp4", ok=False)
    assert f"this pack needs tracks: expected a DeepLabCut file '{video}DLC*.csv' or '.h5' in 'videos', found none" in said
    tag(elsewhere, f"videos/{video}.mp4", "--tracks", "tracks")
    tag(elsewhere, f"videos/{video}.mp4", "--tracks", "tr*/*.csv")
    assert "found nothing at 'nowhere'" in tag(elsewhere, f"videos/{video}.mp4", "--tracks", "nowhere", ok=False)


def test_a_tampered_pack_is_refused(elsewhere):
    content = bytearray((elsewhere / "model.zip").read_bytes())
    content[content.index(b'"mean_colour"')] ^= 1
    (elsewhere / "model.zip").write_bytes(content)
    said = tag(elsewhere, "videos", ok=False)
    assert "-c: model.zip: " in said
    assert said.count("\n") == 1


def test_results_of_other_settings_are_not_packed(trained):
    trained.edit_params(heads__lstm__units=4)
    assert "params.yaml: the head is not that of the last run ('lstm'); run 'dvc repro' first, then pack" in trained.run(
        *COMMAND, "pack", ok=False
    )
    trained.edit_params(heads__lstm__units=8)
    assert "--to: expected the name of a .zip file, found 'model.txt'" in trained.run(*COMMAND, "pack", "--to", "model.txt", ok=False)


@pytest.mark.skipif(os.name == "nt", reason="kills a process group")
@pytest.mark.parametrize("count", [40, pytest.param(500, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])])
def test_many_videos_survive_a_kill_and_a_corrupt_one(elsewhere, count):
    films, tracks = sorted((elsewhere / "videos").glob("*.mp4")), sorted((elsewhere / "videos").glob("*DLC*.csv"))
    (elsewhere / "many").mkdir()
    for number in range(count):
        stem = films[number % len(films)].stem
        shutil.copy2(films[number % len(films)], elsewhere / "many" / f"v{number}.mp4")
        track = next(path for path in tracks if path.name.startswith(stem))
        shutil.copy2(track, elsewhere / "many" / track.name.replace(stem, f"v{number}"))
    (elsewhere / "many/v7.mp4").write_bytes(b"no video")
    running = subprocess.Popen(
        [*COMMAND, "tag", "many", "--model", "model.zip"],
        cwd=elsewhere,
        env=environment_of_a_user() | {"ETHOCACHE_STORE": str(elsewhere.parent / "store")},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while len([*elsewhere.glob("tagged/tags/*.csv")]) < 2 and running.poll() is None:
        time.sleep(0.002)
    assert running.poll() is None, "it ended before it could be killed"
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    said = tag(elsewhere, "many", ok=False)
    assert said.count("v7.mp4") == 1
    assert f"1 of {count} videos not tagged; {count - 1} others are tagged, see tagged\n  many/v7.mp4: " in said
    assert len([*(elsewhere / "tagged/tags").iterdir()]) == count - 1
    tag(elsewhere, str(films[0]), "--to", "alone")
    assert (elsewhere / f"alone/tags/{films[0].stem}.csv").read_bytes() == (elsewhere / "tagged/tags/v0.csv").read_bytes()
