"""Is one system better than another on the same animals?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ethocache.common.errors import InputError, did_you_mean
from ethocache.dataset.predictions import Prediction
from ethocache.scoring.frames import Floats
from ethocache.scoring.intervals import FEWEST_ANIMALS, draws, interval, mean_over_behaviours
from ethocache.scoring.measures import MEASURES, Animal, Tally, by_animal, check_predictions, score_of

_SWAPS_AT_ONCE = 64


@dataclass(frozen=True)
class Difference:
    """How much better the second system is than the first.

    Attributes
    ----------
    difference
        Score of the second minus score of the first.
    low, high
        Its 95 % bootstrap interval over animals; None with fewer than three animals.
    p
        How often swapping the two systems in some animals makes a difference as large: small if it is no accident.
    animals
        How many animals it is from.
    """

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
    points = {name: score_of(measure, theirs[name]) - score_of(measure, ours[name]) for name in names}
    tallies = [MEASURES[measure]([*ours[name], *theirs[name]]) for name in names]
    drawn, p = _drawn_differences(tallies, resamples, seed), _p_values(tallies, resamples, seed)
    points["macro"] = sum(points.values()) / len(points)
    animals = len(ours[names[0]])
    bounds = {name: _bounds(values, points[name], animals) for name, values in zip(points, drawn, strict=True)}
    return {name: Difference(points[name], *bounds[name], float(chance), animals) for name, chance in zip(points, p, strict=True)}


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


def _with_macro(tallies: Sequence[Tally], first: Floats, second: Floats) -> Floats:
    """Return the differences (B + 1, R), the last row their mean, between two draws (R, 2 A) of both systems' animals."""
    differences = np.array([tally.score(second) - tally.score(first) for tally in tallies])
    return np.vstack([differences, mean_over_behaviours(differences)])


def _drawn_differences(tallies: Sequence[Tally], resamples: int, seed: int) -> Floats:
    animals = len(tallies[0].parts) // 2
    parts = []
    for weights in draws(animals, resamples, seed):
        nobody = np.zeros_like(weights)
        parts.append(_with_macro(tallies, np.hstack([weights, nobody]), np.hstack([nobody, weights])))
    return np.hstack(parts)


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
    return _with_macro(tallies, np.hstack([1 - swaps, swaps]), np.hstack([swaps, 1 - swaps]))


def _bounds(values: Floats, point: float, animals: int) -> tuple[float | None, float | None]:
    return interval(values, point) if animals >= FEWEST_ANIMALS else (None, None)
