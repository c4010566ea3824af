"""How much of the time a behaviour really takes, given how often the tagger misses it and sees it where it is not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.dataset.label_table import NOT_SCORED, YES
from ethocache.dataset.predictions import Prediction
from ethocache.scoring.frames import Floats, frame_counts, ratio, recall
from ethocache.scoring.groups.effects import UNKNOWN, Estimate, drawn_weights, widened
from ethocache.scoring.intervals import FEWEST_ANIMALS

LEAST_INFORMATIVE = 0.1
"""Recall minus false-positive rate below which tags say too little: an error of 1 % would be one of 10 % after adjustment."""


@dataclass(frozen=True, eq=False)
class TaggingError:
    """How one behaviour was tagged in animals that the model never saw.

    Attributes
    ----------
    animals
        The A held-out animals that somebody looked at for this behaviour.
    counts
        (A, 4) frames of each: true positives, false positives, false negatives, true negatives.
    """

    animals: tuple[str, ...]
    counts: Floats

    def only(self, animals: Iterable[str]) -> "TaggingError":
        """Return the same of some of the animals."""
        wanted = frozenset(animals)
        rows = [row for row, animal in enumerate(self.animals) if animal in wanted]
        return TaggingError(tuple(self.animals[row] for row in rows), self.counts[rows])


NOBODY = TaggingError((), np.empty((0, 4)))
"""What is known of a tagger without held-out animals: nothing."""


@dataclass(frozen=True)
class Shares:
    """The fraction of time that a behaviour takes in each of N animals of a group, by who said so.

    Attributes
    ----------
    labelled, tagged
        (N,) what videos that people looked at, and those that the model tagged, add to the animal's mean.
    part_tagged
        (N,) which part of the animal's videos the model tagged.
    """

    labelled: Floats
    tagged: Floats
    part_tagged: Floats

    @property
    def raw(self) -> Floats:
        """Each animal's mean (N,), whoever said so."""
        return self.labelled + self.tagged


def tagging_errors(counts: Mapping[str, npt.NDArray[np.float64]], behaviours: Sequence[str]) -> dict[str, TaggingError]:
    """Return how each behaviour was tagged, from each animal's counts (B, 4)."""
    looked_at = [[animal for animal in sorted(counts) if counts[animal][b].sum()] for b in range(len(behaviours))]
    return {
        name: TaggingError(tuple(animals), np.array([counts[animal][b] for animal in animals]).reshape(-1, 4))
        for b, (name, animals) in enumerate(zip(behaviours, looked_at, strict=True))
    }


def count_video(prediction: Prediction) -> Floats:
    """Count one video's frames (B, 4) that somebody looked at, see `TaggingError`."""
    columns = zip(prediction.label.T, prediction.tag.T, strict=True)
    return np.array([frame_counts(label[label != NOT_SCORED] == YES, tag[label != NOT_SCORED] == YES) for label, tag in columns])


def false_positive_rate(counts: Floats) -> Floats:
    """Return the fraction of the frames without the behaviour that are tagged with it; NaN where there are none."""
    return ratio(counts[..., 1], counts[..., 1] + counts[..., 3])


def rate_of(error: TaggingError, rate: str, resamples: int, seed: int) -> Estimate:
    """Return ``recall`` or ``false_positive_rate`` pooled over the animals, with its bootstrap interval over them."""
    formula = {"recall": recall, "false_positive_rate": false_positive_rate}[rate]
    value = float(formula(error.counts.sum(axis=0)))
    if np.isnan(value):
        return UNKNOWN
    if len(error.animals) < FEWEST_ANIMALS:
        return Estimate(value)
    return Estimate(value, *widened(formula(_drawn(error, resamples, seed)), value, [len(error.animals)], 0, 1))


def why_not_adjusted(error: TaggingError) -> str | None:
    """Return why tags of this behaviour cannot be adjusted, or None where they can."""
    showing = int(np.count_nonzero(error.counts[:, 0] + error.counts[:, 2]))
    if showing < FEWEST_ANIMALS:
        return f"{showing} held-out animals show it, and 3 are needed to know how it is tagged"
    pooled = error.counts.sum(axis=0)
    found, wrong = float(recall(pooled)), float(false_positive_rate(pooled))
    if np.isnan(wrong):
        return "held-out animals show it all the time, so nobody knows where it would be tagged wrongly"
    if found - wrong < LEAST_INFORMATIVE:
        return f"it is tagged in {100 * found:.0f} % of its frames and in {100 * wrong:.0f} % of the others, so tags say too little of it"
    return None


def adjusted_fractions(groups: Sequence[Shares], error: TaggingError, resamples: int, seed: int) -> tuple[list[Estimate], list[Floats]]:
    """Return the fraction of time in each group if the tagger made no errors, and the values (R,) of its draws.

    A tagger that finds `recall` of a behaviour's frames and tags `false_positive_rate` of all others shows
    ``recall * p + false_positive_rate * (1 - p)`` where the behaviour takes the fraction p. Solved for p and cut to 0 to 1, this
    is the estimator of Rogan and Gladen (1978). What people labelled is taken as it is. The intervals are from draws of the
    group's animals and, independently, of the animals that recall and false-positive rate were measured on, so that they carry
    both the spread of the animals and how little is known of the tagger (compare Lang and Reiczigel 2014).

    It takes the tagger to be as good in every group; `TaggingError.only` says how good it was in each.

    Parameters
    ----------
    groups
        Each of at least one animal.
    error
        Of the same tagger and behaviour, one for which `why_not_adjusted` has no reason; not used where no video was tagged.
    resamples, seed
        Of the draws.

    Returns
    -------
    tuple
        One estimate a group, without an interval where it has fewer than 3 animals; one (R,) a group.

    References
    ----------
    Lang, Z. and Reiczigel, J. (2014). Confidence limits for prevalence of disease adjusted for estimated sensitivity and
    specificity. Preventive Veterinary Medicine 113, 13-22.
    Rogan, W. J. and Gladen, B. (1978). Estimating prevalence from the results of a screening test. American Journal of
    Epidemiology 107, 71-76.
    """
    everything = error.counts.sum(axis=0, keepdims=True)
    draws = _drawn(error, resamples, seed) if len(error.animals) else np.zeros((resamples, 4))
    weights = drawn_weights([len(group.labelled) for group in groups], resamples, seed + 1)
    estimates, drawn = [], []
    for group, weight in zip(groups, weights, strict=True):
        even = np.full((1, len(group.labelled)), 1 / len(group.labelled))
        point, values = float(_solved(group, even, everything)[0]), _solved(group, weight, draws)
        animals = len(group.labelled)
        estimates.append(Estimate(point) if animals < FEWEST_ANIMALS else Estimate(point, *widened(values, point, [animals], 0, 1)))
        drawn.append(values)
    return estimates, drawn


def _drawn(error: TaggingError, resamples: int, seed: int) -> Floats:
    """Return the counts (R, 4) of draws of the held-out animals."""
    drawn: Floats = drawn_weights([len(error.animals)], resamples, seed)[0] @ error.counts
    return drawn


def _solved(group: Shares, weights: Floats, counts: Floats) -> Floats:
    """Return the adjusted fraction (R,) of draws of animals (R, N) and of held-out counts (R, 4).

    NaN for a draw in which no held-out animal shows the behaviour, or tags say nothing: it knows nothing of the tagger.
    """
    labelled, tagged, part = (weights @ column for column in (group.labelled, group.tagged, group.part_tagged))
    if not group.part_tagged.any():
        return np.clip(labelled, 0, 1)
    found, wrong = recall(counts), false_positive_rate(counts)
    by_tags = np.where(part > 0, np.clip(ratio(tagged - part * wrong, found - wrong), 0, part), 0)
    return np.clip(labelled + by_tags, 0, 1)
