"""What ``ethocache store ...`` says and does."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.common.locks import held_if_free
from ethocache.common.progress import progress
from ethocache.common.store import Store
from ethocache.common.wording import counted
from ethocache.endtoend.holdings import check_gone, forget_project, projects_of
from ethocache.endtoend.pruning import Kept, finish_removals, forget_stale_answers, look_over, remove

DAYS = 7.0


def verify(store: Store) -> str:
    """Read every byte and take away what is damaged.

    Raises
    ------
    InputError
        If anything was; it says which, and what makes it again.
    """
    kept = sum(1 for _ in store.entries())
    damaged = store.verify()
    if not damaged:
        if kept == 1:
            return f"the 1 result in {store.root} is as it was written"
        return f"all {kept} results in {store.root} are as they were written"
    names = ", ".join(f"{entry.kind} {entry.key[:8]}" for entry in damaged)
    raise InputError(f"{len(damaged)} of {kept} results in {store.root} were damaged and are gone ({names}); `dvc repro` makes them again")


def size(store: Store) -> str:
    """Return a table of what is kept, by kind, and of what nothing needs."""
    kept = look_over(store, projects_of(store), DAYS)
    return f"{store.root} keeps {_mb(kept)} MB\n{_table(kept)}" if kept else f"{store.root} keeps nothing yet"


def prune(store: Store, days: float, really: bool, answers: bool, gone: Path | None) -> str:
    """Remove what nothing needs, or say what that would be.

    Parameters
    ----------
    days
        What was used in the last `days` is kept.
    really
        Remove it; otherwise only say what would go.
    answers
        Also forget what is remembered of files that are gone or have changed.
    gone
        A project to forget, which is gone for good; forgotten only where `really`.

    Raises
    ------
    InputError
        If a project, or what DVC holds of it, cannot be looked into, or the one that is gone is there.
    """
    if gone:
        check_gone(store, gone)
    with held_if_free(store.lock_file("prune", "all")) as alone:
        if not alone:
            raise InputError(f"another 'ethocache store prune' is at work in {store.root}; wait until it has ended")
        kept = look_over(store, projects_of(store, gone), days)
        doomed = [one for one in kept if not one.needed]
        if not really:
            return _announce(store, kept, doomed, days, gone)
        if gone:
            forget_project(store, gone)
        return _remove(store, doomed, answers)


def _announce(store: Store, kept: Sequence[Kept], doomed: Sequence[Kept], days: float, gone: Path | None) -> str:
    forget = f" --forget {shlex.quote(str(gone))}" if gone else ""
    if not doomed:
        still = f"; to forget the project, type: ethocache store prune --yes{forget}" if gone else ""
        used = "the 1 result is used by a project, or was" if len(kept) == 1 else f"all {len(kept)} results are used by a project, or were"
        return f"nothing to remove from {store.root}: {used} in the last {days:g} days{still}"
    lines = [f"  {one.kind} {one.folder.name[:8]} {one.bytes / 1e6:.1f} MB" for one in doomed]
    said = f"{len(doomed)} of {len(kept)} results in {store.root}, {_mb(doomed)} MB, are used by nothing and would be removed:"
    return "\n".join([said, *lines, f"  nothing was removed; to remove them, type: ethocache store prune --yes{forget}"])


def _remove(store: Store, doomed: Sequence[Kept], answers: bool) -> str:
    finish_removals(store)
    gone = []
    with progress("removing", len(doomed), "result") as bar:
        for one in doomed:
            gone += [one] if remove(store, one) else []
            bar.update()
    again = f"; {len(doomed) - len(gone)} are in use again and stay" if len(gone) < len(doomed) else ""
    forgotten = f"; {forget_stale_answers(store)} remembered answers about other files forgotten" if answers else ""
    return f"{counted(len(gone), 'result')} removed from {store.root}, {_mb(gone)} MB{again}{forgotten}"


def _table(kept: Sequence[Kept]) -> str:
    rows = [("kind", "results", "MB", "unused", "their MB")]
    for kind in sorted({one.kind for one in kept}):
        of_kind = [one for one in kept if one.kind == kind]
        unused = [one for one in of_kind if not one.needed]
        rows.append((kind, str(len(of_kind)), _mb(of_kind), str(len(unused)), _mb(unused)))
    return "\n".join(f"  {kind:<12}" + "".join(f"{cell:>11}" for cell in cells) for kind, *cells in rows)


def _mb(kept: Sequence[Kept]) -> str:
    return f"{sum(one.bytes for one in kept) / 1e6:.1f}"
