"""Read the labels that people gave, whatever tool wrote them, as one table per video."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import field_validator

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.params import Section
from ethocache.dataset.formats import FORMATS, BoutList, FrameMarks, Meaning, Unit, recognise
from ethocache.dataset.label_frames import Naming, table_of_bouts, table_of_marks
from ethocache.dataset.label_snapshot import behaviours_shown, read_snapshot, snapshot_source, write_snapshot
from ethocache.dataset.label_table import NO, NOT_SCORED, YES, LabelTable

__all__ = [
    "NO", "NOT_SCORED", "YES", "LabelParams", "LabelTable", "behaviours_shown", "read_labels", "read_snapshot",
    "snapshot_source", "write_snapshot",
]  # fmt: skip

AUTO = "auto"


class LabelParams(Section):
    """How labels files are read (`labels` in params.yaml).

    Attributes
    ----------
    format
        ``auto`` recognises each file by its content; a name of `FORMATS` takes all files as that.
    ignore
        Behaviours in the files that are left out.
    not_scored
        Names for time in which nobody looked: its frames are neither yes nor no, for any behaviour.
    unit
        What ``start`` and ``stop`` count, in files that do not say: seconds or frames.
    allow_empty
        Whether a file of bouts without a bout means that nothing was shown (else it is an error).
    """

    format: str = AUTO
    ignore: tuple[str, ...] = ()
    not_scored: tuple[str, ...] = ()
    unit: Unit | None = None
    allow_empty: bool = False

    @field_validator("format")
    @classmethod
    def _is_known(cls, name: str) -> str:
        known = (AUTO, *FORMATS)
        if name not in known:
            raise ValueError(f"not a format of labels{did_you_mean(name, known) or '; known: ' + ', '.join(known)}")
        return name


def read_labels(path: Path, behaviours: tuple[str, ...], time_s: npt.NDArray[np.float64], params: LabelParams) -> LabelTable:
    """Read the labels of one video.

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
    naming = Naming(behaviours, params.ignore, params.not_scored)
    try:
        meaning = Meaning(unit=params.unit)
        content = FORMATS[recognise(path, meaning) if params.format == AUTO else params.format].read(path, meaning)[0].content
        if isinstance(content, FrameMarks):
            return table_of_marks(content, naming, len(time_s))
        return table_of_bouts(_not_empty(content, params).bouts, _unit(content, params), naming, time_s)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _not_empty(content: BoutList, params: LabelParams) -> BoutList:
    if content.bouts or params.allow_empty:
        return content
    raise InputError(
        "expected bouts below the header, found none; if nothing was shown in this video, set labels.allow_empty: true; "
        "if nobody looked, remove the file"
    )


def _unit(content: BoutList, params: LabelParams) -> Unit:
    unit = content.unit or params.unit
    if unit is None:
        raise InputError(
            "the columns start and stop do not say what they count; name them start_s and stop_s or start_frame and stop_frame, "
            "or set labels.unit: seconds (or frames)"
        )
    return unit
