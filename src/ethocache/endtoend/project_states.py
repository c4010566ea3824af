"""States of a project that can be compared: the workspace, revisions of git, DVC's experiments, folders of predictions.

What is small and text lies in git and is read from there: params.yaml, the metrics, and where DVC's experiments are (each is
a commit under ``refs/exps/<baseline>/<name>``). Predictions are an output that DVC keeps, so DVC is asked for them.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.params import parse_params
from ethocache.dataset.predictions import Prediction, read_prediction
from ethocache.dataset.text import shown

WORKSPACE = "workspace"
PREDICTIONS, METRICS, COST = Path("data/predictions"), "metrics/metrics.json", "metrics/cost.json"


@dataclass(frozen=True)
class State:
    """One state of the project in this folder.

    Attributes
    ----------
    name
        As the user knows it.
    commit
        Of git; None for files as they lie there.
    folder
        Where the predictions lie that no commit holds.
    """

    name: str
    commit: str | None = None
    folder: Path | None = None

    @property
    def is_workspace(self) -> bool:
        return self.commit is None and self.folder == PREDICTIONS


def workspace() -> State:
    """Return what lies in the project's folder now."""
    return State(WORKSPACE, folder=PREDICTIONS)


def find_state(name: str) -> State:
    """Return the state of a name: ``workspace``, an experiment, a revision of git, or a folder of predictions.

    Raises
    ------
    InputError
        If it is none of them, or the name of several experiments.
    """
    if name == WORKSPACE:
        return workspace()
    known = list(_experiments())
    commits = {commit: baseline for baseline, experiment, commit in known if experiment == name}
    if len(commits) > 1:  # DVC takes the one that began with what is checked out now
        commits = {commit: baseline for commit, baseline in commits.items() if baseline == _commit_of("HEAD")} or commits
    if len(commits) > 1:
        raise InputError(
            f"'{name}' is the name of {len(commits)} experiments; name one by its commit: {', '.join(c[:10] for c in commits)}"
        )
    if commit := next(iter(commits), None) or _commit_of(name):
        return State(name, commit=commit)
    if Path(name).is_dir():
        return State(name, folder=Path(name))
    if name == "HEAD":
        raise InputError(
            "nothing is committed here yet, so there is nothing to compare with: run 'dvc repro', 'git add -A' and 'git commit', "
            "change what you like, run 'dvc repro' again, then compare"
        )
    names = sorted({experiment for _, experiment, _ in known})
    hint = did_you_mean(name, names) or (f"; experiments: {', '.join(names[:20])}" if names else "; there are no experiments")
    raise InputError(f"'{name}' is no experiment, no revision of git and no folder with predictions{hint}")


def all_states() -> list[State]:
    """Return the workspace, the last commit if there is one, and every experiment, whatever it began with."""
    head = _commit_of("HEAD")
    named = [State(experiment, commit=commit) for _, experiment, commit in sorted(_experiments(), key=lambda found: found[1])]
    return [workspace(), *([State("HEAD", commit=head)] if head else []), *named]


def predictions_of(state: State) -> list[Prediction]:
    """Read all predictions of a state.

    Raises
    ------
    InputError
        If there are none, or DVC no longer has them.
    """
    if state.folder is not None:
        return _read_all(state.folder, state)
    _check_that_it_trained(state)
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "predictions"
        if reason := _get(str(state.commit), target):
            raise InputError(
                f"{state.name}: DVC no longer has its predictions ({reason}): fetch them with 'dvc fetch --all-commits', or make them "
                f"again: {_checkout(state)}, then 'dvc repro'"
            )
        return _read_all(target, state)


def metrics_of(state: State) -> dict[str, Any] | None:
    """Return metrics.json of a state; None where there is none."""
    return _json_of(state, METRICS)


def cost_of(state: State) -> dict[str, Any] | None:
    """Return cost.json of a state; None where there is none."""
    return _json_of(state, COST)


def settings_of(state: State) -> dict[str, Any]:
    """Return all settings that a state was made with by their names, such as ``train.epochs``; none where they are not known."""
    text = _text_of(state, "params.yaml")
    return dict(_named(parse_params(text, f"params.yaml of {state.name}"))) if text else {}


def _named(settings: dict[str, Any], section: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _named(value, f"{section}{name}.")
        else:
            yield f"{section}{name}", value


def _read_all(folder: Path, state: State) -> list[Prediction]:
    paths = sorted(folder.glob("*.h5"))
    if not paths:
        what = "trained with 'train.score: true'" if state.commit or state.is_workspace else "with files such as those in data/predictions"
        raise InputError(
            f"{state.name}: expected predictions, found none in {folder if state.folder else PREDICTIONS}; name a state {what}"
        )
    return [read_prediction(path) for path in paths]


def _check_that_it_trained(state: State) -> None:
    if f"path: {PREDICTIONS.as_posix()}\n" not in (_text_of(state, "dvc.lock") or ""):
        raise InputError(
            f"{state.name} has no predictions: nothing was trained before it was committed; name another, or train and commit it: "
            f"{_checkout(state)}, 'dvc repro', then commit dvc.lock"
        )


def _checkout(state: State) -> str:
    is_experiment = any(commit == state.commit for _, _, commit in _experiments())
    return f"'dvc exp apply {state.name}'" if is_experiment else f"'git checkout {state.name}'"


def _get(commit: str, target: Path) -> str:
    """Have DVC put a commit's predictions into a folder, from its cache or else from where they were pushed; return what went wrong.

    The project may be a folder inside a repository, and only the repository itself can be asked for a commit.
    """
    top, inside = ((_git("rev-parse", where) or "").rstrip("\n") for where in ("--show-toplevel", "--show-prefix"))
    command = ("get", top, f"{inside}{PREDICTIONS.as_posix()}", "--rev", commit, "-o", str(target))
    done = subprocess.run((sys.executable, "-m", "dvc", *command), check=False, capture_output=True, text=True, errors="replace")
    said = [line.removeprefix("ERROR: ").removeprefix("unexpected error - ") for line in done.stderr.splitlines() if "ERROR: " in line]
    return shown(said[-1] if said else "it does not say why") if done.returncode else ""


def _json_of(state: State, name: str) -> dict[str, Any] | None:
    text = _text_of(state, name)
    try:
        return json.loads(text) if text else None
    except ValueError:
        raise InputError(f"{name} of {state.name} is damaged: run 'dvc repro' there") from None


def _text_of(state: State, name: str) -> str | None:
    """Return a small file of a state, as its commit or the workspace has it; None where there is none."""
    if state.commit:
        return _git("show", f"{state.commit}:./{name}")
    path = Path(name)
    return path.read_text(encoding="utf-8") if state.is_workspace and path.is_file() else None


def _experiments() -> Iterator[tuple[str, str, str]]:
    """Give each experiment's baseline, name and commit."""
    for line in (_git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps") or "").splitlines():
        commit, ref = line.split(" ", 1)
        parts = ref.split("/", 4)
        if len(parts) == 5 and (len(parts[2]), len(parts[3])) == (2, 38):  # others are DVC's own: stash, exec, ...
            yield parts[2] + parts[3], parts[4], commit


def _commit_of(revision: str) -> str | None:
    found = _git("rev-parse", "--verify", "-q", "--end-of-options", f"{revision}^{{commit}}")
    return found.strip() if found else None


def _git(*arguments: str) -> str | None:
    """Return what git answers; None where it has no answer, so also outside of any repository."""
    try:
        done = subprocess.run(("git", *arguments), check=False, capture_output=True, text=True, encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise InputError("git is not installed, and experiments lie in git: install it (https://git-scm.com) and try again") from None
    return done.stdout if done.returncode == 0 else None
