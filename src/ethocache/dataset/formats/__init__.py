"""The tools whose labels are read: one small file per format, and one line here."""

from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.dataset.formats import (
    boris_bouts,
    boris_events,
    boris_project,
    bouts_csv,
    caltech,
    clip_table,
    merged_csv,
    one_hot_csv,
    simba,
    tags_csv,
    x_marks,
)
from ethocache.dataset.formats.contents import Bout, BoutList, Content, Format, FrameMarks, Labels, Meaning, Unit, WholeVideo
from ethocache.dataset.text import first_row, read_head, shown

__all__ = ["FORMATS", "Bout", "BoutList", "Content", "Format", "FrameMarks", "Labels", "Meaning", "Unit", "WholeVideo", "recognise"]

FORMATS: dict[str, Format] = {
    "boris_bouts": boris_bouts.FORMAT,
    "boris_events": boris_events.FORMAT,
    "boris_project": boris_project.FORMAT,
    "bouts_csv": bouts_csv.FORMAT,
    "caltech": caltech.FORMAT,
    "clip_table": clip_table.FORMAT,
    "merged_csv": merged_csv.FORMAT,
    "one_hot_csv": one_hot_csv.FORMAT,
    "simba": simba.FORMAT,
    "tags_csv": tags_csv.FORMAT,
    "x_marks": x_marks.FORMAT,
}


def recognise(path: Path, meaning: Meaning) -> str:
    """Return the name of the one format whose content this is; the file's ending plays no part.

    Raises
    ------
    InputError
        If no format knows the file, or several do. The path is not named.
    """
    head = read_head(path)
    found = [name for name, candidate in FORMATS.items() if candidate.recognise(head, meaning)]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"this may be {' or '.join(found)}; say which in labels.format")
    if head.problem:
        raise InputError(f"this is {head.problem}")
    known = "; ".join(f"{name} ({candidate.looks_like})" for name, candidate in FORMATS.items())
    header = shown(", ".join(first_row(head.text)[1]))
    raise InputError(f"no format of labels recognises the header '{header}'; known: {known}")
