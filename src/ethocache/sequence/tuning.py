"""Search the settings of a head and of its training, on some of the animals, so that the others can still judge it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ethocache.common.compute import Job, at_once, make_all
from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of
from ethocache.common.locks import waiting_for
from ethocache.common.store import Entry, Store
from ethocache.dataset.groups import Fold
from ethocache.sequence.heads.settings import HeadSettings
from ethocache.sequence.settings import DIVERGED, TrainParams
from ethocache.sequence.thresholds import macro_average_precision
from ethocache.sequence.trainings import REVISION, FoldAnswer, Setup, Sides, fold_recipe, read_fold, taught, train_fold
from ethocache.sequence.tuning_space import TRAIN, SpaceName, Value, applied, present, rounded, space_of
from ethocache.sequence.tuning_study import ask, finished, first_values, open_study, quiet, tell
from ethocache.sequence.videos import TrainingVideo, check_videos, folds_of

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial, Trial

FEWEST_SEARCHED = 3
MOST_FOLDS = 4
_ALWAYS_SOME_FROM = 5  # so many animals on, at least one is kept out
_JOURNAL = "journal.log"


@dataclass(frozen=True)
class Search:
    """What is searched, on whom.

    Attributes
    ----------
    head, train
        As they are now; what the head wants otherwise is in `train` already.
    space
        ``own`` ranges of the kind of head, or the grid of the ``thesis``.
    searched, kept_out
        Animals that trials may see, and those that none of them reads.
    seed
        Of the draws; training has its own.
    """

    head: HeadSettings
    train: TrainParams
    space: SpaceName
    searched: tuple[str, ...]
    kept_out: tuple[str, ...]
    seed: int = 0


@dataclass(frozen=True)
class TrialRow:
    """One trial as the table shows it; ``score`` is the mean of the folds that were trained."""

    number: int
    state: str
    score: float | None
    folds: int
    seconds: float
    frames: int
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Found:
    """What a search has found: its trials in order, and the settings of the best, with the score that it had on the searched animals."""

    rows: tuple[TrialRow, ...]
    best: TrialRow
    first: TrialRow
    trained: int


def deal_animals(animals: Iterable[str], keep_out: float, seed: int, seen: Iterable[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the animals that are searched on, and those that are kept out; the same seed deals the same.

    Parameters
    ----------
    keep_out
        Fraction of the animals, rounded; of 5 or more at least one, unless it is 0.
    seen
        Animals of an earlier search, on which the present settings stand; they are searched again, never kept out.

    Raises
    ------
    InputError
        With fewer than 3 animals.
    """
    names = sorted(set(animals))
    if len(names) < FEWEST_SEARCHED:
        raise InputError(f"a search needs labelled videos of at least {FEWEST_SEARCHED} animals, found {len(names)}: label more animals")
    out = int(keep_out * len(names) + 0.5)
    if keep_out > 0 and len(names) >= _ALWAYS_SOME_FROM:
        out = max(out, 1)
    out = min(out, len(names) - FEWEST_SEARCHED)
    order = [str(name) for name in np.random.default_rng(seed).permutation(names)]
    drawn = {*[name for name in order if name not in set(seen)][:out]}
    return tuple(name for name in names if name not in drawn), tuple(sorted(drawn))


def run_search(
    store: Store, videos: Sequence[TrainingVideo], behaviours: Sequence[str], search: Search, trials: int, folder: Path
) -> Found:
    """Try settings until there are so many trials, those of earlier runs among them.

    A trial trains the folds of the searched animals one after the other; its score is the mean over the folds of the macro average
    precision on the animals that the fold left out. One that falls behind the median of the others is given up (Golovin et al. 2017).
    Settings are drawn by a tree-structured Parzen estimator (Bergstra et al. 2011).

    Parameters
    ----------
    videos
        All labelled videos; only those of searched animals are read.
    trials
        How many trials there are to be in the end, finished or given up.
    folder
        Holds the journal, by which a run that was killed goes on.

    Raises
    ------
    InputError
        If no searched animal shows a behaviour, or a training fails; settings at which the loss is no number only end their trial.
    """
    videos = sorted((video for video in videos if video.animal in search.searched), key=lambda video: video.id)
    check_videos(videos, behaviours, search.train.task == "exclusive")
    folder.mkdir(parents=True, exist_ok=True)
    with waiting_for(folder / "search.lock", f"note: another search is at work in {folder}; waiting for it"), quiet():
        run = _Run(store, videos, tuple(behaviours), search, folder / _JOURNAL)
        return run.until(trials)


@dataclass
class _Live:
    """A trial at work."""

    trial: "Trial"
    values: dict[str, Value]
    setup: Setup
    failed: bool = False
    scores: list[float | None] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @property
    def score(self) -> float | None:
        known = [score for score in self.scores if score is not None]
        return sum(known) / len(known) if known else None


class _Run:
    """Asks Optuna for settings, and tells it what they score."""

    def __init__(self, store: Store, videos: list[TrainingVideo], behaviours: tuple[str, ...], search: Search, journal: Path) -> None:
        self.store, self.videos, self.behaviours, self.search = store, videos, behaviours, search
        self.first = Setup(behaviours, search.head, search.train)
        self.folds = self._folds()
        self.space = space_of(search.space, search.head, search.train)
        self.now = {name: present(name, search.head, search.train) for name in self.space.ranges}
        self.study = open_study(journal, self._name(), self.space, self.now)

    def until(self, trials: int) -> Found:
        made, live = self.store.made, list[_Live]()
        while (missing := trials - len(finished(self.study))) > 0:
            live += [self._ask() for _ in range(min(at_once(), missing) - len(live))]
            self._train_next_folds(live)
            live = [one for one in live if not self._settled(one)]
        rows = tuple(_row(trial) for trial in finished(self.study))
        scored = [row for row in rows if row.state == "complete"]
        if not scored:
            tried = f"none of {len(rows)} settings could be trained to the end, {DIVERGED} no number"
            raise InputError(f"{tried}: look for impossible numbers in the features (ethocache tracks check), or try more trials")
        return Found(rows, max(scored, key=lambda row: (row.score or 0, -row.number)), self._first(rows), self.store.made - made)

    def _first(self, rows: Iterable[TrialRow]) -> TrialRow:
        """Return the trial of the settings as they were when the search began."""
        values = first_values(self.study)
        return min(rows, key=lambda row: (row.values != values, row.number))

    def _ask(self) -> _Live:
        trial = ask(self.study, self.search.seed)
        as_it_was = trial.params == first_values(self.study)
        values = dict(trial.params) if as_it_was else rounded(trial.params) | dict(self.space.fixed)
        head, train = applied(values, self.search.head, self.search.train)
        return _Live(trial, values, replace(self.first, head=head, params=train))

    def _train_next_folds(self, live: Sequence[_Live]) -> None:
        sides = [self._sides(self.folds[len(one.scores)]) for one in live]
        jobs = [self._job(one, side) for one, side in zip(live, sides, strict=True)]
        for one, side, entry in zip(live, sides, self._make(jobs), strict=True):
            if entry is None:
                one.failed = True
            else:
                one.entries.append(entry)
                one.scores.append(_score(side, read_fold(entry, side)))

    def _make(self, jobs: Sequence[Job]) -> list[Entry | None]:
        """Return the entry of each job; None where the loss became no number, as some settings make it."""
        try:
            return list(make_all(self.store, jobs, lambda job: job, "searching settings"))
        except InputError as error:
            if not all(DIVERGED in line for line in str(error).splitlines()):
                raise
            return [self.store.get(job.kind, job.recipe) for job in jobs]

    def _job(self, one: _Live, sides: Sides) -> Job:
        fold = self.folds[len(one.scores)]
        name = f"trial {one.trial.number + 1}, fold {fold.name} ({len(one.scores) + 1}/{len(self.folds)})"
        return Job(name, "fold", fold_recipe(one.setup, sides), partial(train_fold, one.setup, sides, name))

    def _settled(self, one: _Live) -> bool:
        """Tell Optuna of the last fold; return whether the trial is finished or given up."""
        score, last = one.score, len(one.scores) == len(self.folds)
        if score is None and last:
            raise InputError("a search needs labels to score by: no animal that is searched on shows a behaviour; label more animals")
        if score is not None and not one.failed:
            one.trial.report(score, len(one.scores))
        given_up = one.failed or (not last and score is not None and one.trial.should_prune())
        if last or given_up:
            facts = {name: sum(entry.facts[name] for entry in one.entries) for name in ("seconds", "frames")}
            for name, value in {**facts, "folds": len(one.scores), "values": one.values}.items():
                one.trial.set_user_attr(name, value)
            tell(self.study, one.trial, None if given_up else score)
        return last or given_up

    def _name(self) -> str:
        """Return the name of the search: what decides a trial, besides the settings that are searched."""
        train = self.search.train.model_dump(mode="json", exclude={"score", "epochs_final"})
        head = self.search.head.model_dump(mode="json", exclude={"train", "decide", "tuned_on"})
        searched = {*self.space.ranges, *self.space.fixed}
        settings = head | {f"{TRAIN}{name}": value for name, value in train.items()}
        recipe = {
            "revision": REVISION,
            "settings": {name: value for name, value in settings.items() if name not in searched},
            "space": self.search.space,
            "seed": self.search.seed,
            "behaviours": list(self.behaviours),
            "videos": {video.id: taught(video) for video in self.videos},
        }
        return sha256_of(recipe)

    def _folds(self) -> list[Fold]:
        return folds_of(self.videos, self.behaviours, MOST_FOLDS, MOST_FOLDS, self.search.train.seed)

    def _sides(self, fold: Fold) -> Sides:
        of = ([video for video in self.videos if video.animal in animals] for animals in (fold.scored, fold.inner, fold.fitted))
        return Sides(*of)


def _score(sides: Sides, answer: FoldAnswer) -> float | None:
    labels = np.concatenate([video.labels for video in sides.scored])
    return macro_average_precision(labels, np.concatenate([answer.scored[video.id] for video in sides.scored]))


def _row(trial: "FrozenTrial") -> TrialRow:
    about, last = trial.user_attrs, max(trial.intermediate_values, default=None)
    score = trial.value if trial.value is not None or last is None else trial.intermediate_values[last]
    state = "complete" if trial.state.name == "COMPLETE" else "given up"
    return TrialRow(trial.number + 1, state, score, about["folds"], about["seconds"], about["frames"], about["values"])
