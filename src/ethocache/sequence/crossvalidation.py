"""Train every fold and the final model, each only if the store does not keep it yet; torch is loaded only if one is trained."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ethocache.common.compute import Job, make_all
from ethocache.common.store import Entry, Store
from ethocache.dataset.groups import Fold
from ethocache.dataset.predictions import Prediction
from ethocache.dataset.training_curves import FINAL, FOLD, TrainingCurve, curve_of
from ethocache.sequence.deciding import Question, plain_verdict, prediction_of, reach_verdict
from ethocache.sequence.model_making import MemberPart, make_model
from ethocache.sequence.system import Member, System
from ethocache.sequence.trainings import (
    FoldAnswer,
    Sides,
    fold_recipe,
    learners,
    network_recipe,
    read_fold,
    read_network_curve,
    setups_of,
    train_fold,
    train_network,
    without_idle,
)
from ethocache.sequence.verdict import Verdict
from ethocache.sequence.videos import TrainingVideo, check_videos, folds_of


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
        Every training as it is kept: the folds, then the networks of the final model.
    curves
        How each of them went, in the same order.
    """

    predictions: list[Prediction]
    model: Entry
    trained: int
    kept: int
    entries: tuple[Entry, ...]
    curves: tuple[TrainingCurve, ...]


def run_training(store: Store, videos: Sequence[TrainingVideo], behaviours: Sequence[str], system: System) -> TrainingResult:
    """Score a system on animals left out, and train the final model on all of them.

    Each fold is fitted on some animals. Others stop it and decide all that is chosen afterwards: what each member of an ensemble
    counts, calibration, smoothing, thresholds. The scored ones only get their tags. The networks of the final model are trained for
    the median of their folds' best epochs; what is chosen for it is chosen on the probabilities of all folds.

    Parameters
    ----------
    store
        Where finished trainings are kept, so that a killed run loses one fold at most.
    videos
        All labelled videos.
    behaviours
        The B behaviours, in the order of the labels' columns.
    system
        The networks, the settings of their training, and how their probabilities become tags.

    Raises
    ------
    InputError
        With fewer than 3 animals unless ``score`` is false, without labels to learn from, or if settings do not agree.
    """
    videos = sorted(videos, key=lambda video: video.id)
    check_videos(videos, behaviours, system.exclusive)
    run = _Run(store, videos, tuple(behaviours), without_idle(system, videos))
    return run.with_score() if system.params.score else run.without_score()


class _Run:
    """Takes trainings from the store, and counts those that had to be made."""

    def __init__(self, store: Store, videos: list[TrainingVideo], behaviours: tuple[str, ...], system: System) -> None:
        self.store, self.videos, self.system = store, videos, system
        self.question = Question(behaviours, system.exclusive, system.combine, system.decide, system.streams)
        self.setups = setups_of(system, behaviours)
        self.entries: list[Entry] = []
        self.curves: list[TrainingCurve] = []
        self.trained = 0

    def with_score(self) -> TrainingResult:
        params = self.system.params
        folds = folds_of(self.videos, self.question.behaviours, params.max_folds, params.groups, params.seed)
        answers = self._answers(folds)
        predictions, verdicts = list[Prediction](), []
        for number, fold in enumerate(folds):
            of_fold = [of_member[number] for of_member, _ in answers]
            made_of = [entry for _, entries in answers if (entry := entries[number])]
            verdict, entry = reach_verdict(self.store, self.question, self._of(fold.inner), [answer.inner for answer in of_fold], made_of)
            verdicts.append(entry)
            for video in self._of(fold.scored):
                said, seen = [answer.scored[video.id] for answer in of_fold], video.animal in self.system.tuned_on
                predictions.append(prediction_of(self.question, verdict, fold.name, video, said, seen))
        predictions.sort(key=lambda prediction: prediction.video)
        pooled = [{video: p for answer in of_member for video, p in answer.scored.items()} for of_member, _ in answers]
        verdict, entry = reach_verdict(self.store, self.question, self.videos, pooled, list(self.entries))
        epochs = [[answer.best_epoch for answer in of_member if answer.best_epoch] for of_member, _ in answers]
        return self._result(predictions, verdict, self._networks(epochs), [*verdicts, entry])

    def without_score(self) -> TrainingResult:
        final = [setup.params.model_copy(update={"epochs": setup.params.epochs_final}) for setup in self.setups]
        self.setups = [replace(setup, params=params) for setup, params in zip(self.setups, final, strict=True)]
        return self._result([], plain_verdict(len(self.setups), self.question), self._networks([()] * len(self.setups)), [])

    def _answers(self, folds: Sequence[Fold]) -> list[tuple[list[FoldAnswer], list[Entry | None]]]:
        """Return for each member what every fold says, and the entries that say it; None where a fold cannot train it."""
        sides = [[self._sides(fold, member) for fold in folds] for member in self.system.members]
        can = [learners(self._of(fold.fitted), self.system.streams) for fold in folds]
        jobs: list[list[Job | None]] = []
        for m, (member, setup) in enumerate(zip(self.system.members, self.setups, strict=True)):
            jobs.append([])
            for number, (fold, side) in enumerate(zip(folds, sides[m], strict=True)):
                name = f"training {self._of_member(member)}fold {fold.name} ({number + 1}/{len(folds)})"
                job = Job(name, "fold", fold_recipe(setup, side), partial(train_fold, setup, side, name), one_core=True)
                jobs[-1].append(job if can[number][m] else None)
        made = iter(self._make([job for of_member in jobs for job in of_member if job], "training folds"))
        entries = [[next(made) if job else None for job in of_member] for of_member in jobs]
        answers = [[read_fold(*both) for both in zip(*of_member, strict=True)] for of_member in zip(entries, sides, strict=True)]
        for member, said in zip(self.system.members, answers, strict=True):
            each = [(fold, answer) for fold, answer in zip(folds, said, strict=True) if answer.best_epoch]
            self.curves += [curve_of(member.name, FOLD, fold.name, answer.curve, answer.best_epoch) for fold, answer in each]
        return list(zip(answers, entries, strict=True))

    def _sides(self, fold: Fold, member: Member) -> Sides:
        return Sides(*(self._of(animals, member.streams) for animals in (fold.scored, fold.inner, fold.fitted)))

    def _networks(self, fold_epochs: Sequence[Sequence[int]]) -> list[MemberPart]:
        """Train every member on all videos, for the median of its folds' best epochs."""
        jobs, epochs = [], []
        for member, setup, of_folds in zip(self.system.members, self.setups, fold_epochs, strict=True):
            epochs.append(statistics.median_high(of_folds) if of_folds else setup.params.epochs)
            videos, name = self._of(None, member.streams), f"training {self._of_member(member)}the final model"
            job = partial(train_network, setup, videos, name, epochs[-1])
            jobs.append(Job(name, "network", network_recipe(setup, videos, epochs[-1]), job, one_core=True))
        made = self._make(jobs, "training the final model")
        for member, entry in zip(self.system.members, made, strict=True):
            curve = read_network_curve(entry)
            self.curves.append(curve_of(member.name, FINAL, "", curve, len(curve)))
        parts = zip(made, self.system.members, self.setups, epochs, fold_epochs, strict=True)
        return [MemberPart(entry, member.streams, setup.head, setup.params, best, each) for entry, member, setup, best, each in parts]

    def _make(self, jobs: Iterable[Job], what: str) -> list[Entry]:
        made = self.store.made
        entries = make_all(self.store, jobs, lambda job: job, what)
        self.trained += self.store.made - made
        self.entries += entries
        return entries

    def _result(self, predictions: list[Prediction], verdict: Verdict, networks: list[MemberPart], verdicts: list[Entry]) -> TrainingResult:
        made_of = [*self.entries, *verdicts]
        model = make_model(self.store, self.videos, self.question.behaviours, verdict, networks, made_of)
        return TrainingResult(predictions, model, self.trained, len(self.entries) - self.trained, tuple(self.entries), tuple(self.curves))

    def _of(self, animals: Sequence[str] | None, streams: tuple[str, ...] | None = None) -> list[TrainingVideo]:
        found = [video for video in self.videos if animals is None or video.animal in animals]
        return found if streams is None else [video.of_streams(streams) for video in found]

    def _of_member(self, member: Member) -> str:
        return f"{member.name}, " if len(self.system.members) > 1 else ""
