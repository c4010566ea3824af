"""Tables for a terminal."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], left: int = 1, last: int = 0) -> str:
    """Return rows of cells as lines with straight columns: the first `left` and the `last` of them begin alike, the others end alike."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        places = zip(row, widths, range(len(row)), strict=True)
        cells = [cell.ljust(width) if place < left or place >= len(row) - last else cell.rjust(width) for cell, width, place in places]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
