"""Batches hold every labelled frame once per epoch, and nothing that is not known."""

from dataclasses import replace

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.sequence.batching import TrainingSet
from ethocache.sequence.reading import Reader
from ethocache.sequence.settings import TrainParams

PARAMS = TrainParams(window_s=3, overlap_s=0, batch_size=3)


def test_an_epoch_holds_every_frame_once_with_its_own_label(litter):
    videos = litter(3, frames=100)
    data = TrainingSet(videos, PARAMS, Reader())
    batches = [data.batch(pieces) for pieces in data.epoch(np.random.default_rng(0))]
    rows = np.concatenate([batch.x[batch.mask] for batch in batches])
    targets = np.concatenate([batch.target[batch.mask] for batch in batches])
    expected = np.concatenate([np.hstack([Reader().of(video).rows(0, 100), video.labels]) for video in videos])
    assert sorted(map(tuple, np.hstack([rows, targets]))) == sorted(map(tuple, expected))


def test_padding_stands_behind_and_takes_no_part(litter):
    data = TrainingSet(litter(3, frames=40), PARAMS, Reader())
    for pieces in data.epoch(np.random.default_rng(0)):
        batch = data.batch(pieces)
        assert (np.diff(batch.mask.astype(int), axis=1) <= 0).all()
        assert (batch.target[~batch.mask] == -1).all() and not batch.x[~batch.mask].any()


def test_frames_without_a_valid_crop_are_seen_but_not_learned_from(plant):
    video = plant("m", frames=30)
    with video.open() as features:
        features.valid[5:20] = False
    for task in ("multilabel", "exclusive"):
        data = TrainingSet([video], PARAMS.model_copy(update={"task": task}), Reader())
        target = data.targets["m"]
        assert (target[5:20] == -1).all() and (target[20:] != -1).all()
        assert data.frames == 30
    assert (video.labels != -1).all()


def test_weights_count_each_class_of_what_is_learned(plant):
    labels = np.zeros((100, 2), np.int8)
    labels[:10, 0] = 1
    labels[50:, 1] = -1
    video = plant("m", labels=labels)
    balanced = PARAMS.model_copy(update={"class_weights": "balanced"})
    np.testing.assert_allclose(TrainingSet([video], balanced, Reader()).class_weights(), [[100 / 180, 5], [0.5, 1]], rtol=1e-6)
    exclusive = balanced.model_copy(update={"task": "exclusive"})
    np.testing.assert_allclose(TrainingSet([video], exclusive, Reader()).class_weights(), [50 / 120, 50 / 30, 1], rtol=1e-6)


@pytest.mark.parametrize("spoil", ["labels", "valid"])
def test_without_a_labelled_valid_frame_there_is_nothing_to_learn(plant, spoil):
    video = plant("m", animal="Bob")
    if spoil == "labels":
        video.labels[:] = -1
    else:
        with video.open() as features:
            features.valid[:] = False
    with pytest.raises(InputError, match="labelled frames with a valid crop to train on, found none in the videos of Bob"):
        TrainingSet([video], PARAMS, Reader())


def test_batches_of_steps_hold_means_and_the_label_of_most_frames(plant):
    video = plant("m", frames=31, behaviours=1)
    data = TrainingSet([video], PARAMS.model_copy(update={"max_fps": 5}), Reader())
    batch = data.batch(data.epoch(np.random.default_rng(0))[0])
    assert data.frames == 31 and data.known == 16
    rows = Reader().of(video).rows(0, 31)
    pairs = [rows[start : start + 2].mean(axis=0) for start in range(0, 31, 2)]
    found = sorted(map(tuple, batch.x[batch.mask].round(2)))
    np.testing.assert_allclose(found, sorted(map(tuple, np.round(pairs, 2))), atol=0.011)


def column(*marks):
    return np.array([marks, [0] * len(marks)], np.int8).T


def test_of_several_people_the_share_that_says_yes_is_learned(plant):
    majority, people = column(1, -1, 0, -1), (column(1, 1, 0, -1), column(1, 0, 0, -1))
    video = replace(plant("m", labels=majority), raters=people)
    alone = plant("n", labels=column(1, 0, 0, 0))
    data = TrainingSet([video, alone], PARAMS, Reader())
    np.testing.assert_array_equal(data.taught["m"][:, 0], [1, 0.5, 0, -1])
    np.testing.assert_array_equal(data.taught["n"], alone.labels)
    assert data.known == 3 + 4 + 4 + 4
    assert data.batch(data.epoch(np.random.default_rng(0))[0]).target.dtype == np.float32


def test_of_exclusive_behaviours_each_class_has_the_share_of_people_who_see_it(plant):
    people = np.array([[1, 0], [0, 0]], np.int8), np.array([[0, 1], [0, 0]], np.int8), np.array([[0, 1], [-1, 0]], np.int8)
    video = replace(plant("m", labels=np.array([[0, 1], [0, 0]], np.int8)), raters=people)
    data = TrainingSet([video], PARAMS.model_copy(update={"task": "exclusive"}), Reader())
    np.testing.assert_allclose(data.taught["m"], [[0, 1 / 3, 2 / 3], [1, 0, 0]], rtol=1e-6)
    assert data.known == 2


def test_edges_of_several_people_are_softened_each_by_itself(plant):
    people = column(0, 0, 1, 1, 1, 1), column(0, 0, 0, 0, 1, 1)
    params = PARAMS.model_copy(update={"soften_s": 0.1})
    each = [TrainingSet([plant("m", labels=labels)], params, Reader()).taught["m"] for labels in people]
    video = replace(plant("m", labels=people[0]), raters=people)
    np.testing.assert_allclose(TrainingSet([video], params, Reader()).taught["m"], np.mean(each, axis=0))
