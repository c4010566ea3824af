"""``ethocache compare``: is one state of the project better than another, and what does each cost?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ethocache.common.errors import InputError
from ethocache.common.params import read_section
from ethocache.dataset.predictions import Prediction
from ethocache.dataset.summary_table import write_table
from ethocache.endtoend.project_states import (
    State,
    all_states,
    cost_of,
    find_state,
    metrics_of,
    predictions_of,
    settings_of,
    workspace,
)
from ethocache.scoring import comparison_report, standings
from ethocache.scoring.comparison import paired_difference, with_common_videos
from ethocache.scoring.settings import EvaluateParams
from ethocache.scoring.standings import Cost, Standing

PARAMS = Path("params.yaml")


def compare(names: Sequence[str], csv: Path | None = None) -> str:
    """Compare two states on the animals that both scored, and say in a sentence and a table which is better.

    Parameters
    ----------
    names
        Experiments, revisions of git or folders with predictions. Of one, that against the workspace; of none, the last
        commit against the workspace.
    csv
        Where the table is written, if anywhere.

    Raises
    ------
    InputError
        If a name is not known or has no predictions, or the two cannot be compared.
    """
    params = read_section(PARAMS, "evaluate", EvaluateParams)
    first, second = _two(names)
    both = (predictions_of(first), predictions_of(second))
    ours, theirs, left_out = with_common_videos(*both)
    found = {
        measure: paired_difference(ours, theirs, measure, resamples=params.resamples, seed=params.seed)
        for measure in comparison_report.MEASURES
    }
    if not found["f1"]:
        raise InputError(
            f"{first.name} and {second.name} have no score in common: no animal that both scored shows a behaviour, "
            "or the head's settings were searched on all of them"
        )
    if csv:
        write_table(csv, comparison_report.HEADER, comparison_report.rows(found))
    pair = (first.name, second.name)
    searched = len({prediction.animal for prediction in (*ours, *theirs) if prediction.seen})
    said = comparison_report.in_words(*pair, found, left_out, searched, _are_the_same(ours, theirs))
    costs = comparison_report.cost_table(*pair, Cost.of(cost_of(first)), Cost.of(cost_of(second)))
    changes = comparison_report.changes(*pair, settings_of(first), settings_of(second))
    return "\n\n".join(part for part in (said, comparison_report.table(*pair, found), costs, changes) if part)


def compare_all(names: Sequence[str] = (), csv: Path | None = None) -> str:
    """Put workspace, last commit and all experiments into a table of scores and costs, the best first.

    Raises
    ------
    InputError
        If none of them has a score, or `names` picks some: then two are compared.
    """
    if names:
        raise InputError(f"--all takes no names, found {', '.join(names)}: leave out either")
    states = all_states()
    usual = settings_of(next((state for state in states if state.name == "HEAD"), states[0]))
    found = [_standing(state, usual) for state in states]
    if not any(standing.score is not None for standing in found):
        raise InputError("nothing here has a score yet: run 'dvc repro', and experiments such as 'dvc exp run -S head=tcn'")
    ranked = standings.ranked(found)
    if csv:
        write_table(csv, standings.HEADER, standings.rows(ranked))
    return f"{standings.in_words(ranked)}\n\n{standings.table(ranked)}"


def _two(names: Sequence[str]) -> tuple[State, State]:
    if len(names) == 2:
        return find_state(names[0]), find_state(names[1])
    return find_state(names[0] if names else "HEAD"), workspace()


def _are_the_same(ours: Sequence[Prediction], theirs: Sequence[Prediction]) -> bool:
    def alike(one: Prediction, other: Prediction) -> bool:
        return np.array_equal(one.probability, other.probability) and np.array_equal(one.tag, other.tag)

    by_video = {prediction.video: prediction for prediction in theirs}
    return all(alike(one, by_video[one.video]) for one in ours)


def _standing(state: State, usual: Mapping[str, Any]) -> Standing:
    settings, metrics = settings_of(state), metrics_of(state) or {}
    head, backbone = (str(settings.get(name, "")) for name in ("head", "backbone"))
    return Standing(state.name, head, backbone, metrics.get("macro", {}), Cost.of(cost_of(state)), standings.changes(settings, usual))
