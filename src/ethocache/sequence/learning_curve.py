"""How the score grows with the number of labelled animals, and what more of them would likely bring."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ethocache.common.compute import Job, make_all
from ethocache.common.errors import InputError
from ethocache.common.store import Entry, Store
from ethocache.dataset.groups import Fold
from ethocache.dataset.predictions import Prediction
from ethocache.scoring.frames import Floats
from ethocache.scoring.intervals import informative_animals, mean_over_behaviours, resampled
from ethocache.scoring.measures import MEASURES, by_animal, scorable, score_of
from ethocache.sequence.deciding import Question, prediction_of, reach_verdict
from ethocache.sequence.system import System
from ethocache.sequence.trainings import FoldAnswer, Sides, fold_recipe, learners, read_fold, setups_of, train_fold, without_idle
from ethocache.sequence.videos import TrainingVideo, check_videos, folds_of

SCORES = ("average_precision", "f1")
FEWEST_FITTED = 2
_RESAMPLES = 200
_FACTOR = 1.5  # from one number of animals to the next


@dataclass(frozen=True)
class Point:
    """What one draw of animals scores.

    Attributes
    ----------
    animals, draw
        How many animals each network was fitted on, and which draw of them it is.
    macro
        Score -> its mean over the behaviours that are shown.
    behaviours
        Behaviour -> its average precision.
    resampled
        Score -> (R,) the macro score over draws of the scored animals; the r-th is of the same animals in every point.
    informative
        On how many scored animals an interval stands (`informative_animals`).
    """

    animals: int
    draw: int
    macro: Mapping[str, float]
    behaviours: Mapping[str, float]
    resampled: Mapping[str, Floats]
    informative: int


def sizes_up_to(most: int) -> tuple[int, ...]:
    """Return numbers of animals from 2 to `most`, each about half as much again as the one before."""
    sizes = [FEWEST_FITTED]
    while (larger := max(sizes[-1] + 1, round(sizes[-1] * _FACTOR))) < most:
        sizes.append(larger)
    return (*sizes, most) if most > FEWEST_FITTED else (FEWEST_FITTED,)


def most_fitted(folds: Sequence[Fold]) -> int:
    """Return how many animals every fold can be fitted on."""
    return min(len(fold.fitted) for fold in folds)


def drawn_animals(fold: Fold, number: int, draw: int, animals: int, seed: int) -> frozenset[str]:
    """Return the animals that a fold is fitted on; of the same draw, fewer are among more."""
    order = np.random.default_rng([seed, draw, number]).permutation(sorted(fold.fitted))
    return frozenset(str(name) for name in order[:animals])


def run_curve(
    store: Store,
    videos: Sequence[TrainingVideo],
    behaviours: Sequence[str],
    system: System,
    draws: int,
    sizes: Sequence[int] = (),
) -> list[Point]:
    """Train every fold on fewer animals than there are, several times, and score the animals that the fold left out.

    Every training is kept in the store: a killed run goes on, and with all animals a fold is that of the project itself.

    Parameters
    ----------
    draws
        How often animals are drawn for each number of them; all of them can only be drawn once.
    sizes
        Numbers of animals to fit on; empty: from 2 to all, by `sizes_up_to`.

    Raises
    ------
    InputError
        With fewer than 4 animals, or numbers that cannot be fitted.
    """
    videos = sorted(videos, key=lambda video: video.id)
    check_videos(videos, behaviours, system.exclusive)
    return _Curve(store, videos, tuple(behaviours), without_idle(system, videos)).points(draws, tuple(sizes))


class _Curve:
    """Trains what is needed for all points at once."""

    def __init__(self, store: Store, videos: list[TrainingVideo], behaviours: tuple[str, ...], system: System) -> None:
        self.store, self.videos, self.system = store, videos, system
        self.question = Question(behaviours, system.exclusive, system.combine, system.decide, system.streams)
        self.setups = setups_of(system, behaviours)
        self.folds = folds_of(videos, behaviours, system.params.max_folds, system.params.groups, system.params.seed)

    def points(self, draws: int, sizes: tuple[int, ...]) -> list[Point]:
        most = most_fitted(self.folds)
        _check(most, sizes, len({video.animal for video in self.videos}))
        wanted = [
            (size, draw) for size in sorted(set(sizes or sizes_up_to(most))) for draw in range(1 if self._all_of_all(size) else draws)
        ]
        sides = {(point, fold): self._sides(*point, fold) for point in wanted for fold in range(len(self.folds))}
        jobs = {(point, fold): self._jobs(*point, fold, each) for (point, fold), each in sides.items()}
        wanted_jobs = [job for of_place in jobs.values() for job in of_place if job]
        made = iter(make_all(self.store, wanted_jobs, lambda job: job, "fitting on fewer animals"))
        entries = {place: [next(made) if job else None for job in of_place] for place, of_place in jobs.items()}
        return [self._point(*point, [(sides[point, fold], entries[point, fold]) for fold in range(len(self.folds))]) for point in wanted]

    def _all_of_all(self, size: int) -> bool:
        """Tell whether so many are all animals of every fold, of which there is but one draw."""
        return all(len(fold.fitted) == size for fold in self.folds)

    def _sides(self, size: int, draw: int, number: int) -> list[Sides]:
        fold = self.folds[number]
        fitted = drawn_animals(fold, number, draw, size, self.system.params.seed)
        sides = (frozenset(fold.scored), frozenset(fold.inner), fitted)
        return [
            Sides(*([video.of_streams(member.streams) for video in self.videos if video.animal in animals] for animals in sides))
            for member in self.system.members
        ]

    def _jobs(self, size: int, draw: int, number: int, sides: Sequence[Sides]) -> list[Job | None]:
        """Return what trains each member; None where these animals cannot train it."""
        name = f"{size} animals, draw {draw + 1}, fold {self.folds[number].name}"
        can = learners(self._of({video.animal for video in sides[0].fitted}), self.system.streams)
        pairs = zip(self.setups, sides, strict=True)
        jobs = [Job(name, "fold", fold_recipe(setup, side), partial(train_fold, setup, side, name), one_core=True) for setup, side in pairs]
        return [job if learns else None for job, learns in zip(jobs, can, strict=True)]

    def _of(self, animals: Collection[str]) -> list[TrainingVideo]:
        return [video for video in self.videos if video.animal in animals]

    def _point(self, size: int, draw: int, folds: Sequence[tuple[list[Sides], list[Entry | None]]]) -> Point:
        predictions = []
        for fold, (sides, entries) in zip(self.folds, folds, strict=True):
            answers = [read_fold(entry, side) for entry, side in zip(entries, sides, strict=True)]
            predictions += self._predictions(fold, answers, [entry for entry in entries if entry])
        return score_point(size, draw + 1, predictions)

    def _predictions(self, fold: Fold, answers: Sequence[FoldAnswer], made_of: list[Entry]) -> list[Prediction]:
        verdict, _ = reach_verdict(self.store, self.question, self._of(fold.inner), [answer.inner for answer in answers], made_of)
        found = []
        for video in self._of(fold.scored):
            said, seen = [answer.scored[video.id] for answer in answers], video.animal in self.system.tuned_on
            found.append(prediction_of(self.question, verdict, fold.name, video, said, seen))
        return found


def score_point(animals: int, draw: int, predictions: Sequence[Prediction]) -> Point:
    """Score the predictions of one draw, all folds together.

    Raises
    ------
    InputError
        If there is nothing to score by.
    """
    of = by_animal(scorable(predictions))
    shown = {name: videos for name, videos in of.items() if any(video.labelled.any() for animal in videos for video in animal)}
    if not shown:
        raise InputError(
            "there is nothing to score: no labelled animal shows a behaviour, or the head's settings were searched on all of them "
            "(tuned_on in params.yaml); keep some out with ethocache tune --keep-out 0.25"
        )
    each = {measure: {name: score_of(measure, videos) for name, videos in shown.items()} for measure in SCORES}
    macro = {measure: sum(values.values()) / len(values) for measure, values in each.items()}
    drawn = {}
    for measure in SCORES:
        drawn[measure] = mean_over_behaviours(np.array([resampled(MEASURES[measure](v), _RESAMPLES, 0) for v in shown.values()]))
    return Point(animals, draw, macro, each["average_precision"], drawn, max(map(informative_animals, shown.values())))


def _check(most: int, sizes: Sequence[int], animals: int) -> None:
    if most < FEWEST_FITTED:
        raise InputError(
            f"a learning curve needs labelled videos of at least {FEWEST_FITTED + 2} animals (2 to fit, 1 to choose, 1 to score), "
            f"found {animals}: label more animals"
        )
    if wrong := [size for size in sizes if not 1 <= size <= most]:
        raise InputError(f"--sizes: expected numbers from 1 to {most}, the animals that every fold can be fitted on, found {wrong[0]}")
