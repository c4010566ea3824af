"""``ethocache init``: a folder that holds all that the pipeline needs, and none of its code."""

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ethocache.common.errors import InputError
from ethocache.common.files import write_text
from ethocache.common.wording import counted
from ethocache.dataset.folder import refuse_results_folder
from ethocache.endtoend.new_project import git, templates
from ethocache.endtoend.new_project.finding import Found, look_into
from ethocache.endtoend.new_project.settings import Settings, settings_for

NEW_DATA = "recordings"
_OURS = ("params.yaml", "dvc.yaml")


@dataclass(frozen=True)
class _Plan:
    """What is about to be made; nothing has been written yet.

    Attributes
    ----------
    folder
        The project.
    data
        `data.dir`: relative to the project where it lies inside, else absolute.
    found
        What lies in it.
    repository
        The git repository that the project is in; None where it gets its own.
    """

    folder: Path
    data: str
    found: Found
    repository: Path | None

    @property
    def ignored(self) -> str | None:
        """The data folder, where git and DVC would meet it."""
        return None if Path(self.data).is_absolute() else self.data


def make_project(folder: Path, data: Path | None = None) -> str:
    """Make a project and say in a few lines what was found and what to do next.

    Parameters
    ----------
    folder
        New or empty, or with the lab's files in a subfolder. No file in it is ever changed but .gitignore and .dvcignore,
        which get the lines that they lack.
    data
        Where the lab's files are; they are only read.

    Raises
    ------
    InputError
        If this is a project already, or results would be written where the lab's files lie; nothing has been written then.
    """
    git.require_git()
    _check_place(folder)
    place, found = _given(folder, data) if data else _inside(folder)
    plan = _Plan(folder, place, found, git.repository_of(folder.absolute()))
    settings = settings_for(found, folder / place)
    _write_files(plan, settings)
    committed = _commit(plan)
    return "\n  ".join([_headline(plan, settings), *settings.notes, *_python_note(), *_git_note(folder), *_next_steps(plan, committed)])


def _check_place(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file: name a folder for the project")
    for name in _OURS:
        if (folder / name).exists():
            raise InputError(
                f"{folder / name} is there already: this is a project, or another tool's; it is not changed, name another folder"
            )
    for name in (".dvc", NEW_DATA):
        if (folder / name).is_file():
            raise InputError(f"{folder / name} is a file, expected a folder; move it away")
    for name in templates.results():
        if _holds_anything(folder / name):
            raise InputError(
                f"{folder / name} holds files, and this is where results are written and removed; nothing is changed. {_elsewhere(folder)}"
            )


def _given(folder: Path, data: Path) -> tuple[str, Found]:
    """Return `data.dir` and what is in it, for a folder that the user names."""
    if not data.is_dir():
        raise InputError(f"--data: expected the folder of your files, found none at {data.absolute()}")
    refuse_results_folder(str(data), [folder / name for name in templates.results()])
    found = look_into(data)
    if not found.files:
        raise InputError(
            f"--data: expected videos, DeepLabCut files or labels in {data}, found none"
            + "".join(f"; {file}: {reason}" for file, reason in list(found.unknown.items())[:3])
        )
    if data.resolve().is_relative_to(folder.resolve()):
        return data.resolve().relative_to(folder.resolve()).as_posix(), found
    return (data.resolve() if ".." in data.parts else data.absolute()).as_posix(), found


def _inside(folder: Path) -> tuple[str, Found]:
    """Return `data.dir` and what is in it: the subfolder with all of the lab's files, or a new one."""
    found = look_into(folder)
    if not found.files:
        return NEW_DATA, found
    common = PurePosixPath(os.path.commonpath([PurePosixPath(file).parent for file in found.files]))
    for place in (*reversed(common.parents), common):
        if place.parts and not any(_overlap(place, PurePosixPath(result)) for result in templates.results()):
            return place.as_posix(), look_into(folder / place)
    raise InputError(
        f"{folder}: {found.files[0]} and others lie where the project's own files would; expected all of them in one subfolder "
        f"of their own. {_elsewhere(folder)}"
    )


def _overlap(one: PurePosixPath, other: PurePosixPath) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _elsewhere(folder: Path) -> str:
    return f"Make the project in a new folder, your files stay where they are: ethocache init NEWDIR --data {shlex.quote(str(folder))}"


def _holds_anything(place: Path) -> bool:
    return place.is_file() or (place.is_dir() and any(place.iterdir()))


def _write_files(plan: _Plan, settings: Settings) -> None:
    folder = plan.folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in (".gitignore", ".dvcignore"):
        _lines(folder / name)  # what cannot be read stops everything before anything is made
    if plan.repository is None:
        git.start_repository(folder)
    _add_lines(folder / ".gitignore", templates.ignored_by_git(plan.ignored))
    _add_lines(folder / ".dvcignore", templates.ignored_by_dvc(plan.ignored))
    for name in templates.AS_THEY_ARE:
        if not (folder / name).exists():
            write_text(folder / name, templates.template(name))
    if not plan.found.files:
        for name in ("videos", "labels"):
            (folder / plan.data / name).mkdir(parents=True, exist_ok=True)
    write_text(folder / "dvc.yaml", templates.template("dvc.yaml"))
    write_text(folder / "params.yaml", settings.in_params(templates.template("params.yaml"), plan.data))


def _add_lines(path: Path, lines: list[str]) -> None:
    present = _lines(path)
    write_text(path, "\n".join([*present, *(line for line in lines if line not in present)]) + "\n")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    except UnicodeDecodeError:
        raise InputError(f"{path}: expected UTF-8 text, to which lines are added, found another encoding; save it as UTF-8") from None


def _commit(plan: _Plan) -> bool:
    """Make the first commit where there is none; where somebody works already, leave what is committed to them."""
    if git.has_commits(plan.folder):
        return False
    git.commit(plan.folder, [".gitignore", ".dvcignore", *_OURS, *templates.AS_THEY_ARE], "A new ethocache project")
    return True


def _headline(plan: _Plan, settings: Settings) -> str:
    found = plan.found
    if not found.files:
        return f"{plan.folder} is a project now; it has no files yet"
    counts = ", ".join(
        (
            counted(len(found.videos), "video"),
            counted(len(found.tracks), "track"),
            counted(len(found.labels), "file of labels", "files of labels"),
        )
    )
    formats = f" ({', '.join(sorted(set(found.labels.values())))})" if found.labels else ""
    behaviours = f", behaviours: {', '.join(settings.behaviours)}" if settings.behaviours else ""
    return f"{plan.folder} is a project now, with {counts}{formats} in {plan.data}{behaviours}"


def _python_note() -> list[str]:
    """Warn where `python` is not the one that runs this: the pipeline's commands start with it."""
    python, ours = shutil.which("python"), Path(sys.executable).parent
    if python and Path(python).parent.resolve() == ours.resolve():
        return []
    return [
        f"note: 'python' is {python or 'no command'} here, and ethocache is installed in {ours}: "
        "activate that environment before you run dvc (docs/first-project.md)"
    ]


def _git_note(folder: Path) -> list[str]:
    if git.knows_the_user(folder):
        return []
    return [
        "note: git does not know who you are, which commits and queued experiments need: "
        "git config --global user.name 'YOUR NAME'; git config --global user.email YOU@EXAMPLE.ORG"
    ]


def _next_steps(plan: _Plan, committed: bool) -> list[str]:
    steps = [f"cd {shlex.quote(str(plan.folder))}"] if plan.folder.resolve() != Path.cwd() else []
    if not plan.found.files:
        steps.append(f"put videos and DeepLabCut files into {plan.data}/videos, labels into {plan.data}/labels")
        steps.append("set data.name and data.behaviours in params.yaml")
    else:
        steps.append("look at the section 'data' of params.yaml")
    if not committed:
        steps.append("git add .gitignore .dvcignore .dvc dvc.yaml params.yaml && git commit -m 'A new ethocache project'")
    return [f"next: {step}" for step in (*steps, "ethocache doctor", "dvc repro")]
