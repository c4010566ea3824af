"""Where the arithmetic runs."""

from typing import Literal

Device = Literal["cpu", "cuda", "mps"]


def device() -> Device:
    """Return ``cuda``, ``mps`` or ``cpu``, whatever this machine has."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
