"""Fit one network: some animals give the weights, others say when to stop."""

import copy
import hashlib
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.utils import deterministic

from ethocache.common.compute import device
from ethocache.common.errors import InputError
from ethocache.common.progress import progress
from ethocache.sequence.batching import Batch, TrainingSet
from ethocache.sequence.heads.settings import HeadSettings
from ethocache.sequence.heads.stages import smoothing_of
from ethocache.sequence.inference import probabilities
from ethocache.sequence.losses import exclusive_loss, overlapping_loss, smoothing_loss
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.reading import Reader
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.thresholds import macro_average_precision
from ethocache.sequence.videos import TrainingVideo

_STEEPEST = 1.0  # gradients are scaled down to this norm


@dataclass(frozen=True)
class Fitted:
    """A trained network.

    Attributes
    ----------
    network
        With the weights of its best epoch.
    best_epoch
        Counted from 1.
    curve
        One entry per epoch: ``epoch``, ``loss``, and the inner animals' ``average_precision`` (None where there is none).
    frames
        How many frames went through it in training.
    """

    network: TaggingNetwork
    best_epoch: int
    curve: list[dict[str, Any]]
    frames: int

    def weights_sha256(self) -> str:
        """Return the sha256 of all weights."""
        digest = hashlib.sha256()
        for name, value in sorted(self.network.state_dict().items()):
            digest.update(name.encode() + value.cpu().numpy().tobytes())
        return digest.hexdigest()


def fit(
    what: str,
    fitted: Sequence[TrainingVideo],
    inner: Sequence[TrainingVideo],
    head: HeadSettings,
    params: TrainParams,
    reader: Reader,
    epochs: int | None = None,
) -> Fitted:
    """Fit one network; the same seed gives the same weights on the same processor.

    Parameters
    ----------
    what
        Names the work in the progress bar, such as ``"training fold WT_1 (2/8)"``.
    fitted
        The videos that the weights are fitted on.
    inner
        Videos of other animals, whose macro average precision says which epoch is best. Without any, or where they
        show no behaviour, the last epoch is taken.
    epochs
        How many epochs to train; `params.epochs` if not given, which the learning rate goes by in any case.

    Raises
    ------
    InputError
        If there is nothing to learn from, or if the loss is no longer a number.
    """
    with _seeded(params.seed), progress(what, epochs or params.epochs, "epoch") as bar:
        run = _Run(TrainingSet(fitted, params, reader), head, params)
        curve: list[dict[str, Any]] = []
        best, weights = 0, run.weights()
        for number in range(1, (epochs or params.epochs) + 1):
            loss = run.epoch(number)
            score = macro_average_precision(*predict_all(run.network, inner, params, reader)) if inner else None
            curve.append({"epoch": number, "loss": round(loss, 6), "average_precision": score})
            if score is None or not best or score > (curve[best - 1]["average_precision"] or -1.0):
                best, weights = number, run.weights()
            bar.update()
            if number - best >= params.patience:
                break
        run.network.load_state_dict(weights)
    return Fitted(run.network, best, curve, len(curve) * run.data.frames)


def predict_all(
    network: TaggingNetwork, videos: Sequence[TrainingVideo], params: TrainParams, reader: Reader
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Return the labels and the probabilities of all frames of some videos, each (frames, B)."""
    answers = [probabilities(network, reader.of(video), params) for video in videos]
    return np.concatenate([video.labels for video in videos]), np.concatenate(answers)


class _Run:
    """A network on its way."""

    def __init__(self, data: TrainingSet, head: HeadSettings, params: TrainParams) -> None:
        self.data, self.params = data, params
        self.rng = np.random.default_rng(params.seed)
        self.network = TaggingNetwork(data.dimensions, data.behaviours, head, params)
        self.network.normalise_by(*data.normalisation())
        self.device = torch.device(device())
        self.network.to(self.device)
        self.class_weights = self._tensor(data.class_weights())
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay)

    def epoch(self, number: int) -> float:
        """Go through every frame once; return the mean loss of a known label."""
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate(number)
        self.network.train()
        grouped = self.data.epoch(self.rng)
        share = self.data.known / len(grouped)  # each label counts the same, however full its batch is
        return sum(self._step(self.data.batch(pieces), share) for pieces in grouped) / len(grouped)

    def weights(self) -> dict[str, torch.Tensor]:
        return copy.deepcopy(self.network.state_dict())

    def _step(self, batch: Batch, share: float) -> float:
        mask, target, exclusive = self._tensor(batch.mask), self._tensor(batch.target), self.network.exclusive
        compute = exclusive_loss if exclusive else overlapping_loss
        stages = self.network.stages(self._tensor(batch.x), mask)
        loss = torch.stack([compute(logits, target, self.class_weights) for logits in stages]).sum() / share
        if smoothing := smoothing_of(self.network.head):
            loss = loss + smoothing * torch.stack([smoothing_loss(logits, mask, exclusive) for logits in stages]).sum()
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), _STEEPEST)
        self.optimiser.step()
        if not math.isfinite(value := float(loss.detach())):
            raise InputError(f"the loss became {value} in training; set a smaller train.learning_rate than {self.params.learning_rate:g}")
        return value

    def _rate(self, number: int) -> float:
        done = min(1.0, (number - 1) / self.params.epochs)
        return self.params.learning_rate * (0.5 * (1 + math.cos(math.pi * done)) if self.params.schedule == "cosine" else 1.0)

    def _tensor(self, values: npt.NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(values).to(self.device)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Make what happens inside depend on the seed alone, and leave everybody else's settings as they were.

    One thread: windows are too small to gain much from more, which stall each other on shared cores, and sums then have
    the same order on any number of cores.
    """
    before = torch.are_deterministic_algorithms_enabled(), deterministic.fill_uninitialized_memory, torch.get_num_threads()  # type: ignore[attr-defined]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        _behave(device() == "cpu", False, 1)
        try:
            yield
        finally:
            _behave(*before)


def _behave(same_order: bool, fill_memory: bool, threads: int) -> None:
    torch.use_deterministic_algorithms(same_order)
    deterministic.fill_uninitialized_memory = fill_memory  # type: ignore[attr-defined]
    torch.set_num_threads(threads)
