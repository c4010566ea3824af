"""Fine-tune one backbone with its head: some animals give the weights, others say when to stop."""

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ethocache.common.errors import InputError
from ethocache.common.progress import progress
from ethocache.endtoend.finetuning.augmentation import AS_IT_IS, Change, draw_change
from ethocache.endtoend.finetuning.checkpoint import Checkpoint
from ethocache.endtoend.finetuning.clips import Clip, Clips, ReadClip
from ethocache.endtoend.finetuning.network import EndToEnd
from ethocache.sequence.network import probability_of
from ethocache.sequence.settings import DIVERGED
from ethocache.sequence.steps import frames_of_steps
from ethocache.sequence.thresholds import macro_average_precision
from ethocache.sequence.training import STEEPEST, loss_of, seeded
from ethocache.vision.backbones.engines import exact_convolutions
from ethocache.vision.read_ahead import read_ahead

_Read = tuple[ReadClip, Change, int]


@dataclass
class Standing:
    """How far a fine-tuning is; with the tensors it is all that the rest of the work depends on.

    Every random number follows from the seed, the epoch and the clip's place in it, so no generator has to be kept.

    Attributes
    ----------
    epoch, step
        What comes next: epochs count from 1, 0 is the judgement of the start; steps of the optimiser count from 0.
    loss
        Sum over the steps of this epoch.
    best
        The epoch whose weights are the result so far; 0 is the start.
    frames
        How many went through the network in training.
    curve
        One entry per epoch, 0 for the start: ``epoch``, ``loss``, and the inner animals' ``average_precision`` on windows.
    """

    epoch: int = 0
    step: int = 0
    loss: float = 0.0
    best: int = 0
    frames: int = 0
    curve: list[dict[str, Any]] = field(default_factory=list)


class Tuning:
    """One fine-tuning on its way.

    Parameters
    ----------
    network
        On its device.
    fitted
        Clips that the weights are fitted on.
    inner
        Windows of other animals, whose macro average precision says which epoch is best, the start among them; None for a final
        model, which ends with its last epoch.
    epochs
        How many at most; the learning rates go by `finetune.epochs` in any case.
    kept
        From which an interrupted work goes on.
    """

    def __init__(self, network: EndToEnd, fitted: Clips, inner: Clips | None, epochs: int, kept: Checkpoint) -> None:
        self.network, self.fitted, self.inner, self.kept, self.epochs = network, fitted, inner, kept, epochs
        self.params = network.params
        self.class_weights = torch.from_numpy(fitted.data.class_weights()).to(network.device)
        self.rates = network.rates()
        groups = [{"params": [weight], "lr": rate} for _, weight, rate in self.rates]
        self.optimiser = torch.optim.AdamW(groups, weight_decay=self.params.weight_decay)
        self.standing, self.best = Standing(), self._copy()
        self.answers: list[npt.NDArray[np.float32]] = []  # of the inner clips that this epoch was judged by so far

    def run(self, what: str) -> Standing:
        """Do what is left to do; afterwards the network has the weights of its best epoch.

        Raises
        ------
        InputError
            If the loss is no longer a number, or a crop cannot be read.
        """
        with seeded(self.params.seed, torch.get_num_threads()), progress(what, self.epochs, "epoch") as bar:
            self._resume()
            bar.initial = bar.n = max(0, self.standing.epoch - 1)
            while not self._ended():
                self._epoch()
                bar.update(self.standing.epoch > 1)
            self.network.take(self.best)
        return self.standing

    def _ended(self) -> bool:
        without_gain = self.standing.epoch - 1 - self.standing.best
        return self.standing.epoch > self.epochs or (self.inner is not None and without_gain >= self.params.patience)

    def _epoch(self) -> None:
        """Finish the epoch that is under way, judge it, and keep where it stands."""
        loss, standing = None, self.standing
        if standing.epoch:
            clips = self.fitted.drawn(np.random.default_rng([self.params.seed, standing.epoch]))
            steps = [clips[i : i + self.params.accumulate] for i in range(0, len(clips), self.params.accumulate)]
            self._steps(steps)
            loss = round(standing.loss / len(steps), 6)
        score = self._score()
        standing.curve.append({"epoch": standing.epoch, "loss": loss, "average_precision": score})
        if score is None or not standing.epoch or score > (standing.curve[standing.best]["average_precision"] or -1.0):
            standing.best, self.best = standing.epoch, self._copy()
        standing.epoch, standing.step, standing.loss = standing.epoch + 1, 0, 0.0
        self._keep()

    def _steps(self, steps: list[list[Clip]]) -> None:
        share = sum(self.fitted.known(clip) for step in steps for clip in step) / len(steps)
        left = [clip for step in steps[self.standing.step :] for clip in step]
        first = self.standing.step * self.params.accumulate
        self.network.learns(True)
        with closing(read_ahead(self._reads(left, first))) as reads:
            for step in steps[self.standing.step :]:
                self._set_rates((self.standing.epoch - 1 + self.standing.step / len(steps)) / self.params.epochs)
                self.standing.loss += sum(self._learn(*next(reads), share, len(step)) for _ in step)
                nn.utils.clip_grad_norm_([weight for _, weight, _ in self.rates], STEEPEST)
                self.optimiser.step()
                self.optimiser.zero_grad()
                self.standing.step += 1
                if self.kept.is_due:
                    self._keep()

    def _reads(self, clips: list[Clip], first: int) -> Iterator[_Read]:
        """Read clips, each with its change and the seed of its dropout."""
        for number, clip in enumerate(clips, first):
            rng = np.random.default_rng([self.params.seed, self.standing.epoch, number])
            yield self.fitted.read(clip), draw_change(self.params, rng), int(rng.integers(2**31))

    def _learn(self, read: ReadClip, change: Change, seed: int, share: float, clips: int) -> float:
        """Add the gradients of one of a step's clips; return its part of the loss."""
        torch.manual_seed(seed)
        with exact_convolutions(), self._enough_memory(read):
            seen = self._seen(read, change)
            mask = torch.ones(seen.shape[:2], dtype=torch.bool, device=seen.device)
            target = torch.from_numpy(np.ascontiguousarray(read.target))[None].to(seen.device)
            focal = self.fitted.data.params.focal
            loss = loss_of(self.network.head, seen, mask, target, self.class_weights, focal, share, clips)
            loss.backward()  # type: ignore[no-untyped-call]
        if not math.isfinite(value := float(loss.detach())):
            raise InputError(
                f"{DIVERGED} {value} in fine-tuning; set a smaller finetune.learning_rate than {self.params.learning_rate:g} "
                f"or finetune.head_learning_rate than {self.params.head_learning_rate:g}"
            )
        self.standing.frames += len(read.pictures)
        return value

    def _seen(self, read: ReadClip, change: Change) -> Tensor:
        pictures = torch.from_numpy(read.pictures).permute(0, 3, 1, 2).to(self.network.device)
        return self.network.seen(pictures, torch.from_numpy(read.means).to(self.network.device), change)

    @contextmanager
    def _enough_memory(self, read: ReadClip) -> Iterator[None]:
        """Say what to do where what happens to a clip inside, forwards and backwards, needs more than there is."""
        try:
            yield
        except torch.OutOfMemoryError as error:
            raise InputError(
                f"{len(read.pictures)} frames of a clip need more memory than there is: lower finetune.frames ({self.params.frames}) "
                f"with checkpointing: true, or finetune.clip_s ({self.params.clip_s:g}), or where an epoch is judged train.window_s "
                f"({self.fitted.data.params.window_s:g})"
            ) from error

    @torch.no_grad()
    def _score(self) -> float | None:
        """Return the macro average precision on windows of the inner animals; None without any."""
        if self.inner is None:
            return None
        self.network.learns(False)
        clips = self.inner.spread()
        with closing(read_ahead(map(self.inner.read, clips[len(self.answers) :]))) as reads:
            for read in reads:
                self.answers.append(self._answer(read))
                if self.kept.is_due:
                    self._keep()
        labels = np.concatenate([self.inner.labels(clip) for clip in clips])
        answers, self.answers = np.concatenate(self.answers), []
        return macro_average_precision(labels, answers)

    def _answer(self, read: ReadClip) -> npt.NDArray[np.float32]:
        with exact_convolutions(), self._enough_memory(read):
            seen = self._seen(read, AS_IT_IS)
            mask = torch.ones(seen.shape[:2], dtype=torch.bool, device=seen.device)
            steps = probability_of(self.network.head.tag(seen, mask), self.network.head.exclusive)[0].float().cpu().numpy()
        return frames_of_steps(steps, read.step_frames, len(read.pictures))[read.kept]

    def _set_rates(self, done: float) -> None:
        """Let the learning rates fall to zero along a cosine (Loshchilov & Hutter 2017)."""
        for group, (_, _, rate) in zip(self.optimiser.param_groups, self.rates, strict=True):
            group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))

    def _copy(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self.network.state().items()}

    def _keep(self) -> None:
        moments = {f"moment.{name}.{key}": value for name, weight, _ in self.rates for key, value in self.optimiser.state[weight].items()}
        now = {f"now.{name}": value for name, value in self.network.state().items()}
        best = {f"best.{name}": value for name, value in self.best.items()}
        answers = {f"answer.{number}": torch.from_numpy(answer) for number, answer in enumerate(self.answers)}
        self.kept.keep(now | best | moments | answers, vars(self.standing))

    def _resume(self) -> None:
        if not (found := self.kept.read()):
            return
        tensors, stands = found
        self.standing = Standing(**stands)
        self.answers = [tensors[f"answer.{number}"].numpy() for number in range(sum(name.startswith("answer.") for name in tensors))]
        self.network.take({name: tensors[f"now.{name}"] for name in self.network.state()})
        self.best = {name: tensors[f"best.{name}"].to(self.network.device) for name in self.best}
        for name, weight, _ in self.rates:
            keys = [key for key in ("step", "exp_avg", "exp_avg_sq") if f"moment.{name}.{key}" in tensors]
            state = {key: tensors[f"moment.{name}.{key}"] for key in keys}
            self.optimiser.state[weight] = {key: value if key == "step" else value.to(weight.device) for key, value in state.items()}
