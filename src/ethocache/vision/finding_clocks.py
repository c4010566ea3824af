"""Find how two cameras' clocks go by each other from how fast the animal moves before each.

The speed of an animal has the same ups and downs from wherever it is seen. All time shifts are tried at once, for each of many
drifts, by masked normalised cross-correlation (Padfield 2012, IEEE Trans. Image Process. 21(5):2706), over the stretch in which
the animal moves most; then both numbers are refined over longer and longer stretches.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.clocks import Clock

REVISION = 1  # of how clocks are found; raising it finds every clock again

LEAST, TIMES_OTHERS = 0.3, 1.3  # correlation that is believed, and by how much it must be above that of any other time shift
_MARGIN = 1.5  # standard deviations above what the best of so many tries reaches by chance
_STEP_S, _FINE_S = 0.2, 0.1
_OVER_S = 0.4  # speed is the mean over so long
_REMEMBERS_S = 10.0  # how long speed is taken to depend on itself, at most
_MOST_DRIFT = 0.04  # a clock gains or loses at most this much
_SLIP_S = 0.5  # drifts are tried that differ by so much over the stretch
_STRETCH_S = 600.0
_APART_S = 3.0  # another time shift than the best is at least so far from it
_LEAST_OVERLAP = 0.5  # of the stretch
_SHARPEST_S = 0.005  # steps of the last refinement

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Movement:
    """How fast an animal moves before one camera.

    Attributes
    ----------
    time_s
        (T,) of the frames by the camera's clock, rising.
    speed
        (T - 1,) from each frame to the next, in any unit.
    seen
        (T - 1,) whether the animal was seen in both.
    """

    time_s: Floats
    speed: Floats
    seen: npt.NDArray[np.bool_]

    def sampled(self, time_s: Floats, over_s: float = _OVER_S) -> tuple[Floats, Floats]:
        """Return (root of the mean speed, weight) around these times: the weight is 1 where the animal was seen half of that long.

        The root, so that one quick moment does not outweigh the rest. How many frames a second there are makes no difference.
        """
        ways, seconds = (
            np.interp(time_s + over_s / 2, self.time_s, sums) - np.interp(time_s - over_s / 2, self.time_s, sums) for sums in self._sums
        )
        known = seconds >= over_s / 2
        return np.where(known, np.sqrt(np.maximum(ways, 0.0) / np.maximum(seconds, 1e-9)), 0.0), known.astype(np.float64)

    @cached_property
    def _sums(self) -> tuple[Floats, Floats]:
        """(T,) the way until each frame, and how long the animal was seen."""
        seen_s = np.diff(self.time_s) * self.seen
        ways, seconds = (np.concatenate([[0.0], np.cumsum(values)]) for values in (self.speed * seen_s, seen_s))
        return ways, seconds


@dataclass(frozen=True)
class FoundClock:
    """A clock, the correlation of the speeds by it, the highest of any other time shift, and what chance alone may reach."""

    clock: Clock
    correlation: float
    others: float
    chance: float


_NOTHING = FoundClock(Clock(), 0.0, 0.0, 0.0)


def find_clock(session: Movement, view: Movement) -> FoundClock:
    """Return the clock of a view by that of the session's frames.

    Raises
    ------
    InputError
        If no time shift stands out; says what was found, and names neither video.
    """
    best = _NOTHING
    for start_s, stop_s in _liveliest(session):
        best = max(best, _search(session, view, start_s, stop_s), key=lambda found: found.correlation)
        if _stands_out(best):
            refined = _refine(session, view, best, start_s, stop_s)
            if refined.correlation >= LEAST:
                return refined
    raise InputError(
        f"expected one time shift at which the animal's speed agrees with a correlation of at least {max(LEAST, best.chance):.2f} (chance "
        f"may reach less), and {TIMES_OTHERS:g} times that of any other, found {best.correlation:.2f} against {best.others:.2f}"
    )


def _stands_out(found: FoundClock) -> bool:
    return found.correlation >= max(LEAST, found.chance, TIMES_OTHERS * found.others)


def _liveliest(movement: Movement) -> list[tuple[float, float]]:
    """Return stretches of the session, the three in which speed varies most, or all of it where it is short."""
    first, last = float(movement.time_s[0]), float(movement.time_s[-1])
    if last - first <= 1.5 * _STRETCH_S:
        return [(first, last)]
    starts = np.arange(first, last - _STRETCH_S, _STRETCH_S / 2)
    varies = []
    for start in starts:
        speed, weight = movement.sampled(np.arange(start, start + _STRETCH_S, _STEP_S))
        varies.append(float(np.std(speed[weight > 0])) if weight.any() else 0.0)
    return [(float(starts[i]), float(starts[i] + _STRETCH_S)) for i in np.argsort(-np.array(varies), kind="stable")[:3]]


def _search(session: Movement, view: Movement, start_s: float, stop_s: float) -> FoundClock:
    """Try all time shifts and drifts of a stretch."""
    a = _smoothed(*session.sampled(np.arange(start_s, stop_s, _STEP_S)))
    steps = max(1, int(np.ceil(_MOST_DRIFT * (stop_s - start_s) / _SLIP_S)))
    best = _NOTHING
    first_s = float(view.time_s[0])
    for drift in 1 + np.arange(-steps, steps + 1) * (_MOST_DRIFT / steps):
        times = np.arange(first_s, float(view.time_s[-1]), _STEP_S * drift)
        if len(times) < 2:
            break
        b = _smoothed(*view.sampled(times))
        correlations, overlaps, lags = _correlations(a, b)
        top = int(np.argmax(correlations))
        if correlations[top] > best.correlation:
            shift_s = first_s + lags[top] * _STEP_S * drift  # what the view's clock shows where the stretch begins
            others = float(correlations[np.abs(lags - lags[top]) * _STEP_S > _APART_S].max(initial=0.0))
            chance = _by_chance(a, b, float(overlaps[top]), (2 * steps + 1) * int((correlations > -1).sum()))
            best = FoundClock(_clock(shift_s, drift, start_s), float(correlations[top]), others, chance)
    return best


def _by_chance(a: tuple[Floats, Floats], b: tuple[Floats, Floats], overlap: float, tries: int) -> float:
    """Return the correlation that the best of many tries reaches by chance, and a little more.

    Series that remember themselves have fewer samples than numbers: n / sum of the products of their autocorrelations (Bartlett
    1935). Fisher's transform of a correlation is nearly normal, and neighbouring tries are as good as one.
    """
    remembered = float(_autocorrelation(*a) @ _autocorrelation(*b)) * 2 - 1
    samples = overlap / max(1.0, remembered)
    height = np.sqrt(2 * np.log(max(2.0, tries / max(1.0, remembered)))) + _MARGIN
    return float(np.tanh(height / np.sqrt(samples - 3))) if samples > 4 else 1.0


def _autocorrelation(values: Floats, weights: Floats) -> Floats:
    """Return the autocorrelation of a weighted series, from lag 0 on; until it first falls to 0, as all beyond is noise."""
    x = (values - np.average(values, weights=weights + 1e-12)) * weights
    lags = min(int(_REMEMBERS_S / _STEP_S), len(x) - 1)
    products = np.array([(x[: len(x) - lag] * x[lag:]).sum() for lag in range(lags + 1)])
    known = products / max(float(products[0]), 1e-12)
    known[int(np.argmax(known <= 0)) if (known <= 0).any() else len(known) :] = 0.0
    return np.concatenate([known, np.zeros(int(_REMEMBERS_S / _STEP_S) - lags)])


def _clock(shown_s: float, drift: float, at_s: float) -> Clock:
    """Return the clock that shows `shown_s` when the session's shows `at_s`."""
    return Clock(offset_s=round(shown_s - drift * at_s, 4), drift=round(drift, 6))


def _smoothed(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the values over about .6 s, so that neighbouring drifts and shifts still agree, and where they are known."""
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0])
    total, weight = np.convolve(values * weights, kernel, "same"), np.convolve(weights, kernel, "same")
    return total / np.maximum(weight, 1e-9), weights


def _correlations(a: tuple[Floats, Floats], b: tuple[Floats, Floats]) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Return the correlation of two weighted series for every lag of b (-1 where too little of a is left), what is left, and the lags."""
    size = 1 << int(np.ceil(np.log2(len(a[0]) + len(b[0]))))
    (x, w), (y, v) = ((values - np.average(values, weights=weights + 1e-12), weights) for values, weights in (a, b))
    of_a = [np.conj(np.fft.rfft(part, size)) for part in (w, x * w, x * x * w)]
    of_b = [np.fft.rfft(part, size) for part in (v, y * v, y * y * v)]
    pairs = ((0, 0), (1, 0), (2, 0), (0, 1), (0, 2), (1, 1))
    n, sx, sxx, sy, syy, sxy = (np.fft.irfft(of_a[i] * of_b[j], size) for i, j in pairs)
    lags = np.arange(size)
    lags[lags >= len(b[0])] -= size
    enough = n >= max(2.0, _LEAST_OVERLAP * min(w.sum(), v.sum()))
    n = np.maximum(n, 1.0)
    spread = np.maximum(sxx - sx * sx / n, 0.0) * np.maximum(syy - sy * sy / n, 0.0)
    flat = spread <= 1e-12 * max(float(sxx.max() * syy.max()), 1e-12)
    r = np.where(enough & ~flat, (sxy - sx * sy / n) / np.sqrt(np.maximum(spread, 1e-30)), -1.0)
    return np.clip(r, -1.0, 1.0), n, lags


def _refine(session: Movement, view: Movement, found: FoundClock, start_s: float, stop_s: float) -> FoundClock:
    """Move what the view's clock shows at both ends of the stretch until the speeds agree best; then the same of a longer one."""
    first, last = float(session.time_s[0]), float(session.time_s[-1])
    clock = found.clock
    while True:
        times = np.arange(start_s, stop_s, _FINE_S)
        speed = session.sampled(times)
        clock, correlation = _climb(times, speed, view, clock, (start_s, stop_s))
        if start_s <= first and stop_s >= last:
            return FoundClock(clock, correlation, found.others, found.chance)
        half = (stop_s - start_s) / 2
        start_s, stop_s = max(first, start_s - half), min(last, stop_s + half)


def _climb(times: Floats, speed: tuple[Floats, Floats], view: Movement, clock: Clock, ends: tuple[float, float]) -> tuple[Clock, float]:
    def agreement(shown: Floats) -> float:
        drift = (shown[1] - shown[0]) / (ends[1] - ends[0])
        return _agreement(speed, view.sampled(shown[0] + drift * (times - ends[0])))

    shown = clock.at(np.array(ends))
    best, step = agreement(shown), _SLIP_S / 2
    while step >= _SHARPEST_S:
        tried = max(((agreement(shown + step * move), tuple(move)) for move in _MOVES), key=lambda one: one[0])
        if tried[0] > best:
            best, shown = tried[0], shown + step * np.array(tried[1])
        else:
            step /= 2
    return _clock(float(shown[0]), float((shown[1] - shown[0]) / (ends[1] - ends[0])), ends[0]), best


_MOVES = np.array([(1, 1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (-1, 1)], np.float64)


def _agreement(a: tuple[Floats, Floats], b: tuple[Floats, Floats]) -> float:
    both = (a[1] > 0) & (b[1] > 0)
    if both.sum() < 2:
        return -1.0
    x, y = a[0][both] - a[0][both].mean(), b[0][both] - b[0][both].mean()
    spread = float(np.sqrt((x * x).sum() * (y * y).sum()))  # sums in one order, on any number of cores
    return float((x * y).sum()) / spread if spread > 1e-9 else -1.0
