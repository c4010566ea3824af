"""Where the arithmetic runs."""


def device() -> str:
    """Return ``cuda``, ``mps`` or ``cpu``, whatever this machine has."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
