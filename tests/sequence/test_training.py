"""Fitting stops by the inner animals, learns only what is known, and repeats itself exactly."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ethocache.common.errors import InputError
from ethocache.sequence.heads import parse_head
from ethocache.sequence.reading import Reader
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.thresholds import macro_average_precision
from ethocache.sequence.training import fit, predict_all

HEAD = parse_head({"kind": "lstm", "units": 6, "layers": 1, "project": 4}, "head")
PARAMS = TrainParams(window_s=5, overlap_s=1, epochs=12, patience=3, learning_rate=0.02, batch_size=4)


def run(fitted, inner=(), params=PARAMS, **settings):
    return fit("test", fitted, inner, HEAD, params, Reader(), **settings)


def test_the_best_epoch_by_the_inner_animals_is_kept(litter):
    *fitted, inner = litter(3)
    done = run(fitted, [inner])
    scores = [entry["average_precision"] for entry in done.curve]
    assert done.best_epoch == 1 + int(np.argmax(scores))
    assert len(done.curve) == min(12, done.best_epoch + 3)
    assert macro_average_precision(*predict_all(done.network, [inner], PARAMS, Reader())) == max(scores)
    assert done.frames == len(done.curve) * 400


def test_the_weights_of_the_best_epoch_are_those_of_training_just_as_long(litter):
    *fitted, inner = litter(3)
    done = run(fitted, [inner])
    assert run(fitted, epochs=done.best_epoch).weights_sha256() == done.weights_sha256()


def test_inner_animals_that_show_nothing_let_it_run_to_the_end(litter, plant):
    quiet = plant("quiet", labels=np.zeros((50, 2), np.int8))
    done = run(litter(2), [quiet])
    assert (done.best_epoch, len(done.curve)) == (12, 12)
    assert {entry["average_precision"] for entry in done.curve} == {None}


def test_labels_that_nobody_looked_at_change_nothing(plant):
    weights = []
    for hidden in (0, 1):
        video = plant("m")
        video.labels[50:80] = hidden
        video.labels[50:80] = -1
        with video.open() as features:
            features.valid[100:120] = False
        video.labels[100:120] = hidden
        weights.append(run([video], epochs=2).weights_sha256())
    assert weights[0] == weights[1]


def test_training_leaves_the_settings_of_others_as_they_were(litter):
    torch.manual_seed(5)
    threads, expected = torch.get_num_threads(), torch.rand(3)
    torch.manual_seed(5)
    run(litter(1), epochs=1)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads and not torch.are_deterministic_algorithms_enabled()


def test_weights_do_not_depend_on_how_many_threads_there_are_or_on_what_is_kept_in_memory(litter):
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = run(litter(2), epochs=2).weights_sha256()
        torch.set_num_threads(2)
        other = fit("test", litter(2), (), HEAD, PARAMS, Reader(budget_bytes=0), epochs=2).weights_sha256()
    finally:
        torch.set_num_threads(threads)
    assert one == other


def test_exclusive_behaviours_are_learned(litter):
    *fitted, unseen = litter(4)
    params = PARAMS.model_copy(update={"task": "exclusive", "epochs": 20})
    done = run(fitted, params=params)
    score = macro_average_precision(*predict_all(done.network, [unseen], params, Reader()))
    assert score is not None and score > 0.9


def test_what_two_of_three_people_see_is_learned_as_two_thirds_likely(litter):
    videos = [replace(video, raters=(video.labels, video.labels, np.zeros_like(video.labels))) for video in litter(2, height=6.0)]
    head, params = parse_head({"kind": "mlp"}, "head"), update(class_weights="none", weight_decay=0.0)
    done = fit("test", videos, (), head, params, Reader(), epochs=40)
    label, probability = predict_all(done.network, videos, params, Reader())
    assert probability[label == 1].mean() == pytest.approx(2 / 3, abs=0.1)
    assert probability[label == 0].mean() < 0.1


def test_a_constant_rate_learns_otherwise_than_a_falling_one(litter):
    constant = PARAMS.model_copy(update={"schedule": "constant"})
    assert run(litter(1), epochs=3).weights_sha256() != run(litter(1), params=constant, epochs=3).weights_sha256()


def test_a_loss_that_is_no_number_says_what_to_set(plant):
    with pytest.raises(InputError, match=r"the loss became nan in training; set a smaller train\.learning_rate than 1e\+30"):
        run([plant("m")], params=PARAMS.model_copy(update={"learning_rate": 1e30}), epochs=3)


def update(**settings):
    return PARAMS.model_copy(update=settings)


@pytest.mark.parametrize(
    "settings", [{"components": 4}, {"ema": 0.8}, {"warmup": 3}, {"max_fps": 4}, {"components": 3, "max_fps": 5, "ema": 0.5}]
)
def test_settings_of_training_keep_its_rules(settings, litter):
    *fitted, inner = litter(3)
    params = update(**settings)
    done = run(fitted, [inner], params)
    scores = [entry["average_precision"] for entry in done.curve]
    assert macro_average_precision(*predict_all(done.network, [inner], params, Reader())) == max(scores)
    again = fit("test", fitted, (), HEAD, params, Reader(budget_bytes=0), epochs=done.best_epoch)
    assert again.weights_sha256() == done.weights_sha256()
    assert done.frames == len(done.curve) * 400


def test_a_signal_in_many_of_wide_features_is_learned_from_a_few_components(litter):
    *fitted, unseen = videos = litter(4, dimensions=300)
    for video in videos:
        with video.open() as features:
            features.values[:, 100:140] += np.repeat(2 * (video.labels == 1), 20, axis=1).astype(np.float16)
    params = update(components=10, epochs=20)
    done = run(fitted, params=params)
    assert done.network.view.projection.shape == (300, 10)
    score = macro_average_precision(*predict_all(done.network, [unseen], params, Reader()))
    assert score is not None and score > 0.9


def test_wide_features_are_read_a_few_times_whatever_the_epochs(litter):
    reads = []
    for epochs in (2, 8):
        *fitted, inner = litter(3, dimensions=40)
        reader = Reader(budget_bytes=3 * 200 * 5 * 2)  # room for what is projected only
        fit("test", fitted, [inner], HEAD, update(components=5, epochs=epochs, patience=99), reader)
        with fitted[0].open() as features:
            reads.append(len(features.reads))
    assert reads[0] == reads[1] <= 4


def test_a_rare_behaviour_is_found_by_the_default_training(plant):
    videos = []
    for number in range(4):
        labels = np.zeros((2000, 1), np.int8)
        labels[300 * (number + 1) : 300 * (number + 1) + 10] = 1
        videos.append(plant(f"m{number}", labels=labels, dimensions=16))
    *fitted, unseen = videos
    head = parse_head({"kind": "lstm", "units": 16, "layers": 1, "project": 8}, "head")
    done = fit("test", fitted, (), head, TrainParams(), Reader(), epochs=20)
    score = macro_average_precision(*predict_all(done.network, [unseen], TrainParams(), Reader()))
    assert score is not None and score >= 10 * 0.005


CHANGES = [{"focal": 2.0}, {"soften_s": 0.5}, {"noise": 0.2}, {"warp": 0.1}, {"mixup": 0.3}]


@pytest.mark.parametrize("task", ["multilabel", "exclusive"])
@pytest.mark.parametrize("settings", [*CHANGES, {key: value for change in CHANGES for key, value in change.items()}])
def test_every_change_of_what_is_learned_still_learns_and_repeats_itself(settings, task, litter):
    *fitted, unseen = litter(4)
    params = update(task=task, epochs=30, batch_size=2, **settings)
    done = run(fitted, params=params)
    score = macro_average_precision(*predict_all(done.network, [unseen], params, Reader()))
    assert score is not None and score > 0.8
    weights = [run(fitted, params=update(task=task, **changed), epochs=1).weights_sha256() for changed in (settings, settings, {})]
    assert weights[0] == weights[1] != weights[2]


def test_streams_are_hidden_where_there_are_several(litter):
    params = update(hide_streams=0.9, components=6)
    one, several = litter(2), [replace(video, widths=(2, 6)) for video in litter(2)]
    assert run(one, params=params, epochs=1).weights_sha256() == run(one, params=update(components=6), epochs=1).weights_sha256()
    weights = [run(several, params=changed, epochs=1).weights_sha256() for changed in (params, params, update(components=6))]
    assert weights[0] == weights[1] != weights[2]
