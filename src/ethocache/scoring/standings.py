"""Many experiments in one table: what each scores, what it costs, and which are worth their time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ethocache.scoring.text_table import aligned

SCORES = ("average_precision", "f1")
COLUMNS = tuple(f"{score}{end}" for score in SCORES for end in ("", "_low", "_high"))
HEADER = ("experiment", "head", "backbone", *COLUMNS, "frames_per_second", "training_s", "seconds", "megabytes", "front", "settings")


@dataclass(frozen=True)
class Cost:
    """What a state of the project has cost, from its cost.json; None where it is not known.

    Attributes
    ----------
    frames_per_second
        Of the embedding.
    training_s
        Seconds of the training.
    seconds
        Of crops, embedding and training.
    megabytes
        Of crops, embeddings and models on the disk.
    """

    frames_per_second: float | None = None
    training_s: float | None = None
    seconds: float | None = None
    megabytes: float | None = None

    @classmethod
    def of(cls, stages: Mapping[str, Mapping[str, Any]] | None) -> "Cost":
        """Return the cost that cost.json tells."""
        if not stages:
            return cls()
        seconds = {name: float(stage["seconds"]) for name, stage in stages.items()}
        kept = sum(float(stage["bytes"]) for stage in stages.values())
        rate = stages.get("extract", {}).get("frames_per_second")
        return cls(rate, seconds.get("train"), sum(seconds.values()), kept / 1e6)


@dataclass(frozen=True)
class Standing:
    """One experiment: its name, what it was made with, its macro scores, its cost, and settings that the last commit has otherwise."""

    name: str
    head: str
    backbone: str
    macro: Mapping[str, Any]
    cost: Cost
    changes: str = ""

    @property
    def score(self) -> float | None:
        """The macro average precision, by which experiments are ranked; None without one."""
        return self.macro.get("average_precision")


def changes(settings: Mapping[str, Any], usual: Mapping[str, Any]) -> str:
    """Return in words the settings that are otherwise than the usual ones; head and backbone, which are told anyway, apart."""
    names = sorted((set(settings) | set(usual)) - {"head", "backbone"}) if settings and usual else []
    return ", ".join(
        f"{name}={shown_setting(settings, name)}" for name in names if shown_setting(settings, name) != shown_setting(usual, name)
    )


def shown_setting(settings: Mapping[str, Any], name: str) -> str:
    """Return a setting as params.yaml has it; ``-`` where it lacks it."""
    if name not in settings:
        return "-"
    value = settings[name]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def front(standings: Sequence[Standing]) -> list[bool]:
    """Tell of each whether no other scores at least as much in no more time, and one of the two better (Pareto)."""
    points = [(standing.score, standing.cost.seconds) for standing in standings]
    known = [(score, seconds) for score, seconds in points if score is not None and seconds is not None]
    return [
        score is not None
        and seconds is not None
        and not any(other >= score and took <= seconds and (other, took) != (score, seconds) for other, took in known)
        for score, seconds in points
    ]


def ranked(standings: Sequence[Standing]) -> list[Standing]:
    """Return them by falling score, those without one last."""
    return sorted(standings, key=lambda standing: -1.0 if standing.score is None else standing.score, reverse=True)


def in_words(standings: Sequence[Standing]) -> str:
    """Return in a sentence which of them are worth their time."""
    worth = [standing.name for standing, is_front in zip(standings, front(standings), strict=True) if is_front]
    scored = sum(standing.score is not None for standing in standings)
    best = f"{scored} scored, best first by macro average precision"
    return f"{best}; no other scores as much in less time than (*) {', '.join(worth)}" if worth else best


def table(standings: Sequence[Standing]) -> str:
    """Return one line each; a star marks those that no other beats in score and seconds."""
    lines: list[tuple[str, ...]] = [
        ("", "experiment", "head", "backbone", "average precision", "F1", "frames/s", "training s", "all s", "MB", "settings")
    ]
    for standing, is_front in zip(standings, front(standings), strict=True):
        cost = standing.cost
        figures = (cost.frames_per_second, cost.training_s, cost.seconds, cost.megabytes)
        scores = (_with_interval(standing.macro, score) for score in SCORES)
        lines.append(
            ("*" if is_front else "", standing.name, standing.head, standing.backbone, *scores, *map(_figure, figures), standing.changes)
        )
    return aligned(lines, left=4, last=1)


def rows(standings: Sequence[Standing]) -> Iterator[tuple[str | int | float | None, ...]]:
    """Give the rows of `HEADER`, for a file; `front` is 1 or 0."""
    for standing, is_front in zip(standings, front(standings), strict=True):
        cost = standing.cost
        scores = (standing.macro.get(column) for column in COLUMNS)
        costs = (cost.frames_per_second, cost.training_s, cost.seconds, cost.megabytes)
        yield standing.name, standing.head, standing.backbone, *scores, *costs, int(is_front), standing.changes


def _with_interval(macro: Mapping[str, Any], score: str) -> str:
    if score not in macro:
        return "-"
    between = f" ({macro[f'{score}_low']:.2f}-{macro[f'{score}_high']:.2f})" if f"{score}_low" in macro else ""
    return f"{macro[score]:.3f}{between}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
