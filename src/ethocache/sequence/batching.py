"""What a network is fitted on, dealt into batches that are cut elsewhere in every epoch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.views import view_of
from ethocache.sequence.augmentation import mixed, noisy, views_shown, warped, without_a_stream
from ethocache.sequence.reading import Reader, Rows
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.steps import frames_per_step, target_of_steps
from ethocache.sequence.targets import NOT_KNOWN, Target, class_weights, classes_of, mean_target, soft_target
from ethocache.sequence.videos import Features, TrainingVideo
from ethocache.sequence.windows import Window, batches, frames_per_second, shifted_windows, window_frames

_Piece = tuple[TrainingVideo, Window]


@dataclass(frozen=True)
class Batch:
    """Windows of like length, padded behind.

    Attributes
    ----------
    x
        (N, T, D) float32.
    target
        (N, T, B) int8 labels, or (N, T) classes of exclusive behaviours; or float32 shares (N, T, B), of exclusive
        classes (N, T, B + 1). -1 takes no part in the loss.
    mask
        (N, T) bool, True on real frames.
    """

    x: npt.NDArray[np.float32]
    target: Target
    mask: npt.NDArray[np.bool_]


class TrainingSet:
    """The labelled frames of some animals, in steps of `params.max_fps`.

    Frames without a valid crop are read, as the context of others, but are not learned from: their picture is a guess.

    Raises
    ------
    InputError
        If no frame has both a label and a valid crop.
    """

    def __init__(self, videos: Sequence[TrainingVideo], params: TrainParams, reader: Reader) -> None:
        self.params, self.reader = params, reader
        self.videos = [video for video in videos if len(video.time_s)]
        self.steps: dict[str, Features] = {video.id: in_steps(video, params, reader) for video in self.videos}
        self.soft = bool(params.soften_s or params.mixup or any(video.raters for video in self.videos))
        self.targets = {video.id: self._target(video, video.labels) for video in self.videos}
        self.taught = {video.id: self._taught(video) for video in self.videos}
        self.frames = sum(len(video.time_s) for video in self.videos)
        self.known = sum(self._known(video) for video in self.videos)
        if not self.known:
            animals = ", ".join(sorted({video.animal for video in videos}))
            raise InputError(
                f"expected labelled frames with a valid crop to train on, found none in the videos of {animals}; "
                "label them, or mend their tracks ('crop' in params.yaml)"
            )
        self.behaviours = self.videos[0].labels.shape[1]
        self.dimensions = reader.of(self.videos[0]).dimensions
        self.widths: Sequence[int] = self.videos[0].widths
        views = tuple(map(view_of, self.videos[0].streams))
        self.views: Sequence[str] = views if any(views) else ()

    def normalisation(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the mean and standard deviation (D,) of the features in frames with a valid crop."""
        return reduce(add, (in_steps(video, self.params, self.reader).moments for video in self.videos)).mean_and_std()

    def see_through(self, look: Callable[[TrainingVideo], Features], widths: Sequence[int]) -> None:
        """From now on, batches hold what a network's view makes of the features, so many columns of each stream."""
        self.widths = widths
        self.steps = {video.id: look(video) for video in self.videos}
        self.dimensions = self.steps[self.videos[0].id].dimensions

    def class_weights(self) -> npt.NDArray[np.float32]:
        """Return (B, 2) weights of "no" and "yes", or (B + 1,) weights of exclusive classes."""
        classes = range(self.behaviours + 1) if self.params.task == "exclusive" else range(2)
        counts = np.stack([self._count(number) for number in classes], axis=-1)
        return class_weights(counts, self.params.class_weights)

    def epoch(self, rng: np.random.Generator) -> list[list[_Piece]]:
        """Return the windows of each batch of one epoch; every frame is in exactly one."""
        pieces = [(video, window) for video in self.videos for window in shifted_windows(self._frames(video), self._length(video), rng)]
        sizes = [window.frames for _, window in pieces]
        return [[pieces[i] for i in numbers] for numbers in batches(sizes, self.params.batch_size, rng)]

    def batch(self, pieces: Sequence[_Piece], rng: np.random.Generator | None = None) -> Batch:
        """Read the windows of one batch; with `rng`, changed at random as `params` wants."""
        read = [self._window(video, window, rng) for video, window in pieces]
        longest = max(len(rows) for rows, _ in read)
        x = np.zeros((len(read), longest, self.dimensions), np.float32)
        target = np.full((len(read), longest, *read[0][1].shape[1:]), NOT_KNOWN, read[0][1].dtype)
        mask = np.zeros((len(read), longest), bool)
        for i, (rows, labels) in enumerate(read):
            x[i, : len(rows)], target[i, : len(rows)], mask[i, : len(rows)] = rows, labels, True
        if rng and self.params.mixup:
            x, target = mixed(x, target, mask, self.params.mixup, rng)
        shown = views_shown(x, self.widths, self.views) if rng and self.params.hide_streams and self.views else None
        if rng and self.params.noise:
            x = noisy(x, mask, self.params.noise, rng)
        if rng and self.params.hide_streams:
            x = without_a_stream(x, self.widths, self.params.hide_streams, rng, self.views, shown)
        return Batch(x, target, mask)

    def _window(self, video: TrainingVideo, window: Window, rng: np.random.Generator | None) -> tuple[npt.NDArray[np.float32], Target]:
        x, target = self.steps[video.id].rows(window.start, window.stop), self.taught[video.id][window.start : window.stop]
        return warped(x, target, self.params.warp, rng) if rng and self.params.warp else (x, target)

    def _taught(self, video: TrainingVideo) -> Target:
        """Return the target as a network learns it: itself, or as shares where edges are soft, windows mixed, or several people mean."""
        if not self.soft:
            return self.targets[video.id]
        reach = self.params.soften_s * frames_per_second(self.steps[video.id].time_s)
        said = [self._target(video, labels) for labels in video.raters] or [self.targets[video.id]]
        return mean_target([soft_target(target, video.labels.shape[1] + 1, reach) for target in said])

    def _known(self, video: TrainingVideo) -> int:
        """Return how many labels are learned from; the shares of exclusive classes in a frame are one."""
        known = self.taught[video.id] != NOT_KNOWN
        return int((known.all(axis=-1) if known.ndim > self.targets[video.id].ndim else known).sum())

    def _target(self, video: TrainingVideo, labels: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        label = classes_of(labels) if self.params.task == "exclusive" else labels.copy()
        label[~self.reader.of(video).valid] = NOT_KNOWN
        return target_of_steps(label, frames_per_step(video.time_s, self.params.max_fps), self.params.task == "exclusive")

    def _count(self, number: int) -> npt.NDArray[np.int64]:
        return np.asarray(sum((target == number).sum(axis=0) for target in self.targets.values()), np.int64)

    def _frames(self, video: TrainingVideo) -> int:
        return self.steps[video.id].frames

    def _length(self, video: TrainingVideo) -> int:
        return window_frames(self.params.window_s, 0.0, frames_per_second(self.steps[video.id].time_s))[0]


def in_steps(video: TrainingVideo, params: TrainParams, reader: Reader) -> Rows:
    """Return the features of a video in steps of `params.max_fps`."""
    return reader.of(video).steps(frames_per_step(video.time_s, params.max_fps))
