"""Keep the labels of a video as it was indexed: small, readable, the same bytes for the same labels."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import NonNegativeInt, ValidationError

from ethocache.common.errors import InputError
from ethocache.common.files import write_text
from ethocache.common.params import Section
from ethocache.dataset.label_table import NOT_SCORED, YES, LabelTable
from ethocache.dataset.runs import runs

Ranges = list[tuple[NonNegativeInt, NonNegativeInt]]  # half-open frames


class _Marks(Section):
    yes: Ranges
    not_scored: Ranges


class _Snapshot(Section):
    source: str
    frames: NonNegativeInt
    behaviours: dict[str, _Marks]


def write_snapshot(path: Path, table: LabelTable, source: str) -> None:
    """Write labels as JSON: half-open frame ranges per behaviour; a file that says the same is left alone.

    Parameters
    ----------
    path
        ``data/labels/<video>.json``.
    table
        The labels.
    source
        Digest of everything that they were made from.
    """
    marks = [(name, _ranges(table.values[:, place])) for place, name in enumerate(table.behaviours)]
    rows = ",\n".join(f"  {_json(name)}: {_json(ranges)}" for name, ranges in marks)
    body = f"{{\n{rows}\n }}" if rows else "{}"
    write_text(path, f'{{\n "source": {_json(source)},\n "frames": {table.frames},\n "behaviours": {body}\n}}\n')


def read_snapshot(path: Path) -> LabelTable:
    """Read what `write_snapshot` wrote.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    snapshot = _read(path)
    values = np.zeros((snapshot.frames, len(snapshot.behaviours)), np.int8)
    for place, (name, marks) in enumerate(snapshot.behaviours.items()):
        for mark, ranges in ((YES, marks.yes), (NOT_SCORED, marks.not_scored)):
            for start, stop in ranges:
                if not start < stop <= snapshot.frames:
                    raise _damaged(path, f"'{name}' has the range {start} to {stop} of {snapshot.frames} frames")
                values[start:stop, place] = mark
    return LabelTable(tuple(snapshot.behaviours), values)


def behaviours_shown(path: Path) -> frozenset[str]:
    """Return which behaviours a snapshot shows in at least one frame.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    return frozenset(name for name, marks in _read(path).behaviours.items() if marks.yes)


def snapshot_source(path: Path) -> str | None:
    """Return what a snapshot was made from; None where there is none, or none that can be read."""
    try:
        return _read(path).source
    except (FileNotFoundError, InputError):
        return None


def _ranges(column: npt.NDArray[np.int8]) -> dict[str, list[list[int]]]:
    return {"yes": runs(column == YES).tolist(), "not_scored": runs(column == NOT_SCORED).tolist()}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _read(path: Path) -> _Snapshot:
    try:
        return _Snapshot.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise _damaged(path, error.errors()[0]["msg"]) from None


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(f"{path}: not a snapshot of labels, or a damaged one ({reason}); delete it and run 'dvc repro'")
