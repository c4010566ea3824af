"""What a search says of itself, and when it changes nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from ethocache.sequence.heads import effective_train, parse_head
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.tuning import Found, Search, TrialRow, deal_animals
from ethocache.sequence.tuning_report import in_words, nothing_better, too_few_kept_out

HEAD = parse_head({"kind": "linear"}, "heads.linear")
TRAIN = effective_train(TrainParams(), HEAD)


def search(animals: int, keep_out: float = 0.25, head=HEAD, seen: tuple[str, ...] = ()) -> Search:
    return Search(head, TRAIN, "own", *deal_animals([f"m{number}" for number in range(animals)], keep_out, 0, seen))


def trial(number: int, score: float, window_s: float) -> TrialRow:
    return TrialRow(number, "complete", score, 4, 1.0, 100, {"train.window_s": window_s})


FIRST, SECOND = trial(1, 0.8, TRAIN.window_s), trial(2, 0.9, TRAIN.window_s * 2)


def test_settings_that_stood_before_and_stand_now_are_nothing_better():
    assert nothing_better(Found((FIRST,), FIRST, FIRST, 0), search(8))
    assert not nothing_better(Found((FIRST, SECOND), SECOND, FIRST, 0), search(8))


def test_the_first_trial_is_better_where_other_settings_stand_now():
    now = replace(search(8), train=TRAIN.model_copy(update={"window_s": 7.0}))
    assert not nothing_better(Found((FIRST,), FIRST, FIRST, 0), now)


def test_settings_of_an_earlier_run_of_the_search_are_still_chosen_by_it():
    now = replace(search(8), train=TRAIN.model_copy(update={"window_s": TRAIN.window_s * 2}))
    assert not nothing_better(Found((FIRST, SECOND), SECOND, FIRST, 0), now), "the animals that chose them stay named"


def test_the_line_of_a_search_says_what_was_gained_and_who_is_scored():
    wanted = search(12)
    assert in_words("linear", Found((FIRST, SECOND), SECOND, FIRST, 8), wanted, Path("tuning/linear")) == (
        "linear: 2 trials (0 given up early), average precision 0.800 before, 0.900 at best on the 9 animals searched on; "
        "params.yaml has the settings of trial 2, tuning/linear/trials.csv has all; "
        f"'dvc repro' now scores honestly on the 3 kept out ({', '.join(wanted.kept_out)})"
    )
    assert in_words("linear", Found((FIRST,), FIRST, FIRST, 4), wanted, Path("tuning/linear")) == (
        "linear: nothing better found in 1 trial (0 given up early): params.yaml stays as it is, "
        "average precision 0.800 on the 9 animals searched on; tuning/linear/trials.csv has all"
    )


LABEL = "label more animals"
MORE = f"{LABEL}, or keep more out (--keep-out)"


@pytest.mark.parametrize(
    ("animals", "keep_out", "said"),
    [
        (12, 0.25, ""),
        (8, 0.25, f"2 animals kept out, and a score of fewer than 3 has no interval: {MORE}"),
        (5, 0.25, f"1 animal kept out, and a score of fewer than 3 has no interval: {LABEL}"),
        (3, 0.25, f"no animal is kept out, so none is left for an honest score: {LABEL}"),
        (9, 0.0, f"no animal is kept out, so none is left for an honest score: {MORE}"),
    ],
)
def test_animals_that_are_too_few_for_an_interval_are_told(animals, keep_out, said):
    assert too_few_kept_out(search(animals, keep_out)) == said
    told = in_words("linear", Found((FIRST, SECOND), SECOND, FIRST, 8), search(animals, keep_out), Path("tuning"))
    assert told.endswith(said)


def test_animals_of_an_earlier_search_cannot_be_kept_out_so_that_is_not_advised():
    seen = tuple(f"m{number}" for number in range(8))
    head = parse_head({"kind": "linear", "tuned_on": list(seen)}, "heads.linear")
    assert too_few_kept_out(search(9, head=head, seen=seen)) == f"1 animal kept out, and a score of fewer than 3 has no interval: {LABEL}"
