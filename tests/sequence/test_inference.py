"""Long videos are tagged window by window, as if they were seen at once."""

import tracemalloc

import numpy as np
import pytest
import torch

from ethocache.sequence.heads import parse_head
from ethocache.sequence.inference import probabilities
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.reading import Reader
from ethocache.sequence.settings import TrainParams


def network(kind, **settings):
    torch.manual_seed(0)
    return TaggingNetwork(8, 2, parse_head({"kind": kind, **settings}, "head"), TrainParams())


def answer(built, video, **settings):
    with video.open() as features:
        return probabilities(built, features, TrainParams(**settings))


@pytest.mark.parametrize("frames", [1, 49, 50, 51, 237])
def test_frames_by_themselves_are_the_same_whatever_the_windows(plant, frames):
    built, video = network("linear"), plant("m", frames=frames)
    whole = answer(built, video, window_s=100)
    assert whole.shape == (frames, 2) and whole.dtype == np.float32
    np.testing.assert_allclose(answer(built, video, window_s=5, overlap_s=1, batch_size=2), whole, atol=1e-6)


def test_a_video_without_frames_has_no_probabilities(plant):
    assert answer(network("lstm"), plant("m", labels=np.zeros((0, 2), np.int8))).shape == (0, 2)


def test_enough_overlap_gives_what_the_whole_video_gives(plant):
    built, video = network("tcn", levels=2, channels=4, project=0), plant("m", frames=300)
    whole = answer(built, video, window_s=100)
    np.testing.assert_allclose(answer(built, video, window_s=6, overlap_s=2.6), whole, atol=1e-5)
    assert np.abs(answer(built, video, window_s=6, overlap_s=0) - whole).max() > 1e-3


def test_windows_are_read_one_batch_after_the_other(plant):
    video = plant("m", frames=300)
    answer(network("lstm", units=4), video, window_s=5, overlap_s=1)
    with video.open() as features:
        assert max(stop - start for start, stop in features.reads) == 50
        assert features.reads == sorted(features.reads)


@pytest.mark.parametrize("kind", ["linear", "lstm"])
def test_memory_does_not_grow_with_the_video(plant, kind):
    built, peaks = network(kind), []
    for frames in (2_000, 20_000):
        video = plant("m", frames=frames)
        tracemalloc.start()
        answer(built, video, window_s=5, batch_size=2, overlap_s=1)
        peaks.append(tracemalloc.get_traced_memory()[1] - frames * 2 * 4 * 2)  # the answer itself, once in parts and once whole
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 200_000


@pytest.mark.parametrize("frames", [1, 2, 100, 101, 102])
def test_a_planted_step_stays_at_its_frame_with_fewer_steps_than_frames(plant, frames):
    labels = np.zeros((frames, 2), np.int8)
    labels[30:60, 0] = 1
    video, built = plant("m", labels=labels, height=9.0), network("linear")
    with torch.no_grad():
        built.head.read_out.weight.copy_(torch.eye(2, 8))
        built.head.read_out.bias.fill_(-4.5)
    found = answer(built, video, window_s=3, overlap_s=1, max_fps=10 / 3)
    assert found.shape == (frames, 2) and found.dtype == np.float32
    if frames > 60:
        np.testing.assert_array_equal(found[:, 0] > 0.5, labels[:, 0] == 1)


def test_videos_of_few_frames_per_second_are_untouched_by_max_fps(plant):
    built, video = network("tcn", levels=2, channels=4, project=0), plant("m", frames=100)
    np.testing.assert_array_equal(answer(built, video, max_fps=15), answer(built, video, max_fps=None))


def test_a_video_is_tagged_the_same_opened_and_through_a_reader(plant):
    built, video = network("tcn", levels=2, channels=4, project=0), plant("m", frames=101)
    params = TrainParams(window_s=4, overlap_s=1, max_fps=5)
    np.testing.assert_array_equal(
        probabilities(built, Reader().of(video), params), answer(built, video, window_s=4, overlap_s=1, max_fps=5)
    )
