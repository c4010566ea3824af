"""Train every fold and the final model, each only if the store does not keep it yet; torch is loaded only if one is trained."""

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ethocache.common.compute import Job, make_all
from ethocache.common.store import Entry, Store
from ethocache.dataset.groups import Fold, make_folds
from ethocache.dataset.predictions import Prediction
from ethocache.sequence.heads import effective_train
from ethocache.sequence.heads.settings import HeadSettings
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.thresholds import FALLBACK, best_thresholds
from ethocache.sequence.trainings import FoldAnswer, Setup, Sides, fold_recipe, model_recipe, read_fold, train_fold, train_model
from ethocache.sequence.videos import TrainingVideo, check_videos

Item = TypeVar("Item")


@dataclass(frozen=True)
class TrainingResult:
    """What a run of all folds and the final model gave.

    Attributes
    ----------
    predictions
        One per labelled video, by a model that never saw its animal; none with ``score: false``.
    model
        The entry that holds the final model's files.
    trained, kept
        How many networks were trained now, and how many the store had already.
    entries
        Every training as it is kept: the folds, then the final model.
    """

    predictions: list[Prediction]
    model: Entry
    trained: int
    kept: int
    entries: tuple[Entry, ...]


def run_training(
    store: Store,
    videos: Sequence[TrainingVideo],
    behaviours: Sequence[str],
    head: HeadSettings,
    params: TrainParams,
    streams: Sequence[str] = (),
) -> TrainingResult:
    """Score a head on animals left out, and train the final model on all of them.

    Each fold is fitted on some animals; others stop it and set its thresholds; the scored ones only get their
    probabilities. The final model is trained for the median of the folds' best epochs, and its thresholds are the best
    on the probabilities of all folds.

    Parameters
    ----------
    store
        Where finished trainings are kept, so that a killed run loses one fold at most.
    videos
        All labelled videos.
    behaviours
        The B behaviours, in the order of the labels' columns.
    params
        The section ``train``; what `head` wants otherwise goes before it.
    streams
        Names of the feature streams, for the model's description.

    Raises
    ------
    InputError
        With fewer than 3 animals unless ``score`` is false, without labels to learn from, or if settings do not agree.
    """
    params = effective_train(params, head)
    videos = sorted(videos, key=lambda video: video.id)
    check_videos(videos, behaviours, params.task == "exclusive")
    run = _Run(store, Setup(tuple(behaviours), head, params, tuple(streams)), videos)
    return run.with_score() if params.score else run.without_score()


class _Run:
    """Takes trainings from the store, and counts those that had to be made."""

    def __init__(self, store: Store, setup: Setup, videos: Sequence[TrainingVideo]) -> None:
        self.store, self.setup, self.videos = store, setup, videos
        self.entries: list[Entry] = []
        self.trained = 0

    def with_score(self) -> TrainingResult:
        folds = self._folds()
        predictions, fold_epochs = [], []
        for fold, answer in zip(folds, self._answers(folds), strict=True):
            predictions += [self._prediction(fold, answer, video) for video in self._of(fold.scored)]
            fold_epochs.append(answer.best_epoch)
        predictions.sort(key=lambda prediction: prediction.video)
        recipe = model_recipe(self.setup, self.videos, statistics.median_high(fold_epochs), fold_epochs, _pooled_thresholds(predictions))
        return self._result(predictions, self._model(self.setup, recipe))

    def without_score(self) -> TrainingResult:
        params = self.setup.params.model_copy(update={"epochs": self.setup.params.epochs_final})
        setup = replace(self.setup, params=params)
        threshold = np.full(len(setup.behaviours), FALLBACK, np.float32)
        return self._result([], self._model(setup, model_recipe(setup, self.videos, params.epochs, (), threshold)))

    def _folds(self) -> list[Fold]:
        params, shown = self.setup.params, dict[str, frozenset[str]]()
        for video in self.videos:
            shown[video.animal] = shown.get(video.animal, frozenset()) | video.shows(self.setup.behaviours)
        return make_folds([video.animal for video in self.videos], params.max_folds, params.groups, shown, params.seed)

    def _answers(self, folds: Sequence[Fold]) -> Iterator[FoldAnswer]:
        def job(numbered: tuple[int, Fold]) -> Job:
            number, fold = numbered
            sides, name = self._sides(fold), f"training fold {fold.name} ({number}/{len(folds)})"
            return Job(name, "fold", fold_recipe(self.setup, sides), partial(train_fold, self.setup, sides, name))

        entries = self._make(enumerate(folds, 1), job, "training folds")
        return (read_fold(entry, self._of(fold.scored)) for fold, entry in zip(folds, entries, strict=True))

    def _sides(self, fold: Fold) -> Sides:
        return Sides(self._of(fold.scored), self._of(fold.inner), self._of(fold.fitted))

    def _model(self, setup: Setup, recipe: dict[str, Any]) -> Entry:
        name = "training the final model"
        (entry,) = self._make([Job(name, "model", recipe, partial(train_model, setup, self.videos, recipe))], lambda job: job, name)
        return entry

    def _make(self, items: Iterable[Item], job: Callable[[Item], Job], what: str) -> list[Entry]:
        made = self.store.made
        entries = make_all(self.store, items, job, what)
        self.trained += self.store.made - made
        self.entries += entries
        return entries

    def _prediction(self, fold: Fold, answer: FoldAnswer, video: TrainingVideo) -> Prediction:
        return Prediction(
            video=video.id,
            animal=video.animal,
            fold=fold.name,
            behaviours=self.setup.behaviours,
            probability=answer.probability[video.id],
            label=video.labels,
            time_s=video.time_s,
            threshold=answer.threshold,
            exclusive=self.setup.params.task == "exclusive",
        )

    def _result(self, predictions: list[Prediction], model: Entry) -> TrainingResult:
        return TrainingResult(predictions, model, self.trained, len(self.entries) - self.trained, tuple(self.entries))

    def _of(self, animals: Sequence[str]) -> list[TrainingVideo]:
        return [video for video in self.videos if video.animal in animals]


def _pooled_thresholds(predictions: Sequence[Prediction]) -> npt.NDArray[np.float32]:
    labels = np.concatenate([prediction.label for prediction in predictions])
    return best_thresholds(labels, np.concatenate([prediction.probability for prediction in predictions]))
