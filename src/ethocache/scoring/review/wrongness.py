"""How likely each frame is wrong, by the calibrated probabilities of the model."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.dataset.label_table import NOT_SCORED, YES
from ethocache.scoring.frames import Floats

LABEL_ERROR = 0.02
"""How often a person's label is taken to be wrong before the model is asked: one frame in fifty."""
MOST_TRUSTED = 0.95
"""A probability against a label counts as no more: the model learned from other animals, all frames of one bout are wrong together,
and whether 999 in 1000 holds can be checked by no project of a usual size."""
HEAVIEST = 10.0
"""A wrong frame of the rarest behaviour counts at most so many times one of the commonest, or a behaviour that hardly occurs takes all."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model, and perhaps a person, says of one video.

    Attributes
    ----------
    video
        Its name.
    behaviours
        The B behaviours, in the order of the arrays' last axis.
    time_s
        (T,) time stamps.
    probability
        (T, B) calibrated; of labelled videos by a model that never saw the animal.
    tag
        (T, B) 0 or 1.
    label
        (T, B) 1 yes, 0 no, -1 nobody looked.
    exclusive
        Whether a frame has at most one behaviour.
    """

    video: str
    behaviours: tuple[str, ...]
    time_s: npt.NDArray[np.float64]
    probability: npt.NDArray[np.floating]
    tag: npt.NDArray[np.int8]
    label: npt.NDArray[np.int8]
    exclusive: bool = False

    @property
    def looked(self) -> npt.NDArray[np.bool_]:
        """(T, B) where a person's label stands; the tag stands elsewhere. A person who saw one of exclusive behaviours saw the others."""
        looked: npt.NDArray[np.bool_] = self.label != NOT_SCORED
        if self.exclusive:
            looked |= np.any(self.label == YES, axis=1, keepdims=True)
        return looked

    @property
    def said(self) -> npt.NDArray[np.bool_]:
        """(T, B) what stands at present: the label where somebody looked, else the tag."""
        said: npt.NDArray[np.bool_] = np.where(self.looked, self.label == YES, self.tag == YES)
        return said


def wrong_probability(answers: Answers) -> Floats:
    """Return (T, B): how likely it is that what is said of a frame and behaviour is wrong.

    A tag is wrong with the probability of the opposite. A label is doubted by Bayes' rule: beforehand it is wrong as
    often as `LABEL_ERROR` says, and the model's probability is the evidence, up to `MOST_TRUSTED`. Of exclusive
    behaviours a frame is wrong once, whatever it should be: that counts for the behaviour that is said; where none is, for those that
    it could be, by their probabilities.

    Notes
    -----
    Summed over frames this is the expected number of wrong ones. Looking where it is largest is the uncertainty sampling of Lewis
    and Gale (1994) as long as tags are what is likelier.
    """
    probability, said, looked = answers.probability.astype(np.float64), answers.said, answers.looked
    if not answers.exclusive:
        against = np.where(said, 1 - probability, probability)
        return np.where(looked, _doubt(against), against)
    total = probability.sum(axis=1)
    shown: npt.NDArray[np.bool_] = np.any(said, axis=1)
    against = np.clip(np.where(shown, 1 - (probability * said).sum(axis=1), total), 0, 1)
    against = np.where(looked.all(axis=1), _doubt(against), against)
    share = np.where(shown[:, None], said, probability / np.maximum(total, np.finfo(np.float64).tiny)[:, None])
    return np.asarray(against[:, None] * share)


def new_shown(answers: Answers) -> Floats:
    """Return (T, B): how likely a frame shows the behaviour, where nobody said whether it does; 0 where somebody did.

    Behaviours are shown in few frames, and what a model learns of one it learns from those. Looking for them where nobody looked
    yet can teach more than settling doubts, which are mostly about other frames (Attenberg and Provost 2010).
    """
    return np.asarray(np.where(answers.looked, 0.0, answers.probability), np.float64)


def _doubt(against: Floats) -> Floats:
    against = np.minimum(against, MOST_TRUSTED)
    wrong = LABEL_ERROR * against
    return np.asarray(wrong / (wrong + (1 - LABEL_ERROR) * (1 - against)))


def rare_weights(shown: Floats) -> Floats:
    """Return what a wrong frame of each behaviour counts, (B,): the commonest 1, rarer ones more.

    A macro score is the mean over the behaviours, and one wrong frame moves a behaviour's score by about one over its frames. Its square
    root is taken, as training does with ``class_weights: sqrt``: with the whole of it the rarest behaviour takes most of the queue.

    Parameters
    ----------
    shown
        (B,) in how many frames each behaviour is likely shown.
    """
    frames = np.maximum(shown, 1.0)
    return np.asarray(np.minimum(np.sqrt(frames.max() / frames), HEAVIEST))


def likely_shown(answers: Answers) -> Floats:
    """Return in how many frames each behaviour is likely shown, (B,): labels where somebody looked, else probabilities."""
    return np.asarray(np.where(answers.looked, answers.said, answers.probability).sum(axis=0, dtype=np.float64))
