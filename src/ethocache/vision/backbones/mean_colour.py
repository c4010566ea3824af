"""The mean colour of a crop, in place of a network."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.files import sha256_of
from ethocache.vision.backbones.settings import Context, View


class MeanColourEmbedder:
    """Mean of red, green and blue over each frame, 0 to 1."""

    context, view = Context(), View()
    device, at_once = "cpu", 1

    @property
    def description(self) -> dict[str, Any]:
        return {"weights_sha256": sha256_of("no weights"), "input_px": None, "dimensions": 3, "engines": []}

    def __call__(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        means: npt.NDArray[np.float64] = frames.mean(axis=(1, 2)) / 255
        return means.astype(np.float32)
