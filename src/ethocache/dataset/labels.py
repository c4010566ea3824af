"""Read the labels that people gave, whatever tool wrote them, as one table per video."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.formats import FORMATS, BoutList, Labels, recognise
from ethocache.dataset.label_frames import check_length, lay_over
from ethocache.dataset.label_rules import AUTO, LabelParams, naming
from ethocache.dataset.label_snapshot import (
    LabelSnapshot,
    behaviours_shown,
    labelled_in_files,
    needs_tags,
    raters_of,
    read_full_snapshot,
    read_snapshot,
    snapshot_source,
    write_snapshot,
)
from ethocache.dataset.label_table import NO, NOT_SCORED, YES, LabelTable
from ethocache.dataset.text import shown

__all__ = [
    "NO", "NOT_SCORED", "YES", "LabelParams", "LabelSnapshot", "LabelTable", "behaviours_shown", "labelled_in_files",
    "needs_tags", "raters_of", "read_full_snapshot", "read_labels", "read_snapshot", "snapshot_source", "table_of", "write_snapshot",
]  # fmt: skip

Times = npt.NDArray[np.float64]


def read_labels(path: Path, behaviours: tuple[str, ...], time_s: Times, params: LabelParams) -> LabelTable:
    """Read a file that holds the labels of one video by one rater.

    Parameters
    ----------
    path
        The file; its content says which format it is, unless `params.format` does.
    behaviours
        What is tagged, `data.behaviours`.
    time_s
        (T,) true time stamps of the video's frames, seconds from the first.
    params
        How names, units and empty files are meant.

    Returns
    -------
    LabelTable
        T rows, the behaviours in the order given.

    Raises
    ------
    InputError
        If anything in the file cannot be right or would be lost; names the file and the place in it.
    """
    meaning = params.meaning(behaviours)
    try:
        parts = FORMATS[recognise(path, meaning) if params.format == AUTO else params.format].read(path, meaning)
        if len(parts) != 1:
            raise InputError(f"expected the labels of one video by one rater, found {len(parts)}")
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return table_of(parts[0], str(path), behaviours, time_s, params)[0]


def table_of(
    labels: Labels, file: str, behaviours: tuple[str, ...], time_s: Times, params: LabelParams
) -> tuple[LabelTable, tuple[str, ...]]:
    """Lay what a file says of one video over its frames.

    Returns
    -------
    tuple
        The labels, T rows, and notes: what was not read or was cut off.

    Raises
    ------
    InputError
        If anything cannot be right or would be lost; names `file` and the place in it.
    """
    names = naming(params, behaviours)  # what is wrong with the settings is no fault of this file
    try:
        if isinstance(labels.content, BoutList) and not labels.content.bouts and not params.allow_empty:
            raise InputError(_no_bouts(labels))
        check_length(labels.length_s, time_s)
        table, notes = lay_over(labels.content, names, params, time_s, labels.scored_s)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    return table, (*labels.notes, *notes)


def _no_bouts(labels: Labels) -> str:
    if labels.subject:
        return (
            f"expected bouts of '{shown(labels.subject)}' in '{shown(labels.media)}', found none; if it showed nothing there, set "
            "labels.allow_empty: true; if nobody looked at it, take its name out"
        )
    return (
        "expected bouts below the header, found none; if nothing was shown in this video, set labels.allow_empty: true; "
        "if nobody looked, remove the file"
    )
