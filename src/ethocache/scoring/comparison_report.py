"""What is said of two systems on the same animals: a sentence, a table, and what each of them costs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ethocache.scoring.comparison import Difference
from ethocache.scoring.standings import Cost, shown_setting
from ethocache.scoring.text_table import aligned

MEASURES = {"average_precision": "average precision", "f1": "F1", "bout_f1_50": "bout F1 (.5)"}
HEADER = ("score", "behaviour", "first", "second", "difference", "difference_low", "difference_high", "p", "animals")
SIGNIFICANT = 0.05
ON_ITS_RUN = "(seconds and frames/s as each run measured them: compare them only if the machine was as free for both)"
Found = Mapping[str, Mapping[str, Difference]]


def in_words(first: str, second: str, found: Found, left_out: Sequence[str] = (), searched: int = 0, same: bool = False) -> str:
    """Return in a sentence which of two systems is better, by the macro average precision.

    Parameters
    ----------
    found
        Score -> behaviour -> difference.
    left_out
        Animals of videos that only one of them scored.
    searched
        How many animals are not compared, as settings of one of them were searched on them.
    same
        Whether both gave the same answer in every frame.
    """
    macro = found["average_precision"]["macro"]
    known = f"; {searched} more are not compared, as settings were searched on them" if searched else ""
    on = f"on {macro.animals} animals{_left_out(left_out)}{known}"
    if same:
        return f"no difference: {first} and {second} gave the same answers in every frame, {on}"
    if macro.p > SIGNIFICANT:
        by = f"{abs(macro.difference):.3f} {'lower' if macro.difference < 0 else 'higher'}"
        within = f"difference {_range(macro.low, macro.high)}{_p(macro.p)}"
        which = f"macro average precision of {second} is {by} ({within}), {on}{_too_few(macro.animals)}"
        return f"no difference between {first} and {second} that can be told from chance: {which}"
    better, worse, low, high = (second, first, macro.low, macro.high)
    if macro.difference < 0:
        better, worse, low, high = first, second, _minus(macro.high), _minus(macro.low)
    by = f"{abs(macro.difference):.3f} macro average precision ({_range(low, high)}{_p(macro.p)})"
    return f"{better} is better than {worse} by {by}, {on}"


def table(first: str, second: str, found: Found) -> str:
    """Return the differences of every score, ``macro`` first, with both scores, interval and p."""
    lines = [("score", "behaviour", first, second, "difference", "95 % interval", "p")]
    for measure, name, one in _ordered(found):
        between = _range(one.low, one.high).removesuffix(", ") or "-"
        lines.append((MEASURES[measure], name, f"{one.first:.3f}", f"{one.second:.3f}", f"{one.difference:+.3f}", between, f"{one.p:.3f}"))
    return aligned(lines, left=2)


def rows(found: Found) -> Iterator[tuple[str | int | float | None, ...]]:
    """Give the rows of `HEADER`, for a file."""
    for measure, name, one in _ordered(found):
        yield measure, name, one.first, one.second, one.difference, one.low, one.high, one.p, one.animals


def cost_table(first: str, second: str, ours: Cost, theirs: Cost) -> str:
    """Return what both have cost, side by side; ``-`` where it is not known. Seconds depend on what else was running."""
    lines = [("cost", first, second)]
    for name, of in (("embedding, frames/s", "frames_per_second"), ("training, s", "training_s"), ("all stages, s", "seconds")):
        lines.append((name, _figure(getattr(ours, of)), _figure(getattr(theirs, of))))
    lines.append(("kept, MB", _figure(ours.megabytes), _figure(theirs.megabytes)))
    return f"{aligned(lines)}\n{ON_ITS_RUN}"


def changes(first: str, second: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    """Return the settings that differ, side by side; nothing where there are none, or those of one are not known."""
    names = sorted(set(ours) | set(theirs)) if ours and theirs else []
    both = [(name, shown_setting(ours, name), shown_setting(theirs, name)) for name in names]
    differ = [row for row in both if row[1] != row[2]]
    return aligned([("setting", first, second), *differ]) if differ else ""


def _ordered(found: Found) -> Iterator[tuple[str, str, Difference]]:
    for measure, of_measure in found.items():
        for name in ("macro", *(name for name in of_measure if name != "macro")):
            yield measure, name, of_measure[name]


def _left_out(animals: Sequence[str]) -> str:
    if not animals:
        return ""
    names = ", ".join(animals[:5]) + (", ..." if len(animals) > 5 else "")
    return f" that both scored (left out: videos of {names} that only one has)"


def _too_few(animals: int) -> str:
    smallest = 0.5 ** (animals - 1)  # only to swap none or all is as extreme as a system that is better in every animal
    return (
        f"; p cannot fall below {smallest:.3g} with so few, so no difference could be shown: label more" if smallest > SIGNIFICANT else ""
    )


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}, "


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
