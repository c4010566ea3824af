"""The first page: what ran, how good it is, what to look at, and every video."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ethocache.common.wording import counted
from ethocache.scoring.pictures import colour_of
from ethocache.scoring.report.captions import Picture
from ethocache.scoring.report.cards import MACRO, Blocks, cards_of, score_table
from ethocache.scoring.report.rows import VideoRow
from ethocache.scoring.report.settings import ReportParams
from ethocache.scoring.review.doubts import Doubt
from ethocache.scoring.review.queue import Queue

_SHOWN = 12  # moments and doubts; all of them are on the videos' pages


@dataclass(frozen=True)
class Made:
    """What the pipeline made, beside the videos.

    Attributes
    ----------
    head, backbone
        Their names.
    behaviours
        The B behaviours.
    metrics, people
        metrics.json and people.json.
    pictures
        Those of `evaluate`.
    corrected
        Video -> in how many stretches of frames its labels are corrections, where there are any; of whatever behaviours.
    doubted
        Whether there were models that never saw the animals, by which labels could be doubted.
    """

    head: str
    backbone: str
    behaviours: tuple[str, ...]
    metrics: Blocks
    people: Mapping[str, Mapping[str, Any]]
    pictures: Sequence[Picture]
    corrected: Mapping[str, int] = field(default_factory=dict)
    doubted: bool = True


def overview(
    made: Made, rows: Sequence[VideoRow], animals: int, queue: Queue, doubts: Sequence[Doubt], params: ReportParams
) -> dict[str, Any]:
    """Return what the template of the overview shows.

    Parameters
    ----------
    rows
        The line of each video.
    animals
        How many there are.
    queue, doubts
        Of the whole project.
    """
    pages = {row.id: row.page for row in rows}
    columns = [*([MACRO] if "f1" in made.metrics.get(MACRO, {}) else []), *(name for name in made.behaviours if name in made.metrics)]
    return {
        "title": params.title,
        "made": made,
        "what_ran": _what_ran(rows, animals),
        "corrected": _corrected(made.corrected),
        "why_no_scores": _why_no_scores(made.metrics),
        "animals_searched": int(made.metrics.get("data", {}).get("animals_seen", 0)),
        "cards": cards_of(made.metrics, made.people, made.behaviours),
        "columns": columns,
        "table": score_table(made.metrics, columns),
        "behaviours": [(name, colour_of(b)) for b, name in enumerate(made.behaviours)],
        "fields": list(dict.fromkeys(field for row in rows for field in row.about)),
        "rows": rows,
        "queue": queue,
        "moments": [(rank, moment, pages[moment.video]) for rank, moment in enumerate(queue.moments[:_SHOWN], 1)],
        "doubts": [(doubt, pages.get(doubt.video)) for doubt in doubts[:_SHOWN]],
        "doubts_in_all": len(doubts),
        "budget": params.budget,
    }


def _corrected(stretches: Mapping[str, int]) -> str:
    """Return in words which labels are corrections; nothing where none is."""
    if not stretches:
        return ""
    names = ", ".join([*list(stretches)[:5], *(["..."] if len(stretches) > 5 else [])])
    where = f"{counted(sum(stretches.values()), 'stretch', 'stretches')} of {counted(len(stretches), 'video')} ({names})"
    return (
        f"Labels were corrected in {where}; the lanes of labels mark where. Scores are judged by these labels, too: those that were put "
        "right in sight of the tags agree with the model more often."
    )


def _what_ran(rows: Sequence[VideoRow], animals: int) -> str:
    minutes = sum(row.length_s for row in rows) / 60
    labelled = sum(row.labelled for row in rows)
    parts = [f"{labelled} labelled by people", f"{sum(row.tagged and not row.labelled for row in rows)} tagged by the model alone"]
    return f"{counted(len(rows), 'video')} of {counted(animals, 'animal')}, {minutes:.0f} min in all: {' and '.join(parts)}."


def _why_no_scores(metrics: Blocks) -> str:
    """Say why there are no scores; nothing where there are some."""
    if "f1" in metrics.get(MACRO, {}):
        return ""
    about = metrics.get("data", {})
    if about.get("animals_seen") and not about.get("animals"):
        return (
            "No honest score: the head's settings were searched on all labelled animals. Label more, or search again with some kept "
            "out: ethocache tune --keep-out 0.25."
        )
    return (
        "No score: no labelled animal was left out of a training (train.score: false, or fewer than 3 labelled animals), or none shows "
        "a behaviour. Tags are shown below, but nobody can say how good they are."
    )
