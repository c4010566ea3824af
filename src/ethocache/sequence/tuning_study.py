"""The journal of a search, as Optuna keeps it: what was tried, what it scored, and what was at work when a run ended."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ethocache.sequence.tuning_space import Space, Value

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

_RANGES, _FIRST = "ranges", "first"
_TRIALS_BEFORE_PRUNING = 5


def open_study(journal: Path, name: str, space: Space, now: Mapping[str, Value]) -> "Study":
    """Return a search: a new one that begins with the settings as they are `now`, or an earlier one of this name, taken up again.

    The ranges are those with which it began, whatever the settings became since.
    """
    import optuna
    from optuna.distributions import distribution_to_json
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    mend_journal(journal)
    study = optuna.create_study(
        study_name=name,
        storage=JournalStorage(JournalFileBackend(str(journal))),
        direction="maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_TRIALS_BEFORE_PRUNING),
    )
    if _RANGES not in study.user_attrs:
        study.set_user_attr(_FIRST, dict(now))
        study.enqueue_trial(dict(now), skip_if_exists=True)
        study.set_user_attr(_RANGES, {setting: distribution_to_json(found) for setting, found in space.distributions().items()})
    _take_up(study)
    return study


def first_values(study: "Study") -> dict[str, Value]:
    """Return the settings with which a search began."""
    values: dict[str, Value] = study.user_attrs[_FIRST]
    return values


def ask(study: "Study", seed: int) -> "Trial":
    """Return a new trial; what is drawn for it does not depend on where the search was interrupted before."""
    from optuna.distributions import json_to_distribution
    from optuna.samplers import TPESampler
    from optuna.trial import TrialState

    at_work = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    number = len(finished(study)) + len(at_work)
    study.sampler = TPESampler(seed=int(np.random.default_rng([seed, number]).integers(2**32)))
    return study.ask({name: json_to_distribution(text) for name, text in study.user_attrs[_RANGES].items()})


def tell(study: "Study", trial: "Trial", score: float | None) -> None:
    """Write down what a trial scored; None for one that is given up."""
    from optuna.trial import TrialState

    study.tell(trial, score, TrialState.PRUNED if score is None else TrialState.COMPLETE)


def finished(study: "Study") -> list["FrozenTrial"]:
    """Return the trials that ended, or were given up as others are better, in order."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def mend_journal(path: Path) -> None:
    """Take away what a killed process leaves in its journal: half a last line, and the mark that it was writing."""
    Path(f"{path}.lock").unlink(missing_ok=True)
    if path.is_file() and (content := path.read_bytes()) and not content.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(content.rfind(b"\n") + 1)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna from telling of every trial."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _take_up(study: "Study") -> None:
    """Put the trials that were at work when their process ended in line again, with the same settings."""
    from optuna.trial import TrialState

    waiting = [trial.system_attrs.get("fixed_params") for trial in study.get_trials(deepcopy=False, states=(TrialState.WAITING,))]
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial.params not in waiting:
            study.enqueue_trial(trial.params)
        study.tell(trial.number, state=TrialState.FAIL)
