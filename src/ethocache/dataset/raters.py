"""Make one table of what several people said of the same video."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError, did_you_mean
from ethocache.dataset.label_rules import MAJORITY, MEAN, UNION
from ethocache.dataset.label_table import NO, NOT_SCORED, YES, LabelTable

_WAYS = (MAJORITY, UNION, MEAN)


def combine(tables: Mapping[str, LabelTable], how: str | None) -> LabelTable:
    """Return the one table of a video: what is scored, and unless the mean is learned (`means`), learned from too.

    Parameters
    ----------
    tables
        Rater -> labels, all of the same frames and behaviours; at least one.
    how
        ``majority``, and ``mean``: yes or no where more than half of those who looked say so, unknown (-1) where they are split.
        ``union``: yes where anyone says yes. A rater's name: that person's labels. None where there is one rater.

    Raises
    ------
    InputError
        If several people labelled the video and nobody has said how they are combined, or no such person did.
    """
    if reserved := next((rater for rater in tables if rater in _WAYS), None):
        raise InputError(f"a person is called '{reserved}', which is a way to combine people's labels (labels.raters); call them otherwise")
    if how is not None and how in tables:
        return tables[how]
    if how not in (None, *_WAYS):
        raise InputError(f"labels.raters: nobody called '{how}' labelled this video{did_you_mean(how, tables) or ''}; {_who(tables)}")
    if len(tables) == 1:
        return next(iter(tables.values()))
    if how is None:
        raise InputError(f"several people labelled this video, {_who(tables)}; set labels.raters to majority, mean, union or one of them")
    values = np.stack([table.values for table in tables.values()])  # (raters, T, B)
    yes, no = (values == YES).sum(axis=0), (values == NO).sum(axis=0)
    chosen = np.where(yes > 0, YES, np.where(no > 0, NO, NOT_SCORED)) if how == UNION else _majority(yes, no)
    return LabelTable(next(iter(tables.values())).behaviours, chosen.astype(np.int8))


def _majority(yes: npt.NDArray[np.int_], no: npt.NDArray[np.int_]) -> npt.NDArray[np.int_]:
    return np.where(yes > no, YES, np.where(no > yes, NO, NOT_SCORED))


def means(tables: Mapping[str, LabelTable], how: str | None) -> bool:
    """Return whether the share of people who say yes is learned, rather than what `combine` returns."""
    return how == MEAN and len(tables) > 1


def split_frames(tables: Mapping[str, LabelTable]) -> int:
    """Return on how many frames as many people say yes as say no, of some behaviour."""
    values = np.stack([table.values for table in tables.values()])
    yes, no = (values == YES).sum(axis=0), (values == NO).sum(axis=0)
    return int(((yes == no) & (yes > 0)).any(axis=1).sum())


def _who(tables: Mapping[str, LabelTable]) -> str:
    return ", ".join(f"'{rater}'" if rater else "a file that names nobody" for rater in tables)
