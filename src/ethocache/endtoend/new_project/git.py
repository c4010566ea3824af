"""The little of git that a new project needs."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ethocache.common.errors import InputError

_NOBODY = ("-c", "user.name=ethocache", "-c", "user.email=ethocache@localhost")


def require_git() -> None:
    """Refuse a machine without git: DVC compares experiments with its help."""
    if shutil.which("git") is None:
        raise InputError("git is not installed, and DVC needs it to compare experiments: install it (https://git-scm.com) and try again")


def repository_of(folder: Path) -> Path | None:
    """Return the top of the git repository that a folder is in, or will be in; None where there is none.

    Raises
    ------
    InputError
        If git refuses the repository, or it ignores the folder.
    """
    there = next(place for place in (folder, *folder.parents) if place.is_dir())
    done = _run(there, "rev-parse", "--show-toplevel")
    if done.returncode:
        if "not a git repository" in done.stderr:
            return None
        raise InputError(f"{folder}: {_last_line(done.stderr)}")
    top = Path(done.stdout.rstrip("\n"))
    if _run(there, "check-ignore", "-q", str(folder / "dvc.yaml")).returncode == 0:
        raise InputError(
            f"{folder}: the git repository of {top} ignores this folder; run 'git init {folder}' first, or choose another folder"
        )
    return top


def has_commits(folder: Path) -> bool:
    """Tell whether anything was ever committed."""
    return _run(folder, "rev-parse", "--verify", "-q", "HEAD").returncode == 0


def knows_the_user(folder: Path) -> bool:
    """Tell whether git has a name to put on commits."""
    return _run(folder, "var", "GIT_COMMITTER_IDENT").returncode == 0


def start_repository(folder: Path) -> None:
    """Make a git repository."""
    _git(folder, "init", "-q")


def commit(folder: Path, files: Sequence[str], message: str) -> None:
    """Commit some files and no other; where git does not know the user's name, under the name of this program."""
    nobody = () if knows_the_user(folder) else _NOBODY
    _git(folder, "add", "--force", "--", *files)
    _git(folder, *nobody, "-c", "commit.gpgsign=false", "commit", "-q", "--no-verify", "-m", message, "--", *files)


def _git(folder: Path, *arguments: str) -> None:
    done = _run(folder, *arguments)
    if done.returncode:
        raise InputError(f"{folder}: git {arguments[0]}: {_last_line(done.stderr)}")


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"LC_ALL": "C", "LANGUAGE": "C"}  # its messages are compared
    return subprocess.run(("git", *arguments), cwd=folder, env=environment, check=False, capture_output=True, text=True)


def _last_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.startswith("fatal: ")), text.strip() or "failed and does not say why")
