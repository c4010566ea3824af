"""Text on pictures: names in any script, never wider than their place, and numbers from letters that are drawn once."""

import unicodedata
from collections.abc import Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Pixels = npt.NDArray[np.uint8]
Ink = tuple[int, int, int]

BLACK: Ink = (20, 20, 20)
PAPER: Ink = (255, 255, 255)
_MOST_LETTERS = 300  # of a name; more fit on no picture
# Where DejaVu lacks letters (Chinese, Japanese, Korean), what Linux, Windows and macOS usually have for them.
_OTHER_FONTS = ("NotoSansCJK-Regular.ttc", "DroidSansFallbackFull.ttf", "msyh.ttc", "malgun.ttf", "Arial Unicode.ttf", "PingFang.ttc")


class Lettering:
    """Draws text of one size on white.

    Parameters
    ----------
    px
        Height of the letters, from which that of a line follows.
    """

    def __init__(self, px: int) -> None:
        self.px = px
        self._font = ImageFont.truetype(_dejavu(), px)
        ascent, descent = self._font.getmetrics()
        self.line_px = ascent + descent
        self._ascent = ascent
        self._letters: dict[str, Pixels] = {}

    def width(self, text: str) -> int:
        """Return how many pixels wide a text is."""
        text = plain(text)
        return int(np.ceil(self._font_for(text).getlength(self._spelled(text))))

    def drawn(self, text: str, most_px: int) -> Pixels:
        """Return a text as (`line_px`, at most `most_px`, 3); what is too long has an ellipsis in its middle.

        Names often differ at their end, so that is kept too.
        """
        text = plain(text)[:_MOST_LETTERS]
        font, spelled = self._font_for(text), self._spelled(text)
        shown = next((short for short in _shorter(spelled) if np.ceil(font.getlength(short)) <= most_px), "")
        width = int(np.ceil(font.getlength(shown)))
        picture = Image.new("RGB", (max(width, 1), self.line_px), PAPER)
        ImageDraw.Draw(picture).text((0, self._ascent), shown, fill=BLACK, font=font, anchor="ls")
        return np.asarray(picture)

    def write_number(self, target: Pixels, text: str) -> None:
        """Write ``0-9:.`` and plain letters at the right end of a white place (`line_px`, width, 3), letter by letter."""
        right = target.shape[1]
        target[:] = PAPER
        for letter in reversed(text):
            if letter not in self._letters:
                self._letters[letter] = self.drawn(letter, 10 * self.px)
            tile = self._letters[letter]
            right -= tile.shape[1]
            target[:, right : right + tile.shape[1]] = tile

    def width_of_number(self, text: str) -> int:
        """Return how many pixels `write_number` takes."""
        return sum(self.width(letter) for letter in text)

    def _font_for(self, text: str) -> ImageFont.FreeTypeFont:
        """Return the first font that has all letters of a text."""
        if self._has(self._font, text):
            return self._font
        return next((font for font in self._others if self._has(font, text)), self._font)

    def _spelled(self, text: str) -> str:
        """Replace letters that no font has by their number: a row of equal boxes would tell nobody which name it is."""
        font = self._font_for(text)
        return "".join(letter if self._has(font, letter) else f"U+{ord(letter):04X}" for letter in text)

    @cached_property
    def _others(self) -> list[ImageFont.FreeTypeFont]:
        found = []
        for name in _OTHER_FONTS:
            try:
                found.append(ImageFont.truetype(name, self.px))
            except OSError:
                continue  # this machine does not have it
        return found

    def _has(self, font: ImageFont.FreeTypeFont, text: str) -> bool:
        lacking = bytes(font.getmask("\U0010fffe"))
        return all(letter.isspace() or unicodedata.combining(letter) or bytes(font.getmask(letter)) != lacking for letter in set(text))


def plain(text: str) -> str:
    """Return text on one line, accents in their usual form, without what cannot be seen."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(letter if letter.isprintable() else " " for letter in composed)


def _shorter(text: str) -> Iterator[str]:
    yield text
    for kept in range(len(text) - 1, 0, -1):
        yield f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"
    yield "…"


def _dejavu() -> Path:
    """Return the font that matplotlib brings along, without loading matplotlib: the same on every machine."""
    package = find_spec("matplotlib")
    if package is None or package.origin is None:
        raise AssertionError("matplotlib is one of our requirements")
    return Path(package.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf"
