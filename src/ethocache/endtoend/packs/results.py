"""The folder that tags are written into: one name for each video, and never a file of another's."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError
from ethocache.common.files import link, write_json
from ethocache.common.locks import waiting_for
from ethocache.common.store import Entry
from ethocache.dataset.folder import plain_name

LIST = "videos.json"
_FORMAT = "ethocache tags 1"
_LOCK = ".lock"  # held while names are given or common tables written: another run may do so in the same folder
_TABLE = ".csv"


class Results:
    """What is in the folder, and of which model.

    Parameters
    ----------
    folder
        New, empty, or of an earlier run with the same pack.
    model
        What stands for the pack.

    Raises
    ------
    InputError
        If it holds other files, or tags of another pack.
    """

    def __init__(self, folder: Path, model: str) -> None:
        self.folder, self._model = folder, model
        if folder.exists() and not folder.is_dir():
            raise InputError(f"--to: {folder} is a file; name a folder")
        self._read_names()

    def name(self, videos: Sequence[Path]) -> dict[str, Path]:
        """Return what the results of each video are called, and remember it.

        A video is called like its file; where another one has that name already, with the folders above it before, and in
        the last resort a number after.
        """
        with self.alone():
            return self._give_names(videos)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs from changing what all of them share, until the end of the block."""
        with waiting_for(self.folder / _LOCK, f"note: another run writes to {self.folder}; waiting for it"):
            yield

    def tagged(self) -> set[str]:
        """Return the units whose tags are here."""
        return {path.name.removesuffix(_TABLE) for path in (self.folder / "tags").glob(f"*{_TABLE}")}

    def _give_names(self, videos: Sequence[Path]) -> dict[str, Path]:
        names = self._read_names()
        known = {file: name for name, file in names.items()}
        taken = {name.casefold() for name in names}
        named = {}
        for video in videos:
            file = str(video.resolve())
            name = known.get(file) or next(name for name in _candidates(video) if name.casefold() not in taken)
            taken.add(name.casefold())
            names[name] = file
            named[name] = video
        write_json(self.folder / LIST, {"format": _FORMAT, "model": self._model, "videos": names})
        return named

    def put(self, unit: str, entry: Entry) -> None:
        """Put the tables of a unit into the folder."""
        for kind in ("tags", "bouts"):
            (self.folder / kind).mkdir(parents=True, exist_ok=True)
            link(entry.path(f"{kind}.csv"), self.path(kind, f"{unit}.csv"))

    def path(self, kind: str, file: str) -> Path:
        """Return where a file of a kind (tags, bouts, boris, overlays) goes."""
        return self.folder / kind / file

    def _read_names(self) -> dict[str, str]:
        """Return what is called how so far; hidden files, which systems leave everywhere, do not count."""
        if not self.folder.is_dir() or all(path.name.startswith(".") for path in self.folder.iterdir()):
            return {}
        kept = self._read()
        if kept.get("model") != self._model:
            raise InputError(f"--to: {self.folder} holds the tags of another model; name another folder, so that they do not mix")
        return dict(kept["videos"])

    def _read(self) -> dict[str, Any]:
        path = self.folder / LIST
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["format"] == _FORMAT and isinstance(kept["videos"], dict):
                return dict(kept)
        except (OSError, ValueError, LookupError, TypeError):
            pass
        raise InputError(f"--to: {self.folder} holds other files than tags of videos; name a new or empty folder")


def _candidates(video: Path) -> Iterator[str]:
    parts = [plain_name(part) for part in (*video.resolve().parent.parts[1:], video.stem)]
    for count in range(1, len(parts) + 1):
        yield "_".join(parts[-count:])
    number = 2
    while True:
        yield f"{'_'.join(parts)}_{number}"
        number += 1
