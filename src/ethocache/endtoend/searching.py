"""``ethocache tune`` and ``ethocache learning-curve``, on the project in this folder."""

import sys
from pathlib import Path

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.store import Store
from ethocache.endtoend.labelled_project import PARAMS, read_labelled_project
from ethocache.sequence import learning_report, tuning_report
from ethocache.sequence.learning_curve import run_curve
from ethocache.sequence.learning_fit import look_ahead
from ethocache.sequence.tuning import Search, deal_animals, run_search
from ethocache.sequence.tuning_space import SPACE_NAMES


def tune(store: Store, head: str | None, trials: int, keep_out: float, space: str, seed: int, storage: Path) -> str:
    """Search the settings of a head, write the best into params.yaml if they are better, and say in one line what was found.

    Raises
    ------
    InputError
        If the space is not known, the head is an ensemble or one of several cameras with late fusion, or there is nothing to search on.
    """
    known = next((name for name in SPACE_NAMES if name == space), None)
    if known is None:
        raise InputError(f"--space: '{space}' is not a space{did_you_mean(space, SPACE_NAMES)}; known: {', '.join(SPACE_NAMES)}")
    project = read_labelled_project(head, store)
    if len(project.system.members) > 1 and "members" not in project.resolved:
        raise InputError(
            f"--head: '{project.head}' has a network for each view (fusion: late), and a search is of one; set "
            f"heads.{project.head}.fusion: middle for the search, and late again afterwards"
        )
    if len(project.system.members) > 1:
        names = ", ".join(dict.fromkeys(member["head"] for member in project.resolved["members"]))
        raise InputError(f"--head: '{project.head}' is an ensemble; search its members one by one: {names}")
    member, folder = project.system.members[0], storage / project.head
    dealt = deal_animals([video.animal for video in project.videos], keep_out, seed, member.head.tuned_on)
    search = Search(member.head, member.params, known, *dealt, seed)
    if few := tuning_report.too_few_kept_out(search):
        print(f"note: {few}", file=sys.stderr)  # before hours are spent
    found = run_search(store, project.videos, project.behaviours, search, trials, folder)
    tuning_report.write_report(found, folder)
    if not tuning_report.nothing_better(found, search):
        tuning_report.write_best(PARAMS, project.head, project.recipe, project.resolved, found, search)
    return tuning_report.in_words(project.head, found, search, folder)


def learning_curve(store: Store, head: str | None, draws: int, sizes: str, folder: Path) -> str:
    """Score a head on fewer animals than there are, write table and picture, and say in one line what more would bring.

    Parameters
    ----------
    sizes
        Numbers of animals with commas between them; empty for the usual ones.

    Raises
    ------
    InputError
        If these are no such numbers, or there are too few animals.
    """
    try:
        numbers = tuple(int(size) for size in sizes.split(",") if size.strip())
    except ValueError:
        raise InputError(f"--sizes: expected numbers of animals such as 2,4,8, found '{sizes}'") from None
    project = read_labelled_project(head, store)
    points = run_curve(store, project.videos, project.behaviours, project.system, draws, numbers)
    outlook = look_ahead(points)
    table = learning_report.write_curve(points, outlook, folder, project.head)
    return f"{project.head}: {learning_report.in_words(points, outlook)}; {table}"
