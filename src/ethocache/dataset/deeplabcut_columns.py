"""What a DeepLabCut file holds, CSV or HDF5: one column per individual, key point and coordinate."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.text import shown

COORDINATES = ("x", "y", "likelihood")
LEVELS = (("scorer", "bodyparts", "coords"), ("scorer", "individuals", "bodyparts", "coords"))
Column = tuple[str, str, str]  # individual ("" where the file knows only one), key point, coordinate


@dataclass(frozen=True, eq=False)
class PoseTable:
    """Columns and numbers of a DeepLabCut file.

    Attributes
    ----------
    columns
        C columns in the file's order.
    values
        (T, C) float64: pixels and likelihoods, NaN where a cell is empty.
    """

    columns: tuple[Column, ...]
    values: npt.NDArray[np.float64]


def column_of(levels: Sequence[str]) -> Column:
    """Return the column of DeepLabCut's column levels: scorer (which is dropped), individual (or not), key point, coordinate.

    Raises
    ------
    InputError
        If there are not three or four levels.
    """
    plain = [unicodedata.normalize("NFC", level.strip()) for level in levels]
    if len(plain) not in (3, 4):
        found = shown("/".join(plain))
        raise InputError(f"expected columns of scorer, (individuals,) bodyparts and coords, found {len(plain)} levels such as '{found}'")
    return ("" if len(plain) == 3 else plain[1], plain[-2], plain[-1])


def is_pose(columns: Sequence[Column]) -> bool:
    """Tell whether columns are those of key points (and not, say, of a skeleton's bones)."""
    return {"x", "y"} <= {coordinate for _, _, coordinate in columns}


def to_points(table: PoseTable) -> tuple[npt.NDArray[np.float32], tuple[str, ...], tuple[str, ...]]:
    """Arrange a file's columns as points.

    A point that lacks its x, its y or its likelihood was not seen: it becomes NaN, NaN, 0. So does a
    key point that the file knows of one individual but not of another.

    Returns
    -------
    tuple
        Points (T, I, K, 3) float32, K names, I individuals.

    Raises
    ------
    InputError
        If a column stands twice, is missing, or is none of x, y and likelihood.
    """
    _check(table.columns)
    individuals = tuple(dict.fromkeys(individual for individual, _, _ in table.columns))
    names = tuple(dict.fromkeys(name for _, name, _ in table.columns))
    points = np.full((len(table.values), len(individuals), len(names), 3), np.nan, np.float32)
    for number, (individual, name, coordinate) in enumerate(table.columns):
        place = individuals.index(individual), names.index(name), COORDINATES.index(coordinate)
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, which Track refuses
            points[:, *place] = table.values[:, number]
    points[np.isnan(points).any(axis=-1)] = (np.nan, np.nan, 0)
    return points, names, individuals


def label(column: Column) -> str:
    """Return a column's name for messages."""
    return shown(" ".join(part for part in column if part))


def _check(columns: Sequence[Column]) -> None:
    if strange := [column for column in columns if column[2] not in COORDINATES]:
        raise InputError(f"expected the columns x, y and likelihood of each key point, found '{label(strange[0])}' ({len(strange)} such)")
    if twice := [column for column, count in Counter(columns).items() if count > 1]:
        raise InputError(f"the column '{label(twice[0])}' stands twice; expected the result of one model per file")
    present = set(columns)
    wanted = {(individual, name, coordinate) for individual, name, _ in columns for coordinate in COORDINATES}
    if missing := sorted(wanted - present):
        raise InputError(f"the column '{label(missing[0])}' is missing; export the whole result again from DeepLabCut")
