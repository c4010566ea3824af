"""DeepLabCut's networks, ready for frames: they get pictures and give key points, nothing is read or written."""

import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.compute import device
from ethocache.common.errors import InputError
from ethocache.vision.tracking.detectors import without_downloads
from ethocache.vision.tracking.model_config import ModelConfig
from ethocache.vision.tracking.snapshots import fill, load_snapshot

BOX_NAMES = ("middle", "top_left", "top_right", "bottom_left", "bottom_right")
"""The key points of an animal of which only the box is wanted."""

Frames = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Networks:
    """The networks of one model; they are loaded when the first frames need them.

    Attributes
    ----------
    config
        What they are.
    snapshot, detector
        Files of their weights; None where that network is not run.
    individuals
        How many animals are looked for.
    batch_size
        Frames, or boxes, at once.
    """

    config: ModelConfig
    snapshot: Path | None
    detector: Path | None
    individuals: int
    batch_size: int

    @property
    def names(self) -> tuple[str, ...]:
        """The key points that they give."""
        return self.config.names if self.snapshot else BOX_NAMES

    def __call__(self, frames: Frames) -> Points:
        """Return (B, I, K, 3) x px, y px, likelihood of B frames (B, H, W, 3) RGB; NaN, NaN, 0 where nothing was found."""
        with quiet():
            boxes = self._detector.inference(list(frames)) if self.detector else None
            if not self.snapshot:
                return _as_points([box_points(found) for found in boxes or ()], self.individuals, self.names)
            return _as_points(self._poses(frames, boxes), self.individuals, self.names)

    def _poses(self, frames: Frames, boxes: Sequence[dict[str, Any]] | None) -> list[npt.NDArray[np.float64]]:
        """Return (animals, K, 3) of each frame; frames without a box are not shown to the network, which would lose count."""
        if boxes is None:
            return [found["bodyparts"] for found in self._pose.inference(list(frames))]
        seen = [number for number, found in enumerate(boxes) if len(found["bboxes"])]
        found = self._pose.inference([(frames[number], {"bboxes": boxes[number]["bboxes"]}) for number in seen])
        poses: list[npt.NDArray[np.float64]] = [np.empty((0, len(self.names), 3))] * len(frames)
        for number, pose in zip(seen, found, strict=True):
            poses[number] = pose["bodyparts"]
        return poses

    @cached_property
    def _pose(self) -> Any:
        assert self.snapshot
        return self._built("get_pose_inference_runner", self.snapshot)

    @cached_property
    def _detector(self) -> Any:
        assert self.detector
        return self._built("get_detector_inference_runner", self.detector)

    def _built(self, build: str, weights: Path) -> Any:
        """Return a runner of DeepLabCut; it is given its weights here, so that it opens no file."""
        loaded = load_snapshot(weights)
        with quiet(), without_downloads():
            from deeplabcut import pose_estimation_pytorch

            options = {"batch_size": self.batch_size, "device": device(), "max_individuals": self.individuals}
            try:
                runner = getattr(pose_estimation_pytorch, build)(_copied(self.config.values), None, **options)
            except (ValueError, TypeError, LookupError, AttributeError, RuntimeError, NotImplementedError) as error:
                reason = " ".join(str(error).split())[:200]
                raise InputError(
                    f"track.model: DeepLabCut cannot build the network that the pytorch_config.yaml describes ({reason})"
                ) from None
        fill(runner.model, loaded, weights)
        return runner


def box_points(found: dict[str, Any]) -> npt.NDArray[np.float64]:
    """Return (animals, 5, 3), `BOX_NAMES` of each box (left, top, width, height) with the box's score as likelihood."""
    boxes = np.asarray(found["bboxes"], dtype=np.float64).reshape(-1, 4)
    left, top, width, height = boxes.T
    right, bottom = left + width, top + height
    x = np.stack([(left + right) / 2, left, right, left, right], axis=1)
    y = np.stack([(top + bottom) / 2, top, top, bottom, bottom], axis=1)
    score = np.repeat(np.asarray(found["bbox_scores"], dtype=np.float64).reshape(-1, 1), len(BOX_NAMES), axis=1)
    return np.stack([x, y, score], axis=2)


def _as_points(found: Sequence[npt.NDArray[np.float64]], individuals: int, names: Sequence[str]) -> Points:
    """Return (B, I, K, 3); DeepLabCut says -1 of an animal that is not there."""
    points = np.full((len(found), individuals, len(names), 3), (np.nan, np.nan, 0), dtype=np.float32)
    for frame, poses in enumerate(found):
        poses = poses[:individuals]
        good = np.isfinite(poses).all(axis=2) & (poses[..., 2] >= 0)
        likelihood = np.clip(poses[..., 2], 0, 1)  # networks trained without clip_scores go a little beyond
        rows = np.concatenate([poses[..., :2], likelihood[..., None]], axis=2)
        points[frame, : len(poses)] = np.where(good[..., None], rows, (np.nan, np.nan, 0))
    return points


def _copied(values: Any) -> Any:
    """Return values of YAML anew: DeepLabCut writes into what it is given."""
    if isinstance(values, dict):
        return {key: _copied(value) for key, value in values.items()}
    return [_copied(value) for value in values] if isinstance(values, list) else values


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what DeepLabCut prints and logs, and warns its own developers of, out of a stage's output."""
    silent = logging.root.manager.disable
    logging.disable(max(silent, logging.WARNING))
    try:
        with redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(silent)
