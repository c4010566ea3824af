"""Videos whose answer is known: a behaviour is a step in one feature, under noise."""

from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np
import pytest

from ethocache.common import compute
from ethocache.sequence.videos import TrainingVideo

FPS = 10.0


@dataclass
class PlantedFeatures:
    """The features of one video in memory, read as a `FeatureSet` is, and counting how often."""

    values: np.ndarray
    valid: np.ndarray
    time_s: np.ndarray
    reads: list[tuple[int, int]] = field(default_factory=list)

    @property
    def frames(self) -> int:
        return len(self.values)

    @property
    def dimensions(self) -> int:
        return self.values.shape[1]

    def rows(self, start, stop):
        self.reads.append((start, stop))
        return self.values[start:stop].astype(np.float32)


def bouts(rng, frames, behaviours, count=4, length=20):
    labels = np.zeros((frames, behaviours), np.int8)
    for start in rng.integers(0, max(1, frames - length), size=(count, behaviours)):
        for behaviour in range(behaviours):
            labels[start[behaviour] : start[behaviour] + length] = 0  # exclusive, so that every task can be trained on it
            labels[start[behaviour] : start[behaviour] + length, behaviour] = 1
    return labels


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Train in this process, however busy the machine is: what is planted cannot be sent to another one."""
    monkeypatch.setattr(compute, "_PAYS_S", float("inf"))


@pytest.fixture
def plant():
    """Return a function that makes one labelled video; behaviour b raises feature b by `height` standard deviations."""

    def planted(name, animal=None, frames=200, behaviours=2, dimensions=8, seed=0, height=3.0, labels=None):
        rng = np.random.default_rng([seed, *name.encode()])
        labels = bouts(rng, frames, behaviours) if labels is None else labels
        frames, behaviours = labels.shape
        values = rng.normal(size=(frames, dimensions))
        values[:, :behaviours] += height * (labels == 1)
        time_s = np.arange(frames) / FPS
        features = PlantedFeatures(values.astype(np.float16), np.ones(frames, bool), time_s)
        return TrainingVideo(name, animal or name, lambda: nullcontext(features), (f"key of {name}",), labels, time_s, ("planted",))

    return planted


@pytest.fixture
def litter(plant):
    """Return a function that makes the videos of several animals."""
    return lambda animals=4, **settings: [plant(f"m{number}", **settings) for number in range(animals)]
