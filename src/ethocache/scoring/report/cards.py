"""Scores as people read them: a card per behaviour, and every number in one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ethocache.common.wording import counted
from ethocache.scoring.pictures import colour_of

Blocks = Mapping[str, Mapping[str, float]]
MACRO = "macro"


@dataclass(frozen=True)
class Scale:
    """One score on a line from 0 to 1.

    Attributes
    ----------
    name
        In words.
    value, low, high
        The score and its 95 % interval, None where there is none.
    chance
        What is reached without looking.
    chance_name
        How.
    people
        What people reach among themselves; None where no two labelled the same.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    chance: float | None
    chance_name: str
    people: float | None = None


@dataclass(frozen=True)
class Card:
    """The scores of one behaviour, or of the mean over all.

    Attributes
    ----------
    name, colour
        Of the behaviour; the mean has no colour.
    scales
        F1, average precision and accuracy.
    facts
        How much of it there is, in words.
    """

    name: str
    colour: str
    scales: tuple[Scale, ...]
    facts: str


def cards_of(metrics: Blocks, people: Mapping[str, Mapping[str, Any]], behaviours: Sequence[str]) -> list[Card]:
    """Return the card of the mean, then one for each behaviour that is scored; none at all without scores."""
    cards = [_card(name, colour_of(b), metrics[name], _among(people.get(name, {}))) for b, name in enumerate(behaviours) if name in metrics]
    if "f1" not in metrics.get(MACRO, {}):
        return cards
    mean = metrics[MACRO]
    return [_card("All behaviours, the mean", "", mean, people.get(MACRO, {}).get("f1_raters")), *cards]


def _card(name: str, colour: str, block: Mapping[str, float], people: float | None) -> Card:
    scales = (
        Scale("F1", *_with_interval(block, "f1"), block.get("f1_chance"), "tagging every frame", people),
        Scale("Average precision", *_with_interval(block, "average_precision"), block.get("prevalence"), "guessing"),
        Scale("Accuracy", block.get("accuracy"), None, None, block.get("accuracy_never"), "“never”"),
    )
    return Card(name, colour, scales, _facts(block))


def _facts(block: Mapping[str, float]) -> str:
    if "prevalence" not in block:
        return "Nobody looked for it in a video that could be scored"
    labelled, tagged = (counted(round(block[name]), "bout") for name in ("bouts", "bouts_predicted"))
    return (
        f"{block['prevalence']:.1%} of the frames that people looked at; {labelled} and {block['seconds']:.0f} s labelled, "
        f"{tagged} and {block['seconds_predicted']:.0f} s tagged"
    )


def _with_interval(block: Mapping[str, float], key: str) -> tuple[float | None, float | None, float | None]:
    return block.get(key), block.get(f"{key}_low"), block.get(f"{key}_high")


def _among(block: Mapping[str, Any]) -> float | None:
    """Return the mean F1 of each pair of people."""
    f1 = [row["f1"] for row in block.get("raters", {}).values() if "f1" in row]
    return sum(f1) / len(f1) if f1 else None


MEASURES: dict[str, dict[str, str]] = {
    "Frames": {
        "f1": "F1",
        "precision": "Precision: tagged frames that are right",
        "recall": "Recall: labelled frames that are found",
        "average_precision": "Average precision, over all thresholds",
        "accuracy": "Accuracy",
        "accuracy_never": "Accuracy of saying “never”",
        "f1_chance": "F1 of tagging every frame",
        "f1_random": "F1 of as many frames, anywhere",
        "calibration_error": "Error of the probabilities",
        "prevalence": "Part of the frames with the behaviour",
    },
    "Bouts": {
        "bout_f1_10": "F1 of bouts that overlap by 10 %",
        "bout_f1_25": "by 25 %",
        "bout_f1_50": "by 50 %",
        "bout_f1_random": "by 50 %, bouts put anywhere",
        "bout_f1_tolerance": "F1 of bouts whose edges are right in time",
        "edit": "Order of bouts (edit score)",
        "onset_error_s": "Starts are off by (median, s)",
        "offset_error_s": "Ends are off by (median, s)",
        "onset_bias_s": "Starts come later by (median, s)",
        "offset_bias_s": "Ends come later by (median, s)",
        "banos_detection": "BANOS: bouts found",
        "banos_overlap": "BANOS: overlap",
        "banos_timing": "BANOS: timing",
        "banos_continuity": "BANOS: unbroken",
    },
    "Amounts": {
        "bouts": "Bouts labelled",
        "bouts_predicted": "Bouts tagged",
        "bouts_correlation": "Agreement of bouts a video (correlation)",
        "bouts_error": "Bouts a video are off by",
        "seconds": "Seconds labelled",
        "seconds_predicted": "Seconds tagged",
        "seconds_correlation": "Agreement of seconds a video (correlation)",
        "seconds_error": "Seconds a video are off by",
        "tp": "Frames labelled and tagged",
        "fp": "Frames tagged only",
        "fn": "Frames labelled only",
        "tn": "Frames neither",
    },
}
"""Group -> name in metrics.json -> in words."""
_COUNTS = {"bouts", "bouts_predicted", "tp", "fp", "fn", "tn"}


@dataclass(frozen=True)
class TableRow:
    """A measure: its name in metrics.json, what it means, and its number for each column, as text."""

    key: str
    words: str
    cells: tuple[str, ...]


def score_table(metrics: Blocks, columns: Sequence[str]) -> dict[str, list[TableRow]]:
    """Return group -> the measures that at least one column has."""
    return {
        group: [
            TableRow(key, words, tuple(_cell(metrics.get(column, {}), key) for column in columns))
            for key, words in measures.items()
            if any(key in metrics.get(column, {}) for column in columns)
        ]
        for group, measures in MEASURES.items()
    }


def _cell(block: Mapping[str, float], key: str) -> str:
    """Return a number with its interval; a dash where it does not exist."""
    value, low, high = _with_interval(block, key)
    if value is None:
        return "–"
    if key in _COUNTS:
        return f"{value:.0f}"
    interval = f" ({low:.2f}–{high:.2f})" if low is not None and high is not None else ""
    return f"{value:.2f}{interval}"
