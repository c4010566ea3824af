"""How fast a network learns at each step, and the average of its weights over steps."""

import copy
import math

import torch

from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.settings import TrainParams


def learning_rate(params: TrainParams, done: float, step: float = 0.0) -> float:
    """Return the learning rate of one step.

    It rises linearly over `params.warmup` epochs; with the schedule ``cosine`` it falls to zero over `params.epochs`
    (Loshchilov & Hutter 2017), in every step a little.

    Parameters
    ----------
    done
        Epochs done before the step, such as 2.5 in the middle of the third.
    step
        What part of an epoch the step is; the first one of a warm-up is then not lost.
    """
    risen = min(1.0, (done + step) / params.warmup) if params.warmup else 1.0
    left = 0.5 * (1 + math.cos(math.pi * min(1.0, done / params.epochs))) if params.schedule == "cosine" else 1.0
    return params.learning_rate * risen * left


class Averaged:
    """An exponential average of a network's weights over its steps.

    The average is that of the weights seen so far (divided by 1 - decay^n as in Adam, Kingma & Ba 2015), so that the
    random weights of the beginning are not in it. Running means of batch norm are averages already, and are copied.

    Parameters
    ----------
    network
        Is not changed.
    decay
        What is left of the average after one step, in (0, 1).
    """

    def __init__(self, network: TaggingNetwork, decay: float) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False)
        self.decay, self.steps = decay, 0

    @torch.no_grad()
    def update(self, network: TaggingNetwork) -> None:
        """Take in the weights after one more step."""
        self.steps += 1
        part = (1 - self.decay) / (1 - self.decay**self.steps)
        for average, value in zip(self.network.parameters(), network.parameters(), strict=True):
            average.lerp_(value, part)
        for copied, newest in zip(self.network.buffers(), network.buffers(), strict=True):
            copied.copy_(newest)
