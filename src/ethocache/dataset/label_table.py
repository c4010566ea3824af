"""What is known of each frame: a behaviour is shown, is not shown, or nobody looked."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError

YES, NO, NOT_SCORED = 1, 0, -1


@dataclass(frozen=True, eq=False)
class LabelTable:
    """The labels of one video.

    Attributes
    ----------
    behaviours
        B names, in the order of `data.behaviours`.
    values
        (T, B) int8: 1 yes, 0 no, -1 nobody looked. Unlabelled is not background.
    """

    behaviours: tuple[str, ...]
    values: npt.NDArray[np.int8]

    def __post_init__(self) -> None:
        shape, kind = self.values.shape, self.values.dtype
        if len(shape) != 2 or shape[1] != len(self.behaviours) or kind != np.int8:
            raise InputError(f"expected labels (frames, {len(self.behaviours)} behaviours) int8, found {shape} {kind}")
        if len(set(self.behaviours)) < len(self.behaviours):
            raise InputError(f"expected each behaviour once, found {', '.join(self.behaviours)}")
        if not np.isin(self.values, (YES, NO, NOT_SCORED)).all():
            raise InputError("expected labels 1 (yes), 0 (no) or -1 (nobody looked), found another number")

    @property
    def frames(self) -> int:
        return len(self.values)
