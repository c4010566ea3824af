"""Find and read the tracks that DeepLabCut wrote, CSV or HDF5, of one animal or several."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset import deeplabcut_csv, deeplabcut_h5
from ethocache.dataset.deeplabcut_columns import is_pose, to_points

_ENDINGS = (".csv", ".h5")
_OF_NO_ANIMAL = "single"
_SCORER = re.compile(r"DLC|DeepCut")


def read_points(path: Path) -> tuple[npt.NDArray[np.float32], tuple[str, ...], tuple[str, ...]]:
    """Read a DeepLabCut file.

    Returns
    -------
    tuple
        Points (T, I, K, 3) float32 of x px, y px and likelihood; K names; I individuals (``("",)`` for one animal).

    Raises
    ------
    InputError
        If the file is none of DeepLabCut's, or anything in it cannot be right. The path is not named.
    """
    return to_points(deeplabcut_h5.read_h5(path) if _is_hdf5(path) else deeplabcut_csv.read_csv(path))


def read_individuals(path: Path) -> tuple[str, ...]:
    """Return the animals of a DeepLabCut file (``("",)`` for one), without reading its numbers.

    In projects of several animals, DeepLabCut puts points of no animal, such as the arena's corners, under an individual
    ``single``: one of that name that shares no key point with the others is none.

    Raises
    ------
    InputError
        If the file is none of DeepLabCut's. The path is not named.
    """
    columns = deeplabcut_h5.read_columns(path) if _is_hdf5(path) else deeplabcut_csv.read_columns(path)
    points: dict[str, set[str]] = {}
    for individual, name, _ in columns:
        points.setdefault(individual, set()).add(name)
    others = [names for individual, names in points.items() if individual != _OF_NO_ANIMAL]
    if others and points.get(_OF_NO_ANIMAL, set()).isdisjoint(set().union(*others)):
        points.pop(_OF_NO_ANIMAL, None)
    return tuple(points)


def is_track(path: Path) -> bool:
    """Tell by its content whether a file is a DeepLabCut track, without reading its numbers.

    A DeepLabCut file that `read_points` refuses because of a pickled object counts, so that its reader hears why.
    """
    try:
        return is_pose(deeplabcut_h5.read_columns(path) if _is_hdf5(path) else deeplabcut_csv.read_columns(path))
    except deeplabcut_h5.RefusedPickle:
        return True
    except InputError:
        return False


def match_tracks(stem: str, candidates: Iterable[Path]) -> Path | None:
    """Return the track of a video: ``<stem>DLC*``, ``<stem>DeepCut*`` or exactly ``<stem>``, each .csv or .h5.

    The same result as .csv and .h5 counts once, and the .h5 is taken. Content decides where names leave a doubt:
    ``<stem>.csv`` may as well hold labels, and a skeleton's file lies beside the track's.

    Raises
    ------
    InputError
        If two different tracks match.
    """
    results: dict[Path, Path] = {}
    for path in sorted((path for path in candidates if is_named_after(stem, path)), key=lambda path: path.suffix.lower()):
        results[path.with_suffix("")] = path  # an .h5 comes after its .csv
    found = sorted(results.values())
    if len(found) > 1 or any(_plain(path.stem) == _plain(stem) for path in found):
        found = [path for path in found if is_track(path)]
    if len(found) > 1:
        names = " and ".join(str(path) for path in found)
        filtered = " (filtered and unfiltered)" if len({"_filtered" in path.stem for path in found}) > 1 else ""
        raise InputError(f"'{stem}' has {len(found)} tracks: {names}{filtered}; keep one in data.dir, or narrow data.tracks")
    return found[0] if found else None


def is_named_after(stem: str, path: Path) -> bool:
    """Tell whether a file's name says that it is the track of a video: the stem, then nothing, DLC or DeepCut."""
    name, ending = _plain(path.stem), path.suffix.lower()
    rest = name.removeprefix(_plain(stem))
    return ending in _ENDINGS and name.startswith(_plain(stem)) and (not rest or _SCORER.match(rest) is not None)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _is_hdf5(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"
