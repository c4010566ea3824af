"""The animals' numbers: the mean over an animal's videos, so that an animal with many videos counts once."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from ethocache.common.errors import InputError, did_you_mean
from ethocache.scoring.frames import Floats, ratio
from ethocache.scoring.groups.measuring import MEASURES, MeasuredVideo, rate_per_minute
from ethocache.scoring.groups.tagging_error import Shares

COMPARED = ("fraction", "bouts_per_min", "mean_s", "latency_s", "distance")
"""What is compared where nobody says otherwise: how much, how often, how long, how soon, and how far."""
CAN_BE_COMPARED = ("fraction", "total_s", "bouts_per_min", "count", "mean_s", "latency_s", "distance", "mean_speed", "wall_fraction")
_OF_MOTION = ("distance", "mean_speed", "wall_fraction")


@dataclass(frozen=True)
class Variable:
    """One measure of one behaviour; of the motion the behaviour is empty."""

    behaviour: str
    measure: str


@dataclass(frozen=True, eq=False)
class AnimalTable:
    """The animals and their numbers.

    Attributes
    ----------
    animals
        The N animals, sorted.
    videos
        How many videos each has.
    variables
        What is known of them: all of `MEASURES` for each behaviour, and the motion.
    values
        (N, V) means over each animal's videos; NaN where none of them has such a number.
    shares
        Behaviour -> what its fraction of time stands on, animals in this order (N,); NaN where nobody looked.
    """

    animals: tuple[str, ...]
    videos: tuple[int, ...]
    variables: tuple[Variable, ...]
    values: Floats
    shares: Mapping[str, Shares]

    def of(self, variable: Variable, animals: Sequence[str]) -> Floats:
        """Return the numbers (n,) of those of these animals that have one."""
        column = self.values[[self.animals.index(animal) for animal in animals], self.variables.index(variable)]
        return column[~np.isnan(column)]

    def shares_of(self, behaviour: str, animals: Sequence[str]) -> Shares:
        """Return the shares of those of these animals for which somebody looked."""
        of_all = self.shares[behaviour]
        rows = [row for row in map(self.animals.index, animals) if not np.isnan(of_all.raw[row])]
        return Shares(of_all.labelled[rows], of_all.tagged[rows], of_all.part_tagged[rows])

    def compared(self, measures: Sequence[str]) -> list[Variable]:
        """Return the variables of these measures, those of the motion whatever the unit in their name.

        Raises
        ------
        InputError
            If there are none.
        """
        wanted = {name: measures.index(stem) for name in self._measures() if (stem := stem_of(name)) in measures}
        found = sorted((v for v in self.variables if v.measure in wanted), key=lambda v: wanted[v.measure])
        if not found:
            raise InputError(f"--measures: no video has {', '.join(measures)}; 'dvc repro' measures motion from tracks; or name others")
        return found

    def _measures(self) -> list[str]:
        return list(dict.fromkeys(variable.measure for variable in self.variables))


def check_measures(measures: Sequence[str]) -> None:
    """Refuse what cannot be compared with an `InputError`."""
    for name in measures:
        if name not in CAN_BE_COMPARED:
            raise InputError(
                f"--measures: '{name}' is not a measure{did_you_mean(name, CAN_BE_COMPARED)}; known: {', '.join(CAN_BE_COMPARED)}"
            )


def animal_table(videos: Sequence[MeasuredVideo], behaviours: Sequence[str]) -> AnimalTable:
    """Return each animal's means over its videos."""
    animals = sorted({video.animal for video in videos})
    of_animal = [[video for video in videos if video.animal == animal] for animal in animals]
    motion = list(dict.fromkeys(name for video in videos for name in video.motion))
    variables = [Variable(name, measure) for name in behaviours for measure in MEASURES] + [Variable("", name) for name in motion]
    rows = [[np.append(video.measures.ravel(), [video.motion.get(name, np.nan) for name in motion]) for video in own] for own in of_animal]
    values = np.array([known_mean(np.array(row)) for row in rows])
    shares = {name: _shares(of_animal, b) for b, name in enumerate(behaviours)}
    return AnimalTable(tuple(animals), tuple(map(len, of_animal)), tuple(variables), values, shares)


def known_mean(values: Floats) -> Floats:
    """Return the mean over the first axis of what is known; NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        mean: Floats = np.nanmean(values, axis=0)
    return mean


def rates_over_time(videos: Sequence[MeasuredVideo], animals: Sequence[str], bin_s: float) -> Floats:
    """Return bouts per minute (n, B, N) of each animal in each time bin, over its videos; NaN where too little was looked at."""
    bins = max(video.bouts.shape[1] for video in videos)
    rates = []
    for animal in animals:
        own = [video for video in videos if video.animal == animal]
        padded = [[_padded(part, bins) for part in (video.bouts, video.looked_s)] for video in own]
        rates.append(known_mean(np.array([rate_per_minute(bouts, looked_s, bin_s) for bouts, looked_s in padded])))
    return np.array(rates)


def _padded(values: Floats, bins: int) -> Floats:
    return np.pad(values, ((0, 0), (0, bins - values.shape[1])))


def _shares(of_animal: Sequence[Sequence[MeasuredVideo]], b: int) -> Shares:
    place, rows = MEASURES.index("fraction"), []
    for own in of_animal:
        known = [(video.instrument, video.measures[b, place]) for video in own if not np.isnan(video.measures[b, place])]
        sums = [sum(value for instrument, value in known if instrument == which) for which in ("labels", "tags")]
        rows.append([*sums, sum(instrument == "tags" for instrument, _ in known), len(known)])
    labelled, tagged, by_tags, number = np.array(rows, np.float64).T
    return Shares(ratio(labelled, number), ratio(tagged, number), ratio(by_tags, number))


def stem_of(measure: str) -> str:
    """Return a measure's name without the unit that the table of motion adds."""
    return next((stem for stem in _OF_MOTION if measure.startswith(f"{stem}_") or measure == stem), measure)


def most_of(measure: str) -> float:
    """Return what a measure cannot exceed."""
    return 1.0 if measure.endswith("fraction") else inf
