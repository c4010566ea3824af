"""How often an interval holds the truth, and how often two systems that are equally good are told apart.

The truth is known here: many animals are simulated, and their score together is the population's. Experiments then draw
6, 12 or 40 of them. Animals differ in how hard they are (for every behaviour alike, and for each), in how often they do
something and in how well the system's thresholds suit them; one behaviour is rare and missing in 3 animals of 10, one is
hard and missing in 1 of 10. The scores are F1, average precision and F1 of bouts (overlap .5), of each behaviour and of
all together (``macro``). Two systems have part of their errors in common, as two heads on the same embeddings have.

Prints a table: for every number of animals, score and behaviour, in how many percent of the experiments the interval held
the truth: of a score by `score_interval` and by the middle 95 % of the draws (``percentile``), of a difference between two
systems of which the second is better or neither is, and how often p was at most .05 where neither is better.
Ends with one JSON line: lowest, mean and highest of each column. The same seed gives the same numbers.

Run it with ``uv run python benchmarks/coverage.py [--experiments 500] [--animals 6 12 40] [--seed 0]``.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ethocache.scoring import measures, ranking
from ethocache.scoring.comparison import differences
from ethocache.scoring.frames import Floats, Mask
from ethocache.scoring.intervals import informative_animals, interval, mean_over_behaviours, resampled, score_interval
from ethocache.scoring.measures import Animal, ScoredVideo, Tally

MEASURES = ("f1", "average_precision", "bout_f1_50")
COLUMNS = ("percentile", "score", "difference", "no_difference", "told_apart")
THRESHOLDS = 128  # of average precision; `measures` takes more
FRAMES = 1500
BOUT = 30  # frames, the mean
BETTER = 0.3  # how much farther apart the second system has frames with and without the behaviour
Held = dict[tuple[str, str, str], list[bool]]


@dataclass(frozen=True)
class Behaviour:
    """How often it is shown (fraction of the frames), by how many animals not at all, and how well it is seen."""

    rate: float
    missing: float
    seen: float


BEHAVIOURS = {"common": Behaviour(0.2, 0.0, 2.2), "rare": Behaviour(0.03, 0.3, 2.2), "hard": Behaviour(0.08, 0.1, 1.2)}


@dataclass(frozen=True)
class Population:
    """Many animals, each tagged by two systems: behaviour -> animals."""

    first: Mapping[str, Sequence[Animal]]
    second: Mapping[str, Sequence[Animal]]

    @cached_property
    def tallies(self) -> dict[str, dict[str, tuple[Tally, Tally]]]:
        """Measure -> behaviour -> what each animal adds to the score of each system."""
        return {name: {kind: _tallies(name, self.first[kind], self.second[kind]) for kind in self.first} for name in MEASURES}

    def truth(self, measure: str) -> dict[str, tuple[float, float]]:
        """Return the scores of both systems in the whole population."""
        pairs = {kind: (_score(pair[0]), _score(pair[1])) for kind, pair in self.tallies[measure].items()}
        means = np.mean([*pairs.values()], axis=0)
        return {**pairs, "macro": (float(means[0]), float(means[1]))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=500)
    parser.add_argument("--animals", type=int, nargs="+", default=[6, 12, 40])
    parser.add_argument("--population", type=int, default=2000)
    parser.add_argument("--resamples", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    better, equal = (populate(arguments.population, gain, arguments.seed) for gain in (BETTER, 0.0))
    found = {}
    print(f"{'animals':>7} {'score':>17} {'behaviour':>9} {'truth':>6} " + " ".join(f"{column:>13}" for column in COLUMNS))
    for animals in arguments.animals:
        rates = percentages(better, equal, animals, arguments.experiments, arguments.resamples, arguments.seed)
        for (measure, kind), row in rates.items():
            truth = better.truth(measure)[kind][0]
            print(f"{animals:7} {measure:>17} {kind:>9} {truth:6.2f} " + " ".join(f"{row[column]:13.1f}" for column in COLUMNS), flush=True)
        found[str(animals)] = {column: _summary([row[column] for row in rates.values()]) for column in COLUMNS}
    print(json.dumps({"experiments": arguments.experiments, "animals": found}))


def _summary(percent: Sequence[float]) -> dict[str, float]:
    return {name: round(float(pick(percent)), 1) for name, pick in (("lowest", min), ("mean", np.mean), ("highest", max))}


def percentages(
    better: Population, equal: Population, animals: int, experiments: int, resamples: int, seed: int
) -> dict[tuple[str, str], dict[str, float]]:
    """Return, for every score and behaviour, in how many percent of the experiments each of `COLUMNS` was so."""
    held: Held = defaultdict(list)
    random = np.random.default_rng([seed, animals])
    for experiment in range(experiments):
        chosen = random.integers(0, len(better.first["common"]), animals).tolist()
        for measure in MEASURES:
            _look_at_scores(held, better, measure, chosen, resamples, experiment)
            _look_at_differences(held, better, measure, chosen, resamples, experiment, "difference")
            _look_at_differences(held, equal, measure, chosen, resamples, experiment, "no_difference")
    kinds = [(measure, kind) for measure in MEASURES for kind in (*BEHAVIOURS, "macro")]
    return {(measure, kind): {column: 100 * float(np.mean(held[measure, kind, column])) for column in COLUMNS} for measure, kind in kinds}


def _look_at_scores(held: Held, population: Population, measure: str, chosen: Sequence[int], resamples: int, seed: int) -> None:
    truth = population.truth(measure)
    values, points, counted = {}, {}, {}
    for kind, (tally, _) in _drawn(population, measure, chosen):
        values[kind], points[kind] = resampled(tally, resamples, seed), _score(tally)
        counted[kind] = informative_animals([population.first[kind][place] for place in chosen])
    values["macro"] = mean_over_behaviours(np.array([*values.values()]))
    points["macro"], counted["macro"] = float(np.mean([*points.values()])), max(counted.values())
    for kind, drawn in values.items():
        bounds = score_interval(drawn, points[kind], counted[kind])
        held[measure, kind, "score"].append(_holds(bounds, truth[kind][0]))
        held[measure, kind, "percentile"].append(_holds(interval(drawn, points[kind]), truth[kind][0]))


def _look_at_differences(
    held: Held, population: Population, measure: str, chosen: Sequence[int], resamples: int, seed: int, column: str
) -> None:
    tallies = {kind: Tally(np.concatenate([a.parts, b.parts]), a.formula) for kind, (a, b) in _drawn(population, measure, chosen)}
    counted = {kind: informative_animals([population.first[kind][place] for place in chosen]) for kind in tallies}
    truth = population.truth(measure)
    for kind, found in differences(tallies, counted, resamples, seed).items():
        bounds = (found.low, found.high) if found.low is not None and found.high is not None else None
        held[measure, kind, column].append(_holds(bounds, truth[kind][1] - truth[kind][0]))
        if column == "no_difference":
            held[measure, kind, "told_apart"].append(found.p <= 0.05)


def _drawn(population: Population, measure: str, chosen: Sequence[int]) -> Iterator[tuple[str, tuple[Tally, Tally]]]:
    """Give the behaviours that the chosen animals show, with both systems' tallies of these animals."""
    for kind, (first, second) in population.tallies[measure].items():
        if any(video.labelled.any() for place in chosen for video in population.first[kind][place]):
            yield kind, (Tally(first.parts[chosen], first.formula), Tally(second.parts[chosen], second.formula))


def _holds(bounds: tuple[float, float] | None, truth: float) -> bool:
    return bounds is not None and bounds[0] <= truth <= bounds[1]


def _score(tally: Tally) -> float:
    return float(tally.score(np.ones((1, len(tally.parts))))[0])


def _tallies(measure: str, first: Sequence[Animal], second: Sequence[Animal]) -> tuple[Tally, Tally]:
    if measure != "average_precision":
        return measures.MEASURES[measure](first), measures.MEASURES[measure](second)
    score, positive = measures.scored_frames(measures.together([*first, *second]))
    thresholds = ranking.thresholds_of(score[positive], THRESHOLDS)
    counts = [
        np.array([ranking.counts_between(thresholds, *measures.scored_frames(animal)) for animal in side]) for side in (first, second)
    ]
    return Tally(counts[0], ranking.average_precision_of), Tally(counts[1], ranking.average_precision_of)


def populate(animals: int, gain: float, seed: int) -> Population:
    """Simulate a population; the same seed has the same animals, whatever `gain` the second system has."""
    random = np.random.default_rng(seed)
    first: dict[str, list[Animal]] = {kind: [] for kind in BEHAVIOURS}
    second: dict[str, list[Animal]] = {kind: [] for kind in BEHAVIOURS}
    for _ in range(animals):
        ease = random.normal()  # of this animal, for every behaviour
        for kind, behaviour in BEHAVIOURS.items():
            labelled = _bouts(behaviour, random)
            seen = behaviour.seen + 0.4 * (ease + random.normal())
            shared, threshold = random.normal(size=FRAMES + len(_SMOOTH) - 1), random.normal()
            for side, more in ((first, 0.0), (second, gain)):
                side[kind].append((_tagged(labelled, seen + more, shared, threshold, random),))
    return Population(first, second)


def _bouts(behaviour: Behaviour, random: np.random.Generator) -> Mask:
    labelled = np.zeros(FRAMES, dtype=bool)
    if random.random() >= behaviour.missing:
        bouts = 1 + random.poisson(behaviour.rate * random.lognormal(0, 0.5) * FRAMES / BOUT)
        for start in random.integers(0, FRAMES, bouts):
            labelled[start : start + 1 + random.geometric(1 / BOUT)] = True
    return labelled


def _tagged(labelled: Mask, seen: float, shared: Floats, threshold: float, random: np.random.Generator) -> ScoredVideo:
    seen = max(seen + 0.2 * random.normal(), 0.2)
    noise = np.convolve(0.7 * (shared + random.normal(size=len(shared))), _SMOOTH, "valid")
    odds = 1.3 * seen * labelled + 0.8 * noise - seen / 2 - 1 + 0.4 * threshold + 0.3 * random.normal()
    probability = (1 / (1 + np.exp(-2 * odds))).astype(np.float32)
    return ScoredVideo(np.ones(FRAMES, dtype=bool), labelled, probability > 0.5, probability, np.ones(FRAMES))


_SMOOTH = np.hanning(41) / np.sqrt((np.hanning(41) ** 2).sum())


if __name__ == "__main__":
    main()
