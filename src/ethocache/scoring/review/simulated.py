"""A person who looks at moments and puts right what is wrong there, where the truth is known: does it help more than chance?"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ethocache.dataset.label_table import NOT_SCORED
from ethocache.dataset.runs import runs
from ethocache.scoring.review.moments import Moment

Labels = npt.NDArray[np.int8]
Place = tuple[str, int, int, int]
"""Video, column of the behaviour, first frame, frame after the last."""


def without_some(truth: Mapping[str, Labels], part: float, length: int, rng: np.random.Generator) -> dict[str, Labels]:
    """Return labels in which nobody looked at about this part of the frames, in stretches of `length` frames."""
    kept = {}
    for video, labels in truth.items():
        hidden = np.repeat(rng.random(len(labels) // length + 1) < part, length)[: len(labels)]
        kept[video] = np.where(hidden[:, None], np.int8(NOT_SCORED), labels)
    return kept


def first_places(moments: Sequence[Moment], behaviours: Sequence[str], cells: int) -> list[Place]:
    """Return the places of the first moments, until they hold so many frames, each counted for its behaviour."""
    places, left = list[Place](), cells
    for moment in moments:
        if left <= 0:
            break
        stop = min(moment.stop, moment.start + left)
        places.append((moment.video, behaviours.index(moment.behaviour), moment.start, stop))
        left -= stop - moment.start
    return places


def places_at_random(places: Sequence[Place], labels: Mapping[str, Labels], rng: np.random.Generator) -> list[Place]:
    """Return as many places of the same lengths, anywhere, that do not overlap within a behaviour."""
    taken: dict[str, npt.NDArray[np.bool_]] = {video: np.zeros(values.shape, bool) for video, values in labels.items()}
    found = list[Place]()
    for _, _, first, after in sorted(places, key=lambda place: place[2] - place[3]):
        while True:
            video = str(rng.choice(sorted(taken)))
            frames, behaviours = len(taken[video]), taken[video].shape[1]
            b, start = int(rng.integers(behaviours)), int(rng.integers(max(1, frames - (after - first) + 1)))
            part = taken[video][start : start + after - first, b]
            if not part.any():
                break
        part[:] = True
        found.append((video, b, start, start + after - first))
    return found


def unlabelled_at_random(labels: Mapping[str, Labels], cells: int, length: int, rng: np.random.Generator) -> list[Place]:
    """Return places that hold so many frames without a label, each counted for its behaviour; cut out of stretches of `length` anywhere.

    A harder rival than `places_at_random`: it knows as well as a queue that labelled frames teach nothing new.
    """
    open_to = {video: values == NOT_SCORED for video, values in labels.items()}
    found, left = list[Place](), min(cells, sum(int(places.sum()) for places in open_to.values()))
    while left:
        video = str(rng.choice(sorted(open_to)))
        frames, behaviours = open_to[video].shape
        b, start = int(rng.integers(behaviours)), int(rng.integers(max(1, frames - length + 1)))
        part = open_to[video][start : start + length, b]
        part[np.cumsum(part) > left] = False
        found += [(video, b, start + first, start + after) for first, after in runs(part).tolist()]
        left -= int(part.sum())
        part[:] = False
    return found


def corrected(labels: Mapping[str, Labels], truth: Mapping[str, Labels], places: Sequence[Place]) -> dict[str, Labels]:
    """Return labels that say the truth at these places."""
    mended = {video: values.copy() for video, values in labels.items()}
    for video, b, start, stop in places:
        mended[video][start:stop, b] = truth[video][start:stop, b]
    return mended
