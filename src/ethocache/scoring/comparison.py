"""Is one system better than another on the same animals?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ethocache.common.errors import InputError, did_you_mean
from ethocache.dataset.predictions import Prediction
from ethocache.scoring.frames import Floats
from ethocache.scoring.intervals import difference_interval, draws, informative_animals, mean_over_behaviours
from ethocache.scoring.measures import MEASURES, Animal, Tally, by_animal, check_predictions, score_of

_SWAPS_AT_ONCE = 64


@dataclass(frozen=True)
class Difference:
    """How much better the second system is than the first.

    Attributes
    ----------
    first, second
        Their scores.
    difference
        Score of the second minus score of the first.
    low, high
        Its 95 % interval for all animals of that kind; None with fewer than three animals.
    p
        How often swapping the two systems in some animals makes a difference as large: small if it is no accident.
    animals
        How many animals it is from.
    """

    first: float
    second: float
    difference: float
    low: float | None
    high: float | None
    p: float
    animals: int


def paired_difference(
    first: Sequence[Prediction],
    second: Sequence[Prediction],
    measure: str = "average_precision",
    behaviours: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Difference]:
    """Compare two systems on the same videos: second minus first, per behaviour and as ``macro``.

    Both are scored on the same draws of animals, so that what makes an animal hard cancels out. The p value
    is of a permutation test: if the systems were alike, their answers for an animal could be swapped
    (every swap if there are no more than `resamples`, which is so up to 10 animals; as many random ones otherwise).

    Parameters
    ----------
    measure
        A name of `MEASURES`: ``f1``, ``average_precision``, ``bout_f1_50``, ...
    behaviours
        Which of them; all if left out. One that no labelled frame shows is left out of the answer.

    Raises
    ------
    InputError
        If the videos, animals, behaviours or labels of the two differ, or a name is not known.
    """
    if measure not in MEASURES:
        raise InputError(f"'{measure}' is not a score{did_you_mean(measure, MEASURES) or '; known: ' + ', '.join(MEASURES)}")
    _check_same(first, second)
    seen = {prediction.video for prediction in (*first, *second) if prediction.seen}  # a setting of either was searched on them
    first, second = ([prediction for prediction in side if prediction.video not in seen] for side in (first, second))
    ours, theirs = by_animal(first), by_animal(second)
    names = [name for name in _chosen(behaviours, ours) if any(video.labelled.any() for animal in ours[name] for video in animal)]
    if not names:
        return {}
    tallies = {name: MEASURES[measure]([*ours[name], *theirs[name]]) for name in names}
    points = {name: (score_of(measure, ours[name]), score_of(measure, theirs[name])) for name in names}
    return differences(tallies, {name: informative_animals(ours[name]) for name in names}, resamples, seed, points)


def differences(
    tallies: Mapping[str, Tally],
    informative: Mapping[str, int],
    resamples: int,
    seed: int,
    points: Mapping[str, tuple[float, float]] | None = None,
) -> dict[str, Difference]:
    """Return the differences of two systems from what each animal adds to their scores, per behaviour and as ``macro``.

    Parameters
    ----------
    tallies
        Behaviour -> (2 A, ...): the A animals with the first system, then the same animals with the second.
    informative
        Behaviour -> on how many animals its interval stands (`informative_animals`).
    points
        Behaviour -> the scores of both where they are known more exactly than from the tallies.
    """
    parts = list(tallies.values())
    animals = len(parts[0].parts) // 2
    exact = points or {name: _both_scores(tally) for name, tally in tallies.items()}
    first_mean, second_mean = np.mean([*exact.values()], axis=0).tolist()
    scores = {**exact, "macro": (first_mean, second_mean)}
    counted = {**informative, "macro": max(informative.values())}
    drawn, p = _drawn(parts, resamples, seed), _p_values(parts, resamples, seed)
    found = {}
    for row, (name, (first, second)) in enumerate(scores.items()):
        low, high = difference_interval(drawn[0, row], drawn[1, row], (first, second), counted[name]) or (None, None)
        found[name] = Difference(first, second, second - first, low, high, float(p[row]), animals)
    return found


def with_common_videos(first: Sequence[Prediction], second: Sequence[Prediction]) -> tuple[list[Prediction], list[Prediction], list[str]]:
    """Return of two systems' predictions those of the videos that both scored, and the animals of all other videos.

    Raises
    ------
    InputError
        If they have no video in common.
    """
    common = {prediction.video for prediction in first} & {prediction.video for prediction in second}
    if not common:
        raise InputError(
            f"the two have no video in common: {first[0].video}, ... and {second[0].video}, ...; compare experiments on the same data"
        )
    left_out = sorted({prediction.animal for prediction in (*first, *second) if prediction.video not in common})
    ours, theirs = ([prediction for prediction in side if prediction.video in common] for side in (first, second))
    return ours, theirs, left_out


def _check_same(first: Sequence[Prediction], second: Sequence[Prediction]) -> None:
    check_predictions(first)
    check_predictions(second)
    ours, theirs = ({prediction.video: prediction for prediction in side} for side in (first, second))
    if only := sorted(ours.keys() ^ theirs.keys()):
        raise InputError(f"the two are not of the same videos: {', '.join(only[:5])} are in one only; compare experiments on the same data")
    for video, one in ours.items():
        other = theirs[video]
        if one.behaviours != other.behaviours:
            raise InputError(f"the two are not of the same behaviours: {', '.join(one.behaviours)} and {', '.join(other.behaviours)}")
        if one.animal != other.animal:
            raise InputError(f"{video}: the animal is {one.animal} in one and {other.animal} in the other; use the same data.name for both")
        if not np.array_equal(one.label, other.label):
            raise InputError(f"{video}: {_label_difference(one, other)}; score both against the same labels")


def _label_difference(one: Prediction, other: Prediction) -> str:
    if one.label.shape != other.label.shape:
        return f"{len(one.label)} frames in one and {len(other.label)} in the other"
    differs = (one.label != other.label).any(axis=1)
    return f"{differs.sum()} of {len(one.label)} frames are labelled otherwise, the first is frame {int(differs.argmax())}"


def _chosen(behaviours: Sequence[str] | None, known: Mapping[str, Sequence[Animal]]) -> list[str]:
    for name in behaviours or ():
        if name not in known:
            raise InputError(f"'{name}' is not a predicted behaviour{did_you_mean(name, known) or '; known: ' + ', '.join(known)}")
    return list(known if behaviours is None else dict.fromkeys(behaviours))


def _both_scores(tally: Tally) -> tuple[float, float]:
    animals = len(tally.parts) // 2
    first, second = _scores([tally], np.ones((1, animals)), np.zeros((1, animals)))[:, 0, 0].tolist()
    return first, second


def _scores(tallies: Sequence[Tally], first: Floats, second: Floats) -> Floats:
    """Return the scores (2, B + 1, R) of both systems, the last row their mean over the behaviours.

    Parameters
    ----------
    first, second
        (R, A) how often each animal counts that the first of two systems tagged, and the second. A draw (R, A) of animals
        in both is the same for both; where the systems are swapped, the first's answers count for some animals only.
    """
    sides = []
    for weights in (np.hstack([first, second]), np.hstack([second, first])):
        scores = np.array([tally.score(weights) for tally in tallies])
        sides.append(np.vstack([scores, mean_over_behaviours(scores)]))
    return np.array(sides)


def _drawn(tallies: Sequence[Tally], resamples: int, seed: int) -> Floats:
    """Return both systems' scores (2, B + 1, R) over the same draws of animals."""
    rows = draws(len(tallies[0].parts) // 2, resamples, seed)
    return np.concatenate([_scores(tallies, weights, np.zeros_like(weights)) for weights in rows], axis=2)


def _p_values(tallies: Sequence[Tally], resamples: int, seed: int) -> Floats:
    animals = len(tallies[0].parts) // 2
    every_swap = 2 ** (animals - 1) <= resamples
    observed = np.abs(_swapped(tallies, np.zeros((1, animals))))
    swaps = _every_swap(animals) if every_swap else _random_swaps(animals, resamples, seed)
    as_large = np.zeros(len(observed))
    for start in range(0, len(swaps), _SWAPS_AT_ONCE):
        as_large += (np.abs(_swapped(tallies, swaps[start : start + _SWAPS_AT_ONCE])) >= observed - 1e-12).sum(axis=1)
    return as_large / len(swaps) if every_swap else (as_large + 1) / (len(swaps) + 1)


def _every_swap(animals: int) -> Floats:
    """Return half of all swaps: to swap all the others as well only turns the sign of the difference."""
    return np.array([(0.0, *others) for others in product((0.0, 1.0), repeat=animals - 1)])


def _random_swaps(animals: int, resamples: int, seed: int) -> Floats:
    return np.random.default_rng(seed).integers(0, 2, size=(resamples, animals)).astype(np.float64)


def _swapped(tallies: Sequence[Tally], swaps: Floats) -> Floats:
    """Return the differences (B + 1, R) where the systems are swapped in some animals (R, A)."""
    scores = _scores(tallies, 1 - swaps, swaps)
    difference: Floats = scores[1] - scores[0]
    return difference
