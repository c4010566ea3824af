"""SimBA's labelled frames: one row per frame, with poses, features and, at the end, a column of 0 and 1 per behaviour.

SimBA saves them in ``project_folder/csv/targets_inserted``, one CSV per video: an unnamed column of frame numbers, ``<point>_x``,
``<point>_y``, ``<point>_p`` for each point, the features, and a last column named after each behaviour
(https://github.com/sgoldenlab/simba/blob/master/docs/label_behavior.md, "Save Annotations").
"""

from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ethocache.common.errors import InputError
from ethocache.dataset.formats.contents import Format, FrameMarks, Labels, Meaning
from ethocache.dataset.formats.frame_rows import EMPTY, NOBODY, UNNAMED, FrameCount, bad_mark, is_letter, mark, not_read
from ethocache.dataset.spreadsheet import sheet_notes
from ethocache.dataset.text import Head, Table, first_row, shown

_LOOKS_LIKE = "<point>_x, <point>_y and <point>_p columns, features, and a column of 0 and 1 per behaviour, as SimBA has them"
_PREDICTED = "Probability_"  # in project_folder/csv/machine_results only


def has_pose(header: Sequence[str]) -> bool:
    """Tell whether a header holds the three columns of a point as SimBA names them."""
    names = [name.strip() for name in header]
    return any(one.endswith("_x") and [two, three] == [one[:-2] + "_y", one[:-2] + "_p"] for one, two, three in _triples(names))


def _triples(names: list[str]) -> list[tuple[str, str, str]]:
    return list(zip(names, names[1:], names[2:], strict=False))


def _recognise(head: Head, meaning: Meaning) -> bool:
    return has_pose(first_row(head.text)[1])


def _read(path: Path, meaning: Meaning) -> tuple[Labels, ...]:
    table = Table.open(path)
    targets = _targets(table.header, meaning)
    names = tuple(table.header[place] for place in targets)
    numbered = bool(UNNAMED.fullmatch(table.header[0]))
    frames, marks = FrameCount(), array("b")
    for line, row in table.rows():
        if numbered:
            frames.check(line, row[0])
        marks.extend(_mark(line, table.header[place], row[place]) for place in targets)
    values = np.array(marks, np.int8).reshape(-1, len(names))
    others = [name for place, name in enumerate(table.header[numbered:], numbered) if place not in targets]
    return (Labels(FrameMarks(names, values), notes=(*not_read(others), *sheet_notes(path))),)


def _targets(header: Sequence[str], meaning: Meaning) -> list[int]:
    """Return the columns of behaviours: the first that the settings know, and all after it, as SimBA puts them last."""
    if not has_pose(header):
        raise InputError(f"expected {_LOOKS_LIKE}, found the header '{shown(', '.join(header))}'")
    if any(name.startswith(_PREDICTED) for name in header):
        raise InputError("this holds what SimBA predicted (columns 'Probability_...'), not labels; give the file of csv/targets_inserted")
    first = next((place for place, name in enumerate(header) if name in meaning.names), None)
    if first is None:
        raise InputError(
            f"SimBA's behaviours are its last columns, here '{shown(', '.join(header[-3:]))}'; none of its columns is named in "
            "data.behaviours, labels.rename or labels.ignore; name those that are behaviours"
        )
    return list(range(first, len(header)))


def _mark(line: int, name: str, cell: str) -> int:
    found = mark(cell)
    if found is None or is_letter(cell):
        raise bad_mark(line, name, cell, "0, 1 or nothing (nobody looked)")
    return NOBODY if found == EMPTY else found


FORMAT = Format(_LOOKS_LIKE, _recognise, _read)
