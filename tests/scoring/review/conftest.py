"""What a model and a person say of a video, drawn as numbers whose sums can be reckoned by hand."""

import numpy as np
import pytest

from ethocache.scoring.review.wrongness import Answers


@pytest.fixture
def answers():
    """Return a function: probabilities (T, B), the labels -1 where none are given, tags from .5 on; 10 frames/s."""

    def make(probability, label=None, tag=None, video="v", exclusive=False, names=("grooming", "rearing", "digging")):
        probability = np.asarray(probability, np.float32)
        probability = probability[:, None] if probability.ndim == 1 else probability
        label = np.full(probability.shape, -1, np.int8) if label is None else np.asarray(label, np.int8).reshape(probability.shape)
        tag = (probability >= 0.5).astype(np.int8) if tag is None else np.asarray(tag, np.int8).reshape(probability.shape)
        time_s = np.arange(len(probability)) / 10
        return Answers(video, names[: probability.shape[1]], time_s, probability, tag, label, exclusive)

    return make
