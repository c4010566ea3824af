"""The tools whose labels are read: one small file per format, and one line here."""

from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.dataset.formats import bouts_csv, caltech, one_hot_csv
from ethocache.dataset.formats.contents import Bout, BoutList, Content, Format, FrameMarks, Labels, Meaning, Unit, WholeVideo
from ethocache.dataset.text import first_row, read_head, shown

__all__ = ["FORMATS", "Bout", "BoutList", "Content", "Format", "FrameMarks", "Labels", "Meaning", "Unit", "WholeVideo", "recognise"]

FORMATS: dict[str, Format] = {
    "bouts_csv": bouts_csv.FORMAT,
    "caltech": caltech.FORMAT,
    "one_hot_csv": one_hot_csv.FORMAT,
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
