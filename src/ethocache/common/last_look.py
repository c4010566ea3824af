"""Tell at the price of a stat per file that nothing has changed since the last look; loads no library."""

import errno
import os
import sysconfig
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ethocache.common.files import sha256_of
from ethocache.common.store import Store

_PACKAGE = Path(__file__).parents[1]
_COARSEST_CLOCK_S = 2.0  # of a file system's time stamps (FAT); what changed so recently may change again unseen


class LastLook:
    """What was found the last time, and whether it still holds.

    A file is taken for unchanged while its name, size, inode and both its time stamps are, as git and DVC do it. Our own
    code and the folder of the installed packages are watched too, so that no newer version repeats an older one's words.

    Parameters
    ----------
    store
        Remembers the look.
    files
        What is watched besides the patterns, such as params.yaml; a file that is not there is watched for coming.
    outputs
        Folders and files that the look wrote, and nobody else may have changed.
    """

    def __init__(self, store: Store, files: Iterable[Path], outputs: Iterable[Path]) -> None:
        self._store = store
        self._always = [_marked(file) for file in (Path(sysconfig.get_path("purelib")), *files)]  # as they are before they are read
        self._outputs = tuple(outputs)
        self._question = {"look": str(Path.cwd()), "files": [file for file, _ in self._always]}

    def summary(self) -> str | None:
        """Return what the last look had to say; None where something has changed since, or nobody has looked yet."""
        kept = self._store.recall(self._question)
        if kept is None or kept["outputs"] != _digest(_inside(self._outputs)):
            return None
        now = self._inputs([(Path(root), pattern) for root, pattern in kept["patterns"]], [Path(file) for file in kept["more"]])
        return str(kept["summary"]) if kept["inputs"] == _digest(now) else None

    def begin(self, patterns: Sequence[tuple[Path, str]], more: Sequence[Path] = ()) -> dict[str, Any]:
        """Note how everything is, before any of it is read; `end` keeps the note.

        Parameters
        ----------
        patterns
            Folder and pattern of the files that were looked for: files that come, go or change count.
        more
            Further files.
        """
        found = list(self._inputs(patterns, more))
        newest_ns = max((max(mark[1:3]) for _, mark in found if mark), default=0)
        settled = time.time_ns() - newest_ns > _COARSEST_CLOCK_S * 1e9
        names = {"patterns": [[str(root), pattern] for root, pattern in patterns], "more": [str(file) for file in more]}
        return names | {"inputs": _digest(found)} if settled else {}

    def end(self, note: dict[str, Any], summary: str) -> str:
        """Keep a note of `begin` with what the look had to say, which is returned.

        Nothing is kept in the temporary copy of a queued experiment, which is gone afterwards, nor in a store that may only be read.
        """
        in_a_copy = Path(os.environ.get("DVC_ROOT", ".")).resolve() != Path.cwd()
        if note and not in_a_copy:
            try:
                self._store.remember(self._question, note | {"outputs": _digest(_inside(self._outputs)), "summary": summary})
            except OSError as error:
                if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
                    raise
        return summary

    def _inputs(self, patterns: Iterable[tuple[Path, str]], more: Iterable[Path]) -> Iterator[tuple[str, list[int]]]:
        yield from self._always
        yield from map(_marked, more)
        for root, pattern in ((_PACKAGE, "**/*.py"), *patterns):
            yield from sorted(map(_marked, root.glob(pattern)))


def _inside(places: Iterable[Path]) -> Iterator[tuple[str, list[int]]]:
    for place in places:
        yield from map(_marked, sorted(place.iterdir()) if place.is_dir() else [place])


def _marked(path: Path) -> tuple[str, list[int]]:
    """Return a path and what changes when its content does; an empty list where there is nothing.

    A name that is no UTF-8 text, which whoever reads the folder will refuse in words, is written with its bytes.
    """
    name = os.fsencode(path).decode("utf-8", "backslashreplace")
    try:
        found = path.stat()
    except OSError:
        return name, []
    return name, [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _digest(marks: Iterable[tuple[str, list[int]]]) -> str:
    return sha256_of(list(marks))
