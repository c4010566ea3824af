"""Which results of a store lie in a project: in its folders, in DVC's cache, in an experiment's temporary copy.

DVC's cache is the record of what branches, tags and experiments hold; so nothing of git or DVC has to be understood: what they
hold is found by its content. A hard link shows in the file itself, also from a project that nobody remembers; where links are
impossible, files of the same size are compared.
"""

import os
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of, write_text
from ethocache.common.progress import progress
from ethocache.common.store import Entry, Store
from ethocache.dataset.text import shown

_NOTES = "projects"
_NOT_OURS = {".git", ".venv", "__pycache__"}


def note_project(store: Store) -> None:
    """Remember that this project uses a store that lies elsewhere, so that its files are looked through before anything is removed."""
    project = _this_project()
    if store.root.resolve().parent != project:
        write_text(_note_of(store, project), str(project))


def forget_project(store: Store, project: Path) -> None:
    """Forget a project that is gone for good.

    Raises
    ------
    InputError
        As `check_gone`.
    """
    check_gone(store, project)
    _note_of(store, project.absolute()).unlink()


def check_gone(store: Store, project: Path) -> None:
    """Refuse to forget a project.

    Raises
    ------
    InputError
        If the store knows no such project, or it is there.
    """
    if not _note_of(store, project.absolute()).exists():
        known = ", ".join(str(path) for path in _noted(store)) or "none"
        raise InputError(f"--forget {project}: expected a project that uses {store.root} from elsewhere; known: {known}")
    if (project / "params.yaml").is_file():
        raise InputError(
            f"--forget {project}: expected a project that is gone, found its params.yaml; what it uses stays; leave out --forget"
        )


def projects_of(store: Store, without: Path | None = None) -> list[Path]:
    """Return the folders of all projects that use a store.

    Parameters
    ----------
    without
        A project that is gone for good.

    Raises
    ------
    InputError
        If one of them is not there: what it uses cannot be told.
    """
    noted = [project for project in _noted(store) if without is None or project != without.absolute()]
    for project in noted:
        if not (project / "params.yaml").is_file():
            raise InputError(
                f"the project in {project} uses this store and is not there, so what it needs cannot be told: connect its drive; "
                f"if it is gone or was moved, type: ethocache store prune --forget '{project}'"
            )
    here = [folder for folder in (store.root.resolve().parent, _this_project()) if (folder / "params.yaml").is_file()]
    return list(dict.fromkeys([*here, *noted]))


def is_linked(entry: Entry) -> bool:
    """Tell whether any file of an entry has another name somewhere; then removing it would free nothing either."""
    with suppress(FileNotFoundError):  # it has just gone
        return any(entry.path(name).stat().st_nlink > 1 for name in entry.files)
    return False


def held_elsewhere(entries: Collection[Entry], projects: Collection[Path], store: Store) -> Iterator[Entry]:
    """Give the entries of which a copy lies in a project; only files of the size of one of theirs are read, each once."""
    sizes = {int(file["bytes"]) for entry in entries for file in entry.files.values()}
    alike = [path for project in projects for path in _files_of(project, store) if _size_of(path) in sizes] if sizes else []
    with progress("comparing files of the same size", len(alike), "file") as bar:
        held = set()
        for path in alike:
            with suppress(FileNotFoundError):  # it has just gone
                held.add(store.fingerprint(path))
            bar.update()
    yield from (entry for entry in entries if any(file["sha256"] in held for file in entry.files.values()))


def _files_of(project: Path, store: Store) -> Iterator[Path]:
    skipped = store.root.resolve()
    for place in dict.fromkeys((project, _dvc_cache(project))):
        for folder, below, files in os.walk(place, onerror=_refuse):
            below[:] = [name for name in below if name not in _NOT_OURS and Path(folder, name) != skipped]
            yield from (path for name in files if (path := Path(folder, name)).is_file() and not path.is_symlink())


def _size_of(path: Path) -> int | None:
    with suppress(FileNotFoundError):  # it has just gone
        return path.stat().st_size
    return None


def _refuse(error: OSError) -> None:
    """What cannot be looked into may hold what would be removed; a folder that has just gone holds nothing."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _dvc_cache(project: Path) -> Path:
    """Return where DVC's cache is: a setting of the project, the user or the machine decides, so DVC is asked.

    Only the cache in a project's own folder may be missing, as it is before DVC's first run; another is on a drive that is not there.
    """
    above = next((folder for folder in (project, *project.parents) if (folder / ".dvc/config").is_file()), None)
    if above is None:
        return project / ".dvc/cache"
    asked = subprocess.run((sys.executable, "-m", "dvc", "cache", "dir"), cwd=project, capture_output=True, text=True, check=False)
    if asked.returncode or not asked.stdout.strip():
        said = shown(" ".join(asked.stderr.split()))
        raise InputError(
            f"{project}: DVC does not say where its cache is, so what it holds cannot be told: {said}; see 'dvc cache dir' there"
        )
    cache = project / asked.stdout.strip()
    if not cache.is_dir() and cache.resolve() != (above / ".dvc/cache").resolve():
        raise InputError(f"{project}: DVC's cache {cache} is not there, so what it holds cannot be told: connect its drive, or set it anew")
    return cache


def _this_project() -> Path:
    return Path(os.environ.get("DVC_ROOT", ".")).resolve()


def _note_of(store: Store, project: Path) -> Path:
    return store.root / _NOTES / f"{sha256_of(str(project))}.txt"


def _noted(store: Store) -> list[Path]:
    return sorted(Path(note.read_text(encoding="utf-8")) for note in (store.root / _NOTES).glob("*.txt"))
