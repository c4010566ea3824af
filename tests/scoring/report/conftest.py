"""A video of ten frames of which everything is known."""

import numpy as np
import pytest

from ethocache.dataset.index import VideoRecord
from ethocache.dataset.predictions import Prediction
from ethocache.dataset.videos import VideoFacts

NAMES = ("grooming", "rearing")


@pytest.fixture
def record():
    """Return a function: a video of this name, by this animal."""

    def make(video="m1", **about):
        facts = VideoFacts(10, 32, 32, "yuv420p", "h264", 10.0, 1.0, False, (), "f" * 64)
        return VideoRecord(video, f"{video}.mp4", {"animal": video, **about}, video, facts)

    return make


@pytest.fixture
def prediction():
    """Return a function: grooming labelled in frames 2-4 and tagged in 3-6, rearing looked at in the first five frames only."""

    def make(video="m1", seen=False, exclusive=False):
        label = np.zeros((10, 2), np.int8)
        label[2:5, 0], label[5:, 1] = 1, -1
        tag = np.zeros((10, 2), np.int8)
        tag[3:7, 0] = 1
        probability = np.where(tag, 1.0, 0.25).astype(np.float32)
        probability[:, 1] = 0
        return Prediction(
            *(video, video, video, NAMES, probability, label, tag, np.arange(10) / 10),
            *(np.array([0.41, 0.5], np.float32), exclusive, seen),
        )

    return make
