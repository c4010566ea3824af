"""A user's folder with the real pipeline in it, for tests that run its stages."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ethocache.common.store import Store

ROOT = Path(__file__).parents[1]
BACKBONES = {
    "mean_colour": {"kind": "mean_colour"},
    "tiny": {"kind": "image", "model": "test_resnet", "weights": "random"},
    "both": {"streams": ["mean_colour", "tiny"]},
    "pose": {"kind": "pose"},
    "colour_pose": {"streams": ["mean_colour", "pose"]},
}
HEADS = {
    "linear": {"kind": "linear"},
    "lstm": {"kind": "lstm", "units": 8, "layers": 1, "project": 0},
    "tcn": {"kind": "tcn", "channels": 8},
    "ensemble": {"kind": "ensemble", "members": [{"head": "lstm"}, {"head": "linear", "seed": 3}]},
}
SHARED = ROOT.parent / "shared" / "data"
TINY = {  # with which every stage takes seconds
    "head": "lstm",
    "backbone": "mean_colour",
    "heads": HEADS,
    "backbones": BACKBONES,
    "crop__size_px": 64,
    "extract__batch_size": 4,
    "extract__segment_frames": 8,
    "train__epochs": 2,
    "train__window_s": 3.0,
    "train__overlap_s": 0.5,
    "evaluate__resamples": 100,
}
Counts = tuple[int, int, int]


class Project:
    """A user's folder with the pipeline in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder / "store")
        self.output = ""

    def run(self, *command: str, ok: bool = True, **environment: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment_of_a_user() | environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        self.output = done.stdout
        assert (done.returncode == 0) == ok, done.stdout
        return done.stdout

    def stage(self, *names: str, ok: bool = True, **environment: str) -> str:
        """Run stages without DVC, which is quicker; where `ok` is False, the last one is expected to fail."""
        for name in names:
            output = self.run(sys.executable, "-m", f"ethocache.stages.{name}", ok=ok or name != names[-1], **environment)
        return output

    def edit_params(self, **changes: object) -> None:
        path = self.folder / "params.yaml"
        params = yaml.safe_load(path.read_text())
        for key, value in changes.items():
            *sections, name = key.split("__")
            place = params
            for section in sections:
                place = place[section]
            place[name] = value
        path.write_text(yaml.safe_dump(params, sort_keys=False))

    def kept(self) -> dict[str, set[tuple[str, int]]]:
        """Every finished result in the store, with when it was made."""
        kinds = {"crop": "crop", "features": "features", "model": "model"}
        return {
            kind: {(path.parent.name, path.stat().st_mtime_ns) for path in self.store.root.glob(f"{kind}/*/entry.json")} for kind in kinds
        }

    def counting(self, *command: str, ok: bool = True) -> Counts:
        """Run a command and return (videos cropped, videos extracted, trainings)."""
        before = self.kept()
        self.run(*command, ok=ok)
        after = self.kept()
        return len(after["crop"] - before["crop"]), len(after["features"] - before["features"]), len(after["model"] - before["model"])

    def json(self, path: str):
        return json.loads((self.folder / path).read_text())

    def commit(self) -> None:
        self.run("git", "add", "-A")
        self.run("git", "commit", "-q", "--allow-empty", "-m", "state")


def environment_of_a_user() -> dict[str, str]:
    """The environment with our Python first, and nobody's git settings."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    git = {
        f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "A lab"), ("EMAIL", "lab@example.org"))
    }
    gone = ("DVC_ROOT", "ETHOCACHE_STORE", "PYTEST_ADDOPTS")
    return {key: value for key, value in os.environ.items() if key not in gone} | git | {"PATH": path, "OMP_NUM_THREADS": "1"}


def make_project(folder: Path, videos: Path | None = None, settings: Mapping[str, Any] = TINY) -> Project:
    """Set up a project under git, with a copy of the data folder `videos` as its data.dir; `settings` go into params.yaml."""
    folder.mkdir()
    for name in ("src", ".dvc/plots"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", ".gitignore", ".dvcignore", ".dvc/config", ".dvc/.gitignore", "params.yaml"):
        shutil.copy2(ROOT / name, folder / name)
    if videos:
        shutil.copytree(videos, folder / "data/demo")
    project = Project(folder)
    project.edit_params(**settings)
    project.run("git", "init", "-q")
    project.commit()
    return project
