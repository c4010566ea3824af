"""The real pipeline on tiny rendered videos, run by DVC as a user runs it, counting what was really computed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import timm
import torch
from pipeline import Project, environment_of_a_user, make_project
from safetensors.torch import save_file

from ethocache.endtoend.demo import write_demo


@pytest.fixture(scope="session")
def four_videos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rendered") / "demo"
    write_demo(folder, animals=4, unlabelled=1, seconds=6, size=(96, 72))
    return folder


def put(project: Project, four_videos: Path, animal: str, labelled: bool) -> None:
    """Put the files of one animal into the project's data folder."""
    for path in four_videos.glob(f"*/*{animal}*"):
        if labelled or path.parent.name != "labels":
            shutil.copy2(path, project.folder / "data/demo" / path.relative_to(four_videos))


def remove(project: Project, animal: str) -> None:
    for path in project.folder.glob(f"data/demo/*/*{animal}*"):
        path.unlink()


@pytest.fixture(scope="module")
def stems(four_videos) -> list[str]:
    """The labelled videos in order, then the one without labels."""
    videos = sorted(path.stem for path in four_videos.glob("videos/*.mp4"))
    return sorted(videos, key=lambda stem: (not (four_videos / "labels" / f"{stem}.csv").exists(), stem))


@pytest.fixture
def three_labelled(tmp_path, four_videos, stems) -> Project:
    """A project of the first three labelled animals."""
    project = make_project(tmp_path / "project", four_videos)
    for stem in stems[3:]:
        remove(project, stem)
    project.commit()
    return project


def test_an_ensemble_is_made_anew_when_a_member_of_it_is_edited_and_only_then(three_labelled):
    project = three_labelled
    project.edit_params(head="ensemble")
    assert project.counting("dvc", "repro", "train") == (3, 3, 1)
    project.edit_params(heads__tcn__channels=16)
    assert project.counting("dvc", "repro", "train") == (0, 0, 0), "a head that it does not use"
    project.edit_params(heads__linear__input_dropout=0.1)
    assert project.counting("dvc", "repro", "train") == (0, 0, 1), "a member's setting"
    assert "4 networks trained now, 4 kept" in project.output, "the other member is kept"
    project.edit_params(decide__threshold="recall")
    assert project.counting("dvc", "repro", "train") == (0, 0, 1)
    assert "0 networks trained now, 8 kept" in project.output, "another threshold trains nothing"
    assert len(list((project.folder / "models/ensemble").glob("*.safetensors"))) == 2


@pytest.mark.timeout(1800)  # some fifteen runs of DVC; a busy machine takes ten times as long
def test_nothing_is_computed_twice(three_labelled, four_videos, stems):
    project = three_labelled
    run = ("dvc", "exp", "run", "-q")
    assert project.counting("dvc", "repro") == (3, 3, 1), "first"
    assert project.counting("dvc", "repro") == (0, 0, 0), "nothing to do"
    assert "Running stage 'crop'" not in project.output
    project.commit()
    first = project.json("metrics/metrics.json")

    assert project.counting(*run, "-S", "head=tcn") == (0, 0, 1), "another head"
    assert project.json("metrics/metrics.json") != first
    diff = project.run("dvc", "metrics", "diff")
    assert re.search(r"metrics\.json\s+grooming\.(accuracy|average_precision|f1)", diff), diff
    project.edit_params(heads__linear__train={"learning_rate": 0.01})
    assert project.counting("dvc", "repro", "train") == (0, 0, 0), "an unused head's setting"

    # what comes after `train` follows it, and is left out here to save time
    assert project.counting(*run, "train", "-S", "backbone=tiny") == (0, 3, 1), "second backbone"
    assert project.counting(*run, "train", "-S", "backbone=mean_colour") == (0, 0, 0), "and back"
    assert project.counting(*run, "train", "-S", "crop.margin_px=4") == (3, 3, 1), "crop margin"
    assert project.counting(*run, "train", "-S", "crop.margin_px=0") == (0, 0, 0), "and back"

    labels = project.folder / "data/demo/labels" / f"{stems[0]}.csv"
    labels.write_text("\n".join(labels.read_text().splitlines()[:-1]) + "\n")
    assert project.counting("dvc", "repro", "train") == (0, 0, 1), "one label edited"
    put(project, four_videos, stems[3], labelled=True)
    assert project.counting("dvc", "repro", "train") == (1, 1, 1), "one labelled video added"
    remove(project, stems[3])
    assert project.counting("dvc", "repro", "train") == (0, 0, 0), "removed again"

    put(project, four_videos, stems[4], labelled=False)
    assert project.counting("dvc", "repro") == (1, 1, 0), "one unlabelled video added"
    tagged = (project.folder / "data/tags" / f"{stems[4]}.csv").read_text().splitlines()
    assert len(tagged) == 61
    assert tagged[0].startswith("frame,time_s,grooming_probability,grooming,")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_grid_of_experiments_computes_what_is_not_known_yet(three_labelled):
    project = three_labelled
    assert project.counting("dvc", "repro", "evaluate") == (3, 3, 1)
    project.commit()
    project.run("dvc", "exp", "run", "-q", "--queue", "evaluate", "-S", "head=lstm,tcn", "-S", "backbone=mean_colour,tiny")
    assert project.counting("dvc", "exp", "run", "-q", "--run-all", "-j", "2") == (0, 3, 3), "the lstm on mean_colour is known"
    experiments = json.loads(project.run("dvc", "exp", "show", "--json"))
    assert str(experiments).count("metrics.json") >= 4


def test_with_nothing_changed_index_loads_no_library_and_says_the_same(three_labelled, stems):
    project = three_labelled
    time.sleep(2.1)  # files as fresh as that may still change without another time stamp
    first = project.stage("index")
    again = project.run(sys.executable, "-X", "importtime", "-m", "ethocache.stages.index")
    assert first in again
    loaded = {line.rsplit("|", 1)[-1].strip() for line in again.splitlines() if line.startswith("import time:")}
    assert "ethocache.common.last_look" in loaded
    assert not loaded & {"numpy", "pydantic", "yaml", "av", "h5py", "filelock"}
    remove(project, stems[2])
    assert project.stage("index").startswith("index: 2 videos")


def test_a_wrong_name_stops_before_anything_is_deleted_and_says_how_to_go_back(three_labelled):
    project = three_labelled
    project.run("dvc", "repro", "evaluate")
    project.commit()
    before = {path: path.read_bytes() for path in project.folder.glob("metrics/*.json")}
    output = project.run("dvc", "exp", "run", "-S", "head=nope", ok=False)
    assert "params.yaml: head: 'nope'" in output
    assert "Nothing was computed or deleted" in output
    assert "git checkout -- params.yaml" in output
    assert "Traceback" not in output
    assert {path: path.read_bytes() for path in before} == before
    assert list(project.folder.glob("data/predictions/*"))
    project.run("git", "checkout", "--", "params.yaml")
    assert project.counting("dvc", "repro", "evaluate") == (0, 0, 0)


def test_an_edited_part_of_a_recipe_makes_its_users_stale_and_nobody_else(three_labelled):
    project = three_labelled
    project.edit_params(backbone="both")
    assert project.counting("dvc", "repro", "extract") == (3, 6, 0)
    project.edit_params(backbones__tiny__seed=1)
    assert project.counting("dvc", "repro", "train") == (0, 3, 1), "only the edited part is extracted again"
    project.edit_params(backbone="mean_colour")
    assert project.counting("dvc", "repro", "train") == (0, 0, 1)
    project.edit_params(backbones__tiny__seed=2)
    assert project.counting("dvc", "repro", "train") == (0, 0, 0), "a backbone that does not use the part"


def test_other_weights_in_a_file_of_the_same_name_are_extracted_again(three_labelled):
    project = three_labelled
    weights = project.folder / "weights.safetensors"

    def put_weights(seed: int) -> None:
        torch.manual_seed(seed)
        save_file(timm.create_model("test_resnet").state_dict(), weights)

    put_weights(0)
    project.edit_params(backbone="tiny", backbones__tiny__weights=weights.name)
    assert project.counting("dvc", "repro", "extract") == (3, 3, 0)
    put_weights(1)
    assert project.counting("dvc", "repro", "extract") == (0, 3, 0)
    put_weights(0)
    assert project.counting("dvc", "repro", "extract") == (0, 0, 0)


def kill_when(project: Project, happened, *command: str) -> None:
    """Start a command and kill it and its children as soon as something has happened."""
    running = subprocess.Popen(
        command,
        cwd=project.folder,
        env=environment_of_a_user(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not happened() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    assert running.poll() is None, "it ended before it could be killed"
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()


@pytest.mark.skipif(os.name == "nt", reason="kills a process group")
def test_a_killed_extraction_goes_on_from_its_last_segment(three_labelled, tmp_path, four_videos, stems):
    project = three_labelled
    project.edit_params(backbone="tiny")

    def segment_of_second_video(number: int):
        def written() -> bool:
            finished = list(project.store.root.glob("features/*/entry.json"))
            return len(finished) == 1 and bool(list(project.store.root.glob(f"features/*.building/segments/{number:06d}.npy")))

        return written

    kill_when(project, segment_of_second_video(2), "dvc", "repro", "extract")
    finished = project.kept()["features"]
    segments = {path: path.stat().st_mtime_ns for path in project.store.root.glob("features/*.building/segments/00000[012].npy")}
    assert (len(finished), len(segments)) == (1, 3)
    kill_when(project, segment_of_second_video(4), "dvc", "repro", "extract")
    assert {path: path.stat().st_mtime_ns for path in segments} == segments, "finished segments were not written again"
    assert project.counting("dvc", "repro", "train") == (0, 2, 1)
    assert finished <= project.kept()["features"], "the finished video was not touched"

    undisturbed = make_project(tmp_path / "undisturbed", four_videos)
    for stem in stems[3:]:
        remove(undisturbed, stem)
    undisturbed.edit_params(backbone="tiny")
    undisturbed.run("dvc", "repro", "extract")
    for path in undisturbed.folder.glob("data/features/tiny/*.h5"):
        assert path.read_bytes() == (project.folder / "data/features/tiny" / path.name).read_bytes()


def test_a_flipped_byte_in_a_kept_file_is_found_and_made_again(three_labelled):
    project = three_labelled
    project.run("dvc", "repro", "crop")
    crop = next(project.folder.glob("data/crops/*.mp4"))
    good = crop.read_bytes()
    before = crop.stat()
    crop.chmod(0o644)
    with crop.open("r+b") as file:
        file.seek(len(good) // 2)
        file.write(bytes([good[len(good) // 2] ^ 1]))
    crop.chmod(0o444)
    os.utime(crop, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "results in store were damaged and are gone (crop" in project.run("ethocache", "store", "verify", ok=False)
    assert project.counting("dvc", "repro", "crop") == (1, 0, 0)
    assert crop.read_bytes() == good


def test_two_runs_at_once_compute_each_key_once(three_labelled, tmp_path):
    project = three_labelled
    project.run("dvc", "repro", "crop")
    command = (sys.executable, "-m", "ethocache.stages.extract")
    runs = [
        subprocess.Popen(
            command, cwd=project.folder, env=environment_of_a_user(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(2)
    ]
    output = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], output
    computed = [int(number) for text in output for number in re.findall(r"(\d+) computed now", text)]
    assert sum(computed) == 3, output
