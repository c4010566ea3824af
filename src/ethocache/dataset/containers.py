"""How long a video file says it is, read from its container's own size fields."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_MP4_STARTS = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
_MATROSKA = b"\x1a\x45\xdf\xa3"
_MATROSKA_SEGMENT = b"\x18\x53\x80\x67"
_NEVER_FILLED_IN = {0, 0xFFFFFFFF}  # what a recorder leaves in an AVI header when it is killed


def missing_bytes(path: Path) -> int:
    """Return how many bytes the file lacks at its end; 0 where it is whole, or its container does not tell.

    The size fields of MP4/MOV (ISO/IEC 14496-12 boxes), AVI (RIFF) and Matroska/WebM (RFC 8794) are
    read, nothing else: a decoder would take the rest of a cut file for a shorter video.
    """
    with path.open("rb") as file:
        return max(0, _end_it_claims(file) - path.stat().st_size)


def _end_it_claims(file: BinaryIO) -> int:
    head = file.read(12)
    if head[:4] == b"RIFF":
        size = int.from_bytes(head[4:8], "little")
        return 0 if size in _NEVER_FILLED_IN else size + 8
    if head[4:8] in _MP4_STARTS:
        return max(_ends_of_boxes(file), default=0)
    return _end_of_matroska(file) if head[:4] == _MATROSKA else 0


def _ends_of_boxes(file: BinaryIO) -> Iterator[int]:
    start = 0
    while True:
        file.seek(start)
        header = file.read(16)
        size = int.from_bytes(header[:4], "big")
        if size == 1:
            size = int.from_bytes(header[8:16], "big")
        if size < 8 or not header[4:8].isalnum():
            return  # the last box, which may leave its size open, or padding behind it
        start += size
        yield start


def _end_of_matroska(file: BinaryIO) -> int:
    file.seek(4)
    size = _variable_size(file)
    if size is None:
        return 0
    file.seek(size, 1)
    if file.read(4) != _MATROSKA_SEGMENT:
        return 0
    size = _variable_size(file)
    return 0 if size is None else file.tell() + size


def _variable_size(file: BinaryIO) -> int | None:
    """Read an EBML size; None where the writer left it open, as live recordings do."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    length = 9 - first[0].bit_length()
    value = int.from_bytes(first + file.read(length - 1), "big") - (1 << 7 * length)
    return None if value == (1 << 7 * length) - 1 else value
