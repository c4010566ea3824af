"""More animals, higher scores: every fold is fitted on part of its animals, and a curve is continued with its uncertainty."""

import csv

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.groups import make_folds
from ethocache.sequence import learning_curve
from ethocache.sequence.crossvalidation import run_training
from ethocache.sequence.decision_settings import DecideParams
from ethocache.sequence.heads import resolve_head
from ethocache.sequence.learning_curve import Point, drawn_animals, run_curve, sizes_up_to
from ethocache.sequence.learning_fit import bands, fit_curve, look_ahead
from ethocache.sequence.learning_report import in_words, write_curve
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.system import read_system

LINEAR = {"kind": "linear", "train": {"window_s": 5, "overlap_s": 1}}
BEHAVIOURS = ("grooming", "rearing")


def system(**head):
    params = TrainParams(epochs=3, patience=2, learning_rate=0.02)
    return read_system(resolve_head("linear", {"linear": LINEAR | head}), params, DecideParams(), ("planted",))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def made_up(scores, spread=0.02, draws=2, scored=8):
    """Points on a curve, with a little noise over draws of animals."""
    random = np.random.default_rng(0)
    return [
        Point(
            size,
            draw,
            {"average_precision": score, "f1": score},
            {"grooming": score},
            dict.fromkeys(("average_precision", "f1"), drawn),
            scored,
        )
        for size, score in scores.items()
        for draw in range(draws)
        for drawn in [score + random.normal(0, spread, 200)]
    ]


@pytest.mark.parametrize(("most", "sizes"), [(2, (2,)), (3, (2, 3)), (6, (2, 3, 4, 6)), (12, (2, 3, 4, 6, 9, 12))])
def test_numbers_of_animals_grow_by_half_up_to_all(most, sizes):
    assert sizes_up_to(most) == sizes


def test_fewer_animals_are_among_more_of_the_same_draw():
    fold = make_folds([f"m{number}" for number in range(10)])[3]
    few, more, all_of_them = (drawn_animals(fold, 3, 1, size, 0) for size in (2, 5, 8))
    assert few < more < all_of_them == frozenset(fold.fitted)
    assert len({drawn_animals(fold, 3, draw, 2, 0) for draw in range(8)}) > 1


def test_every_animal_is_scored_once_by_networks_that_were_fitted_on_so_many(store, litter):
    points = run_curve(store, litter(5), BEHAVIOURS, system(), draws=2)
    assert [(point.animals, point.draw) for point in points] == [(2, 1), (2, 2), (3, 1)]
    fitted = [len(entry.recipe["fitted"]) for entry in store.entries() if entry.kind == "fold"]
    assert set(fitted) == {2, 3} and fitted.count(3) == 5
    assert all(0 < point.macro["average_precision"] <= 1 and set(point.behaviours) == set(BEHAVIOURS) for point in points)


def test_with_all_animals_the_folds_are_those_of_the_project_and_are_not_trained_again(store, litter):
    videos = litter(5)
    run_training(store, videos, BEHAVIOURS, system())
    made = store.made
    run_curve(store, videos, BEHAVIOURS, system(), draws=3, sizes=[3])
    assert {entry.kind for entry in store.entries()} >= {"fold", "verdict"} and store.made == made


def test_a_killed_curve_goes_on_where_it_was(store, litter, monkeypatch):
    videos, real, trained = litter(4), learning_curve.train_fold, []

    def dying(setup, sides, what, bench):
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(what)
        return real(setup, sides, what, bench)

    with monkeypatch.context() as patch:
        patch.setattr(learning_curve, "train_fold", dying)
        with pytest.raises(KeyboardInterrupt):
            run_curve(store, videos, BEHAVIOURS, system(), draws=1)
    before = store.made
    assert before == 2
    run_curve(store, videos, BEHAVIOURS, system(), draws=1)
    assert sum(entry.kind == "fold" for entry in store.entries()) == 4


def test_animals_on_which_settings_were_searched_are_not_scored(store, litter):
    with pytest.raises(InputError, match=r"there is nothing to score: .* searched on all of them"):
        run_curve(store, litter(4), BEHAVIOURS, system(tuned_on=["m0", "m1", "m2", "m3"]), draws=1)


@pytest.mark.parametrize(
    ("animals", "sizes", "said"),
    [
        (3, [], r"a learning curve needs labelled videos of at least 4 animals \(2 to fit, 1 to choose, 1 to score\), found 3"),
        (5, [2, 4], "--sizes: expected numbers from 1 to 3, the animals that every fold can be fitted on, found 4"),
    ],
)
def test_too_few_animals_are_said(store, litter, animals, sizes, said):
    with pytest.raises(InputError, match=said):
        run_curve(store, litter(animals), BEHAVIOURS, system(), draws=1, sizes=sizes)


def test_a_curve_is_found_again_from_its_points():
    sizes = np.array([2.0, 3, 5, 8, 12, 20])
    assert fit_curve(sizes, 0.9 - 0.6 * sizes**-0.8) == pytest.approx([0.9, 0.6, 0.8], abs=0.01)


def test_what_ten_more_animals_bring_is_told_with_its_interval():
    scores = {size: 0.9 - 0.6 * size**-0.8 for size in (2, 3, 5, 8)}
    outlook = look_ahead(made_up(scores))
    low, middle, high = outlook.gain
    assert low < middle < high and middle == pytest.approx(0.6 * (8**-0.8 - 18**-0.8), abs=0.01)
    assert "10 more labelled animals would likely add 0.05" in in_words(made_up(scores), outlook)
    assert in_words(made_up(scores), outlook).endswith("(a curve continued beyond what was measured: an extrapolation)")


def test_a_flat_curve_says_that_more_animals_hardly_help():
    points = made_up(dict.fromkeys((2, 4, 6, 9), 0.8), spread=1e-4)
    assert "so labelling more is unlikely to help much" in in_words(points, look_ahead(points))


def test_a_steep_curve_says_that_more_animals_are_worth_it():
    points = made_up({size: 0.9 - 0.9 * size**-0.5 for size in (2, 3, 4, 6)}, spread=1e-3)
    assert "so labelling more is worth it" in in_words(points, look_ahead(points))


def test_few_scored_animals_make_the_intervals_wide_and_fewer_than_three_say_nothing():
    scores = {size: 0.9 - 0.6 * size**-0.8 for size in (2, 3, 5, 8)}
    few, many, two = (made_up(scores, scored=scored) for scored in (4, 40, 0))
    gains = [np.ptp(look_ahead(points).gain) for points in (many, few)]
    assert 1.3 * gains[0] < gains[1] and look_ahead(few).gain[0] >= 0
    widths = [np.ptp(bands(points, "f1")[1], axis=1) for points in (many, few)]
    assert (1.5 * widths[0] < widths[1]).all()
    assert bands(two, "f1")[1][:, [0, 2]].tolist() == [[0.0, 1.0]] * 4
    assert look_ahead(two).gain[[0, 2]].tolist() == [0.0, 1.0]


def test_one_draw_asks_for_more_and_its_estimate_lies_within_its_interval():
    points = made_up({2: 0.5, 3: 0.62, 4: 0.61, 6: 0.7}, draws=1)
    outlook = look_ahead(points)
    assert outlook.gain[0] <= outlook.gain[1] <= outlook.gain[2]
    assert (np.diff(outlook.curve, axis=1) >= 0).all()
    assert in_words(points, outlook).endswith("; from one draw of animals, more (--draws 3) make it surer")


def test_two_numbers_of_animals_are_too_few_to_look_ahead():
    points = made_up({2: 0.5, 3: 0.6})
    assert look_ahead(points) is None
    assert "with scores at fewer than 3 numbers of animals, nothing can be said of more" in in_words(points, None)


def test_table_summary_and_picture_hold_the_scores(tmp_path):
    points = made_up({2: 0.5, 3: 0.6, 5: 0.7})
    path = write_curve(points, look_ahead(points), tmp_path, "lstm")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["animals"], row["draw"]) for row in rows] == [("2", "0"), ("2", "1"), ("3", "0"), ("3", "1"), ("5", "0"), ("5", "1")]
    assert rows[0]["average_precision grooming"] == "0.5000"
    with (tmp_path / "lstm_summary.csv").open() as file:
        summary = list(csv.DictReader(file))
    _, band = bands(points, "f1")
    assert float(summary[2]["f1_low"]) == pytest.approx(band[2, 0], abs=1e-4) and float(summary[2]["f1_low"]) < 0.7
    assert "<svg" in (tmp_path / "lstm.svg").read_text()
