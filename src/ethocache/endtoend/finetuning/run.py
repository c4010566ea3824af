"""A whole fine-tuning: a backbone for each fold with an honest score beside the frozen one's, then one on all animals."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.compute import make_all
from ethocache.common.errors import InputError
from ethocache.common.store import Build, Entry
from ethocache.dataset.features import FeatureSet
from ethocache.dataset.groups import Fold
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.predictions import Prediction
from ethocache.endtoend.finetuning.settings import BACKBONE, FinetuneParams, place_of
from ethocache.endtoend.finetuning.tunings import Backbone, Start, Work, best_epoch, tune, tuned_head
from ethocache.sequence.deciding import Question, plain_verdict, prediction_of, reach_verdict
from ethocache.sequence.inference import probabilities
from ethocache.sequence.model_file import Model, load_model
from ethocache.sequence.model_making import MemberPart, make_model
from ethocache.sequence.system import System
from ethocache.sequence.trainings import (
    WEIGHTS,
    FoldAnswer,
    Probabilities,
    Sides,
    fold_recipe,
    network_recipe,
    read_fold,
    setups_of,
    train_fold,
    train_network,
)
from ethocache.sequence.verdict import Verdict
from ethocache.sequence.videos import TrainingVideo, check_videos, folds_of
from ethocache.vision.backbones.settings import ImageSettings
from ethocache.vision.embedding import FEATURES, ExtractParams, describe_network
from ethocache.vision.inputs import Inputs
from ethocache.vision.streams import PixelStream


@dataclass(frozen=True)
class Labelled:
    """What a fine-tuning begins with.

    Attributes
    ----------
    records, videos, behaviours
        The index, and what is labelled of it.
    system
        The head and how it is trained; of one network.
    streams
        The backbone's recipe: one network of kind image.
    extract
        How networks run over crops.
    inputs
        Where crops are, and the store.
    model
        Folder of the trained head.
    """

    records: Sequence[VideoRecord]
    videos: Sequence[TrainingVideo]
    behaviours: tuple[str, ...]
    system: System
    streams: Mapping[str, Mapping[str, Any]]
    extract: ExtractParams
    inputs: Inputs
    model: Path


@dataclass(frozen=True)
class Finetuned:
    """What came of it.

    Attributes
    ----------
    files
        Name -> file of the final model, its backbone among them.
    tuned, frozen
        Predictions of the scored folds, each by a network that never saw the animal: with tuned backbones, and with the frozen one.
    fold_epochs, epochs
        The best epoch of each fold (0: the start), and of how many the final backbone is.
    """

    files: dict[str, Path]
    tuned: list[Prediction]
    frozen: list[Prediction]
    fold_epochs: list[int]
    epochs: int


def run_finetuning(run: str, params: FinetuneParams, project: Labelled) -> Finetuned:
    """Fine-tune for each of the scored folds, and then on all labelled animals.

    A fold begins with a head that was trained on its fitted animals alone; its inner animals say when to stop and decide
    calibration, smoothing and thresholds, as in `run_training`; its scored animals only get their tags.

    Parameters
    ----------
    run
        Its name.
    params
        Its own settings (`FinetuneParams.of_run`).

    Raises
    ------
    InputError
        If the trained head, crops or features are missing, or settings do not agree.
    """
    return _Run(run, params, project).all()


class _Run:
    def __init__(self, run: str, params: FinetuneParams, project: Labelled) -> None:
        check_videos(project.videos, project.behaviours, project.system.exclusive)
        self.run, self.params, self.project, self.store = run, params, project, project.inputs.store
        self.videos = sorted(project.videos, key=lambda video: video.id)
        (self.setup,), (self.member,) = setups_of(project.system, project.behaviours), project.system.members
        self.question = Question(project.behaviours, project.system.exclusive, "mean", project.system.decide)
        self.crops = {record.id: project.inputs.crop(record).absolute() for record in project.records}
        ((self.stream, settings),) = project.streams.items()
        self.settings = settings
        self.backbone = Backbone(self.stream, ImageSettings.model_validate(settings), describe_network(settings, self.store))
        self.made: list[Entry] = []

    def all(self) -> Finetuned:
        model, folds = load_model(self.project.model), self._folds()
        _check_model(model, self.setup.behaviours, (self.stream,), self.project.model)
        tuned, frozen, epochs, answers = list[Prediction](), list[Prediction](), list[int](), dict[str, npt.NDArray[np.float32]]()
        for number, fold in enumerate(folds, 1):
            sides = Sides(*(self._of(animals) for animals in (fold.scored, fold.inner, fold.fitted)))
            before, entry, tuning = self._tune_fold(fold, sides, f"fold {fold.name} ({number}/{len(folds)})")
            frozen += self._predict(fold, sides, (before.scored, before.inner), [entry])
            said, features = self._embed(tuning, [*sides.inner, *sides.scored])
            tuned += self._predict(fold, sides, (said, said), [tuning, *features])
            answers |= {video.id: said[video.id] for video in sides.scored}
            epochs.append(best_epoch(tuning))
        scored = [video for video in self.videos if video.id in answers]
        verdict = self._reach(scored, answers, self.made) if scored else plain_verdict(1, self.question)
        final = statistics.median_high(epochs) if epochs else self.params.epochs
        card = model.card.members[0]
        start = Start(self.project.model / card.weights, card.weights_sha256)
        entry = self._tune("the final backbone", start, self.videos, (), final)
        part = MemberPart(entry, (self.stream,), self.setup.head, self.setup.params, card.epochs, card.fold_epochs)
        whole = make_model(self.store, self.videos, self.setup.behaviours, verdict, [part], self.made)
        files = {name: whole.path(name) for name in whole.files} | {BACKBONE: entry.path(BACKBONE)}
        return Finetuned(files, _sorted(tuned), _sorted(frozen), epochs, final)

    def _folds(self) -> list[Fold]:
        train = self.project.system.params
        if not train.score or not self.params.folds:
            return []
        return folds_of(self.videos, self.setup.behaviours, train.max_folds, train.groups, train.seed)[: self.params.folds]

    def _tune_fold(self, fold: Fold, sides: Sides, name: str) -> tuple[FoldAnswer, Entry, Entry]:
        """Return what the frozen backbone's head says of a fold, its entry, and the tuning that began with that head."""
        work = f"training {name}"
        frozen = self._make("fold", fold_recipe(self.setup, sides), partial(train_fold, self.setup, sides, work))
        answer = read_fold(frozen, sides)
        recipe = network_recipe(self.setup, sides.fitted, answer.best_epoch)
        head = self._make("network", recipe, partial(train_network, self.setup, sides.fitted, work, answer.best_epoch))
        start = Start(head.path(WEIGHTS), head.key)
        return answer, frozen, self._tune(name, start, sides.fitted, sides.inner, self.params.epochs)

    def _tune(self, name: str, start: Start, fitted: Sequence[TrainingVideo], inner: Sequence[TrainingVideo], epochs: int) -> Entry:
        file = (place_of(self.run) / BACKBONE).as_posix()
        work = Work(f"tuning {name}", file, self.backbone, start, self.setup, self.params, fitted, inner, epochs, self.crops)
        return self._make("finetuning", work.recipe(), partial(tune, work))

    def _embed(self, tuning: Entry, videos: Sequence[TrainingVideo]) -> tuple[Probabilities, list[Entry]]:
        """Return what a tuned head says of videos, from what its backbone makes of their crops, and the entries with that."""
        settings = {**self.settings, "weights": str(tuning.path(BACKBONE).absolute())}
        stream = PixelStream(self.stream, settings, self.project.extract, self.project.inputs)
        records = {record.id: record for record in self.project.records}
        entries = make_all(self.store, [records[video.id] for video in videos], stream.job, "embedding with the tuned backbone")
        self.made += entries
        network, said = tuned_head(tuning, self.setup), dict[str, npt.NDArray[np.float32]]()
        for video, entry in zip(videos, entries, strict=True):
            with FeatureSet.open_files([entry.path(FEATURES)]) as features:
                said[video.id] = probabilities(network, features, self.setup.params)
        return said, entries

    def _predict(self, fold: Fold, sides: Sides, said: tuple[Probabilities, Probabilities], made_of: Sequence[Entry]) -> list[Prediction]:
        """Return the tags of a fold's scored videos, decided on its inner ones."""
        scored, inner = said
        verdict = self._reach(sides.inner, {video.id: inner[video.id] for video in sides.inner}, made_of)
        seen = self.project.system.tuned_on
        return [prediction_of(self.question, verdict, fold.name, video, [scored[video.id]], video.animal in seen) for video in sides.scored]

    def _reach(self, videos: Sequence[TrainingVideo], said: Probabilities, made_of: Sequence[Entry]) -> Verdict:
        verdict, entry = reach_verdict(self.store, self.question, videos, [said], made_of)
        self.made.append(entry)
        return verdict

    def _make(self, kind: str, recipe: dict[str, Any], build: Build) -> Entry:
        entry = self.store.make(kind, recipe, build)
        self.made.append(entry)
        return entry

    def _of(self, animals: Sequence[str]) -> list[TrainingVideo]:
        return [video for video in self.videos if video.animal in animals]


def _check_model(model: Model, behaviours: tuple[str, ...], streams: tuple[str, ...], folder: Path) -> None:
    if (model.card.behaviours, model.card.streams) != (behaviours, streams):
        raise InputError(
            f"{folder}: expected a head for {', '.join(behaviours)} on {', '.join(streams)}, found one for "
            f"{', '.join(model.card.behaviours)} on {', '.join(model.card.streams)}; run 'dvc repro train'"
        )


def _sorted(predictions: Sequence[Prediction]) -> list[Prediction]:
    return sorted(predictions, key=lambda prediction: prediction.video)
