"""How far each pixel moves from one frame to the next.

Dense inverse search [1]_ and polynomial expansion [2]_, as OpenCV has them.

.. [1] Kroeger et al., Fast optical flow using dense inverse search, ECCV 2016.
.. [2] Farneback, Two-frame motion estimation based on polynomial expansion, SCIA 2003.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Frame = npt.NDArray[np.uint8]
Flow = npt.NDArray[np.float32]
_NEW: Any = None  # OpenCV makes the array of the answer


def _dense_inverse_search(preset: int) -> Callable[[Frame, Frame], Flow]:
    def measure(earlier: Frame, later: Frame) -> Flow:
        method = cv2.DISOpticalFlow.create(preset)  # one for each pair: it keeps what it saw, and threads may not share it
        return np.asarray(method.calc(earlier, later, _NEW), dtype=np.float32)

    return measure


def _farneback(earlier: Frame, later: Frame) -> Flow:
    levels, half, window, rounds, neighbours, sigma = 4, 0.5, 15, 3, 5, 1.2
    flow = cv2.calcOpticalFlowFarneback(earlier, later, _NEW, half, levels, window, rounds, neighbours, sigma, 0)
    return np.asarray(flow, dtype=np.float32)


METHODS: dict[str, Callable[[Frame, Frame], Flow]] = {
    "dis": _dense_inverse_search(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM),
    "dis_fast": _dense_inverse_search(cv2.DISOPTICAL_FLOW_PRESET_FAST),
    "farneback": _farneback,
}


def measure_flow(frames: Frame, method: str) -> Flow:
    """Return the movement into each frame but the first, from the one before it.

    Parameters
    ----------
    frames
        (N, H, W, 3) RGB.
    method
        Of `METHODS`.

    Returns
    -------
    ndarray
        (N - 1, H, W, 2) float32: pixels to the right, pixels down.
    """
    grey = [np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), dtype=np.uint8) for frame in frames]
    measure = METHODS[method]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return np.stack(list(threads.map(lambda earlier, later: _between(earlier, later, measure), grey[:-1], grey[1:])))


def _between(earlier: Frame, later: Frame, measure: Callable[[Frame, Frame], Flow]) -> Flow:
    if np.array_equal(earlier, later):  # beyond the ends of a video; nothing moves, to the last digit
        return np.zeros((*earlier.shape, 2), dtype=np.float32)
    return measure(earlier, later)
