"""What a pack says of its training, when somebody hostile wrote it: refused with a reason, and never unpickled."""

import io
import json
from tokenize import TokenError

import numpy as np
import pytest

from ethocache.endtoend.packs.opening import read_model_card, read_moments


def saved(values, write=np.save, **options) -> bytes:
    file = io.BytesIO()
    write(file, values, **options)
    return file.getvalue()


def test_moments_are_read_as_they_were_written():
    values = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    np.testing.assert_array_equal(read_moments(saved(values)), values)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        saved(np.zeros((2, 3, 2))),
        saved(np.array([{}], object), allow_pickle=True),
        saved(np.zeros((2, 3, 2), np.float32), np.savez),
        saved(np.zeros((2, 3, 2), np.float32))[:-1],
        saved(np.zeros((2, 3, 2), np.float32)).replace(b"(2, 3, 2), }    ", b"(2, 3, 90000), }"),
        saved(np.zeros((2, 3, 2), np.float32)).replace(b"(2, 3, 2), }", b"(2, 3, 2), ("),
    ],
    ids=["empty", "cut header", "float64", "pickled", "npz", "cut", "promises more", "broken header"],
)
def test_other_files_are_refused(content):
    with pytest.raises((ValueError, EOFError, TokenError)):
        read_moments(content)


@pytest.mark.parametrize("card", [[], {}, {"model": 3}])
def test_a_card_without_the_model_s_name_is_refused(card):
    with pytest.raises(ValueError, match=r"no name of a model in model_card\.json"):
        read_model_card(json.dumps(card).encode())
