"""What is said of each video of a project: read from its files when it is asked for, so that one lies in memory at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.label_table import NOT_SCORED
from ethocache.dataset.labels import read_snapshot
from ethocache.dataset.predictions import Prediction, read_prediction
from ethocache.dataset.results import check_behaviours
from ethocache.dataset.tags import read_tags
from ethocache.scoring.review.wrongness import Answers


@dataclass(frozen=True)
class AnswerFiles:
    """Where the answers about a project's videos lie.

    Attributes
    ----------
    predictions
        Folder of ``<video>.h5``, of labelled videos.
    tags
        Folder of ``<video>.csv``, of videos without labels, or with labels of a part.
    labels
        Folder of ``<video>.json``, of labelled videos.
    behaviours
        Those of params.yaml.
    exclusive
        Whether tags in `tags` are of exclusive behaviours; predictions say it themselves.
    """

    predictions: Path
    tags: Path
    labels: Path
    behaviours: tuple[str, ...]
    exclusive: bool

    def prediction(self, video: str) -> Prediction | None:
        """Return what a model that never saw the animal says of a labelled video; None where there is no such answer.

        Raises
        ------
        InputError
            If it is damaged, or of other behaviours.
        """
        path = self.predictions / f"{video}.h5"
        if not path.is_file():
            return None
        prediction = read_prediction(path)
        check_behaviours(prediction.behaviours, self.behaviours, video)
        return prediction

    def read(self, video: str) -> Answers | None:
        """Return what is said of a video, from its prediction, else from its tags; None where there is neither.

        Raises
        ------
        InputError
            If it is damaged, or of other behaviours.
        """
        if prediction := self.prediction(video):
            return answers_of(prediction)
        path = self.tags / f"{video}.csv"
        if not path.is_file():
            return None
        found, time_s, probability, tags = read_tags(path)
        check_behaviours(found, self.behaviours, video)
        return Answers(video, found, time_s, probability, tags, self._labels(video, tags), self.exclusive)

    def _labels(self, video: str, tags: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """Return what people said of a video that was tagged, (T, B): of one that is labelled in part, what they looked at."""
        path = self.labels / f"{video}.json"
        if not path.is_file():
            return np.full_like(tags, NOT_SCORED)
        labels = read_snapshot(path).values
        if labels.shape != tags.shape:
            raise InputError(f"{video}: labels of {len(labels)} frames, tags of {len(tags)}; run 'dvc repro' first")
        return labels

    def has(self, video: str) -> bool:
        """Return whether anything is said of a video."""
        return (self.predictions / f"{video}.h5").is_file() or (self.tags / f"{video}.csv").is_file()

    def of_all(self, records: Sequence[VideoRecord]) -> "KnownVideos":
        """Return the answers about all videos that have some, in the order of the index."""
        return KnownVideos(tuple(record.id for record in records if self.has(record.id)), self.read)

    def of_unseen(self, records: Sequence[VideoRecord]) -> "KnownVideos":
        """Return the answers about labelled videos of animals on which no setting was searched: against these labels can be doubted."""
        labelled = [record.id for record in records if (self.predictions / f"{record.id}.h5").is_file()]
        unseen = tuple(video for video in labelled if (prediction := self.prediction(video)) and not prediction.seen)
        return KnownVideos(unseen, self.read)


@dataclass(frozen=True)
class KnownVideos(Mapping[str, Answers]):
    """Video -> what is said of it, read anew each time that it is asked for."""

    videos: tuple[str, ...]
    _read: Callable[[str], Answers | None] = field(repr=False)

    def __getitem__(self, video: str) -> Answers:
        answers = self._read(video) if video in self.videos else None
        if answers is None:
            raise KeyError(video)
        return answers

    def __iter__(self) -> Iterator[str]:
        return iter(self.videos)

    def __len__(self) -> int:
        return len(self.videos)


def answers_of(prediction: Prediction) -> Answers:
    """Return a prediction as answers about its video."""
    about = (prediction.video, prediction.behaviours, prediction.time_s, prediction.probability, prediction.tag, prediction.label)
    return Answers(*about, prediction.exclusive)
