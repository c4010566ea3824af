import threading
import time
from contextlib import closing

import pytest

from ethocache.vision.read_ahead import read_ahead


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
