"""What a video looks like in a few numbers, to tell whether it is like those that a model learned from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.dataset.features import FeatureSet
from ethocache.dataset.index import VideoRecord
from ethocache.sequence.reading import Memory, Rows
from ethocache.vision.crop_plan import read_plan
from ethocache.vision.decode import decode_frames

_SAMPLES = 24  # frames whose brightness is measured


@dataclass(frozen=True, eq=False)
class Portrait:
    """A video in a few numbers.

    Attributes
    ----------
    measures
        Name -> value: ``frames/s``; ``crop side px`` in pixels of the video, which follows the animal's apparent size;
        ``crop share`` of the picture's short side; ``width / height`` of the picture; ``brightness`` and ``contrast``, mean and
        standard deviation of the crop's green, 0 to 255; ``centre / surround`` of its brightness, below 1 where the animal is
        darker than the floor; ``movement across / down`` the picture, which a camera changes that looks from the side.
    mean, std
        (D,) of its embeddings.
    seconds
        How long it is.
    """

    measures: dict[str, float]
    mean: npt.NDArray[np.float64]
    std: npt.NDArray[np.float64]
    seconds: float


def portray(record: VideoRecord, crop: Path | None, features: list[Path]) -> Portrait:
    """Return the portrait of a video from what is kept of it; no network is loaded, and few frames are decoded.

    Parameters
    ----------
    crop
        Its ``crop.mp4``; None where nothing looks at pixels.
    features
        Its feature files, in the order of the streams.
    """
    facts = record.facts
    measures = {"frames/s": facts.fps}
    if crop is not None:
        plan = read_plan(crop.with_suffix(".json")).plan
        side = plan.side_px
        bright = _greens(crop, facts.frames)
        measures |= {
            "crop side px": side,
            "crop share": side / min(facts.width, facts.height),
            "width / height": facts.width / facts.height,
        }
        measures |= {"brightness": float(bright.mean()), "contrast": float(bright.std()), "centre / surround": _centre_by_surround(bright)}
        across, down = (float(np.abs(np.diff(place)).sum()) for place in (plan.left_px, plan.top_px))
        measures |= {"movement across / down": across / down} if across and down else {}
    with FeatureSet.open_files(features) as opened:
        rows = Rows(opened, Memory(0))
        mean, std = rows.moments.mean_and_std() if opened.valid.any() else (np.zeros(rows.dimensions), np.ones(rows.dimensions))
    return Portrait(measures, mean, std, facts.duration_s)


def _greens(crop: Path, frames: int) -> npt.NDArray[np.float64]:
    """Return the green of some frames from everywhere in a crop, (frames, side, side)."""
    wanted = np.unique(np.linspace(0, frames - 1, min(_SAMPLES, frames)).round().astype(int)).tolist()
    return np.stack([next(decode_frames(crop, frame, frame + 1))[..., 1] for frame in wanted]).astype(np.float64)


def _centre_by_surround(bright: npt.NDArray[np.float64]) -> float:
    """Return how bright the middle third of some crops (frames, side, side) is, by what lies around it."""
    third = bright.shape[1] // 3
    centre = bright[:, third:-third, third:-third]
    around = (bright.sum() - centre.sum()) / (bright.size - centre.size)
    return float((centre.mean() + 1) / (around + 1))  # of a black picture, too
