"""Clips from anywhere in a crop have the pixels of decoding in order."""

from pathlib import Path

import numpy as np
import pytest
from crops import wandering_square, write_crop

from ethocache.common.errors import InputError
from ethocache.vision.backbones.settings import View
from ethocache.vision.clips import read_clip
from ethocache.vision.decode import decode_frames

FRAMES = 600


@pytest.fixture(scope="module")
def crop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crop of 600 frames with a key frame every 30, as the crop stage writes them."""
    return write_crop(tmp_path_factory.mktemp("crop") / "crop.mp4", wandering_square(FRAMES), keyframe_interval=30)


@pytest.mark.parametrize("view", [None, View(48, "bicubic")], ids=["as it is", "at the size of a network"])
def test_a_thousand_random_clips_are_pixel_equal_to_decoding_in_order(crop, view):
    in_order = np.stack(list(decode_frames(crop, view=view)))
    assert len(in_order) == FRAMES and len({frame.tobytes() for frame in in_order}) > FRAMES / 2, "frames differ, so that a wrong one shows"
    rng = np.random.default_rng(0)
    for start in rng.integers(0, FRAMES, 1000):
        stop = min(FRAMES, start + int(rng.integers(1, 33)))
        assert np.array_equal(read_clip(crop, int(start), stop, view), in_order[start:stop])


def test_the_first_and_the_last_frame_are_clips_too(crop):
    assert read_clip(crop, 0, 1).shape == read_clip(crop, FRAMES - 1, FRAMES).shape == (1, 64, 64, 3)


def test_a_crop_that_ends_too_early_is_damaged(crop):
    with pytest.raises(InputError, match="expected frames 590 to 601, found only 600 in it: it is damaged; run `ethocache store verify`"):
        read_clip(crop, 590, 601)


def test_a_crop_that_is_missing_says_what_makes_it(tmp_path):
    with pytest.raises(InputError, match=r"v\.mp4 is missing: run 'dvc repro crop'"):
        read_clip(tmp_path / "v.mp4", 0, 4)


@pytest.mark.parametrize(("start", "stop"), [(4, 4), (5, 4), (-1, 3)])
def test_an_empty_range_is_a_mistake_of_ours(crop, start, stop):
    with pytest.raises(ValueError, match="Expected a range of frames"):
        read_clip(crop, start, stop)
