"""What each animal adds to a score, so that a score can be taken over any draw of animals."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.predictions import Prediction
from ethocache.dataset.runs import frame_durations_s, runs
from ethocache.scoring import banos, bouts, frames, ranking
from ethocache.scoring.edges import TOLERANCE_S, counts_within
from ethocache.scoring.frames import Floats, Mask

RESERVED = ("data", "macro")


@dataclass(frozen=True)
class ScoredVideo:
    """One behaviour in one video: (T,) frames somebody looked at, labelled with it, and tagged with it."""

    scored: Mask
    labelled: Mask
    tagged: Mask
    probability: npt.NDArray[np.float32]
    duration_s: Floats

    @property
    def edges_s(self) -> Floats:
        """When each frame starts, and the end of the last, (T + 1,) seconds from the first."""
        edges: Floats = np.append(0.0, np.cumsum(self.duration_s))
        return edges


Animal = tuple[ScoredVideo, ...]


def by_animal(predictions: Sequence[Prediction]) -> dict[str, list[Animal]]:
    """Return every behaviour's videos, animal by animal (sorted), without animals that nobody looked at.

    Raises
    ------
    InputError
        If the predictions do not belong together: other behaviours, or a video twice.
    """
    check_predictions(predictions)
    seen = [prediction for prediction in predictions if (prediction.label >= 0).any()]
    videos = [(prediction.animal, _scored_videos(prediction)) for prediction in sorted(seen, key=lambda p: p.video)]
    animals = sorted({animal for animal, _ in videos})
    behaviours = predictions[0].behaviours if predictions else ()
    return {
        name: [tuple(columns[b] for owner, columns in videos if owner == animal) for animal in animals] for b, name in enumerate(behaviours)
    }


def scorable(predictions: Sequence[Prediction]) -> list[Prediction]:
    """Return the predictions of animals on which no setting was searched: only of those is a score honest."""
    return [prediction for prediction in predictions if not prediction.seen]


def check_predictions(predictions: Sequence[Prediction]) -> None:
    """Refuse predictions that cannot be scored together, with an `InputError` that says why."""
    for name in RESERVED:
        if predictions and name in predictions[0].behaviours:
            raise InputError(f"a behaviour cannot be named '{name}': metrics.json uses that name; rename it in the labels")
    for prediction in predictions:
        if prediction.behaviours != predictions[0].behaviours:
            raise InputError(
                f"predictions of {predictions[0].video} are for {', '.join(predictions[0].behaviours)}, "
                f"those of {prediction.video} for {', '.join(prediction.behaviours)}: train again, so that they are of one model"
            )
    videos = [prediction.video for prediction in predictions]
    if twice := sorted({video for video in videos if videos.count(video) > 1}):
        raise InputError(f"the video {twice[0]} is predicted twice: keep one prediction a video")


def _scored_videos(prediction: Prediction) -> list[ScoredVideo]:
    duration_s = frame_durations_s(prediction.time_s)
    return [
        ScoredVideo(scored=label >= 0, labelled=label > 0, tagged=(tag > 0) & (label >= 0), probability=probability, duration_s=duration_s)
        for label, tag, probability in zip(prediction.label.T, prediction.tag.T, prediction.probability.T, strict=True)
    ]


def together(animals: Iterable[Animal]) -> Animal:
    """Return all the animals' videos, as if they were of one."""
    return tuple(video for animal in animals for video in animal)


def scored_frames(animal: Animal) -> tuple[npt.NDArray[np.float32], Mask]:
    """Return probability and label (N,) of the frames that somebody looked at."""
    empty = np.empty(0, np.float32)
    probability = np.concatenate([empty, *(video.probability[video.scored] for video in animal)])
    return probability, np.concatenate([empty > 0, *(video.labelled[video.scored] for video in animal)])


def counts_of(animal: Animal) -> Floats:
    """Return the animal's true positives, false positives, false negatives and true negatives (4,)."""
    return sum((frames.frame_counts(video.labelled[video.scored], video.tagged[video.scored]) for video in animal), np.zeros(4))


@dataclass(frozen=True)
class Tally:
    """What each animal adds to a score (A, ...), and the formula that turns sums (R, ...) into scores (R,)."""

    parts: Floats
    formula: Callable[[Floats], Floats]

    def score(self, weights: Floats) -> Floats:
        """Return the score (R,) of draws (R, A), which say how often each animal counts; NaN where it does not exist."""
        return self.formula(np.tensordot(weights, self.parts, axes=1))


Measure = Callable[[Sequence[Animal]], Tally]


def _of_frames(animals: Sequence[Animal], formula: Callable[[Floats], Floats]) -> Tally:
    return Tally(np.array([counts_of(animal) for animal in animals]), formula)


def _of_bouts(animals: Sequence[Animal], iou: float) -> Tally:
    parts = [sum((bouts.bout_counts(video.labelled, video.tagged, iou) for video in animal), np.zeros(3)) for animal in animals]
    return Tally(np.array(parts), bouts.bout_f1)


def _of_bouts_within(animals: Sequence[Animal], tolerance_s: float) -> Tally:
    count = partial(counts_within, tolerance_s=tolerance_s)
    parts = [sum((count(video.labelled, video.tagged, video.edges_s) for video in animal), np.zeros(3)) for animal in animals]
    return Tally(np.array(parts), bouts.bout_f1)


def _of_banos(animals: Sequence[Animal], formula: Callable[[Floats], Floats]) -> Tally:
    parts = [sum((banos.banos_sums(video.labelled, video.tagged, video.edges_s) for video in animal), np.zeros(6)) for animal in animals]
    return Tally(np.array(parts), formula)


def _of_order(animals: Sequence[Animal]) -> Tally:
    parts = []
    for animal in animals:
        seen = [video for video in animal if video.scored.any()]
        alike = sum(bouts.edit_score(video.scored, video.labelled, video.tagged) for video in seen)
        parts.append([alike, len(seen), sum(len(runs(video.labelled)) for video in seen)])
    return Tally(np.array(parts, dtype=np.float64), bouts.mean_edit)


def _of_ranking(animals: Sequence[Animal]) -> Tally:
    """Average precision: exact for one animal, at `RESOLUTION` thresholds where it is drawn again and again."""
    score, positive = scored_frames(together(animals))
    thresholds = ranking.thresholds_of(score[positive], ranking.RESOLUTION if len(animals) > 1 else None)
    parts = [ranking.counts_between(thresholds, *scored_frames(animal)) for animal in animals]
    return Tally(np.array(parts), ranking.average_precision_of)


WITHIN = "bout_f1_tolerance"
MEASURES: dict[str, Measure] = {
    "accuracy": partial(_of_frames, formula=frames.accuracy),
    "precision": partial(_of_frames, formula=frames.precision),
    "recall": partial(_of_frames, formula=frames.recall),
    "f1": partial(_of_frames, formula=frames.f1),
    "average_precision": _of_ranking,
    "bout_f1_10": partial(_of_bouts, iou=0.10),
    "bout_f1_25": partial(_of_bouts, iou=0.25),
    "bout_f1_50": partial(_of_bouts, iou=0.50),
    WITHIN: partial(_of_bouts_within, tolerance_s=TOLERANCE_S),
    "banos_detection": partial(_of_banos, formula=banos.detection),
    "banos_overlap": partial(_of_banos, formula=banos.overlap),
    "banos_timing": partial(_of_banos, formula=banos.timing),
    "banos_continuity": partial(_of_banos, formula=banos.continuity),
    "edit": _of_order,
}


def measures_within(tolerance_s: float) -> dict[str, Measure]:
    """Return `MEASURES` with another tolerance at the edges of bouts."""
    return MEASURES | {WITHIN: partial(_of_bouts_within, tolerance_s=tolerance_s)}


def score_of(measure: str, animals: Sequence[Animal], measures: Mapping[str, Measure] = MEASURES) -> float:
    """Return one score over all the animals' videos; NaN where it does not exist."""
    return float(measures[measure]([together(animals)]).score(np.ones((1, 1)))[0])
