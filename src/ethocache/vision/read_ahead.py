"""Let threads decode the next frames, and embed them, while others are still at work."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


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


def overlapped(work: Callable[[ItemT], ResultT], items: Iterator[ItemT], at_once: int) -> Generator[ResultT]:
    """Give ``work(item)`` of each item in order, of which `at_once` are worked on at the same time, each in a thread.

    One at a time is worked on in the thread that asks. What goes wrong is raised in its place. Close the returned generator
    (``contextlib.closing``) to stop early: the threads have ended when `close` returns.
    """
    if at_once == 1:
        yield from map(work, items)
        return
    threads = ThreadPoolExecutor(at_once, thread_name_prefix="at-work")
    waiting: deque[Future[ResultT]] = deque()
    try:
        for item in items:
            waiting.append(threads.submit(work, item))
            if len(waiting) > at_once:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        threads.shutdown(wait=True, cancel_futures=True)
