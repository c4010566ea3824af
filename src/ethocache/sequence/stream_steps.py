"""One network on a stream: frames are gathered into steps, steps answered, and answers brought back to frames."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.sequence.carried import CarriedNetwork
from ethocache.sequence.steps import Steps

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


class NetworkStream:
    """The probabilities of one causal network, frame after frame.

    Parameters
    ----------
    carried
        The network, at the beginning of its video.
    size
        Frames of a step; a step is answered after its last frame, and a frame's probability lies between those of two steps.
    """

    def __init__(self, carried: CarriedNetwork, size: int) -> None:
        self._carried, self._size = carried, size
        self._rows: list[Floats] = []
        self._valid: list[Flags] = []
        self._frames = _Between(size, carried.behaviours)

    @property
    def delay_frames(self) -> int:
        """How many frames later a frame's probability is known at the latest."""
        return 0 if self._size == 1 else 2 * self._size - 1 - (self._size + 1) // 2

    def push(self, rows: Floats, valid: Flags) -> Floats:
        """Take the features (n, D) of the next frames and whether each is valid (n,); return the probabilities (m, B) known now."""
        if self._size == 1:
            return self._carried.answer(rows)
        self._rows.append(rows)
        self._valid.append(valid)
        waiting = sum(map(len, self._rows))
        return self._answered(waiting - waiting % self._size) if waiting >= self._size else self._frames.none

    def finish(self) -> Floats:
        """Return the probabilities of the frames that are still waiting."""
        rest = sum(map(len, self._rows))
        known = self._answered(rest) if rest else self._frames.none
        return np.concatenate([known, self._frames.finish()])

    def _answered(self, frames: int) -> Floats:
        rows, valid = np.concatenate(self._rows), np.concatenate(self._valid)
        self._rows, self._valid = [rows[frames:]], [valid[frames:]]
        steps = Steps(Given(rows[:frames], valid[:frames], np.arange(frames, dtype=np.float64)), self._size)
        return self._frames.push(self._carried.answer(steps.rows(0, steps.frames)), frames)


@dataclass(frozen=True, eq=False)
class Given:
    """Features that are at hand, as `Features`."""

    values: Floats
    valid: Flags
    time_s: npt.NDArray[np.float64]

    @property
    def frames(self) -> int:
        return len(self.values)

    @property
    def dimensions(self) -> int:
        return int(self.values.shape[1])

    def rows(self, start: int, stop: int) -> Floats:
        return self.values[start:stop]


class _Between:
    """`frames_of_steps` for steps that come in: up to the last step's centre, frames are known."""

    def __init__(self, size: int, behaviours: int) -> None:
        self._size = size
        self.none = np.zeros((0, behaviours), np.float32)
        self._centre, self._value = np.zeros(0), self.none  # of the last step
        self._next = self._seen = 0

    def push(self, values: Floats, frames: int) -> Floats:
        """Take the values of the next steps, which hold so many frames."""
        if self._size == 1 or not frames:
            return values
        starts = np.arange(self._seen, self._seen + frames, self._size)
        stops = np.append(starts[1:], self._seen + frames)
        centres, self._seen = np.append(self._centre, (starts + stops - 1) / 2), self._seen + frames
        values = np.concatenate([self._value, values])
        self._centre, self._value = centres[-1:], values[-1:]
        return self._between(centres, values, int(centres[-1]) + 1)

    def finish(self) -> Floats:
        return self._between(self._centre, self._value, self._seen) if len(self._centre) else self.none

    def _between(self, centres: npt.NDArray[np.float64], values: Floats, stop: int) -> Floats:
        frames, self._next = np.arange(self._next, stop), max(self._next, stop)
        columns = [np.interp(frames, centres, values[:, b]) for b in range(values.shape[1])]
        return np.stack(columns, axis=1).astype(np.float32)
