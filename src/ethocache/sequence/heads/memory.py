"""Layers that go on where they stopped: what a head saw in one call is still there in the next."""

from typing import Any

from torch import nn


class LooksBack:
    """A layer that looks at earlier steps; from `begin` on, those of its earlier calls count too.

    A video then needs no windows: it is read piece by piece, in pieces of any length down to single steps, and each answer is
    what it would be if everything before had come in one piece.

    Attributes
    ----------
    carried
        Whether a call goes on where the one before ended. Otherwise nothing is before its first step, as in training.
    past
        What is kept between calls; None before the first. Its size does not grow with time.
    """

    carried: bool = False
    past: Any = None

    def begin(self) -> None:
        """Forget what was, and carry on from call to call from now on."""
        self.carried, self.past = True, None


def begin(head: nn.Module) -> None:
    """Let every layer of a head that never looks ahead carry on from call to call; one video at a time, no padding."""
    for layer in head.modules():
        if isinstance(layer, LooksBack):
            layer.begin()
