"""What is known of one video: by whom it was labelled or tagged, frame by frame."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.label_table import NO, NOT_SCORED, YES, LabelTable
from ethocache.dataset.predictions import Prediction
from ethocache.dataset.tags import frame_edges_s
from ethocache.scoring.frames import Floats
from ethocache.scoring.review.wrongness import Answers

UNSEEN = "models that never saw this animal"
SEARCHED = "models whose settings were searched on this animal, so they look better here than they are"
FINAL = "the final model"
FINAL_SAW = "the final model, which learned from the labelled part"
NOBODY = "nobody: there is no answer of a model for this video"


@dataclass(frozen=True, eq=False)
class Told:
    """One video with everything that a page says of its frames.

    Attributes
    ----------
    record
        The video.
    behaviours
        The B behaviours.
    time_s
        (T,) time stamps.
    label
        (T, B) 1 yes, 0 no, -1 nobody looked.
    tag
        (T, B) 0 or 1.
    probability
        (T, B); None without an answer of a model.
    threshold
        (B,) from where on a frame is tagged; None where something else decides.
    exclusive
        Whether a frame has at most one behaviour.
    judged_by
        Who tagged, in words.
    labelled
        Whether somebody labelled it.
    corrected
        (T, B) where the label is somebody's correction that a file brought; None where none is.
    """

    record: VideoRecord
    behaviours: tuple[str, ...]
    time_s: npt.NDArray[np.float64]
    label: npt.NDArray[np.int8]
    tag: npt.NDArray[np.int8]
    probability: npt.NDArray[np.floating] | None
    threshold: npt.NDArray[np.floating] | None
    exclusive: bool
    judged_by: str
    labelled: bool
    corrected: npt.NDArray[np.bool_] | None = None

    @property
    def edges_s(self) -> Floats:
        """When each frame begins and the last one ends, (T + 1,) s."""
        return frame_edges_s(self.time_s)

    def seconds(self, marked: npt.NDArray[np.bool_]) -> list[float]:
        """Return for how long each behaviour is marked (T, B)."""
        durations_s = np.diff(self.edges_s)
        return [float(durations_s[marked[:, b]].sum()) for b in range(len(self.behaviours))]


def told_by_prediction(record: VideoRecord, said: Prediction) -> Told:
    """Return what is known of a labelled video that models of other animals tagged."""
    threshold = None if said.exclusive else said.threshold
    judged_by = SEARCHED if said.seen else UNSEEN
    about = (said.behaviours, said.time_s, said.label, said.tag, said.probability, threshold, said.exclusive, judged_by, True)
    return Told(record, *about)


def told_by_tags(record: VideoRecord, said: Answers, threshold: npt.NDArray[np.floating] | None) -> Told:
    """Return what is known of a video without labels, or with labels of a part, that the final model tagged.

    Raises
    ------
    InputError
        If its tags are no such numbers, as somebody edited the table.
    """
    if not ((said.probability >= 0) & (said.probability <= 1)).all() or not np.isin(said.tag, (NO, YES)).all():
        raise InputError(
            f"data/tags/{record.id}.csv: expected probabilities from 0 to 1 and tags 0 or 1, found others; delete it and run 'dvc repro'"
        )
    labelled = bool((said.label != NOT_SCORED).any())
    about = (said.behaviours, said.time_s, said.label, said.tag, said.probability, threshold, said.exclusive)
    return Told(record, *about, FINAL_SAW if labelled else FINAL, labelled)


def told_by_people(
    record: VideoRecord, behaviours: tuple[str, ...], time_s: npt.NDArray[np.float64], labels: LabelTable | None, exclusive: bool
) -> Told:
    """Return what is known of a video that no model answered for.

    Raises
    ------
    InputError
        If its labels are of another number of frames.
    """
    shape = (len(time_s), len(behaviours))
    label = labels.values if labels else np.full(shape, NOT_SCORED, np.int8)
    if label.shape != shape:
        raise InputError(
            f"{record.id}: expected labels of {shape[0]} frames and {shape[1]} behaviours, found {label.shape}; run 'dvc repro' first"
        )
    return Told(record, behaviours, time_s, label, np.zeros(shape, np.int8), None, None, exclusive, NOBODY, labels is not None)
