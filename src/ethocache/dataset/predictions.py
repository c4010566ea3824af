"""What a model said of a video, beside what a person said: one HDF5 file per labelled video."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.common.files import canonical_json, replacing

FORMAT_VERSION = 2
NONE_FROM = 0.5  # the threshold of "none", against which those of exclusive behaviours are weighed
_ARRAYS = ("probability", "label", "tag", "time_s", "threshold")


@dataclass(frozen=True)
class Prediction:
    """Out-of-fold probabilities of one labelled video: its animal was never seen by the model that gave them.

    Attributes
    ----------
    video, animal, fold
        Which video, whose, and in which fold it was scored.
    behaviours
        The B behaviours, in the order of every array's last axis.
    probability
        (T, B) float32.
    label
        (T, B) int8: 1 yes, 0 no, -1 nobody looked.
    tag
        (T, B) int8: 1 where the model says that the behaviour is shown.
    time_s
        (T,) float64.
    threshold
        (B,) float32, chosen on other animals, as is all else that turned probabilities into tags.
    exclusive
        Whether one frame has at most one behaviour; the probabilities then leave 1 - sum for "none".
    seen
        Its settings were searched on this animal, so no score may use it.
    """

    video: str
    animal: str
    fold: str
    behaviours: tuple[str, ...]
    probability: npt.NDArray[np.float32]
    label: npt.NDArray[np.int8]
    tag: npt.NDArray[np.int8]
    time_s: npt.NDArray[np.float64]
    threshold: npt.NDArray[np.float32]
    exclusive: bool
    seen: bool = False

    def __post_init__(self) -> None:
        shape = (len(self.time_s), len(self.behaviours))
        found = [values.shape for values in (self.probability, self.label, self.tag, self.threshold)]
        if found != [shape, shape, shape, shape[1:]]:
            raise ValueError(f"Expected probability, label and tag of shape {shape} and threshold of shape {shape[1:]}, got {found}")
        if not ((self.probability >= 0) & (self.probability <= 1)).all():
            raise ValueError(f"Expected probabilities from 0 to 1 for {self.video}, got others")
        if not np.isin(self.label, (-1, 0, 1)).all():
            raise ValueError(f"Expected labels -1, 0 or 1 for {self.video}, got {np.unique(self.label).tolist()}")
        if not np.isin(self.tag, (0, 1)).all():
            raise ValueError(f"Expected tags 0 or 1 for {self.video}, got {np.unique(self.tag).tolist()}")
        if self.exclusive and (self.tag.sum(axis=1) > 1).any():
            raise ValueError(f"Expected at most one tag in a frame of {self.video}, got several")


def tags_of(probability: npt.NDArray[np.float32], threshold: npt.NDArray[np.float32], exclusive: bool) -> npt.NDArray[np.int8]:
    """Turn probabilities (T, B) into tags (T, B) int8.

    Overlapping behaviours are tagged from their threshold on. Of exclusive ones at most one is: that whose probability is the
    largest multiple of its threshold, where "none" (1 - sum) has .5. Thresholds of .5 so tag the likeliest.
    """
    if not exclusive:
        return np.asarray(probability >= threshold, np.int8)
    none = 1.0 - probability.sum(axis=1, keepdims=True, dtype=np.float64)
    multiple = np.concatenate([none / NONE_FROM, probability / np.maximum(threshold, np.finfo(np.float32).tiny)], axis=1)
    return np.asarray(multiple.argmax(axis=1)[:, None] == np.arange(1, probability.shape[1] + 1), np.int8)


def write_prediction(path: Path, prediction: Prediction) -> None:
    """Write a prediction at once; the same prediction gives the same bytes."""
    about = {name: getattr(prediction, name) for name in ("video", "animal", "fold", "behaviours", "exclusive", "seen")}
    size = sum(getattr(prediction, name).nbytes for name in _ARRAYS)
    with replacing(path, size) as temporary, h5py.File(temporary, "w", libver="v110") as file:
        file.attrs["ethocache_prediction"] = FORMAT_VERSION
        file.attrs["about"] = canonical_json(about)
        for name in _ARRAYS:
            values = getattr(prediction, name)
            file.create_dataset(name, data=values, track_times=False, fletcher32=values.size > 0).flush()  # or Python decides on its place


def fill_predictions(folder: Path, predictions: Sequence[Prediction]) -> None:
    """Make a folder hold ``<video>.h5`` for each of these predictions, and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {f"{prediction.video}.h5": prediction for prediction in predictions}
    for path in folder.iterdir():
        if path.name not in wanted:
            path.unlink()
    for name, prediction in wanted.items():
        write_prediction(folder / name, prediction)


def read_prediction(path: Path) -> Prediction:
    """Read what `write_prediction` wrote.

    Raises
    ------
    InputError
        If the file is missing, damaged, or not a prediction of this version.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a prediction, found no file; run dvc repro train")
    try:
        with h5py.File(path, "r") as file:
            return _read(file, path)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"{path}: damaged, or not a prediction ({' '.join(str(error).split())}); delete it and run dvc repro train"
        ) from None


def _read(file: Any, path: Path) -> Prediction:
    version = file.attrs["ethocache_prediction"]
    if version != FORMAT_VERSION:
        raise InputError(f"{path}: expected format version {FORMAT_VERSION}, found {version}; run dvc repro -f train")
    about = json.loads(file.attrs["about"])
    about["behaviours"] = tuple(about["behaviours"])
    return Prediction(**about | {name: file[name][...] for name in _ARRAYS})
