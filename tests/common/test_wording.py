"""One of a thing is not said as many of it."""

import pytest

from ethocache.common.wording import counted


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("video",), "0 videos"),
        (1, ("video",), "1 video"),
        (2, ("video",), "2 videos"),
        (1, ("file of labels", "files of labels"), "1 file of labels"),
        (3, ("file of labels", "files of labels"), "3 files of labels"),
    ],
)
def test_one_is_said_otherwise_than_none_and_many(number, words, said):
    assert counted(number, *words) == said
