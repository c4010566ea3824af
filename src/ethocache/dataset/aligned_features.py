"""The features of a session's further cameras, laid over the session's frames: each frame has the row that is nearest in time."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from ethocache.common.files import require_space
from ethocache.dataset.features import FeatureFile, create, set_attributes, write

_BLOCK = 2048  # frames held in memory at once


def write_aligned(
    path: Path,
    source: FeatureFile | None,
    dimensions: int,
    nearest: npt.NDArray[np.int64],
    time_s: npt.NDArray[np.float64],
    recipe: dict[str, Any],
    key: str,
) -> None:
    """Write a feature file of a session's frames from one of another camera's; the same content gives the same bytes.

    Frames that the camera does not show, or not with the animal in sight, are zeros and not valid; where there are many of them
    in a row, they take no space.

    Parameters
    ----------
    source
        The camera's features; None where it did not film the session.
    dimensions
        D, as the stream has it in other sessions.
    nearest
        (T,) the camera's frame for each frame of the session, -1 for none (`ethocache.dataset.clocks.nearest_frames`).
    time_s
        (T,) time stamps of the session's frames.
    """
    valid = nearest >= 0
    if source:
        valid[valid] = source.valid[nearest[valid]]
    require_space(path.parent, int(valid.sum()) * dimensions * 2 + time_s.nbytes)
    with h5py.File(path, "w", libver=("v110", "v110")) as file:
        set_attributes(file, recipe, key)
        write(file, "time_s", np.asarray(time_s, np.float64))
        write(file, "valid", valid)
        features = create(file, "features", (len(time_s), dimensions), np.dtype(np.float16))
        for start in range(0, len(time_s), _BLOCK):
            there = valid[start : start + _BLOCK]
            if source and there.any():
                features[start : start + len(there)] = _rows(source, nearest[start : start + len(there)], there)


def _rows(source: FeatureFile, nearest: npt.NDArray[np.int64], there: npt.NDArray[np.bool_]) -> npt.NDArray[np.float16]:
    first, last = int(nearest[there].min()), int(nearest[there].max())
    rows = np.zeros((len(nearest), source.dimensions), np.float16)
    rows[there] = source.rows(first, last + 1)[nearest[there] - first]
    return rows
