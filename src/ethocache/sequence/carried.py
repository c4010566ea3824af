"""Go through a video with a network that never looks ahead: one piece after the other, each from where the last one ended."""

import copy
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from ethocache.sequence.heads.memory import begin
from ethocache.sequence.heads.stages import stage_logits
from ethocache.sequence.network import TaggingNetwork, probability_of
from ethocache.sequence.videos import Features

_PIECE = 256  # steps of a video that are computed at once; the answer does not depend on it


class CarriedNetwork:
    """A network on its way through one video; what it keeps of the past does not grow.

    The head computes in float64 and its probabilities are rounded to float32, so that they do not depend on how many steps come
    at once: sums in another order differ in the sixteenth digit, of which eight are dropped. A whole video and a stream of single
    steps so give the same bits (a probability that lies on the border between two floats to sixteen digits, one in tens of
    millions, could fall to either side).

    Parameters
    ----------
    network
        It is copied, and stays as it is.
    """

    def __init__(self, network: TaggingNetwork) -> None:
        if not network.causal:
            raise ValueError("Expected a network that never looks ahead, got one that does")
        self._device = network.view.mean.device if network.view.mean.device.type != "mps" else torch.device("cpu")  # no float64 there
        self._view, self._exclusive, self.behaviours = network.view, network.exclusive, network.behaviours
        self._head = copy.deepcopy(network.head).to(self._device, torch.float64).eval()
        begin(self._head)

    @torch.inference_mode()
    def answer(self, x: npt.NDArray[np.float32], seen: bool = False) -> npt.NDArray[np.float32]:
        """Return the probabilities (n, B) of the next n steps, from their features (n, D) or from what the view made of them."""
        if not len(x):
            return np.zeros((0, self.behaviours), np.float32)
        rows = torch.from_numpy(np.ascontiguousarray(x))
        rows = rows.to(self._device) if seen else self._view(rows.to(self._view.mean.device)).to(self._device)
        every = torch.ones(1, len(rows), dtype=torch.bool, device=self._device)
        logits = stage_logits(self._head, rows.double()[None], every)[-1][0]
        return np.asarray(probability_of(logits, self._exclusive).float().cpu().numpy(), np.float32)


def carried_probabilities(network: TaggingNetwork, steps: Features, seen: bool) -> npt.NDArray[np.float32]:
    """Return the probabilities (steps, B) of a whole video."""
    carried = CarriedNetwork(network)
    parts = [carried.answer(piece, seen) for piece in _pieces(steps)]
    return np.concatenate([np.zeros((0, network.behaviours), np.float32), *parts])


def _pieces(steps: Features) -> Iterator[npt.NDArray[np.float32]]:
    return (steps.rows(start, min(start + _PIECE, steps.frames)) for start in range(0, steps.frames, _PIECE))
