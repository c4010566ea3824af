"""Write files so that nobody ever reads half of one."""

import errno
import hashlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError

_CANNOT_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EACCES, errno.ENOSYS}
_TEMPORARY = ".tmp"
_said_that_links_fail = False


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_of(value: Any) -> str:
    """Return the sha256 (64 hex digits) of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the sha256 (64 hex digits) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def replacing(path: Path, size: int = 0) -> Iterator[Path]:
    """Give a temporary path beside `path`; when the block ends well, it becomes `path` at once.

    A block that fails, or a process that is killed, leaves `path` as it was. With a `size` in bytes, there must be space for it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if size:
        require_space(path.parent, size)
    temporary = _temporary(path)
    try:
        yield temporary
        flush_to_disk(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    """Return a name beside `path`: short, and nobody else's, on any machine that shares the folder."""
    return path.with_name(f".{secrets.token_hex(8)}{_TEMPORARY}")


def write_text(path: Path, text: str) -> None:
    """Write a text file at once; a file that already holds this text keeps its time stamp."""
    if path.is_file() and path.read_bytes() == text.encode():
        return
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write readable JSON (indented, in the given order) at once."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read what a stage before this one wrote as JSON.

    Raises
    ------
    InputError
        If it is not there, or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} is not there: run 'dvc repro' in the project's folder, which makes it") from None
    except ValueError:
        raise InputError(f"{path} is damaged: delete it and run 'dvc repro'") from None


def require_space(folder: Path, needed: int) -> None:
    """Fail as a full disk does, before HDF5 begins to write: in the middle of a file it would crash.

    Parameters
    ----------
    needed
        Bytes of the data; 1 MiB is left for the file's own book-keeping.
    """
    if shutil.disk_usage(folder).free < needed + 2**20:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def flush_to_disk(path: Path) -> None:
    """Wait until a file, or on POSIX a folder's list of names, is on the disk."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def link(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`: a hard link, or a copy where links are impossible."""
    try:
        _hard_link(source, target)
    except OSError as error:
        if error.errno not in _CANNOT_LINK:
            raise
        _say_once_that_links_fail(error)
        with replacing(target) as temporary:
            shutil.copy2(source, temporary)


def _hard_link(source: Path, target: Path) -> None:
    """Link without waiting for the disk: the bytes are there, and a name that a power cut takes is put back by the next run."""
    try:
        os.link(source, target)
    except FileExistsError:
        if target.samefile(source):
            return
        temporary = _temporary(target)
        try:
            os.link(source, temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def fill_folder(folder: Path, files: Mapping[str, Path]) -> None:
    """Make `folder` hold exactly these files (name in the folder -> file to link), and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    for present in folder.iterdir():
        if present.name not in files and present.suffix != _TEMPORARY:  # that is another run's, just about to become a file
            shutil.rmtree(present) if present.is_dir() and not present.is_symlink() else present.unlink(missing_ok=True)
    for name, source in files.items():
        link(source, folder / name)


def _say_once_that_links_fail(error: OSError) -> None:
    global _said_that_links_fail
    if not _said_that_links_fail:
        _said_that_links_fail = True
        print(f"note: hard links do not work here ({error.strerror}), so files are copied and take their space twice", file=sys.stderr)
