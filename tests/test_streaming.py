"""Frames that come in get the tags that the pipeline gives the finished video."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from pipeline import BACKBONES, TINY, environment_of_a_user, make_project
from rendered import pack_again

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.tags import read_tags
from ethocache.endtoend.demo import write_demo
from ethocache.endtoend.streaming import LiveFeatures, LiveRecipe, Source, in_words, parse_box, parse_size
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.embedding import ExtractParams
from ethocache.vision.live import Box

LIVE = TINY | {
    "head": "causal",
    "heads": {
        "causal": {"kind": "gru", "units": 8, "layers": 1, "project": 0, "bidirectional": False},
        "both_ways": {"kind": "lstm", "units": 4, "layers": 1, "project": 0},
    },
    "track__source": "none",
    "crop__quality": 0,  # lossless
    "train__max_fps": 5,  # steps of two frames
    "train__score": False,
    "decide__box_s": 0.5,
    "decide__min_bout_s": 0.3,
}
SIZE = (96, 72)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    write_demo(folder / "demo", animals=3, unlabelled=1, seconds=6, size=SIZE)
    made = make_project(folder / "project", folder / "demo", LIVE)
    made.stage("index", "track", "crop", "extract", "train", "predict")
    return made


def unlabelled(project) -> Path:
    (table,) = (project.folder / "data/tags").iterdir()
    return project.folder / f"data/demo/videos/{table.stem}.mp4"


def stream(project, *arguments, data=None, ok=True):
    done = subprocess.run(
        [sys.executable, "-c", "from ethocache.cli import app; app()", "stream", *arguments],
        cwd=project.folder,
        env=environment_of_a_user(),
        input=data,
        capture_output=True,
        check=False,
    )
    assert (done.returncode == 0) == ok, done.stderr.decode()
    return done.stdout.decode(), done.stderr.decode()


def check_like_the_pipelines(project, told, within=0.002):
    """Chroma of a frame that was never encoded is rounded otherwise, so features differ a little; nothing else does."""
    (project.folder / "told.csv").write_text(told)
    found, wanted = read_tags(project.folder / "told.csv"), read_tags(project.folder / f"data/tags/{unlabelled(project).stem}.csv")
    assert found[0] == wanted[0]
    np.testing.assert_array_equal(found[1], wanted[1])
    np.testing.assert_allclose(found[2], wanted[2], atol=within)
    assert (found[3] == wanted[3]).mean() > 0.95


def test_a_video_file_gets_the_lines_that_the_pipeline_writes(project):
    video = unlabelled(project)
    told, about = stream(project, str(video))
    check_like_the_pipelines(project, told)
    assert about.startswith(f"ethocache: 60 frames of {video}; from frame to line ")
    assert "ms in the median" in about and about.rstrip().endswith("frames after theirs")


def test_frames_on_standard_input_get_the_same_in_a_container_and_nearly_so_as_raw_pixels(project):
    video = unlabelled(project)
    piped = video.with_suffix(".mkv")
    pack_again(video, piped)
    check_like_the_pipelines(project, stream(project, "-", data=piped.read_bytes())[0])
    piped.unlink()
    with av.open(str(video)) as source:
        raw = b"".join(frame.to_ndarray(format="rgb24").tobytes() for frame in source.decode(video=0))
    told, _ = stream(project, "-", "--size", "96x72", "--fps", "10", data=raw)
    check_like_the_pipelines(project, told, within=0.02)  # bytes of red, green and blue are rounded once more


def test_a_pack_tags_a_stream_where_there_is_no_project(project, tmp_path):
    command = (sys.executable, "-c", "from ethocache.cli import app; app()")
    project.stage("evaluate")
    project.run(*command, "pack", "--to", str(tmp_path / "live.zip"))
    environment = environment_of_a_user() | {"ETHOCACHE_STORE": str(tmp_path / "store")}
    asked = ("stream", str(unlabelled(project).absolute()), "--model", "live.zip")
    done = subprocess.run((*command, *asked), cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert done.stdout.decode() == stream(project, str(unlabelled(project)))[0]
    assert done.stderr.decode().startswith("ethocache: 60 frames of ")
    also = subprocess.run((*command, "tag", "--stream", *asked[1:]), cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert also.stdout == done.stdout, "`ethocache tag --stream` is the same"
    assert not (tmp_path / "data").exists()


def test_it_ends_quietly_when_nobody_reads_its_lines(project):
    command = [sys.executable, "-c", "from ethocache.cli import app; app()", "stream", str(unlabelled(project))]
    with subprocess.Popen(
        command, cwd=project.folder, env=environment_of_a_user(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        running.stdout.close()
        assert running.stderr.read().decode() == "ethocache: nobody reads the lines any more; stopped\n"
    assert running.returncode == 0


def raw_frames_of(video: Path, frames: int) -> bytes:
    with av.open(str(video)) as source:
        return b"".join(frame.to_ndarray(format="rgb24").tobytes() for _, frame in zip(range(frames), source.decode(video=0), strict=False))


def test_frames_before_a_source_breaks_off_have_their_lines(project):
    raw = raw_frames_of(unlabelled(project), 20)
    whole, _ = stream(project, "-", "--size", "96x72", "--fps", "10", data=raw)
    told, about = stream(project, "-", "--size", "96x72", "--fps", "10", data=raw + b"half a frame", ok=False)
    assert told == whole and told.count("\n") == 21
    assert "standard input ends within frame 20, after 12 of 20736 bytes" in about


@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_ctrl_c_ends_a_stream_as_the_end_of_its_source_does(project):
    raw = raw_frames_of(unlabelled(project), 20)
    whole, _ = stream(project, "-", "--size", "96x72", "--fps", "10", data=raw)
    command = [sys.executable, "-c", "from ethocache.cli import app; app()", "stream", "-", "--size", "96x72", "--fps", "10"]
    piped = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=project.folder, env=environment_of_a_user(), **piped) as running:
        running.stdin.write(raw)
        running.stdin.flush()
        first = [running.stdout.readline() for _ in range(3)]
        time.sleep(1)  # until it waits for the next frame
        running.send_signal(signal.SIGINT)
        rest, about = running.stdout.read(), running.stderr.read().decode()
    assert (b"".join(first) + rest).decode() == whole
    assert about.startswith("ethocache: 20 frames of -; from frame to line ") and running.returncode == 0


def test_a_project_whose_crops_follow_the_animal_cannot_tag_a_stream(project):
    project.edit_params(track__source="background")
    try:
        about = stream(project, str(unlabelled(project)), ok=False)[1]
    finally:
        project.edit_params(track__source="none")
    assert "the crops of this model follow the animal (track.source: background): their size and smoothed path are known only" in about


@pytest.mark.parametrize(
    ("backbone", "expected"),
    [
        ("pose", "the backbone 'pose' reads tracks, and cannot feed a stream of frames; take one of kind image"),
        ("flow", "the backbone 'flow' looks at the frames around each one, and cannot feed a stream of frames; take one of kind image"),
        ("other", "the model reads features of 'other', which the project's backbone does not give; run dvc repro"),
    ],
)
def test_backbones_that_single_frames_do_not_feed_are_refused(backbone, expected, tmp_path):
    recipes = {"pose": BACKBONES["pose"], "flow": {"kind": "flow", "model": "test_resnet", "weights": "random"}}
    with pytest.raises(InputError) as refused:
        LiveFeatures(LiveRecipe(recipes, ExtractParams(), CropParams(), "none"), (backbone,), Store(tmp_path))
    assert str(refused.value) == expected


def test_sizes_and_rates_are_checked_in_words():
    assert parse_size("640X480") == (640, 480)
    for text in ("640", "x480", "0x1", "wide"):
        with pytest.raises(InputError, match=f"--size: expected width x height in pixels such as 640x480, found '{text}'"):
            parse_size(text)
    assert parse_box("80,20,400") == Box(80, 20, 400)
    for text in ("80,20", "a,b,c", "8,2,4.5"):
        with pytest.raises(InputError, match=f"--box: expected left, top and side in pixels such as 80,20,400, found '{text}'"):
            parse_box(text)
    with pytest.raises(InputError, match="--size is for raw frames on standard input: name - as the source"):
        Source("film.mp4", (2, 2), 10.0)
    with pytest.raises(InputError, match="raw frames do not say how many come in a second: give --fps"):
        Source("-", (2, 2))


def test_latency_is_told_by_its_middle_and_its_tail():
    assert in_words([0.001] * 94 + [0.01] * 6) == "from frame to line 1.0 ms in the median, 10.0 ms in 95 %, 10.0 ms in 99 %"
    assert in_words([]) == "no latency without frames"
