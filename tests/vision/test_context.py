"""Batches come with the frames around them."""

import numpy as np
import pytest
from crops import wandering_square, write_crop
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.vision.backbones.settings import Context
from ethocache.vision.context import batches_of
from ethocache.vision.decode import decode_frames

FRAMES = 41


@pytest.fixture(scope="module")
def crop(tmp_path_factory):
    return write_crop(tmp_path_factory.mktemp("crop") / "crop.mp4", wandering_square(FRAMES, 32))


@pytest.fixture(scope="module")
def frames(crop):
    return np.stack(list(decode_frames(crop)))


numbers = st.integers(0, 50)


@settings(max_examples=60, deadline=None)
@given(start=numbers, size=st.integers(1, 50), before=numbers, after=numbers)
def test_every_frame_comes_once_with_its_true_neighbours_wherever_reading_starts(crop, frames, start, size, before, after):
    batches = list(batches_of(crop, start, size, Context(before, after)))
    assert sum(len(batch) - before - after for batch in batches) == max(0, FRAMES - start)
    for number, batch in enumerate(batches):
        first = start + number * size
        last = min(first + size, FRAMES)
        wanted = np.clip(np.arange(first - before, last + after), 0, FRAMES - 1)
        np.testing.assert_array_equal(batch, frames[wanted])


def test_beyond_the_ends_of_a_video_its_first_and_last_frame_are_repeated(crop, frames):
    (batch,) = batches_of(crop, 0, FRAMES, Context(3, 2))
    assert len(batch) == FRAMES + 5
    np.testing.assert_array_equal(batch[:3], frames[[0, 0, 0]])
    np.testing.assert_array_equal(batch[-2:], frames[[-1, -1]])


@pytest.mark.parametrize(("wanted", "stride", "frames"), [(16, 1, 16), (16, 4, 16), (16, 5, 20), (1, 8, 8)])
def test_every_batch_starts_at_a_multiple_of_the_stride(wanted, stride, frames):
    assert Context(stride=stride).batch_frames(wanted) == frames


def test_a_network_of_single_frames_has_nothing_to_add_to_the_key():
    assert Context().as_json() == {}
    assert Context(1, 2).as_json() == {"before": 1, "after": 2, "stride": 1, "ends": "repeated"}


@pytest.mark.parametrize("wrong", [{"before": -1}, {"after": -1}, {"stride": 0}])
def test_an_impossible_context_cannot_be_built(wrong):
    with pytest.raises(ValueError, match="expected frames before and after, and a stride of at least 1, found Context"):
        Context(**wrong)
