"""The clips that fine-tuning learns from and is judged by: drawn from labelled videos, read from their crops by random access."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.sequence.batching import TrainingSet
from ethocache.sequence.reading import Reader
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.steps import frames_per_step
from ethocache.sequence.targets import NOT_KNOWN, Target, classes_of
from ethocache.sequence.videos import TrainingVideo
from ethocache.sequence.windows import Window, frames_per_second, shifted_windows, window_frames, windows
from ethocache.vision.backbones.settings import View
from ethocache.vision.clips import read_clip


@dataclass(frozen=True)
class Clip:
    """A stretch of one video, in steps of the head."""

    video: TrainingVideo
    window: Window


@dataclass(frozen=True)
class ReadClip:
    """What is read of a clip of S steps and T frames.

    Attributes
    ----------
    pictures
        (T, size, size, 3) uint8 RGB.
    means
        (S, T) float32: what each frame counts in each step, rows sum to 1.
    target
        (S, ...) as `TrainingSet` has it.
    step_frames
        Frames of a step; the last one may have fewer.
    kept
        The frames for which the answer counts.
    """

    pictures: npt.NDArray[np.uint8]
    means: npt.NDArray[np.float32]
    target: Target
    step_frames: int
    kept: slice


class Clips:
    """The labelled clips of some animals.

    Nothing but labels and time stamps is held of a video, so that long ones take no more memory than short ones.

    Parameters
    ----------
    crops
        Video -> its crop.
    view
        How the backbone wants to see each frame.
    clip_s
        Seconds of a clip.
    most
        Clips of an epoch at most.
    overlap_s
        Seconds that neighbours share, as windows of prediction do.

    Raises
    ------
    InputError
        If no frame has both a label and a valid crop.
    """

    def __init__(
        self,
        videos: Sequence[TrainingVideo],
        params: TrainParams,
        crops: Mapping[str, Path],
        view: View,
        clip_s: float,
        most: int,
        overlap_s: float = 0.0,
    ) -> None:
        self.data = TrainingSet(videos, params, Reader(budget_bytes=0))
        self.crops, self.view, self.most = crops, view, most
        self._valid = {video.id: np.asarray(self.data.reader.of(video).valid) for video in self.data.videos}
        self._steps = {video.id: frames_per_step(video.time_s, params.max_fps) for video in self.data.videos}
        self._length = {video.id: self._steps_of(video, clip_s, overlap_s) for video in self.data.videos}

    def drawn(self, rng: np.random.Generator) -> list[Clip]:
        """Return the clips of one epoch, cut elsewhere each time, in random order."""
        clips = [
            Clip(video, window) for video in self.data.videos for window in shifted_windows(self._frames(video), self._cut(video)[0], rng)
        ]
        labelled = [clip for clip in clips if self.known(clip)]
        return [labelled[number] for number in rng.permutation(len(labelled))[: self.most]]

    def spread(self) -> list[Clip]:
        """Return windows as prediction takes them, spread evenly over all videos, the same each time, in order."""
        clips = [Clip(video, window) for video in self.data.videos for window in windows(self._frames(video), *self._cut(video))]
        labelled = [clip for clip in clips if self.known(clip)]
        if len(labelled) <= self.most:
            return labelled
        return [labelled[int(number)] for number in np.linspace(0, len(labelled) - 1, self.most)]

    def known(self, clip: Clip) -> int:
        """Return how many labels are known where a clip's answer counts; the shares of exclusive classes in a step are one."""
        target = self.data.taught[clip.video.id][clip.window.keep_start : clip.window.keep_stop]
        known = target != NOT_KNOWN
        return int((known.all(axis=-1) if target.ndim > self.data.targets[clip.video.id].ndim else known).sum())

    def read(self, clip: Clip) -> ReadClip:
        """Read a clip's pictures; nothing else of the video is decoded than the frames from the key frame before it."""
        size, window = self._steps[clip.video.id], clip.window
        start, stop = window.start * size, min(window.stop * size, len(clip.video.time_s))
        pictures = read_clip(self.crops[clip.video.id], start, stop, self.view)
        means = means_of(self._valid[clip.video.id][start:stop], size)
        kept = slice((window.keep_start - window.start) * size, (window.keep_stop - window.start) * size)
        return ReadClip(pictures, means, self.data.taught[clip.video.id][window.start : window.stop], size, kept)

    def labels(self, clip: Clip) -> npt.NDArray[np.int8]:
        """Return the labels (T, B) of the frames for which a clip's answer counts."""
        size = self._steps[clip.video.id]
        return clip.video.labels[clip.window.keep_start * size : clip.window.keep_stop * size]

    def _steps_of(self, video: TrainingVideo, clip_s: float, overlap_s: float) -> tuple[int, int]:
        return window_frames(clip_s, overlap_s, frames_per_second(self.data.steps[video.id].time_s))

    def _cut(self, video: TrainingVideo) -> tuple[int, int]:
        return self._length[video.id]

    def _frames(self, video: TrainingVideo) -> int:
        return self.data.steps[video.id].frames


def can_judge(videos: Sequence[TrainingVideo], params: TrainParams) -> bool:
    """Tell whether any frame of some videos has both a label and a valid crop."""
    reader = Reader(budget_bytes=0)

    def known(video: TrainingVideo) -> bool:
        labels = video.labels[np.asarray(reader.of(video).valid)]
        return bool(((classes_of(labels) if params.task == "exclusive" else labels) != NOT_KNOWN).any())

    return any(known(video) for video in videos if len(video.time_s))


def means_of(valid: npt.NDArray[np.bool_], size: int) -> npt.NDArray[np.float32]:
    """Return (steps, T) what each frame counts in the mean of its step, as `Steps` takes it: valid frames, or all where none is."""
    step = np.arange(len(valid)) // size
    member = np.arange(step[-1] + 1)[:, None] == step
    counted = member & valid
    counted = np.where(counted.any(axis=1, keepdims=True), counted, member)
    return np.asarray(counted / counted.sum(axis=1, keepdims=True), np.float32)
