"""Repeat what a stage made the last time, at the price of a stat per file, where nothing that it reads has changed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ethocache.common.cost import total_cost
from ethocache.common.files import fill_folder, write_json
from ethocache.common.last_look import LastLook
from ethocache.common.locks import note_use
from ethocache.common.store import Entry, Store


class LastResult:
    """The results of a stage that fills one folder from the store; knows those of the last time without loading any library.

    Parameters
    ----------
    store
        Keeps the results, and the note of what they were.
    reads
        Folder and pattern of what the stage reads.
    files
        Single files that it reads, such as params.yaml.
    cost_file
        Where it says what its results have cost.
    """

    def __init__(self, store: Store, reads: Sequence[tuple[Path, str]], files: Iterable[Path], cost_file: Path) -> None:
        self._store, self._reads, self._cost_file = store, reads, cost_file
        self._look = LastLook(store, files, ())
        self._note: dict[str, Any] = {}

    def repeat(self) -> str | None:
        """Put the same results in place and return what was said of them; None where something has changed, or is no longer kept."""
        said = self._again()
        if said is None:
            self._note = self._look.begin(self._reads)
        return said

    def _again(self) -> str | None:
        if (kept := self._look.summary()) is None:
            return None
        last: dict[str, Any] = json.loads(kept)
        files = {name: self._kept(*place) for name, place in last["files"].items()}
        whole = {name: path for name, path in files.items() if path}
        return self._put(Path(last["folder"]), whole, last["cost"], last["said"]) if whole.keys() == files.keys() else None

    def _kept(self, kind: str, key: str, name: str, size: int) -> Path | None:
        path = self._store.root / kind / key / name
        note_use(path.parent)
        with suppress(OSError):
            return path if path.stat().st_size == size else None
        return None

    def put(self, folder: Path, files: Mapping[str, tuple[Entry, str]], said: str) -> str:
        """Fill `folder` with results (name in the folder -> entry, its file), note it for the next time, and return `said`."""
        entries = [entry for entry, _ in files.values()]
        cost = total_cost(entries)
        places = {name: [entry.kind, entry.key, file, entry.files[file]["bytes"]] for name, (entry, file) in files.items()}
        self._look.end(self._note, json.dumps({"folder": folder.as_posix(), "files": places, "cost": cost, "said": said}))
        return self._put(folder, {name: entry.path(file) for name, (entry, file) in files.items()}, cost, said)

    def _put(self, folder: Path, files: Mapping[str, Path], cost: dict[str, Any], said: str) -> str:
        fill_folder(folder, files)
        write_json(self._cost_file, cost)
        return said
