"""Small pictures in SVG, put together from strips of frames, lines and words; the same picture has the same bytes."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

INK, GREY, PALE = "#222222", "#666666", "#ececec"
LABELLED, TAGGED = "#332288", "#9a8fd0"
GOOD, BAD, MISSED = "#117733", "#ddaa33", "#cc6677"
CELL = 12
LEFT = 130  # where strips begin, with their name before them


class Picture:
    """A picture of a width and height in pixels, which says in a sentence what it shows."""

    def __init__(self, width: int, height: int, says: str) -> None:
        size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="Helvetica, Arial, sans-serif" role="img">',
            f"<title>{escape(says)}</title>",
            f'<rect width="{width}" height="{height}" fill="white"/>',
        ]

    def box(self, x: float, y: float, width: float, height: float, colour: str, border: str = "none") -> None:
        self._parts.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{colour}" stroke="{border}"/>')

    def dot(self, x: float, y: float, colour: str, radius: float = 5) -> None:
        self._parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{colour}" stroke="white"/>')

    def line(self, points: Sequence[tuple[float, float]], colour: str = GREY, width: float = 1, dashed: bool = False) -> None:
        places = " ".join(f"{x:.5g},{y:.5g}" for x, y in points)
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        self._parts.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashes}/>')

    def area(self, points: Sequence[tuple[float, float]], colour: str) -> None:
        places = " ".join(f"{x:.5g},{y:.5g}" for x, y in points)
        self._parts.append(f'<polygon points="{places}" fill="{colour}" fill-opacity="0.18"/>')

    def words(self, x: float, y: float, text: str, size: int = 13, colour: str = INK, at: str = "start", bold: bool = False) -> None:
        weight = ' font-weight="bold"' if bold else ""
        place = f'x="{x:g}" y="{y:g}" font-size="{size}" fill="{colour}" text-anchor="{at}"{weight}'
        self._parts.append(f"<text {place}>{escape(text)}</text>")

    def strip(self, y: float, name: str, marks: str, colours: dict[str, str], left: float = LEFT, cell: float = CELL) -> None:
        """Draw a strip of frames, one letter each, beside its name."""
        self.words(left - 8, y + 14, name, at="end")
        self.box(left, y, cell * len(marks), 19, PALE)
        start = 0
        for stop in range(1, len(marks) + 1):
            if stop == len(marks) or marks[stop] != marks[start]:
                if colour := colours.get(marks[start]):
                    self.box(left + start * cell, y, (stop - start) * cell, 19, colour)
                start = stop

    def axes(self, x: float, y: float, side: float, below: str, beside: str) -> None:
        """Draw the axes of a square panel whose lower left corner is at (x, y)."""
        self.line([(x, y - side), (x, y), (x + side, y)])
        self.words(x + side / 2, y + 18, below, 12, GREY, "middle")
        self.words(x, y - side - 8, beside, 12, GREY)

    def save(self, path: Path) -> None:
        path.write_text("\n".join([*self._parts, "</svg>"]) + "\n", encoding="utf-8")


def mask(marks: str) -> list[bool]:
    """Return which frames of a strip show the behaviour."""
    return [mark == "#" for mark in marks]


def signed(number: float, digits: int = 1) -> str:
    """Return a number with its sign, and a minus as long as the plus."""
    return f"{number:+.{digits}f}".replace("-", "−")
