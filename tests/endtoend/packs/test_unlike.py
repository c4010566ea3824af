"""Videos that look otherwise than those that a model learned from, by portraits whose distance follows by hand."""

import numpy as np
import pytest

from ethocache.endtoend.packs.portraits import Portrait
from ethocache.endtoend.packs.unlike import DISTANCE, FALSE_ALARMS, TrainingVideos, TrainingWords, compare


def portrait(shift: float = 0.0, fps: float = 10.0, side: float = 120.0, seed: int = 0, brightness: float = 120.0) -> Portrait:
    """A video whose mean embedding of 400 numbers varies by chance by .2, and by `shift` besides; single frames vary by 1."""
    mean = np.random.default_rng(seed).normal(0, 0.2, 400) + shift
    return Portrait({"frames/s": fps, "crop side px": side, "brightness": brightness}, mean, np.ones(400), 60.0)


def training(count: int = 8) -> TrainingVideos:
    return TrainingVideos.of([portrait(side=110 + 3 * seed, brightness=118 + seed, seed=seed) for seed in range(count)])


def unlike(video: Portrait, known: TrainingVideos) -> list[str]:
    return [finding.measure for finding in compare(video, known) if finding.unlike]


def test_an_ordinary_video_is_like_them():
    assert unlike(portrait(seed=100), training()) == []


@pytest.mark.parametrize(
    ("video", "measure"),
    [
        (portrait(fps=5, seed=100), "frames/s"),
        (portrait(side=60, seed=100), "crop side px"),
        (portrait(brightness=40, seed=100), "brightness"),
        (portrait(shift=1.0, seed=100), DISTANCE),
    ],
    ids=["half the rate", "half the scale", "dark", "other embeddings"],
)
def test_what_is_unlike_is_named(video, measure):
    assert unlike(video, training()) == [measure]


def test_it_says_how_much():
    said = [finding.in_words() for finding in compare(portrait(fps=5, shift=2.0, seed=100), training()) if finding.unlike]
    assert said[0] == "frames/s 5, training videos have 10 to 10"
    assert said[1].startswith("embedding distance 2.0")
    assert said[1].endswith("training videos reach 0.22")  # sqrt(.2^2 (1 + 1/7)), and chance


def test_the_distance_is_in_standard_deviations_of_frames():
    known = TrainingVideos(TrainingWords(videos=2, measures={}), np.array([[[0.0, 0.0], [0.0, 0.0]], [[2.0, 2.0], [2.0, 2.0]]], np.float32))
    assert known.distance(np.array([2.0, 4.0])) == pytest.approx(np.sqrt((1 + 4) / 2))


@pytest.mark.parametrize("still", [0.0, 1e-3], ids=["constant", "nearly constant"])
def test_a_dimension_that_hardly_moves_in_the_training_videos_does_not_decide_alone(still):
    means, deviations = np.zeros((2, 5)), np.array([[2.0, 2.0, 2.0, 2.0, still]] * 2)
    known = TrainingVideos(TrainingWords(videos=2, measures={}), np.stack([means, deviations]).astype(np.float32))
    stirred = np.array([0.0, 0.0, 0.0, 0.0, 0.2])
    assert known.distance(stirred) == pytest.approx(np.sqrt(1 / 5)), "it counts as moving by a tenth of the median, .2"


def test_embeddings_that_never_move_have_a_finite_distance():
    known = TrainingVideos(TrainingWords(videos=2, measures={}), np.zeros((2, 2, 4), np.float32))
    assert np.isfinite(known.distance(np.ones(4)))


def test_few_videos_alarm_for_no_spread_that_they_cannot_tell():
    assert unlike(portrait(side=60, fps=5, shift=5, seed=100), training(2)) == []


def test_false_alarms_of_ordinary_videos_are_as_rare_as_stated():
    rng = np.random.default_rng(1)

    def drawn() -> Portrait:
        sizes = {"crop side px": 120 * np.exp(rng.normal(0, 0.3)), "brightness": 120 * np.exp(rng.normal(0, 0.3))}
        return Portrait(sizes, rng.normal(0, 0.2, 50) * np.exp(rng.normal(0, 0.3)), np.ones(50), 60.0)

    alarms = 0
    for _ in range(300):
        known = TrainingVideos.of([drawn() for _ in range(8)])
        alarms += any(finding.unlike for finding in compare(drawn(), known))
    assert alarms <= 3 * FALSE_ALARMS * 300


@pytest.mark.parametrize("moments", [np.zeros((2, 3, 4)), np.full((2, 2, 4), np.nan), np.zeros((2, 4))])
def test_moments_that_are_none_are_refused(moments):
    with pytest.raises(ValueError, match="Expected finite moments"):
        TrainingVideos(TrainingWords(videos=2, measures={}), moments.astype(np.float32))


def test_measures_of_another_number_of_videos_are_refused():
    with pytest.raises(ValueError, match="Expected 2 values"):
        TrainingVideos(TrainingWords(videos=2, measures={"frames/s": (1.0,)}), np.zeros((2, 2, 4), np.float32))
