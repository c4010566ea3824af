"""Public data sets whose files need another form before the pipeline reads them."""

from collections.abc import Callable
from pathlib import Path

from ethocache.common.errors import InputError, did_you_mean
from ethocache.dataset.calms21 import convert_calms21

CONVERTERS: dict[str, Callable[[Path, Path], str]] = {"calms21": convert_calms21}
"""Set -> what writes ``tracks/`` and ``labels/`` of one of its files into a folder, and says so."""


def convert(dataset: str, source: Path, target: Path) -> str:
    """Write the tracks and labels of one file of a public set into a folder; return a summary.

    Raises
    ------
    InputError
        If the set is not known, or the file is none of it.
    """
    if dataset not in CONVERTERS:
        known = ", ".join(CONVERTERS)
        raise InputError(
            f"'{dataset}' is no set that needs another form{did_you_mean(dataset, CONVERTERS)}; known: {known}. "
            "docs/public-data.md tells of the others"
        )
    return CONVERTERS[dataset](source, target)
