"""How far two people agree on a behaviour, frame by frame: the ceiling of what a model can be asked for.

Cohen's kappa is the agreement beyond what two raters reach by chance who show the behaviour as often as these do
(J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20, 1960).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.label_table import NOT_SCORED, YES
from ethocache.scoring.frames import frame_counts

Column = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Agreement:
    """How far two raters agree on one behaviour.

    Attributes
    ----------
    frames
        How many frames both looked at; only these count.
    agreed
        The fraction of them on which they say the same (percent agreement / 100). None without frames.
    kappa
        Cohen's kappa: 1 is full agreement, 0 what chance gives. It is 0 where only one of the two never varies, and None
        where both say the same of every frame: chance alone would then agree too, so that it does not exist.
    f1
        Twice the frames that both mark, by the frames that the one marks and those that the other does. None where neither marks any.
    """

    frames: int
    agreed: float | None
    kappa: float | None
    f1: float | None


def agreement(one: Column, other: Column) -> Agreement:
    """Compare what two raters say of one behaviour; who is named first does not matter.

    Parameters
    ----------
    one, other
        (T,) int8 each: 1 yes, 0 no, -1 nobody looked. Of several videos, the columns joined: kappa is then of all frames together.

    Raises
    ------
    InputError
        If they are not of equally many frames.
    """
    if one.shape != other.shape or one.ndim != 1:
        raise InputError(
            f"expected the labels of two raters for the same frames, found {one.shape} and {other.shape}; are they of one video?"
        )
    looked = (one != NOT_SCORED) & (other != NOT_SCORED)
    both, second, first, neither = (int(count) for count in frame_counts(one[looked] == YES, other[looked] == YES))
    frames = both + second + first + neither
    chance = (both + first) * (both + second) + (neither + first) * (neither + second)  # times frames squared: whole numbers stay exact
    return Agreement(
        frames=frames,
        agreed=_ratio(both + neither, frames),
        kappa=_ratio((both + neither) * frames - chance, frames * frames - chance),
        f1=_ratio(2 * both, 2 * both + first + second),
    )


def between_raters(labels: Mapping[str, Column]) -> dict[tuple[str, str], Agreement]:
    """Compare each pair of raters, in the order of their names.

    Parameters
    ----------
    labels
        Rater -> (T,) int8, what that person says of one behaviour.
    """
    return {(one, other): agreement(labels[one], labels[other]) for one, other in combinations(sorted(labels), 2)}


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
