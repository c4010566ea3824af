"""Predictions drawn with characters, so that the expected numbers can be counted by eye."""

from collections.abc import Callable

import numpy as np
import pytest

from ethocache.dataset.predictions import Prediction

Draw = Callable[..., Prediction]


@pytest.fixture(scope="session")
def drawn() -> Draw:
    """Return a function: `#` the behaviour, `.` not, `?` nobody looked; one pair (labels, tags) a behaviour, 10 frames/s."""

    def draw(video: str, *, animal: str | None = None, fold: str = "fold", **behaviours: tuple[str, str]) -> Prediction:
        labels = [[{"#": 1, ".": 0, "?": -1}[mark] for mark in label] for label, _ in behaviours.values()]
        tags = [[0.9 if mark == "#" else 0.1 for mark in tag] for _, tag in behaviours.values()]
        probability = np.array(tags, dtype=np.float32).T
        return Prediction(
            video=video,
            animal=animal or video,
            fold=fold,
            behaviours=tuple(behaviours),
            probability=probability,
            label=np.array(labels, dtype=np.int8).T,
            tag=(probability > 0.5).astype(np.int8),
            time_s=np.arange(len(probability)) / 10,
            threshold=np.full(len(behaviours), 0.5, dtype=np.float32),
            exclusive=False,
        )

    return draw


@pytest.fixture(scope="session")
def simulated() -> Callable[..., list[Prediction]]:
    """Return a function that makes animals with bouts, and a system that finds them through noise."""

    def simulate(animals: int, frames: int = 300, noise: float = 0.3, behaviours: tuple[str, ...] = ("grooming", "rearing"), seed: int = 0):
        labels = np.random.default_rng(7)
        system = np.random.default_rng(seed)
        made = []
        for number in range(animals):
            flips = labels.random((frames, len(behaviours))) < 0.08
            label = (np.cumsum(flips, axis=0) % 3 == 1).astype(np.int8)
            seen = label * 0.4 + 0.3 + system.normal(0, noise, label.shape)
            made.append(
                Prediction(
                    video=f"v{number:02d}",
                    animal=f"a{number:02d}",
                    fold=f"f{number:02d}",
                    behaviours=behaviours,
                    probability=np.clip(seen, 0, 1).astype(np.float32),
                    label=label,
                    tag=(seen.astype(np.float32) >= 0.5).astype(np.int8),
                    time_s=np.arange(frames) / 10,
                    threshold=np.full(len(behaviours), 0.5, dtype=np.float32),
                    exclusive=False,
                )
            )
        return made

    return simulate
