"""What was tagged instead of what was labelled."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ethocache.dataset.predictions import Prediction

NO_BEHAVIOUR = "no behaviour"


def confusion_counts(predictions: Sequence[Prediction]) -> npt.NDArray[np.int64]:
    """Count frames (B + 1, B + 1): labelled in rows, tagged in columns, the last of each "no behaviour".

    Behaviours may overlap, so a frame can count more than once: a behaviour that is labelled and tagged counts
    on the diagonal; one that is missed counts for every behaviour that is wrongly tagged in that frame, or
    for "no behaviour" if none is; a wrong tag counts for "no behaviour" in a frame where nothing is missed.
    Perfect tags are therefore a diagonal, and without overlap this is the usual confusion matrix. A behaviour
    nobody looked for in a frame is left out of it.
    """
    size = len(predictions[0].behaviours) + 1
    return sum((_count(prediction) for prediction in predictions), np.zeros((size, size), dtype=np.int64))


def _count(prediction: Prediction) -> npt.NDArray[np.int64]:
    scored = (prediction.label >= 0).any(axis=1)
    label, tag = prediction.label[scored], prediction.tag[scored] > 0
    found = (label == 1) & tag
    missed = _with_nothing_else((label == 1) & ~tag)
    wrong = _with_nothing_else((label == 0) & tag)
    both = missed.T @ wrong
    both[np.diag_indices(label.shape[1])] = found.sum(axis=0)
    both[-1, -1] -= np.count_nonzero((missed[:, -1] > 0) & (wrong[:, -1] > 0) & found.any(axis=1))
    return np.rint(both).astype(np.int64)


def _with_nothing_else(behaviours: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Append the column "none of them"; as float64, whose matrix product is fast and exact for such counts."""
    return np.column_stack([behaviours, ~behaviours.any(axis=1)]).astype(np.float64)
