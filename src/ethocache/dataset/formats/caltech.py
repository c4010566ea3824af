"""Caltech Behavior Annotator: parallel streams, each of which gives every frame of the video one behaviour.

Its text files list the behaviours with their keys, then for each stream ``S1``, ``S2``, ... one row per bout: first frame
and last frame, counted from 1, both part of the bout. Defined by ``behaviorData`` in P. Dollar's Computer Vision Toolbox
(https://pdollar.github.io/toolbox/videos/behaviorData.html), which refuses what is refused here; it separates cells by
spaces, others by tabs.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from ethocache.common.errors import InputError, did_you_mean
from ethocache.dataset.formats.contents import Bout, BoutList, Format, Labels, Meaning
from ethocache.dataset.text import Head, rows, shown

_TITLE = "caltech behavior annotator - annotation file"
_LIST = "configuration file:"
_STREAM = re.compile(r"(s\d{1,6}):\s*start\s+end\s+type", re.IGNORECASE | re.ASCII)
_NAME = re.compile(r"(.+?)(\s+\S)?")  # and the key that stands for it
_ROW = re.compile(r"(\S+)\s+(\S+)\s+(\S.*)")
_FRAME = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_LOOKS_LIKE = "'Caltech Behavior Annotator - Annotation File' at its top"

_Lines = list[tuple[int, str]]


def _recognise(head: Head, meaning: Meaning) -> bool:
    return next((line.strip().casefold() for line in head.text.splitlines() if line.strip()), "") == _TITLE


def _read(path: Path, meaning: Meaning) -> tuple[Labels, ...]:
    top, streams = _parts(path)
    names = _names(top)
    chosen = {name: _stream(name, streams[name], names) for name in _chosen(streams, meaning.streams)}
    _check_ends(chosen)
    notes = tuple(f"the stream {name} ({len(lines)} bouts) is not read" for name, lines in streams.items() if name not in chosen)
    return (Labels(BoutList("frames", tuple(bout for bouts in chosen.values() for bout in bouts)), notes=notes),)


def _parts(path: Path) -> tuple[_Lines, dict[str, _Lines]]:
    """Return the lines above the first stream, and those of each stream."""
    top: _Lines = []
    streams: dict[str, _Lines] = {}
    part = top
    for line, cells in rows(path, "\t"):
        text = unicodedata.normalize("NFC", "\t".join(cells).strip())
        if header := _STREAM.fullmatch(text):
            part = _opened(streams, header[1].upper(), line)
        elif text.strip("-"):  # not a rule under a header
            part.append((line, text))
    if not streams:
        raise InputError("expected a stream of bouts below 'S1: start end type', found none")
    return top, streams


def _opened(streams: dict[str, _Lines], name: str, line: int) -> _Lines:
    if name in streams:
        raise InputError(f"line {line}: the stream {name} begins a second time; give each stream its own number")
    return streams.setdefault(name, [])


def _names(top: _Lines) -> tuple[str, ...]:
    listed = [text for _, text in top if text.casefold() not in (_TITLE, _LIST)]
    return tuple(match[1] for text in listed if (match := _NAME.fullmatch(text)))


def _chosen(streams: Mapping[str, _Lines], wanted: Sequence[str]) -> list[str]:
    if unknown := [name for name in wanted if name not in streams]:
        there = ", ".join(streams)
        raise InputError(
            f"there is no stream '{shown(unknown[0])}'; the file has {there}. Correct labels.streams, or leave it empty for all"
        )
    return [name for name in streams if not wanted or name in wanted]


def _stream(name: str, lines: _Lines, names: Sequence[str]) -> list[Bout]:
    if not lines:
        raise InputError(f"the stream {name} has no bouts, yet each of its frames has a behaviour; is the file cut?")
    bouts = [_bout(line, text, name, names) for line, text in lines]
    if bouts[0].start:
        raise InputError(f"{_shown(bouts[0])}: expected the stream {name} to begin at frame 1; each of its frames has one behaviour")
    for one, after in pairwise(bouts):
        _check_follows(one, after)
    return bouts


def _bout(line: int, text: str, stream: str, names: Sequence[str]) -> Bout:
    cells = _ROW.fullmatch(text)
    if cells is None:
        raise InputError(f"line {line}: expected a first frame, a last frame and a behaviour, found '{shown(text)}'")
    if cells[3] not in names:
        hint = did_you_mean(cells[3], names) or "; correct it, or add it there"
        raise InputError(f"line {line}: '{shown(cells[3])}' is not in the list of behaviours above S1{hint}")
    start, stop = _frame(line, cells[1]) - 1, _frame(line, cells[2])
    if stop <= start:
        raise InputError(f"line {line}, '{shown(cells[3])}' from frame {start + 1} to {stop}: it stops before it starts; swap the two")
    return Bout(cells[3], start, stop, line, stream)


def _frame(line: int, cell: str) -> int:
    if not _FRAME.fullmatch(cell):
        raise InputError(f"line {line}: expected a frame number from 1, found '{shown(cell)}'")
    return int(cell)


def _check_follows(one: Bout, after: Bout) -> None:
    if after.start < one.stop:
        raise InputError(f"{_shown(one)}, and {_shown(after)}: they overlap, although a stream has one behaviour at a time; correct one")
    if after.start > one.stop:
        raise InputError(
            f"{_shown(one)}, and {_shown(after)}: between them no behaviour is given, although each frame has one; correct one"
        )


def _check_ends(streams: Mapping[str, Sequence[Bout]]) -> None:
    for (one, bouts), (other, others) in pairwise(streams.items()):
        if bouts[-1].stop != others[-1].stop:
            ends = f"{one} ends at frame {bouts[-1].stop:.0f}, {other} at {others[-1].stop:.0f}"
            raise InputError(f"{ends}, although all streams are of one video; is the file cut?")


def _shown(bout: Bout) -> str:
    """Name a bout as its file does: frames from 1, the last one part of it."""
    return f"line {bout.line}, '{shown(bout.behaviour)}' from frame {bout.start + 1:.0f} to {bout.stop:.0f}"


FORMAT = Format(_LOOKS_LIKE, _recognise, _read)
