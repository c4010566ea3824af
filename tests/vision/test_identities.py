"""Animals that a network gives in any order stay in their columns."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.vision.tracking.identities import keep_identities


def wandering(animals: int, frames: int, rng: np.random.Generator) -> np.ndarray:
    """(T, I, 3, 3): animals that walk in lanes of their own, 200 px apart, up to 20 px a frame."""
    steps = rng.uniform(-20, 20, (frames, animals))
    x = np.cumsum(steps, axis=0)
    y = np.arange(animals) * 200.0 + rng.uniform(-5, 5, (frames, animals))
    body = np.array([[0, 0], [8, 3], [16, 0]])
    places = np.stack([x, y], axis=2)[:, :, None] + body
    return np.concatenate([places, np.ones((*places.shape[:3], 1))], axis=3).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(animals=st.integers(2, 4), frames=st.integers(1, 40), seed=st.integers(0, 10_000))
def test_any_order_in_every_frame_gives_the_animals_of_the_first(animals, frames, seed):
    rng = np.random.default_rng(seed)
    truth = wandering(animals, frames, rng)
    shuffled = np.stack([frame[rng.permutation(animals)] if number else frame for number, frame in enumerate(truth)])
    np.testing.assert_array_equal(keep_identities(shuffled), truth)


def test_an_animal_that_was_lost_comes_back_to_its_own_columns():
    truth = wandering(2, 30, np.random.default_rng(0))
    gone = truth.copy()
    gone[10:20, 0] = (np.nan, np.nan, 0)
    mixed = gone.copy()
    mixed[10:] = mixed[10:, ::-1]
    np.testing.assert_array_equal(keep_identities(mixed), gone)


def test_the_second_animal_does_not_take_the_firsts_columns():
    truth = wandering(2, 6, np.random.default_rng(1))
    truth[:3, 1] = (np.nan, np.nan, 0)
    mixed = truth.copy()
    mixed[3:] = mixed[3:, ::-1]
    np.testing.assert_array_equal(keep_identities(mixed), truth)


def test_one_animal_is_left_as_it_is():
    points = wandering(1, 5, np.random.default_rng(2))
    assert keep_identities(points) is points
