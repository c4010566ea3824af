"""Labels are checked before anything is trained."""

from dataclasses import replace

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.sequence.videos import TrainingVideo, check_videos

NAMES = ("grooming", "rearing")


def test_a_video_says_which_behaviours_it_shows(plant):
    assert plant("m", labels=np.array([[0, 1], [-1, 0]], np.int8)).shows(NAMES) == {"rearing"}


def test_labels_of_another_length_than_the_video_cannot_be(plant):
    video = plant("m")
    with pytest.raises(ValueError, match=r"labels of shape \(200, behaviours\) for m, got \(199, 2\)"):
        TrainingVideo("m", "m", video.open, video.keys, video.labels[1:], video.time_s)


def test_what_each_person_says_has_the_shape_of_the_labels(plant):
    video = plant("m")
    with pytest.raises(ValueError, match=r"Expected each rater's labels of shape \(200, 2\) for m, got \(199, 2\)"):
        replace(video, raters=(video.labels, video.labels[1:]))


def test_without_labelled_videos_there_is_nothing_to_train():
    with pytest.raises(InputError, match="needs labelled videos, found none"):
        check_videos([], NAMES, exclusive=False)


def test_labels_have_a_column_per_behaviour(plant):
    with pytest.raises(ValueError, match="labels of 3 behaviours for m, got 2"):
        check_videos([plant("m")], ("a", "b", "c"), exclusive=False)


def test_exclusive_behaviours_must_not_meet(plant):
    video = plant("m", labels=np.array([[0, 1], [1, 1], [1, 1]], np.int8))
    check_videos([video], NAMES, exclusive=False)
    with pytest.raises(
        InputError, match=r"m: .* found grooming and rearing together at 0.10 s \(2 such frames\); .* train.task=multilabel"
    ):
        check_videos([video], NAMES, exclusive=True)


def test_exclusive_behaviours_must_not_meet_in_what_any_one_person_says_where_their_mean_is_learned(plant):
    labels = np.array([[0, 1], [1, 0]], np.int8)
    video = replace(plant("m", labels=labels), raters=(labels, np.array([[0, 1], [1, 1]], np.int8)))
    with pytest.raises(InputError, match=r"found grooming and rearing together at 0.10 s \(1 such frames\)"):
        check_videos([video], NAMES, exclusive=True)
