"""The per-frame table that ethocache writes, corrected by a person and given back as labels.

``frame,time_s`` and then ``<behaviour>_probability,<behaviour>`` for each behaviour, as `ethocache.dataset.tags.write_tags` has it.
Only the 0/1 columns are labels; an empty cell or -1 says that nobody looked.
"""

from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ethocache.common.errors import InputError
from ethocache.dataset.formats.contents import Format, FrameMarks, Labels, Meaning
from ethocache.dataset.formats.frame_rows import EMPTY, NOBODY, Clock, FrameCount, bad_mark, is_letter, mark
from ethocache.dataset.spreadsheet import sheet_notes
from ethocache.dataset.text import Head, Table, first_row, shown

_FIRST = ("frame", "time_s")
_PROBABILITY = "_probability"
_LOOKS_LIKE = "columns frame, time_s, and <behaviour>_probability, <behaviour> for each behaviour, as ethocache writes tags"


def is_tags(header: Sequence[str]) -> bool:
    """Tell the header of ethocache's tags from others."""
    names = [name.strip() for name in header]
    pairs = list(zip(names[2::2], names[3::2], strict=False))
    return tuple(names[:2]) == _FIRST and len(names) > 2 and len(names) % 2 == 0 and all(one == two + _PROBABILITY for one, two in pairs)


def _recognise(head: Head, meaning: Meaning) -> bool:
    return is_tags(first_row(head.text)[1])


def _read(path: Path, meaning: Meaning) -> tuple[Labels, ...]:
    table = Table.open(path)
    if not is_tags(table.header):
        raise InputError(f"expected {_LOOKS_LIKE}, found the header '{shown(', '.join(table.header))}'")
    names, marks = table.header[3::2], array("b")
    frames, clock = FrameCount(), Clock()
    for line, row in table.rows():
        frames.check(line, row[0])
        clock.check(line, row[1])
        marks.extend(_mark(line, name, cell) for name, cell in zip(names, row[3::2], strict=True))
    values = np.array(marks, np.int8).reshape(-1, len(names))
    return (Labels(FrameMarks(names, values), notes=("the columns of probabilities are not read", *sheet_notes(path))),)


def _mark(line: int, name: str, cell: str) -> int:
    found = mark(cell)
    if found is None or is_letter(cell):
        raise bad_mark(line, name, cell, "0, 1 or nothing (nobody looked)")
    return NOBODY if found == EMPTY else found


FORMAT = Format(_LOOKS_LIKE, _recognise, _read)
