"""Fit one network: some animals give the weights, others say when to stop."""

import copy
import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
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
from ethocache.sequence.batching import Batch, TrainingSet, in_steps
from ethocache.sequence.heads.settings import HeadSettings
from ethocache.sequence.heads.stages import smoothing_of
from ethocache.sequence.inference import probabilities, probabilities_of_seen
from ethocache.sequence.losses import exclusive_loss, overlapping_loss, smoothing_loss
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.optimising import Averaged, learning_rate
from ethocache.sequence.reading import Reader
from ethocache.sequence.settings import DIVERGED, TrainParams
from ethocache.sequence.targets import NOT_KNOWN
from ethocache.sequence.thresholds import macro_average_precision
from ethocache.sequence.videos import Features, TrainingVideo
from ethocache.sequence.view import Seen, View

STEEPEST = 1.0  # gradients are scaled down to this norm


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
    with seeded(params.seed), progress(what, epochs or params.epochs, "epoch") as bar, reader.lend() as keep:
        run = _Run(TrainingSet(fitted, params, reader), head, params, keep)
        curve: list[dict[str, Any]] = []
        best, weights = 0, run.weights()
        for number in range(1, (epochs or params.epochs) + 1):
            loss = run.epoch(number)
            score = run.score(inner)
            curve.append({"epoch": number, "loss": round(loss, 6), "average_precision": score})
            if score is None or not best or score > (curve[best - 1]["average_precision"] or -1.0):
                best, weights = number, run.weights()
            bar.update()
            if number - best >= params.patience:
                break
        run.result.load_state_dict(weights)
    return Fitted(run.result, best, curve, len(curve) * run.data.frames)


def predict_all(
    network: TaggingNetwork, videos: Sequence[TrainingVideo], params: TrainParams, reader: Reader
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Return the labels and the probabilities of all frames of some videos, each (frames, B)."""
    answers = [probabilities(network, reader.of(video), params) for video in videos]
    return np.concatenate([video.labels for video in videos]), np.concatenate(answers)


class _Run:
    """A network on its way."""

    def __init__(self, data: TrainingSet, head: HeadSettings, params: TrainParams, keep: Callable[[Features], Features]) -> None:
        self.data, self.params, self.keep = data, params, keep
        self.rng = np.random.default_rng(params.seed)
        self.network = TaggingNetwork(data.dimensions, data.behaviours, head, params)
        self.view, self.seen = self._view(), dict[str, Features]()
        data.see_through(self._look, self.view.parts(data.widths))
        self.device = torch.device(device())
        self.network.to(self.device)
        self.class_weights = self._tensor(data.class_weights())
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay)
        self.averaged = Averaged(self.network, params.ema) if params.ema else None

    def epoch(self, number: int) -> float:
        """Go through every frame once; return the mean loss of a known label."""
        self.network.train()
        grouped = self.data.epoch(self.rng)
        share = self.data.known / len(grouped)  # each label counts the same, however full its batch is
        total = 0.0
        for i, pieces in enumerate(grouped):
            rate = learning_rate(self.params, number - 1 + i / len(grouped), 1 / len(grouped))
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            total += self._step(self.data.batch(pieces, self.rng), share)
            if self.averaged:
                self.averaged.update(self.network)
        return total / len(grouped)

    @property
    def result(self) -> TaggingNetwork:
        """The network that is scored and kept."""
        return self.averaged.network if self.averaged else self.network

    def weights(self) -> dict[str, torch.Tensor]:
        return copy.deepcopy(self.result.state_dict())

    def score(self, inner: Sequence[TrainingVideo]) -> float | None:
        """Return the macro average precision on videos of other animals; None without any."""
        if not inner:
            return None
        each = [probabilities_of_seen(self.result, self._look(video), video.time_s, self.params) for video in inner]
        return macro_average_precision(np.concatenate([_scored(video) for video in inner]), np.concatenate(each))

    def _view(self) -> View:
        """Make the network's view, and return a copy that stays on the CPU, where batches are put together."""
        view = self.network.view
        view.normalise_by(*self.data.normalisation())
        if view.projects:
            view.learn_components(list(self.data.steps.values()), self.data.widths)
        return copy.deepcopy(view)

    def _look(self, video: TrainingVideo) -> Features:
        """Return what the network sees of a video; it is kept where it is much less than the features."""
        if video.id not in self.seen:
            seen = Seen(in_steps(video, self.params, self.data.reader), self.view)
            self.seen[video.id] = self.keep(seen) if self.view.projects else seen
        return self.seen[video.id]

    def _step(self, batch: Batch, share: float) -> float:
        mask, target = self._tensor(batch.mask), self._tensor(batch.target)
        loss = loss_of(self.network, self._tensor(batch.x), mask, target, self.class_weights, self.params.focal, share)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), STEEPEST)
        self.optimiser.step()
        if not math.isfinite(value := float(loss.detach())):
            raise InputError(f"{DIVERGED} {value} in training; set a smaller train.learning_rate than {self.params.learning_rate:g}")
        return value

    def _tensor(self, values: npt.NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(values).to(self.device)


def loss_of(
    network: TaggingNetwork,
    seen: torch.Tensor,
    mask: torch.Tensor,
    target: torch.Tensor,
    class_weights: torch.Tensor,
    focal: float,
    share: float,
    parts: int = 1,
) -> torch.Tensor:
    """Return the loss of a batch: of every stage of the head, and where it asks for it of the jumps of its answer.

    Parameters
    ----------
    seen, mask
        (N, T, width) what the network's view made of features, and (N, T) True on real frames.
    target
        As `Batch` has it.
    share
        What the sum over known labels is divided by.
    parts
        Of how many batches, one after the other, the gradients are summed; jumps are a mean, so each batch has its part in them.
    """
    compute = exclusive_loss if network.exclusive else overlapping_loss
    stages = network.stages(seen, mask)
    loss = torch.stack([compute(logits, target, class_weights, focal) for logits in stages]).sum() / share
    if smoothing := smoothing_of(network.head) / parts:
        loss = loss + smoothing * torch.stack([smoothing_loss(logits, mask, network.exclusive) for logits in stages]).sum()
    return loss


def _scored(video: TrainingVideo) -> npt.NDArray[np.int8]:
    """Return the labels (T, B) of the frames that any of the network's cameras shows; others say nothing about it."""
    return np.where(video.there(video.streams)[:, None], video.labels, np.int8(NOT_KNOWN)) if video.valid else video.labels


@contextmanager
def seeded(seed: int, threads: int = 1) -> Iterator[None]:
    """Make what happens inside depend on the seed alone, and leave everybody else's settings as they were.

    One thread, for heads: windows are too small to gain much from more, which stall each other on shared cores, and sums then have
    the same order on any number of cores.
    """
    before = torch.are_deterministic_algorithms_enabled(), deterministic.fill_uninitialized_memory, torch.get_num_threads()  # type: ignore[attr-defined]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        _behave(device() == "cpu", False, threads)
        try:
            yield
        finally:
            _behave(*before)


def _behave(same_order: bool, fill_memory: bool, threads: int) -> None:
    torch.use_deterministic_algorithms(same_order)
    deterministic.fill_uninitialized_memory = fill_memory  # type: ignore[attr-defined]
    torch.set_num_threads(threads)
