"""One bar for a work of many parts."""

import io
import sys

import pytest

from ethocache.common.progress import one_bar, progress


def test_the_parts_move_the_one_bar_on(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr("ethocache.common.progress._silent", False)  # another test of this process may have been a worker
    with one_bar("tagging", 10) as whole:
        with progress("cropping m1", 6) as part:
            part.update(6)
        with progress("embedding m1", 6) as part:
            part.initial = part.n = 2  # as where an earlier run was stopped
            part.update()
        assert whole.n == 7
        assert whole.desc == "embedding m1"


def test_after_an_error_parts_have_bars_of_their_own_again():
    with pytest.raises(ZeroDivisionError), one_bar("tagging", 10):
        raise ZeroDivisionError
    with one_bar("tagging", 1) as whole:
        pass
    with progress("cropping m1", 1) as part:
        part.update()
    assert whole.n == 0
