"""The strip below a picture: what is tagged in this frame, how probable it is, and the seconds around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.vision.overlay_text import BLACK, PAPER, Ink, Lettering, Pixels

SECONDS_AROUND = 5.0  # of the ethogram, on each side of the cursor
_SMALLEST_PX, _LETTERS_PER_WIDTH = 12, 80
_ABSENT, _NOBODY_LOOKED, _LINE = (240, 240, 240), (170, 170, 170), (200, 200, 200)


@dataclass(frozen=True, eq=False)
class Shown:
    """What a strip shows of the T frames of a video.

    Attributes
    ----------
    title
        What stands above it.
    behaviours
        B names.
    colours
        One RGB colour per behaviour.
    states
        What the columns of colour blocks are called -> (T, B) int8: 1 yes, 0 no, -1 nobody looked.
    probability
        (T, B), 0 to 1, or None.
    threshold
        (B,), or None.
    """

    title: str
    behaviours: tuple[str, ...]
    colours: Sequence[Ink]
    states: Mapping[str, npt.NDArray[np.int8]]
    probability: npt.NDArray[np.floating] | None = None
    threshold: npt.NDArray[np.floating] | None = None

    def __post_init__(self) -> None:
        count = len(self.behaviours)
        shapes = {values.shape for values in self.states.values()}
        shapes |= set() if self.probability is None else {self.probability.shape}
        if len(shapes) != 1 or next(iter(shapes))[1:] != (count,) or len(self.colours) != count:
            raise ValueError(f"Expected (T, {count}) states and probabilities and {count} colours, got {sorted(shapes)}")
        if self.threshold is not None and self.threshold.shape != (count,):
            raise ValueError(f"Expected {count} thresholds, got {self.threshold.shape}")

    @property
    def frames(self) -> int:
        return len(next(iter(self.states.values())))


@dataclass(frozen=True)
class Span:
    """A half-open range of columns."""

    left: int
    right: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def columns(self) -> slice:
        return slice(self.left, self.right)


class Strip:
    """Draws the strip of one frame after the other; all that stays is drawn once.

    Parameters
    ----------
    shown
        What it shows.
    time_s
        (T,) time stamps in seconds.
    width
        In pixels, even.

    Attributes
    ----------
    height
        In pixels, even.
    blocks
        Name of a state -> the columns of its colour blocks.
    places
        ``bar``, ``number``, ``ethogram``, ``name`` and ``clock`` -> their columns.
    """

    def __init__(self, shown: Shown, time_s: npt.NDArray[np.float64], width: int) -> None:
        self._shown, self._time_s = shown, time_s
        self._end_s = float(time_s[-1] + (np.median(np.diff(time_s)) if len(time_s) > 1 else 1.0))
        px = max(_SMALLEST_PX, round(width / _LETTERS_PER_WIDTH))
        self._text, self._small = Lettering(px), Lettering(max(10, round(px * 0.8)))
        self._gap = px // 2
        self._row = self._text.line_px + max(2, px // 5)
        self._first_row = 2 * self._gap + self._text.line_px + self._small.line_px
        self.height = (self._first_row + len(shown.behaviours) * self._row + self._gap + 1) // 2 * 2
        self._set_columns(width)
        self._palette = np.array([[_ABSENT, colour, _NOBODY_LOOKED] for colour in shown.colours], np.uint8).reshape(-1, 3, 3)
        offsets = np.arange(self._ethogram.width) - self._ethogram.width // 2
        self._offsets_s = offsets * (SECONDS_AROUND / (self._ethogram.width / 2))
        self._pixels = np.full((self.height, width, 3), PAPER, np.uint8)
        self._draw_what_stays()

    def rows(self, behaviour: int) -> slice:
        """Return the rows that the colour block of a behaviour fills."""
        top = self._first_row + behaviour * self._row
        return slice(top, top + self._row - max(2, self._text.px // 5))

    def draw(self, frame: int) -> Pixels:
        """Return the strip of a frame, (`height`, width, 3); the next call draws into the same memory."""
        clock = f"frame {frame}   {in_clock(self._time_s[frame], self._end_s)}"
        self._text.write_number(self._pixels[self._gap : self._gap + self._text.line_px, self._clock.columns], clock)
        self._draw_blocks(frame)
        if self._shown.probability is not None:
            self._draw_probabilities(self._shown.probability[frame])
        self._draw_ethogram(frame)
        return self._pixels

    def _set_columns(self, width: int) -> None:
        shown, gap = self._shown, self._gap
        left = gap
        self.blocks: dict[str, Span] = {}
        for caption in shown.states:
            self.blocks[caption] = Span(left, left + max(self._small.width(caption), 2 * self._text.px))
            left = self.blocks[caption].right + gap
        longest = max(map(self._text.width, shown.behaviours), default=0)
        self._names = Span(left, left + min(longest, round(0.26 * width)))
        left = self._names.right + 2 * gap
        if shown.probability is not None:
            self._bar = Span(left, left + round(0.14 * width))
            self._number = Span(self._bar.right + gap, self._bar.right + gap + self._text.width_of_number("0.00"))
            left = self._number.right + 2 * gap
        self._ethogram = Span(left, width - gap)
        longest_clock = f"frame {len(self._time_s)}   {in_clock(self._end_s, self._end_s)}"
        self._clock = Span(width - gap - self._text.width_of_number(longest_clock), width - gap)
        self.places = {"name": self._names, "ethogram": self._ethogram, "clock": self._clock}
        if shown.probability is not None:
            self.places |= {"bar": self._bar, "number": self._number}

    def _draw_what_stays(self) -> None:
        shown, gap = self._shown, self._gap
        self._pixels[0] = _LINE
        self._put(self._text.drawn(shown.title, self._clock.left - 3 * gap), gap, gap)
        captions = gap + self._text.line_px + gap // 2
        for caption, span in self.blocks.items():
            self._put(self._small.drawn(caption, span.width), captions, span.left)
        if shown.probability is not None:
            self._put(self._small.drawn("probability", self._number.right - self._bar.left), captions, self._bar.left)
        before, after = (self._small.drawn(f"{sign}{SECONDS_AROUND:g} s", self._ethogram.width // 3) for sign in "−+")
        self._put(before, captions, self._ethogram.left)
        self._put(after, captions, self._ethogram.right - after.shape[1])
        for b, name in enumerate(shown.behaviours):
            self._put(self._text.drawn(name, self._names.width), self.rows(b).start, self._names.left)

    def _put(self, tile: Pixels, top: int, left: int) -> None:
        self._pixels[top : top + tile.shape[0], left : left + tile.shape[1]] = tile

    def _draw_blocks(self, frame: int) -> None:
        for caption, state in self._shown.states.items():
            for b, value in enumerate(state[frame]):
                self._pixels[self.rows(b), self.blocks[caption].columns] = self._palette[b, value]

    def _draw_probabilities(self, probability: npt.NDArray[np.floating]) -> None:
        thick = max(1, self._text.px // 8)
        for b, value in enumerate(probability.tolist()):
            rows = self.rows(b)
            bar = self._pixels[rows.start + 2 * thick : rows.stop - 2 * thick, self._bar.columns]
            bar[:] = _ABSENT
            bar[:, : round(value * self._bar.width)] = self._palette[b, 1]
            if self._shown.threshold is not None:
                at = self._bar.left + min(round(float(self._shown.threshold[b]) * self._bar.width), self._bar.width - thick)
                bar[:, max(at - self._bar.left - thick, 0) : at - self._bar.left + 2 * thick] = PAPER  # seen also on dark colours
                self._pixels[rows, at : at + thick] = BLACK
            self._text.write_number(self._pixels[rows.start : rows.start + self._text.line_px, self._number.columns], f"{value:.2f}")

    def _draw_ethogram(self, frame: int) -> None:
        at_s = self._time_s[frame] + self._offsets_s
        frames = np.searchsorted(self._time_s, at_s, side="right") - 1
        frames[len(frames) // 2] = frame  # of several with one time stamp, the one that is shown
        inside = (frames >= 0) & (at_s < self._end_s)
        frames = frames.clip(0, len(self._time_s) - 1)
        for place, state in enumerate(self._shown.states.values()):
            for b in range(len(self._shown.behaviours)):
                rows = self._lane(b, place)
                self._pixels[rows, self._ethogram.columns] = np.where(inside[:, None], self._palette[b, state[frames, b]], PAPER)
        thick = max(1, self._text.px // 8)
        cursor = self._ethogram.left + len(frames) // 2
        last = self.rows(len(self._shown.behaviours) - 1)
        self._pixels[self._first_row : last.stop, cursor : cursor + thick] = BLACK

    def _lane(self, behaviour: int, place: int) -> slice:
        """Return the rows of a state in the ethogram: labels above tags, where there are both."""
        rows, lanes = self.rows(behaviour), len(self._shown.states)
        height = rows.stop - rows.start
        return slice(rows.start + height * place // lanes + (place > 0), rows.start + height * (place + 1) // lanes)


def in_clock(seconds: float, longest_s: float) -> str:
    """Return a time as ``0:01.250``, with hours where the longest has some."""
    whole = round(seconds * 1000)
    minutes, milliseconds = divmod(whole, 60_000)
    seconds_text = f"{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"
    if longest_s < 3600:
        return f"{minutes}:{seconds_text}"
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds_text}"
