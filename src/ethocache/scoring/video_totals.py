"""What each video adds up to, by the labels and by the tags: the numbers that a study reports."""

from collections.abc import Sequence
from dataclasses import dataclass

from ethocache.dataset.predictions import Prediction
from ethocache.dataset.runs import runs
from ethocache.scoring.measures import by_animal


@dataclass(frozen=True)
class Totals:
    """How often and how long one video shows one behaviour, where somebody looked: by the labels, and by the tags."""

    video: str
    animal: str
    bouts: tuple[int, int]
    seconds: tuple[float, float]


def video_totals(predictions: Sequence[Prediction]) -> dict[str, list[Totals]]:
    """Return for each behaviour a total per video (sorted by name) in which somebody looked for it."""
    found: dict[str, list[Totals]] = {name: [] for prediction in predictions[:1] for name in prediction.behaviours}
    for prediction in sorted(predictions, key=lambda prediction: prediction.video):
        for name, animals in by_animal([prediction]).items():
            for seen in (video for videos in animals for video in videos if video.scored.any()):
                both = (seen.labelled, seen.tagged)
                bouts, seconds = [len(runs(mask)) for mask in both], [float(seen.duration_s[mask].sum()) for mask in both]
                found[name].append(Totals(prediction.video, prediction.animal, (bouts[0], bouts[1]), (seconds[0], seconds[1])))
    return found
