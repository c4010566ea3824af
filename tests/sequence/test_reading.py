"""Features are read within a budget, and normalised by what is valid."""

import tracemalloc
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.sequence.reading import Memory, Moments, Reader, Rows


def features_of(video):
    with video.open() as features:
        return features


def test_features_come_back_the_same_from_memory_and_from_disk(plant):
    video = plant("m", frames=50)
    kept, read = Reader().of(video), Reader(budget_bytes=0).of(video)
    np.testing.assert_array_equal(kept.rows(3, 20), read.rows(3, 20))
    assert kept.rows(3, 20).dtype == read.rows(3, 20).dtype == np.float32
    assert kept.rows(45, 99).shape == (5, 8)


def test_what_is_kept_is_read_once_and_what_does_not_fit_every_time(plant):
    first, second = plant("m0", frames=50), plant("m1", frames=50)
    reader = Reader(budget_bytes=50 * 8 * 2)
    for _ in range(3):
        reader.of(first).rows(0, 10)
        reader.of(second).rows(0, 10)
    assert features_of(first).reads == [(0, 50)]
    assert features_of(second).reads == [(0, 10)] * 3


def test_mean_and_deviation_are_those_of_valid_frames_of_all_videos(plant):
    videos = [plant("m0", frames=40), plant("m1", frames=60)]
    features_of(videos[0]).valid[10:] = False
    rows = np.concatenate([features_of(videos[0]).values[:10], features_of(videos[1]).values]).astype(np.float64)
    reader = Reader(budget_bytes=0)
    mean, std = (reader.of(videos[0]).moments + reader.of(videos[1]).moments).mean_and_std()
    np.testing.assert_allclose(mean, rows.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(std, rows.std(axis=0), rtol=1e-6)


def test_a_feature_that_never_changes_is_not_divided_by_zero():
    mean, std = Moments(np.array([4]), np.array([8.0]), np.array([16.0])).mean_and_std()
    assert (mean.tolist(), std.tolist()) == ([2.0], [1.0])


class Endless:
    """Features of any length, of which none is in memory before it is read."""

    def __init__(self, frames: int, dimensions: int) -> None:
        self.frames, self.dimensions = frames, dimensions
        self.time_s, self.valid = np.arange(frames) / 30, np.ones(frames, bool)

    def rows(self, start: int, stop: int):
        return np.ones((stop - start, self.dimensions), np.float32)


def test_moments_of_a_long_video_take_no_more_memory_than_those_of_a_short_one():
    peaks = []
    for frames in (1000, 10_000):
        rows = Rows(Endless(frames, 256), Memory(0))
        tracemalloc.start()
        assert (rows.moments.frames == frames).all()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.05 * peaks[0]


def test_features_of_another_length_than_the_labels_are_refused(plant):
    long, short = plant("m", frames=50), plant("m", frames=40)
    with pytest.raises(InputError, match="m: expected features of 50 frames, as the labels have, found 40; run dvc repro -f extract"):
        Reader().of(replace(long, open=short.open))


def test_features_of_different_width_are_refused(plant):
    reader = Reader()
    reader.of(plant("m0"))
    with pytest.raises(InputError, match="m1: expected features of 8 dimensions, as the other videos have, found 5"):
        reader.of(plant("m1", dimensions=5))


def test_every_open_file_is_closed(plant):
    class Closing(nullcontext):
        opened = closed = 0

        def __enter__(self):
            Closing.opened += 1
            return super().__enter__()

        def __exit__(self, *how):
            Closing.closed += 1

    video = plant("m")
    reader = Reader(budget_bytes=0)
    rows = reader.of(replace(video, open=lambda: Closing(features_of(video))))
    rows.rows(0, 10)
    assert Closing.opened == Closing.closed > 1


def test_steps_are_kept_instead_of_frames(plant):
    video = plant("m", frames=50)
    rows = Reader(budget_bytes=50 * 8 * 2).of(video)
    assert rows.steps(1) is rows and rows.steps(3) is rows.steps(3)
    for _ in range(3):
        assert rows.steps(3).rows(0, 99).shape == (17, 8)
    assert features_of(video).reads == [(0, 50)]


def test_what_a_fold_lends_goes_before_what_is_kept_and_ends_with_it(plant):
    first, second = plant("m0", frames=50), plant("m1", frames=50)
    reader = Reader(budget_bytes=50 * 8 * 2)
    reader.of(first).rows(0, 10)
    with reader.lend() as keep:
        lent = keep(reader.of(second))
        np.testing.assert_array_equal(lent.rows(0, 10), lent.rows(0, 10))
        assert features_of(second).reads == [(0, 50)]
        reader.of(first).rows(0, 10)
        assert features_of(first).reads == [(0, 50), (0, 10)]
        too_much = keep(reader.of(first))
        np.testing.assert_array_equal(too_much.rows(3, 9), reader.of(first).rows(3, 9))
    reader.of(first).rows(0, 10)
    assert features_of(first).reads[-1] == (0, 50)
