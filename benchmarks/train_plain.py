"""A plain training loop the thesis's way, with the sizes of our LSTM: what a lab would write in an afternoon.

All features are held in memory as float32; windows of 300 frames are cut once; all inputs enter the LSTM; dropout of .5 on the inputs; one
output per behaviour, binary cross-entropy with balanced weights, Adam at 1e-3, batches of 8 in random order; after each epoch the
held-out videos are tagged, window after window.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from ethocache.sequence.targets import class_weights
from ethocache.sequence.thresholds import macro_average_precision
from ethocache.sequence.videos import TrainingVideo

WINDOW, BATCH, RATE = 300, 8, 1e-3


@dataclass
class Curve:
    """When each epoch was trained, in seconds from the start, and the held-out videos' average precision after it."""

    seconds: list[float] = field(default_factory=list)
    average_precision: list[float] = field(default_factory=list)

    def seconds_to(self, average_precision: float) -> float | None:
        """Return when the average precision was first reached."""
        reached = zip(self.seconds, self.average_precision, strict=True)
        return next((seconds for seconds, value in reached if value >= average_precision), None)


class PlainLstm(nn.Module):
    """``x: (N, T, D) float32 -> (N, T, B) logits``."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.5)
        self.lstm = nn.LSTM(inputs, 64, num_layers=2, batch_first=True, bidirectional=True)
        self.read_out = nn.Linear(2 * 64, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.read_out(self.lstm(self.drop(x))[0])
        return logits


def train_plain(fitted: Sequence[TrainingVideo], held_out: Sequence[TrainingVideo], epochs: int, seed: int) -> Curve:
    """Train for some epochs; the time counts from reading the features."""
    torch.manual_seed(seed)
    start, curve = time.perf_counter(), Curve()
    x, y = _windows(fitted)
    test_x, test_y = _windows(held_out)
    network = PlainLstm(x.shape[-1], y.shape[-1])
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    known = y.reshape(-1, y.shape[-1])
    counts = torch.stack([(known == 0).sum(0), (known == 1).sum(0)], dim=-1).numpy()
    weights = torch.from_numpy(class_weights(counts, "balanced"))
    for _ in range(epochs):
        _epoch(network, optimiser, x, y, weights)
        curve.seconds.append(time.perf_counter() - start)
        curve.average_precision.append(_average_precision(network, test_x, test_y))
    return curve


def _windows(videos: Sequence[TrainingVideo]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return features (N, 300, D) and labels (N, 300, B); frames behind the last whole window are zeros, labelled -1."""
    x, y = [], []
    for video in videos:
        frames, missing = len(video.time_s), -len(video.time_s) % WINDOW
        with video.open() as features:
            padded = np.pad(features.rows(0, frames), ((0, missing), (0, 0)))
        x.append(padded.reshape(-1, WINDOW, padded.shape[1]))
        y.append(np.pad(video.labels, ((0, missing), (0, 0)), constant_values=-1).reshape(len(x[-1]), WINDOW, -1))
    return torch.from_numpy(np.concatenate(x)), torch.from_numpy(np.concatenate(y))


def _epoch(network: PlainLstm, optimiser: torch.optim.Adam, x: torch.Tensor, y: torch.Tensor, weights: torch.Tensor) -> None:
    network.train()
    for batch in torch.split(torch.randperm(len(x)), BATCH):
        logits, label = network(x[batch]), y[batch]
        weight = torch.where(label == 1, weights[:, 1], weights[:, 0]) * (label >= 0)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, (label == 1).float(), weight)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def _average_precision(network: PlainLstm, x: torch.Tensor, y: torch.Tensor) -> float:
    network.eval()
    with torch.inference_mode():
        probability = torch.cat([network(part).sigmoid() for part in torch.split(x, BATCH)])
    behaviours = y.shape[-1]
    return macro_average_precision(y.reshape(-1, behaviours).numpy(), probability.reshape(-1, behaviours).numpy()) or 0.0
