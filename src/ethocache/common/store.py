"""Keep what was computed under the hash of everything that decided it."""

import errno
import json
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError
from ethocache.common.files import canonical_json, flush_to_disk, replacing, sha256_of, sha256_of_file
from ethocache.common.locks import mark_run, note_use, waiting_for
from ethocache.common.workbench import Workbench

ENTRY = "entry.json"
BUILDING = ".building"


@dataclass(frozen=True)
class Entry:
    """One finished result in the store.

    Attributes
    ----------
    folder
        Where its files are. Nobody changes them after the entry is made.
    recipe
        Everything that decided the content, as it was hashed into the key.
    facts
        What the computation had to say of itself: frames, seconds, device. Not part of the key.
    files
        Name of each file -> its size in bytes and its sha256.
    """

    folder: Path
    recipe: dict[str, Any]
    facts: dict[str, Any]
    files: dict[str, dict[str, Any]]

    @property
    def kind(self) -> str:
        return self.folder.parent.name

    @property
    def key(self) -> str:
        return self.folder.name

    @property
    def bytes(self) -> int:
        return sum(int(file["bytes"]) for file in self.files.values())

    def path(self, name: str) -> Path:
        return self.folder / name


Build = Callable[[Workbench], dict[str, Any]]


class Store:
    """A folder of finished results, found by content, safe against kills and against two runs at once.

    Parameters
    ----------
    root
        The store's folder; made when first written to.

    Attributes
    ----------
    made
        How many entries were computed through this object; the others were kept already.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.made = 0

    def __reduce__(self) -> tuple[type["Store"], tuple[Path]]:
        """Another process gets the absolute path: it works in another folder."""
        return Store, (self.root.absolute(),)

    def get(self, kind: str, recipe: dict[str, Any]) -> Entry | None:
        """Return the finished entry of a recipe, or None. Reads its entry.json and the size of its files, no data.

        An entry with a file that is missing or has another size does not count, so that it is made again.
        """
        return self.find(kind, sha256_of(recipe))

    def find(self, kind: str, key: str) -> Entry | None:
        """Return the finished entry of a key, as `get` does."""
        folder = self._folder(kind, key)
        note_use(folder)  # before it is read, so that pruning either sees the use or has taken the entry away already
        entry = self._read(folder)
        return None if entry is None or _is_damaged(entry, thorough=False) else entry

    def make(self, kind: str, recipe: dict[str, Any], build: Build) -> Entry:
        """Return the entry of a recipe; only if it is not kept yet, `build` computes it.

        `build` gets a `Workbench` and returns the entry's facts. One process builds a key, another
        that wants the same key waits and then takes it.
        """
        if entry := self.get(kind, recipe):
            return entry
        mark_run(self.locks)
        with self.lock(kind, sha256_of(recipe)):
            return self.get(kind, recipe) or self._build(kind, recipe, build)

    def remember(self, question: dict[str, Any], answer: dict[str, Any]) -> None:
        """Keep a small answer (JSON), such as what a file of this name, size and time holds."""
        kept = {"question": question, "answer": answer, "sha256": sha256_of([question, answer])}
        with replacing(self._memory(question)) as temporary:
            temporary.write_text(canonical_json(kept), encoding="utf-8")

    def recall(self, question: dict[str, Any]) -> dict[str, Any] | None:
        """Return a remembered answer; None if there is none, or if a byte of it is no longer what was written."""
        kept = _read_json(self._memory(question))
        if not isinstance(kept, dict) or kept.get("sha256") != sha256_of([question, kept.get("answer")]):
            return None
        answer: dict[str, Any] = kept["answer"]
        return answer

    def fingerprint(self, path: Path) -> str:
        """Return the sha256 of a file's bytes, from memory while it has the same name, size and time stamps."""
        status = path.stat()
        question = {"file": str(path.absolute()), "bytes": status.st_size, "mtime_ns": status.st_mtime_ns}
        question |= {"ctime_ns": status.st_ctime_ns, "inode": status.st_ino}  # ctime: an editor may put the date back
        if known := self.recall(question):
            return str(known["sha256"])
        digest = sha256_of_file(path)
        self.remember(question, {"sha256": digest})
        return digest

    @contextmanager
    def lock(self, kind: str, key: str) -> Iterator[None]:
        """Hold one key; says so when another run has it."""
        note = f"note: another run is computing {kind} {key[:8]}; waiting for it"
        with waiting_for(self.lock_file(kind, key), note):
            yield

    def lock_file(self, kind: str, key: str) -> Path:
        return self.locks / f"{kind}-{key}.lock"

    @property
    def locks(self) -> Path:
        return self.root / "locks"

    def entries(self) -> Iterator[Entry]:
        """Give every finished entry, kind by kind."""
        for folder in sorted(self.root.glob("*/*")):
            if not folder.name.endswith(BUILDING) and (entry := self._read(folder)):
                yield entry

    def verify(self) -> list[Entry]:
        """Read every byte, take away the entries whose content is no longer what was written, return them.

        A damaged file may be linked elsewhere (the workspace, DVC's cache). It is made writable and
        given a new time stamp, so that DVC no longer takes it for whole and asks for it again.
        """
        from ethocache.common.progress import progress  # slow to import

        damaged, kept = list[Entry](), list(self.entries())
        with progress("reading what is kept", len(kept), "result") as bar:
            for entry in kept:
                damaged += [entry] if _is_damaged(entry, thorough=True) and self._take_away(entry) else []
                bar.update()
        for place in self.root.glob(f"*/*{BUILDING}"):
            if place.with_name(place.name.removesuffix(BUILDING)).is_dir():
                shutil.rmtree(place)  # of a run that was killed when all but this was done
        return damaged

    def _folder(self, kind: str, key: str) -> Path:
        return self.root / kind / key

    def _memory(self, question: dict[str, Any]) -> Path:
        return self.root / "known" / f"{sha256_of(question)}.json"

    def _read(self, folder: Path) -> Entry | None:
        kept = _read_json(folder / ENTRY)
        if not isinstance(kept, dict) or kept.keys() != {"recipe", "facts", "files"} or sha256_of(kept["recipe"]) != folder.name:
            return None
        return Entry(folder, kept["recipe"], kept["facts"], kept["files"])

    def _build(self, kind: str, recipe: dict[str, Any], build: Build) -> Entry:
        final = self._folder(kind, sha256_of(recipe))
        place = final.with_name(final.name + BUILDING)
        bench = Workbench(place / "output", place / "segments")
        shutil.rmtree(bench.output, ignore_errors=True)
        bench.output.mkdir(parents=True)
        bench.segments.mkdir(exist_ok=True)
        facts = build(bench)
        _seal(bench.output, recipe, facts)
        if final.exists():
            print(f"note: {final} was damaged; it has been made again", file=sys.stderr)
            _discard(final)
        bench.output.replace(final)
        flush_to_disk(final.parent)
        shutil.rmtree(place, ignore_errors=True)
        entry = self._read(final)
        if entry is None:
            raise RuntimeError(f"{final} cannot be read although it was just written")
        self.made += 1
        return entry

    def _take_away(self, entry: Entry) -> bool:
        """Remove a damaged entry, unless another run has made it again in the meantime."""
        with self.lock(entry.kind, entry.key):
            now = self._read(entry.folder)
            if now is None or not _is_damaged(now, thorough=True):
                return False
            _discard(entry.folder)
            return True


def find_store() -> Store:
    """Return the project's store.

    ``ETHOCACHE_STORE`` names it; otherwise it is ``store`` in the main checkout, which DVC names in
    ``DVC_ROOT`` even while an experiment runs in a temporary copy.

    Raises
    ------
    InputError
        If the folder that ``ETHOCACHE_STORE`` lies in is not there, as where its drive is not connected.
    """
    named = os.environ.get("ETHOCACHE_STORE")
    if named and not Path(named).absolute().parent.is_dir():
        raise InputError(
            f"ETHOCACHE_STORE: expected the store at {named}, but {Path(named).parent} is not there; connect its drive, or correct it"
        )
    return Store(Path(named) if named else Path(os.environ.get("DVC_ROOT", ".")) / "store")


def find_own_store() -> Store:
    """Return the store of work outside of any project: what ``ETHOCACHE_STORE`` names, else one where this user's caches are.

    That is ``%LOCALAPPDATA%`` on Windows, ``~/Library/Caches`` on macOS, elsewhere ``$XDG_CACHE_HOME`` or ``~/.cache``
    (XDG base directory specification 0.8).
    """
    if os.environ.get("ETHOCACHE_STORE"):
        return find_store()
    usual = {"win32": "AppData/Local", "darwin": "Library/Caches"}.get(sys.platform, ".cache")
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    return Store((Path(named) if Path(named).is_absolute() else Path.home() / usual) / "ethocache" / "store")


def _discard(folder: Path) -> None:
    for path in folder.iterdir():
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
        os.utime(path)
    shutil.rmtree(folder)


def _read_json(path: Path) -> Any:
    """Return what a JSON file of the store holds; None if it is missing or damaged."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def _seal(folder: Path, recipe: dict[str, Any], facts: dict[str, Any]) -> None:
    files = {}
    for path in sorted(folder.iterdir()):
        flush_to_disk(path)
        files[path.name] = {"bytes": path.stat().st_size, "sha256": sha256_of_file(path)}
    entry = folder / ENTRY
    entry.write_text(canonical_json({"recipe": recipe, "facts": facts, "files": files}), encoding="utf-8")
    flush_to_disk(entry)
    flush_to_disk(folder)


def _is_damaged(entry: Entry, thorough: bool) -> bool:
    for name, file in entry.files.items():
        try:
            if entry.path(name).stat().st_size != file["bytes"]:
                return True
            if thorough and sha256_of_file(entry.path(name)) != file["sha256"]:
                return True
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EIO):
                raise
            return True
    return False
