import threading
import time
from contextlib import closing

import pytest

from ethocache.vision.read_ahead import overlapped, read_ahead


def running():
    return [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")]


def test_items_come_whole_and_in_order():
    assert list(read_ahead(iter(range(50)))) == list(range(50))
    assert list(read_ahead(iter([]))) == []
    assert not running()


def test_no_more_than_the_depth_is_read_ahead():
    read = []
    with closing(read_ahead((read.append(item) or item for item in range(50)), depth=3)) as items:
        assert next(items) == 0
        time.sleep(0.05)
        assert len(read) <= 4


def test_what_goes_wrong_in_the_thread_is_raised_in_its_place():
    def broken():
        yield 1
        yield 2
        raise OSError("the disk is gone")

    items = read_ahead(broken())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(OSError, match="the disk is gone"):
        next(items)
    assert not running()


def test_a_reader_that_leaves_early_leaves_no_thread_behind():
    def leave():
        with closing(read_ahead(iter(range(10**9)))) as items:
            next(items)
            assert running()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave()
    assert not running()


# ---- several at work ----


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_overlapped_work_comes_in_order(at_once):
    def slower_first(number):
        time.sleep(0.02 / (number + 1))
        return number * number

    assert list(overlapped(slower_first, iter(range(12)), at_once)) == [number**2 for number in range(12)]


def test_two_are_at_work_at_the_same_time_and_no_more_items_are_taken_than_needed():
    both, taken = threading.Barrier(2), []

    def items():
        for number in range(8):
            taken.append(number)
            yield number

    results = overlapped(lambda number: (both.wait(10), number)[1], items(), 2)
    assert next(results) == 0
    assert len(taken) <= 4
    results.close()


@pytest.mark.parametrize("at_once", [1, 2])
def test_what_goes_wrong_at_work_is_raised_in_its_place(at_once):
    results = overlapped(lambda number: 6 // (3 - number), iter(range(6)), at_once)
    assert [next(results) for _ in range(3)] == [2, 3, 6]
    with pytest.raises(ZeroDivisionError):
        next(results)
