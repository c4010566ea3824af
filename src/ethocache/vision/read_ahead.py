"""Let one thread decode the next frames while the network works on these."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

ItemT = TypeVar("ItemT")


def read_ahead(items: Iterator[ItemT], depth: int = 2) -> Generator[ItemT]:
    """Give the items of an iterator that a thread runs, at most `depth` items ahead.

    What goes wrong in the thread is raised here, in its place. Close the returned generator
    (``contextlib.closing``) to stop early: the thread has ended when `close` returns.
    """
    end: Any = object()
    thread = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
    try:
        waiting = deque(thread.submit(next, items, end) for _ in range(depth))
        while (item := waiting.popleft().result()) is not end:
            waiting.append(thread.submit(next, items, end))
            yield item
    finally:
        thread.shutdown(wait=True, cancel_futures=True)
