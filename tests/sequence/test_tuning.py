"""A search reads no animal that it keeps out, loses no trial when it is killed, and trains no fold twice."""

from dataclasses import replace

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.sequence import tuning
from ethocache.sequence.heads import HEADS, effective_train, parse_head
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.tuning import Search, deal_animals, run_search
from ethocache.sequence.tuning_space import OWN, Number, space_of
from ethocache.sequence.tuning_study import mend_journal

HEAD = parse_head({"kind": "linear", "train": {"window_s": 5, "overlap_s": 1, "learning_rate": 0.001}}, "heads.linear")
TRAIN = effective_train(TrainParams(epochs=2, patience=1), HEAD)
BEHAVIOURS = ("grooming", "rearing")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def search(keep_out=0.25, animals=5, **changes):
    return replace(Search(HEAD, TRAIN, "own", *deal_animals([f"m{n}" for n in range(animals)], keep_out, 0)), **changes)


def folds_kept(store):
    return sorted((store.root / "fold").glob("*/entry.json"))


@pytest.mark.parametrize(
    ("animals", "keep_out", "out"), [(3, 0.25, 0), (4, 0.25, 1), (5, 0.05, 1), (8, 0.25, 2), (12, 0.25, 3), (4, 0.9, 1), (9, 0.0, 0)]
)
def test_a_part_of_the_animals_is_kept_out_and_three_are_searched_at_least(animals, keep_out, out):
    names = [f"m{number}" for number in range(animals)]
    searched, kept_out = deal_animals(names, keep_out, 0)
    assert len(kept_out) == out and sorted((*searched, *kept_out)) == sorted(names)
    assert deal_animals(names[::-1], keep_out, 0) == (searched, kept_out)


def test_animals_of_an_earlier_search_are_never_kept_out():
    names = [f"m{number}" for number in range(8)]
    searched, kept_out = deal_animals(names, 0.25, 0)
    assert deal_animals(names, 0.25, 0, seen=searched) == (searched, kept_out)
    assert set(deal_animals(names, 0.25, 5, seen=searched)[1]) == set(kept_out)
    assert deal_animals(names, 0.25, 0, seen=names)[1] == ()
    assert set(deal_animals([*names, "new"], 0.25, 0, seen=names)[1]) == {"new"}


def test_another_seed_keeps_other_animals_out():
    assert len({deal_animals([f"m{number}" for number in range(12)], 0.25, seed)[1] for seed in range(8)}) > 1


def test_two_animals_are_too_few():
    with pytest.raises(InputError, match="a search needs labelled videos of at least 3 animals, found 2: label more animals"):
        deal_animals(["m1", "m0", "m1"], 0.25, 0)


def test_animals_that_are_kept_out_are_never_opened_and_their_labels_change_nothing(store, litter, tmp_path):
    def refuse():
        raise AssertionError("opened")

    wanted = search()
    videos = [replace(video, open=refuse) if video.animal in wanted.kept_out else video for video in litter(5)]
    found = run_search(store, videos, BEHAVIOURS, wanted, 2, tmp_path / "a")
    for video in videos:
        if video.animal in wanted.kept_out:
            video.labels[:] = 1 - video.labels
    again = run_search(store, videos, BEHAVIOURS, wanted, 2, tmp_path / "b")
    assert again.rows == found.rows and (found.trained, again.trained) == (8, 0)


def test_the_first_trial_is_the_present_settings_and_the_best_is_at_least_as_good(store, litter, tmp_path):
    found = run_search(store, litter(5), BEHAVIOURS, search(), 7, tmp_path)
    assert found.first == found.rows[0]
    assert (found.first.values["train.window_s"], found.first.values["train.learning_rate"]) == (5.0, 0.001)
    assert found.best.score > found.first.score > 0
    assert [row.number for row in found.rows] == list(range(1, 8)) and {row.state for row in found.rows} <= {"complete", "given up"}
    assert found.best.folds == 4 and found.best.frames > 0


def test_the_first_trial_of_the_thesiss_grid_is_the_present_settings_too(store, litter, tmp_path):
    head = parse_head({"kind": "lstm", "units": 6, "layers": 1, "project": 0, "train": {"window_s": 5, "overlap_s": 1}}, "heads.lstm")
    found = run_search(store, litter(3), BEHAVIOURS, search(0.0, 3, head=head, space="thesis"), 1, tmp_path)
    assert found.first == found.rows[0] and "bidirectional" not in found.first.values
    heads = [entry.recipe["head"] for entry in store.entries() if entry.kind == "fold"]
    assert {(one["bidirectional"], one["halve_units"], one["units"]) for one in heads} == {(True, False, 6)}


def failing(monkeypatch, which):
    """Let the training of some trials end as it does where the loss becomes no number."""
    real, begun = tuning.train_fold, []

    def train(setup, sides, what, bench):
        begun.append(what)
        if which(what):
            raise InputError("the loss became nan in training; set a smaller train.learning_rate than 9")
        return real(setup, sides, what, bench)

    monkeypatch.setattr(tuning, "train_fold", train)
    return begun


def test_settings_that_cannot_be_trained_end_their_trial_and_not_the_search(store, litter, tmp_path, monkeypatch):
    begun = failing(monkeypatch, lambda what: what.startswith("trial 2, ") and "(2/4)" in what)
    found = run_search(store, litter(5), BEHAVIOURS, search(), 3, tmp_path)
    assert [row.state for row in found.rows] == ["complete", "given up", "complete"] and found.rows[1].folds == 1
    before = len(begun)
    assert run_search(store, litter(5), BEHAVIOURS, search(), 3, tmp_path).rows == found.rows
    assert len(begun) == before, "a trial that failed is not tried again"


def test_a_search_in_which_nothing_can_be_trained_says_so(store, litter, tmp_path, monkeypatch):
    failing(monkeypatch, lambda what: True)
    with pytest.raises(InputError, match=r"none of 2 settings could be trained to the end, the loss became no number: look for impossible"):
        run_search(store, litter(5), BEHAVIOURS, search(), 2, tmp_path)


def test_what_is_wrong_with_more_than_some_settings_ends_the_search(store, litter, tmp_path, monkeypatch):
    def train(setup, sides, what, bench):
        raise InputError("m1: its features are no longer those with which the training began")

    monkeypatch.setattr(tuning, "train_fold", train)
    with pytest.raises(InputError, match="m1: its features are no longer"):
        run_search(store, litter(5), BEHAVIOURS, search(), 2, tmp_path)


def test_a_newer_way_to_train_begins_a_search_anew(store, litter, tmp_path, monkeypatch):
    run_search(store, litter(5), BEHAVIOURS, search(), 2, tmp_path)
    monkeypatch.setattr(tuning, "REVISION", 1000)
    assert len(run_search(store, litter(5), BEHAVIOURS, search(), 1, tmp_path).rows) == 1


def test_options_that_do_not_agree_with_other_settings_are_not_drawn():
    head = parse_head({"kind": "transformer", "units": 100, "attention_heads": 5}, "heads.x")
    space = space_of("own", head, TrainParams(window_s=30, overlap_s=18))
    assert space.ranges["units"].options == (100,)
    assert space.ranges["train.window_s"].options == (20.0, 30.0, 45.0, 60.0)


def test_running_again_does_only_what_is_missing_whatever_the_settings_became(store, litter, tmp_path):
    videos = litter(5)
    first = run_search(store, videos, BEHAVIOURS, search(), 3, tmp_path)
    better = search(train=TRAIN.model_copy(update={"learning_rate": 0.002, "window_s": 10.0}))
    assert run_search(store, videos, BEHAVIOURS, better, 3, tmp_path).rows == first.rows
    more = run_search(store, videos, BEHAVIOURS, better, 5, tmp_path)
    assert more.rows[:3] == first.rows and len(more.rows) == 5 and more.first == first.first


def test_a_search_of_other_labels_begins_anew(store, litter, tmp_path):
    videos = litter(5)
    run_search(store, videos, BEHAVIOURS, search(), 2, tmp_path)
    videos[0].labels[:9, 0] = 1
    videos[1].labels[:9, 0] = 1
    assert [row.number for row in run_search(store, videos, BEHAVIOURS, search(), 1, tmp_path).rows] == [1]


def test_a_killed_search_goes_on_with_no_trial_lost_and_no_fold_trained_twice(store, litter, tmp_path, monkeypatch):
    videos, trained = litter(5), []
    real = tuning.train_fold

    def dying(setup, sides, what, bench):
        if len(trained) == 9:  # the second fold of the third trial
            raise KeyboardInterrupt
        trained.append(what)
        return real(setup, sides, what, bench)

    whole = run_search(Store(tmp_path / "other"), videos, BEHAVIOURS, search(), 4, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(tuning, "train_fold", dying)
        with pytest.raises(KeyboardInterrupt):
            run_search(store, videos, BEHAVIOURS, search(), 4, tmp_path / "killed")
    assert len(folds_kept(store)) == 9
    found = run_search(store, videos, BEHAVIOURS, search(), 4, tmp_path / "killed")
    assert [(row.score, row.values) for row in found.rows] == [(row.score, row.values) for row in whole.rows]
    assert len(folds_kept(store)) == 16 and found.trained == 7


def test_a_torn_journal_is_mended(tmp_path):
    journal = tmp_path / "journal.log"
    journal.write_bytes(b'{"a":1}\n{"b":')
    (tmp_path / "journal.log.lock").touch()
    mend_journal(journal)
    assert journal.read_bytes() == b'{"a":1}\n' and not (tmp_path / "journal.log.lock").exists()


def test_with_workers_several_trials_are_at_work_at_once(store, litter, tmp_path, monkeypatch):
    sizes = []
    real = tuning.make_all
    monkeypatch.setattr(tuning, "at_once", lambda: 3)
    monkeypatch.setattr(tuning, "make_all", lambda store, jobs, *more: sizes.append(len(jobs)) or real(store, jobs, *more))
    found = run_search(store, litter(4), BEHAVIOURS, search(animals=4), 5, tmp_path)
    assert len(found.rows) == 5 and max(sizes) == 3 and sum(sizes) == 15


def test_without_a_behaviour_there_is_nothing_to_search_by(store, plant, tmp_path):
    videos = [plant(f"m{number}", labels=np.zeros((60, 2), np.int8)) for number in range(3)]
    with pytest.raises(InputError, match="no animal that is searched on shows a behaviour"):
        run_search(store, videos, BEHAVIOURS, search(animals=3), 1, tmp_path)


@pytest.mark.parametrize("kind", sorted(OWN.keys() & HEADS.keys()))
@pytest.mark.parametrize("name", ["own", "thesis"])
def test_every_space_holds_the_present_settings(kind, name):
    head = parse_head({"kind": kind}, "heads.x")
    space = space_of(name, head, TrainParams(weight_decay=0))
    assert all(option > 5 for option in space.ranges["train.window_s"].options)
    assert space.distributions().keys() == space.ranges.keys()


def test_a_range_is_widened_to_hold_the_present_value():
    assert Number(32, 192, log=True).including(500) == Number(32, 500, log=True)
    assert Number(1e-4, 0.1, log=True).including(0.0) == Number(0.0, 0.1)
