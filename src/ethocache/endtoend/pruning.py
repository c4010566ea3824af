"""Which kept results nothing needs any more, and how they go without anybody ever reading half of one."""

import json
import os
import shutil
import stat
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethocache.common.locks import held_if_free, oldest_run_s
from ethocache.common.store import BUILDING, ENTRY, Entry, Store
from ethocache.endtoend.holdings import held_elsewhere, is_linked

GRACE_S = 3600.0  # what was used so recently is always kept: a run that finds everything kept leaves no mark
UNFINISHED = "unfinished"

_REMOVED = ".removed"


@dataclass(frozen=True)
class Kept:
    """A result, or unfinished work, and whether it is needed.

    Attributes
    ----------
    folder
        Where it lies.
    kind
        Such as crop; `UNFINISHED` of work that a run left behind.
    bytes
        Of its files.
    used_s
        When it was last used, seconds since 1970.
    needed
        Whether a project, an experiment or a run uses it, or it was used only lately.
    """

    folder: Path
    kind: str
    bytes: int
    used_s: float
    needed: bool


def look_over(store: Store, projects: Collection[Path], days: float) -> list[Kept]:
    """Return everything that a store keeps, with whether it is needed.

    A result is needed if one of its files is linked or copied into a project or DVC's cache, if it was made or used in the
    last `days` (at least `GRACE_S`, and since before the oldest run that is at work began), or if it belongs to a result that is needed.
    """
    since_s = _counts_as_recent_from(store, days)
    entries = list(store.entries())
    used_s = {entry.folder: _last_used_s(entry.folder) for entry in entries}
    needed = {entry.folder for entry in entries if is_linked(entry) or used_s[entry.folder] >= since_s}
    needed |= {entry.folder for entry in held_elsewhere([entry for entry in entries if entry.folder not in needed], projects, store)}
    needers = Needers(entry for entry in entries if entry.folder in needed)
    needed |= {entry.folder for entry in entries if needers.need(entry)}
    results = [Kept(entry.folder, entry.kind, entry.bytes, used_s[entry.folder], entry.folder in needed) for entry in entries]
    return results + [_left(place, since_s) for place in sorted(store.root.glob(f"*/*{BUILDING}"))]


def remove(store: Store, kept: Kept) -> bool:
    """Remove what is not needed; False where a run has it, or has used it since it was looked over.

    It is renamed first, so that a run finds it whole or not at all; one that finds it gone makes it again.
    """
    kind, key = kept.folder.parent.name, kept.folder.name.removesuffix(BUILDING)
    aside = kept.folder.with_name(kept.folder.name + _REMOVED)
    with held_if_free(store.lock_file(kind, key)) as free:
        if not free or not kept.folder.is_dir():
            return False
        kept.folder.replace(aside)
        if _last_used_s(aside) != kept.used_s or any(path.stat().st_nlink > 1 for path in aside.iterdir() if path.is_file()):
            aside.replace(kept.folder)
            return False
    _delete(aside)
    return True


def finish_removals(store: Store) -> None:
    """Delete what a killed `remove` had put aside."""
    for aside in store.root.glob(f"*/*{_REMOVED}"):
        _delete(aside)


def forget_stale_answers(store: Store) -> int:
    """Delete the remembered answers about files that are gone or have changed since, and return how many there were."""
    stale = [path for path in (store.root / "known").glob("*.json") if _is_stale(path)]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


class Needers:
    """Finds what belongs to results that are needed, without lying in a project itself.

    The time stamps of a video belong to all that is made of the video, folds, networks and verdicts to the model that names them.

    Parameters
    ----------
    entries
        What is needed.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        recipes = [entry.recipe for entry in entries]
        self._videos = {video for recipe in recipes if (video := _video(recipe))}
        self._parts = {part for recipe in recipes if recipe.get("kind") == "model" for part in recipe["made_of"]}

    def need(self, entry: Entry) -> bool:
        recipe = entry.recipe
        return recipe["video"] in self._videos if recipe.get("kind") == "times" else entry.key in self._parts


def _video(recipe: dict[str, Any]) -> str | None:
    """Return the fingerprint of the video that a crop, a track or pose features were made of."""
    times = recipe.get("times")
    video = times["video"] if isinstance(times, dict) else recipe.get("video")
    return video if isinstance(video, str) and recipe.get("kind") != "times" else None


def _counts_as_recent_from(store: Store, days: float) -> float:
    since_s = time.time() - max(days * 86400, GRACE_S)
    begun_s = oldest_run_s(store.locks)
    return since_s if begun_s is None else min(since_s, begun_s - GRACE_S)


def _left(place: Path, since_s: float) -> Kept:
    """Look at unfinished work, which may be finished and go while it is looked at."""
    sizes = [found.st_size for folder, _, files in os.walk(place) for name in files if (found := _status(Path(folder, name)))]
    finished = place.with_name(place.name.removesuffix(BUILDING)).is_dir()  # a run was killed when all but tidying up was done
    used_s = _last_used_s(place)
    return Kept(place, UNFINISHED, sum(sizes), used_s, used_s >= since_s and not finished)


def _last_used_s(folder: Path) -> float:
    """Return the newest time stamp of a folder, its folders and its record: reading an entry dates its folder."""
    places = (folder, folder / ENTRY, folder / "segments", folder / "output")
    return max((found.st_mtime for path in places if (found := _status(path))), default=0.0)


def _status(path: Path) -> os.stat_result | None:
    with suppress(FileNotFoundError):
        return path.stat()
    return None


def _is_stale(answer: Path) -> bool:
    try:
        question = json.loads(answer.read_bytes())["question"]
        named = question.get("file") or question.get("video")
        if not isinstance(named, str) or "mtime_ns" not in question:
            return False
        now = Path(named).stat()
    except FileNotFoundError:
        return True
    except (ValueError, TypeError, KeyError, AttributeError):
        return True  # damaged
    return [now.st_size, now.st_mtime_ns, now.st_ino] != [question["bytes"], question["mtime_ns"], question["inode"]]


def _delete(folder: Path) -> None:
    for path in _all_below(folder):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)  # Windows deletes no read-only file
    shutil.rmtree(folder)


def _all_below(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.rglob("*")
