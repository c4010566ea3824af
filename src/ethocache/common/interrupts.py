"""What Ctrl-C may not cut in two."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the block: an object that is half made complains when it is taken away."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    pressed: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


def dask_setup(worker: Any) -> None:
    """Leave Ctrl-C to the process that asked for the work, which sends its workers home; Dask calls this in each of them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
