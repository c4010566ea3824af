"""How the clock of one camera goes by that of another."""

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError

from ethocache.common.errors import InputError
from ethocache.common.params import Section

SAME, MOTION = "same", "motion"


class Clock(Section):
    """One camera's time by another's: ``its time = offset_s + drift * the other's time``, both in seconds from their first frames.

    Attributes
    ----------
    offset_s
        What its clock shows when the other one starts: positive where it began to film earlier.
    drift
        Its seconds in one second of the other: 1.02 where it gains 2 %.
    """

    offset_s: float = 0.0
    drift: float = Field(1.0, gt=0.5, lt=2.0)

    def at(self, time_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return what it shows at the other's times (T,)."""
        return self.offset_s + self.drift * time_s

    def by(self, other: "Clock") -> "Clock":
        """Return this clock by that of `other`, both of which go by a third.

        Raises
        ------
        InputError
            If one gains so much, and the other loses, that neither can go by the other.
        """
        drift = self.drift / other.drift
        try:
            return Clock(offset_s=self.offset_s - drift * other.offset_s, drift=drift)
        except ValidationError:
            raise InputError(
                f"data.clocks: expected clocks that can go by each other, with a drift between .5 and 2, found {drift:g} from the drifts "
                f"{self.drift:g} and {other.drift:g}; correct them"
            ) from None


def nearest_frames(time_s: npt.NDArray[np.float64], of_view_s: npt.NDArray[np.float64], clock: Clock) -> npt.NDArray[np.int64]:
    """Return for each frame of a session the frame of a view that was shown nearest in time, (T,); -1 where none is near.

    Near is what is at most one frame of the view away (its median interval).

    Parameters
    ----------
    time_s, of_view_s
        Time stamps of the session's frames (T,) and of the view's (V,), each by its own clock.
    clock
        The view's clock by the session's.
    """
    if not len(of_view_s):
        return np.full(len(time_s), -1)
    wanted = clock.at(time_s)
    after = np.clip(np.searchsorted(of_view_s, wanted), 1, max(1, len(of_view_s) - 1))
    before = after - 1
    after = np.minimum(after, len(of_view_s) - 1)
    nearest = np.where(wanted - of_view_s[before] <= of_view_s[after] - wanted, before, after)
    frame_s = float(np.median(np.diff(of_view_s))) if len(of_view_s) > 1 else 0.0
    return np.where(np.abs(of_view_s[nearest] - wanted) <= frame_s * (1 + 1e-6), nearest, -1)
