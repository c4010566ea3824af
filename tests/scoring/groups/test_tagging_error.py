"""The tagger's errors carried through to the groups, on animals whose behaviour is known."""

import numpy as np
import pytest

from ethocache.scoring.groups.effects import widened
from ethocache.scoring.groups.tagging_error import (
    NOBODY,
    Shares,
    TaggingError,
    adjusted_fractions,
    count_video,
    rate_of,
    tagging_errors,
    why_not_adjusted,
)

FRAMES = 6000


def tagged_fraction(random, prevalence, recall=0.7, wrong=0.08):
    """What a tagger sees of animals that show the behaviour this much; it is not equally good on all."""
    recall, wrong = (
        random.beta(40 * recall, 40 * (1 - recall), prevalence.shape),
        random.beta(40 * wrong, 40 * (1 - wrong), prevalence.shape),
    )
    return recall * prevalence + wrong * (1 - prevalence), recall, wrong


def held_out(random, animals=10, mean=0.2) -> TaggingError:
    prevalence = random.beta(20 * mean, 20 * (1 - mean), animals)
    _, recall, wrong = tagged_fraction(random, prevalence)
    shown = prevalence * FRAMES
    counts = np.stack([recall * shown, wrong * (FRAMES - shown), (1 - recall) * shown, (1 - wrong) * (FRAMES - shown)], axis=1)
    return TaggingError(tuple(f"h{n}" for n in range(animals)), counts.round())


def by_tags(values) -> Shares:
    return Shares(np.zeros_like(values), values, np.ones_like(values))


def simulated_study(seed, animals=8):
    """Two groups whose animals show the behaviour 15 % and 40 % of the time, in truth and as tagged, and the tagger's held-out animals."""
    random = np.random.default_rng(seed)
    true = [random.beta(20 * mean, 20 * (1 - mean), animals) for mean in (0.15, 0.40)]
    tagged = [tagged_fraction(random, prevalence)[0] for prevalence in true]
    return true, tagged, held_out(random)


def adjusted_difference(tagged, error, seed=0):
    (first, second), (drawn, other) = adjusted_fractions([by_tags(values) for values in tagged], error, 1000, seed)
    point = second.value - first.value
    return point, *widened(other - drawn, point, [len(values) for values in tagged], -1, 1)


def test_raw_tags_understate_a_planted_difference_and_the_adjusted_one_recovers_it():
    true, tagged, error = simulated_study(1, animals=12)
    planted, raw = (values[1].mean() - values[0].mean() for values in (true, tagged))
    point, low, high = adjusted_difference(tagged, error)
    assert raw < 0.75 * planted
    assert low <= 0.25 <= high and low <= planted <= high and abs(point - planted) < 0.3 * abs(raw - planted)
    assert high - low > 0.05


def test_over_many_studies_the_interval_holds_the_truth_and_the_estimate_is_right_on_average():
    studies = [simulated_study(seed)[1:] for seed in range(200)]
    raw = [tagged[1].mean() - tagged[0].mean() for tagged, _ in studies]
    found = np.array([adjusted_difference(*study, seed) for seed, study in enumerate(studies)])
    assert np.mean(raw) == pytest.approx(0.25 * 0.62, abs=0.01)
    assert found[:, 0].mean() == pytest.approx(0.25, abs=0.01)
    assert np.mean((found[:, 1] <= 0.25) & (found[:, 2] >= 0.25)) >= 0.92


def test_the_interval_of_three_animals_reaches_beyond_them():
    held = 0
    for seed in range(200):
        _, tagged, error = simulated_study(seed, animals=3)
        (_, estimate), _ = adjusted_fractions([by_tags(values) for values in tagged], error, 500, seed)
        held += estimate.low <= 0.4 <= estimate.high
    assert held / 200 >= 0.9


def test_the_interval_is_wider_than_that_of_a_tagger_that_is_known_exactly():
    _, tagged, error = simulated_study(3)
    exact = TaggingError(("all",), error.counts.sum(axis=0, keepdims=True))
    _, low, high = adjusted_difference(tagged, error)
    _, exact_low, exact_high = adjusted_difference(tagged, exact)
    assert high - low > exact_high - exact_low


def test_a_group_that_seems_to_show_less_than_the_false_alarms_shows_nothing():
    (estimate,), _ = adjusted_fractions([by_tags(np.array([0.02, 0.03, 0.01]))], held_out(np.random.default_rng(1)), 200, 0)
    assert (estimate.value, estimate.low, estimate.high) == (0, 0, 0)


def test_what_people_labelled_is_taken_as_it_is_and_mixed_animals_are_adjusted_in_part():
    error = TaggingError(("a", "b", "c"), np.array([[70.0, 100, 30, 900]] * 3))
    labelled = Shares(np.array([0.2, 0.3, 0.4]), np.zeros(3), np.zeros(3))
    assert adjusted_fractions([labelled], error, 200, 0)[0][0].value == pytest.approx(0.3)
    half = Shares(np.array([0.1]), np.array([0.5 * 0.22]), np.array([0.5]))  # .2 by people; .22 by tags, which is .2
    estimate = adjusted_fractions([half], error, 200, 0)[0][0]
    assert estimate.value == pytest.approx(0.2) and estimate.low is None
    more_false_alarms = Shares(np.array([0.1]), np.array([0.01]), np.array([0.5]))
    assert adjusted_fractions([more_false_alarms], error, 200, 0)[0][0].value == pytest.approx(0.1), "people's part is not cut"
    assert adjusted_fractions([labelled], NOBODY, 200, 0)[0][0].value == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ([[50, 5, 50, 900]] * 2 + [[0, 5, 0, 900]] * 3, "2 held-out animals show it, and 3 are needed to know how it is tagged"),
        ([[12, 90, 88, 910]] * 3, "it is tagged in 12 % of its frames and in 9 % of the others, so tags say too little of it"),
        ([[12, 0, 88, 0]] * 3, "held-out animals show it all the time, so nobody knows where it would be tagged wrongly"),
        ([[70, 10, 30, 900]] * 3, None),
    ],
)
def test_a_tagger_that_tells_too_little_is_not_adjusted_for_and_it_is_said_why(counts, reason):
    assert why_not_adjusted(TaggingError(tuple("abcde"[: len(counts)]), np.array(counts, np.float64))) == reason


def test_frames_are_counted_where_somebody_looked_and_by_animal(drawn):
    prediction = drawn("v", animal="m1", grooming=("##..??", "#.#.#."), rearing=("??????", "######"))
    counts = count_video(prediction)
    assert counts.tolist() == [[1, 1, 1, 1], [0, 0, 0, 0]]
    errors = tagging_errors({"m2": counts * 2, "m1": counts}, ("grooming", "rearing"))
    assert errors["grooming"].animals == ("m1", "m2") and errors["rearing"].animals == ()
    assert errors["grooming"].only(["m2"]).counts.tolist() == [[2, 2, 2, 2]]


def test_recall_and_false_positive_rate_have_intervals_from_three_animals_on():
    error = TaggingError(("a", "b", "c"), np.array([[80.0, 10, 20, 90], [60, 30, 40, 70], [70, 20, 30, 80]]))
    recall, wrong = (rate_of(error, rate, 500, 0) for rate in ("recall", "false_positive_rate"))
    assert (recall.value, wrong.value) == pytest.approx((0.7, 0.2)) and 0 < recall.low < 0.6 and 0.8 < recall.high <= 1
    assert rate_of(error.only("ab"), "recall", 500, 0).low is None
    assert rate_of(error.only(""), "recall", 500, 0).value is None
