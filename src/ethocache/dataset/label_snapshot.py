"""Keep the labels of a video as it was indexed: small, readable, the same bytes for the same labels."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, NonNegativeInt, ValidationError

from ethocache.common.errors import InputError
from ethocache.common.files import write_text
from ethocache.common.params import Section
from ethocache.dataset.label_table import NOT_SCORED, YES, LabelTable
from ethocache.dataset.runs import runs

REVISION = 1  # of which videos need tags; raising it asks of each again

Ranges = list[tuple[NonNegativeInt, NonNegativeInt]]  # half-open frames


class _Marks(Section):
    yes: Ranges
    not_scored: Ranges


class _Snapshot(Section):
    source: str
    frames: NonNegativeInt
    behaviours: dict[str, _Marks]
    mean: bool = False
    raters: dict[str, dict[str, _Marks]] = Field(default_factory=dict)
    corrected: dict[str, Ranges] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class LabelSnapshot:
    """All that is kept of a video's labels.

    Attributes
    ----------
    table
        What is scored, and learned from.
    raters
        Each person's own labels, by name; one without a name where nobody is named.
    files
        Labels file -> its format.
    notes
        What was not read or was cut off.
    mean
        Whether the share of raters who say yes is learned instead of the table.
    corrected
        (T, B) where the table holds somebody's correction; None where nothing was corrected. The raters' own labels stay as they were.
    """

    table: LabelTable
    raters: Mapping[str, LabelTable] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    mean: bool = False
    corrected: npt.NDArray[np.bool_] | None = None

    def learned(self) -> tuple[npt.NDArray[np.int8], ...]:
        """Return what each person says, (T, B), where the mean of them is learned, with corrections in place of it; else nothing."""
        if not self.mean:
            return ()
        said = [table.values for _, table in sorted(self.raters.items())]
        return tuple(said if self.corrected is None else [np.where(self.corrected, self.table.values, values) for values in said])


def write_snapshot(path: Path, snapshot: LabelSnapshot, source: str) -> None:
    """Write labels as JSON: half-open frame ranges per behaviour; a file that says the same is left alone.

    Parameters
    ----------
    path
        ``data/labels/<video>.json``.
    snapshot
        The labels; those of a single rater are not written twice.
    source
        Digest of everything that they were made from.
    """
    corrected = {} if snapshot.corrected is None else dict(zip(snapshot.table.behaviours, map(_spans, snapshot.corrected.T), strict=True))
    several = {rater: _rows(table, "   ") for rater, table in snapshot.raters.items()} if len(snapshot.raters) > 1 else {}
    raters = ",\n".join(f"  {_json(rater)}: {rows}" for rater, rows in several.items())
    parts = [
        f' "source": {_json(source)}',
        f' "frames": {snapshot.table.frames}',
        f' "behaviours": {_rows(snapshot.table, "  ")}',
        *([' "mean": true'] if snapshot.mean else []),
        f' "raters": {{\n{raters}\n }}' if raters else ' "raters": {}',
        *([f' "corrected": {_json(corrected)}'] if corrected else []),
        f' "files": {_json(dict(snapshot.files))}',
        f' "notes": {_json(list(snapshot.notes))}',
    ]
    write_text(path, "{\n" + ",\n".join(parts) + "\n}\n")


def read_snapshot(path: Path) -> LabelTable:
    """Read the labels that are scored.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    snapshot = _read(path)
    return _table(path, snapshot.frames, snapshot.behaviours)


def read_full_snapshot(path: Path) -> LabelSnapshot:
    """Read all that `write_snapshot` wrote.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    kept = _read(path)
    raters = {rater: _table(path, kept.frames, marks) for rater, marks in kept.raters.items()}
    table = _table(path, kept.frames, kept.behaviours)
    corrected = [_mask(kept.frames, kept.corrected.get(name, [])) for name in table.behaviours]
    return LabelSnapshot(table, raters, kept.files, kept.notes, kept.mean, np.stack(corrected, axis=1) if kept.corrected else None)


def raters_of(folder: Path, videos: Iterable[str]) -> dict[str, Mapping[str, LabelTable]]:
    """Return each person's labels of these videos, where several people labelled one; a video that has none is left out.

    Parameters
    ----------
    folder
        Of ``<video>.json``.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    kept = {video: folder / f"{video}.json" for video in videos}
    return {video: read_full_snapshot(path).raters for video, path in kept.items() if path.is_file()}


def behaviours_shown(path: Path) -> frozenset[str]:
    """Return which behaviours a snapshot shows in at least one frame.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    return frozenset(name for name, marks in _read(path).behaviours.items() if marks.yes)


def needs_tags(path: Path) -> bool:
    """Return whether a video is to be tagged: nobody labelled it, or nobody looked for some behaviour in some of its frames.

    Frames on which people are split, and those that somebody corrected to "not known", were looked at.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    if not path.is_file():
        return True
    kept = _read(path)
    for name, marks in kept.behaviours.items():
        left = _mask(kept.frames, marks.not_scored) & ~_mask(kept.frames, kept.corrected.get(name, []))
        for said in kept.raters.values():
            left &= _mask(kept.frames, said[name].not_scored)
        if left.any():
            return True
    return False


def corrected_frames(path: Path) -> npt.NDArray[np.bool_] | None:
    """Return where a video's labels are corrections, (T, B); None where none is, or nobody labelled it.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    return read_full_snapshot(path).corrected if path.is_file() else None


def labelled_in_files(path: Path) -> bool:
    """Return whether a video has labels of its own, and not corrections alone.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    if not path.is_file():
        return False
    kept = _read(path)
    return bool(kept.files) or not kept.corrected


def snapshot_source(path: Path) -> str | None:
    """Return what a snapshot was made from; None where there is none, or none that can be read."""
    try:
        return _read(path).source
    except (FileNotFoundError, InputError):
        return None


def _table(path: Path, frames: int, behaviours: Mapping[str, _Marks]) -> LabelTable:
    values = np.zeros((frames, len(behaviours)), np.int8)
    for place, (name, marks) in enumerate(behaviours.items()):
        for mark, ranges in ((YES, marks.yes), (NOT_SCORED, marks.not_scored)):
            for start, stop in ranges:
                if not start < stop <= frames:
                    raise _damaged(path, f"'{name}' has the range {start} to {stop} of {frames} frames")
                values[start:stop, place] = mark
    return LabelTable(tuple(behaviours), values)


def _rows(table: LabelTable, indent: str) -> str:
    rows = [f"{indent}{_json(name)}: {_json(_ranges(table.values[:, place]))}" for place, name in enumerate(table.behaviours)]
    return "{\n" + ",\n".join(rows) + f"\n{indent[1:]}}}" if rows else "{}"


def _ranges(column: npt.NDArray[np.int8]) -> dict[str, list[list[int]]]:
    return {"yes": _spans(column == YES), "not_scored": _spans(column == NOT_SCORED)}


def _spans(mask: npt.NDArray[np.bool_]) -> list[list[int]]:
    return [[int(start), int(stop)] for start, stop in runs(mask)]


def _mask(frames: int, ranges: Ranges) -> npt.NDArray[np.bool_]:
    mask = np.zeros(frames, bool)
    for start, stop in ranges:
        mask[start:stop] = True
    return mask


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _read(path: Path) -> _Snapshot:
    try:
        return _Snapshot.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise _damaged(path, error.errors()[0]["msg"]) from None


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(f"{path}: not a snapshot of labels, or a damaged one ({reason}); delete it and run 'dvc repro'")
