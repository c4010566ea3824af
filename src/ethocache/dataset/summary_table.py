"""The table that a paper's statistics start from: one row per video, what it showed how often and for how long."""

import csv
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.common.files import replacing
from ethocache.dataset.label_table import NOT_SCORED, YES
from ethocache.dataset.runs import frame_durations_s, runs
from ethocache.dataset.tagged_video import TaggedVideo
from ethocache.dataset.text import number, shown

MEASURES = ("count", "total_s", "mean_s", "latency_s", "fraction", "scored_s")
REVISION = 1  # raise it when the same tags would give another table
_FORMULA = ("=", "+", "-", "@")
Cell = str | int | float | None


def write_summary(path: Path, videos: Iterable[TaggedVideo], fields: Sequence[str], behaviours: Sequence[str]) -> None:
    """Write a CSV with one row a video: its name and the name's parts, duration, frames, and six columns per behaviour.

    ``<behaviour>_count`` bouts, ``_total_s`` and ``_mean_s`` their time, ``_latency_s`` the time from the first frame that
    somebody looked at to the first bout (empty where there is none), ``_fraction`` the total by the time that somebody
    looked, which is ``_scored_s``. Where nobody ever looked, all but the last are empty: not seen is not "never shown".
    A frame that nobody looked at ends a bout.

    Text that a spreadsheet would run as a formula (it starts with ``= + - @``) gets an apostrophe before it, as names come
    from files of any origin; numbers never do. Line breaks, tabs and the like become spaces.

    Parameters
    ----------
    videos
        Taken one at a time, so that they need not be in memory together.
    fields
        Which parts of the name have a column; empty in videos without that part.
    behaviours
        The B behaviours, in the order of the tags.

    Raises
    ------
    InputError
        If two columns would have the same name.
    """
    write_table(path, summary_header(fields, behaviours), (summary_row(video, fields, behaviours) for video in videos))


def summary_header(fields: Sequence[str], behaviours: Sequence[str]) -> list[str]:
    """Return the columns of `write_summary`."""
    return ["video", *fields, "duration_s", "frames", *(f"{name}_{measure}" for name in behaviours for measure in MEASURES)]


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a CSV for spreadsheets: no cell of text runs as a formula, and None is an empty cell.

    Raises
    ------
    InputError
        If two columns would have the same name.
    """
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise InputError(f"{path.name}: two columns would be named '{shown(twice)}'; rename that part in data.name, or that behaviour")
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(_without_formulas(header))
        table.writerows(_without_formulas(row) for row in rows)


def summary_row(video: TaggedVideo, fields: Sequence[str], behaviours: Sequence[str]) -> list[Cell]:
    """Return the row of `write_summary` for a video."""
    if video.tags.shape[1] != len(behaviours):
        raise ValueError(f"Expected tags of {len(behaviours)} behaviours of {video.video}, got {video.tags.shape[1]}")
    frame_s = frame_durations_s(video.time_s)
    about: list[Cell] = [video.video, *(video.fields.get(name, "") for name in fields), float(frame_s.sum()), len(frame_s)]
    return [*about, *(cell for column in video.tags.T for cell in measure_behaviour(column, video.time_s, frame_s))]


def measure_behaviour(
    column: npt.NDArray[np.integer], time_s: npt.NDArray[np.float64], frame_s: npt.NDArray[np.float64]
) -> list[int | float | None]:
    """Return what `MEASURES` names, of one behaviour in one video; None where there is no such number.

    Parameters
    ----------
    column
        (T,) 1 yes, 0 no, -1 nobody looked.
    time_s, frame_s
        (T,) when each frame was shown, and for how long.
    """
    looked, shows = column != NOT_SCORED, column == YES
    if not looked.any():
        return [None, None, None, None, None, 0.0]
    count, total_s, scored_s = len(runs(shows)), float(frame_s[shows].sum()), float(frame_s[looked].sum())
    mean_s = total_s / count if count else None
    latency_s = float(time_s[shows.argmax()] - time_s[looked.argmax()]) if count else None
    return [count, total_s, mean_s, latency_s, total_s / scored_s if scored_s else None, scored_s]


def _without_formulas(cells: Iterable[Cell]) -> list[str]:
    return [plain_text(cell) if isinstance(cell, str) else _figure(cell) for cell in cells]


def _figure(cell: int | float | None) -> str:
    if cell is None:
        return ""
    return f"{cell:.6f}" if isinstance(cell, float) else str(cell)


def plain_text(text: str) -> str:
    """Return text that every spreadsheet takes for text, or for the number that it is."""
    text = "".join(character if character.isprintable() else " " for character in text)
    first = unicodedata.normalize("NFKC", text.lstrip()[:1])  # a full-width '=' begins a formula too
    return f"'{text}" if first in _FORMULA and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        number(text)
    except ValueError:
        return False
    return True
