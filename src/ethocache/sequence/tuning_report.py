"""What a search leaves behind: its table, its picture, and the best settings in params.yaml."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ethocache.common.files import write_text
from ethocache.common.params_editing import set_params
from ethocache.common.wording import counted
from ethocache.scoring.intervals import FEWEST_ANIMALS
from ethocache.scoring.pictures import draw
from ethocache.scoring.search_pictures import paint_search
from ethocache.sequence.tuning import FEWEST_SEARCHED, Found, Search
from ethocache.sequence.tuning_space import TRAIN, applied

TABLE, PICTURE = "trials.csv", "trials"
_ABOUT = ("number", "state", "score", "folds", "seconds", "frames")


def write_report(found: Found, folder: Path) -> None:
    """Write ``trials.csv``, a row a trial, and ``trials`` (.svg, .png) into a folder."""
    settings = list(dict.fromkeys(name for row in found.rows for name in row.values))
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([*_ABOUT, *settings])
    for row in found.rows:
        score = "" if row.score is None else f"{row.score:.4f}"
        about = (row.number, row.state, score, row.folds, f"{row.seconds:.1f}", row.frames)
        writer.writerow([*about, *(row.values.get(name, "") for name in settings)])
    write_text(folder / TABLE, table.getvalue())
    scores, finished = [row.score for row in found.rows], [row.state == "complete" for row in found.rows]
    draw(folder, PICTURE, lambda figure: paint_search(figure, scores, finished, [row.values for row in found.rows]))


def write_best(path: Path, head: str, recipe: Mapping[str, Any], present: Mapping[str, Any], found: Found, search: Search) -> None:
    """Write the best settings into ``heads.<head>`` of params.yaml, and on which animals they were searched.

    Parameters
    ----------
    recipe
        What stands in params.yaml under this name; nothing if it is a preset, which is then written out.
    present
        The settings of a preset, as it was before.
    """
    values: dict[tuple[str, ...], Any] = {}
    if not recipe:
        for name, value in present.items():
            inner = value.items() if isinstance(value, dict) else ()
            values |= {("heads", head, name, key): one for key, one in inner} if inner else {("heads", head, name): value}
    for name, value in found.best.values.items():
        place = ("train", name.removeprefix(TRAIN)) if name.startswith(TRAIN) else (name,)
        values["heads", head, *place] = value
    set_params(path, values | {("heads", head, "tuned_on"): sorted({*search.head.tuned_on, *search.searched})})


def nothing_better(found: Found, search: Search) -> bool:
    """Tell whether the best settings are those that the head has now, and had before anything was tried.

    Then nothing was chosen by the searched animals, and they can all be scored as before.
    """
    return found.best == found.first and applied(found.best.values, search.head, search.train) == (search.head, search.train)


def too_few_kept_out(search: Search) -> str:
    """Return what to do where the animals that are kept out are too few for an interval; empty where they are enough."""
    out, searched = len(search.kept_out), set(search.searched)
    if out >= FEWEST_ANIMALS:
        return ""
    more = min(len(searched) - FEWEST_SEARCHED, len(searched - set(search.head.tuned_on)))
    remedy = "label more animals" + (", or keep more out (--keep-out)" if out + more >= FEWEST_ANIMALS else "")
    if out == 0:
        return f"no animal is kept out, so none is left for an honest score: {remedy}"
    return f"{counted(out, 'animal')} kept out, and a score of fewer than {FEWEST_ANIMALS} has no interval: {remedy}"


def in_words(head: str, found: Found, search: Search, folder: Path) -> str:
    """Return what a search has found, in one line."""
    given_up = sum(row.state != "complete" for row in found.rows)
    first, best = (f"{row.score:.3f}" if row.score is not None else "none" for row in (found.first, found.best))
    trials, searched = counted(len(found.rows), "trial"), f"the {len(search.searched)} animals searched on"
    if nothing_better(found, search):
        return (
            f"{head}: nothing better found in {trials} ({given_up} given up early): params.yaml stays as it is, "
            f"average precision {first} on {searched}; {folder / TABLE} has all"
        )
    honest = f"'dvc repro' now scores honestly on the {len(search.kept_out)} kept out ({', '.join(search.kept_out)})"
    few = too_few_kept_out(search)
    return (
        f"{head}: {trials} ({given_up} given up early), average precision {first} before, {best} at best on {searched}; "
        f"params.yaml has the settings of trial {found.best.number}, {folder / TABLE} has all; "
        + "; ".join(part for part in (honest if search.kept_out else "", few) if part)
    )
