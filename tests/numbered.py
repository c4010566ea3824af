"""Films whose frames carry their number as black and white blocks, which survive encoding: for tests that no frame is lost or moved."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

BITS, BLOCK_PX = 7, 12
BLACK, WHITE, FLOOR = 20, 235, 128
MILLISECOND = Fraction(1, 1000)
CONSTANT_MS = [40 * frame for frame in range(60)]
VARIABLE_MS = np.cumsum(np.random.default_rng(5).integers(7, 90, 60)).tolist()


def numbered_frame(number: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """A grey frame (height, width, 3) with its number in blocks at its top left, the last bit first."""
    frame = np.full((height, width, 3), FLOOR, np.uint8)
    for bit in range(BITS):
        frame[:BLOCK_PX, bit * BLOCK_PX : (bit + 1) * BLOCK_PX] = WHITE if number >> bit & 1 else BLACK
    return frame


def number_in(picture: npt.NDArray[np.uint8], block_px: float = BLOCK_PX, left: float = 0, top: float = 0) -> int:
    """Read the number back from a picture in which the blocks are `block_px` wide and begin at `left`, `top`."""
    middles = (left + (np.arange(BITS) + 0.5) * block_px).astype(int)
    return int(((picture[int(top + block_px / 2), middles].mean(axis=-1) > FLOOR) << np.arange(BITS)).sum())


def write_numbered(path: Path, times_ms: Sequence[int], width: int, height: int, codec: str = "ffv1", pixels: str = "yuv420p") -> Path:
    """Write a numbered film with a frame at each of these times."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.codec_context.time_base = MILLISECOND
        for number, time_ms in enumerate(times_ms):
            frame = av.VideoFrame.from_ndarray(numbered_frame(number, width, height), format="rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = time_ms, MILLISECOND
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def frames_of(path: Path) -> tuple[npt.NDArray[np.float64], list[npt.NDArray[np.uint8]]]:
    """The time of every frame of a film in seconds, and its RGB picture, as a player shows it."""
    with av.open(str(path)) as container:
        shown = [(float(frame.pts * frame.time_base), frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    return np.array([time for time, _ in shown]), [picture for _, picture in shown]
