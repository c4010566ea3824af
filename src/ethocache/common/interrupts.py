"""What Ctrl-C may not cut in two."""

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_AGAIN_AFTER_S = 0.05


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


def _press() -> None:
    """Press Ctrl-C on the main thread, and wake it if it waits, which `interrupt_main` does not."""
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main, signal.SIGINT)
    else:  # Windows
        _thread.interrupt_main()


@contextmanager
def never_swallowed() -> Iterator[None]:
    """Press Ctrl-C once more where Python cannot stop for it: inside a destructor or a weak reference's callback it would be forgotten."""
    before = sys.unraisablehook

    def look(found: "sys.UnraisableHookArgs") -> None:
        if not issubclass(found.exc_type, KeyboardInterrupt):
            before(found)
            return
        again = threading.Timer(_AGAIN_AFTER_S, _press)
        again.daemon = True
        again.start()

    sys.unraisablehook = look
    try:
        yield
    finally:
        sys.unraisablehook = before
