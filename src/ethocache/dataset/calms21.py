"""CalMS21: what its JSON files hold, as the tracks and labels that this project reads.

Sun et al. 2021, The Multi-Agent Behavior Dataset: Mouse Dyadic Social Interactions (arXiv:2104.02710); the files are described in the
``readme.md`` of https://data.caltech.edu/records/s0vdx-0k302. A file holds groups, each of sequences; a sequence has ``keypoints``
(frames, 2 mice, x and y, 7 points) in pixels, ``scores`` (frames, 2 mice, 7 points) and, but in the unlabelled set, ``annotations``,
one number a frame, whose names stand in ``metadata: vocab``. Mouse 0 is the resident, mouse 1 the intruder.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.common.files import write_text
from ethocache.common.wording import counted
from ethocache.dataset.text import shown

MICE = ("resident", "intruder")
KEY_POINTS = ("nose", "left_ear", "right_ear", "neck", "left_hip", "right_hip", "tail_base")
NOTHING = "other"  # a frame in which no behaviour of interest is shown
_SCORER = "CalMS21"
_SHAPE = (len(MICE), 2, len(KEY_POINTS))
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_BEHAVIOUR = re.compile(r"[A-Za-z][A-Za-z0-9 _-]*")  # as it stands in the header of a CSV, without quotes


def convert_calms21(source: Path, target: Path) -> str:
    """Write ``tracks/<sequence>.csv`` and ``labels/<sequence>.csv`` of every sequence; return a summary.

    Raises
    ------
    InputError
        If the file is not one of CalMS21, or there are files in the way.
    """
    sequences = list(_sequences(_load(source), source))
    for folder in (target / "tracks", target / "labels"):
        if folder.is_dir() and any(folder.iterdir()):
            raise InputError(f"{folder}: expected no files there yet, found some; name a new folder with --to")
    frames, labelled = 0, 0
    for writes in (False, True):  # nothing is written of a file in which one sequence is wrong
        frames, labelled = 0, 0
        for name, sequence in sequences:
            place = f"{source}: {name}"
            points = _points(sequence, place)
            labels = as_one_hot_csv(sequence, len(points), place) if "annotations" in sequence else None
            if writes:
                write_text(target / "tracks" / f"{name}.csv", as_deeplabcut_csv(points))
            if writes and labels is not None:
                write_text(target / "labels" / f"{name}.csv", labels)
            frames, labelled = frames + len(points), labelled + (labels is not None)
    return f"{counted(len(sequences), 'sequence')} of {frames} frames written to {target}, {labelled} of them with labels"


def _load(source: Path) -> Any:
    try:
        return json.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{source} is not there: unzip the task and name its .json file") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{source}: expected a JSON file of CalMS21, found something else ({' '.join(str(error).split())})") from None


def _sequences(groups: Any, source: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give the name and content of every sequence; names lose their folder and must then still differ."""
    names: set[str] = set()
    for group in groups.values() if isinstance(groups, dict) else ():
        for path, sequence in group.items() if isinstance(group, dict) else ():
            if not isinstance(sequence, dict) or not {"keypoints", "scores"} <= sequence.keys():
                raise InputError(f"{source}: expected keypoints and scores of the sequence '{shown(path)}', found others")
            name = path.rsplit("/", 1)[-1]
            if not _NAME.fullmatch(name) or name.casefold() in names:
                raise InputError(f"{source}: expected a name of its own for each sequence, found '{shown(path)}'")
            names.add(name.casefold())
            yield name, sequence
    if not names:
        raise InputError(f"{source}: expected groups of sequences as CalMS21 has them, found none")


def _points(sequence: Mapping[str, Any], place: str) -> npt.NDArray[np.float64]:
    """Return (T, 2 mice, 7 points, 3): x px, y px and score."""
    try:
        xy, score = np.asarray(sequence["keypoints"], np.float64), np.asarray(sequence["scores"], np.float64)
    except (ValueError, TypeError):
        raise InputError(f"{place}: expected numbers of the same shape in every frame, found others") from None
    if not len(xy) or xy.shape[1:] != _SHAPE or score.shape != (len(xy), len(MICE), len(KEY_POINTS)):
        raise InputError(f"{place}: expected keypoints (frames, 2, 2, 7) and scores (frames, 2, 7), found {xy.shape} and {score.shape}")
    if np.isinf(xy).any():
        raise InputError(f"{place}: expected keypoints in pixels, found an infinite one")
    return np.concatenate([xy.transpose(0, 1, 3, 2), score[..., None]], axis=-1)


def as_deeplabcut_csv(points: npt.NDArray[np.float64]) -> str:
    """Write key points (T, 2, 7, 3) as DeepLabCut does for several animals: four header rows, then one row a frame."""
    columns = [(mouse, point, coordinate) for mouse in MICE for point in KEY_POINTS for coordinate in ("x", "y", "likelihood")]
    header = [
        ["scorer", *(_SCORER for _ in columns)],
        *([title, *(column[level] for column in columns)] for level, title in enumerate(("individuals", "bodyparts", "coords"))),
    ]
    rows = [
        [str(t), *(f"{value:.4g}" if c % 3 == 2 else f"{value:.2f}" for c, value in enumerate(row))]
        for t, row in enumerate(points.reshape(len(points), -1).tolist())
    ]
    return "".join(",".join(row) + "\n" for row in header + rows)


def as_one_hot_csv(sequence: Mapping[str, Any], frames: int, place: str) -> str:
    """Write the annotations of a sequence with one row a frame and a column of 0 and 1 per behaviour.

    Raises
    ------
    InputError
        If they are not one known number for each frame.
    """
    metadata = sequence.get("metadata")
    vocab = metadata.get("vocab") if isinstance(metadata, dict) else None
    if not isinstance(vocab, dict) or not all(type(number) is int for number in vocab.values()):
        raise InputError(f"{place}: expected the behaviours' numbers in metadata: vocab, found {shown(str(vocab))}")
    behaviours = [name for name in vocab if name != NOTHING]
    if not behaviours or not all(_BEHAVIOUR.fullmatch(name) for name in behaviours):
        raise InputError(f"{place}: expected names of behaviours in metadata: vocab, found {shown(str(vocab))}")
    try:
        said = np.asarray(sequence["annotations"])
    except ValueError:
        raise InputError(f"{place}: expected one number for each frame in annotations, found lists of several lengths") from None
    if said.shape != (frames,) or not np.isin(said, list(vocab.values())).all():
        raise InputError(f"{place}: expected one of {', '.join(f'{n} ({name})' for name, n in vocab.items())} for each of {frames} frames")
    marks = np.stack([said == vocab[name] for name in behaviours], axis=1).astype(int).tolist()
    return "".join(",".join(map(str, row)) + "\n" for row in [["frame", *behaviours], *([t, *row] for t, row in enumerate(marks))])
