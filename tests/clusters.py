"""Stages of a small project that run with workers, and what can happen to them."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
from pipeline import Project, environment_of_a_user, make_project

from ethocache.common.compute import CLUSTER
from ethocache.common.store import Store
from ethocache.endtoend.demo import write_demo

VIDEOS = 3


def cropped_project(folder: Path, seconds: float = 25.0) -> Project:
    """A project whose videos are cropped; embedding one takes seconds, because each frame is a segment."""
    write_demo(folder / "demo", animals=VIDEOS, unlabelled=0, seconds=seconds, size=(96, 72))
    project = make_project(folder / "project", folder / "demo")
    project.edit_params(extract__batch_size=1, extract__segment_frames=1)
    project.stage("index", "track", "crop")
    return project


def copy_of(project: Project, folder: Path) -> Project:
    shutil.copytree(project.folder, folder)
    return Project(folder)


def start_stage(project: Project, stage: str, cluster: str, **environment: str) -> "subprocess.Popen[str]":
    """Start a stage with workers, as the head of a group of processes."""
    return subprocess.Popen(
        (sys.executable, "-m", f"ethocache.stages.{stage}"),
        cwd=project.folder,
        env=environment_of_a_user() | {CLUSTER: cluster, "PYTHONPATH": str(project.folder / "src")} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def begun(store: Store, segments: int = 10) -> list[str]:
    """Keys of videos that are being embedded, and of which so many segments are kept."""
    return [
        folder.parent.name.removesuffix(".building")
        for folder in store.root.glob("features/*.building/segments")
        if len(list(folder.glob("*.npy"))) >= segments and not (folder.parent / "output/entry.json").exists()
    ]


def wait_until(happened: Callable[[], object], running: "subprocess.Popen[str]", seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert running.poll() is None, running.communicate()[0]
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def workers_of(pid: int) -> list[psutil.Process]:
    return [process for process in psutil.Process(pid).children(recursive=True) if "spawn_main" in " ".join(process.cmdline())]


def holder_of(store: Store, key: str) -> psutil.Process:
    """The process that embeds a video: it holds the lock."""
    lock = (store.root / f"locks/features-{key}.lock").resolve()
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if any(file.path == str(lock) for file in process.open_files()):
                return process
    raise AssertionError("nobody embeds it")


def features(project: Project) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in project.folder.glob("data/features/*/*.h5")}


def resumed(project: Project) -> list[int]:
    """How many frames of each video were kept when its embedding was finished by somebody else."""
    return sorted(entry.facts["resumed_at"] for entry in project.store.entries() if entry.folder.parent.name == "features")


def communicated(process: "subprocess.Popen[str]", seconds: float = 120) -> str:
    """What a stage has printed when it ends; it is not left behind if it does not."""
    try:
        return process.communicate(timeout=seconds)[0]
    finally:
        process.kill()


def ended(process: "subprocess.Popen[str]", seconds: float = 180) -> str:
    output = communicated(process, seconds)
    assert process.returncode == 0, output
    return output
