"""Who is early or late."""

import numpy as np

from ethocache.scoring.review.late_edges import FEWEST, late_raters, late_videos

BOUT = np.tile(np.repeat([0, 1, 0], [20, 10, 10]), 15)


def shifted(frames, jitter=0):
    rng = np.random.default_rng(jitter)
    labels = np.zeros(len(BOUT), np.int8)
    for start in range(20, len(BOUT), 40):
        move = frames + (int(rng.integers(-1, 2)) if jitter else 0)
        labels[start + move : start + 10 + move] = 1
    return labels[:, None]


def test_a_rater_who_reacts_late_is_named(answers):
    videos = {name: answers(np.where(BOUT, 0.9, 0.1), video=name) for name in "ab"}
    raters = {name: {"kim": shifted(3, 1), "lee": shifted(0, 2), "mo": shifted(0, 3)} for name in videos}
    doubts = late_raters(videos, raters)
    assert [(doubt.kind, doubt.rater) for doubt in doubts] == [("starts late", "kim"), ("ends late", "kim")]
    assert doubts[0].detail == "starts 0.30 s later than others (median of 30)"


def test_of_two_people_it_is_the_one_farther_from_the_model(answers):
    doubts = late_raters({"a": answers(np.where(BOUT, 0.9, 0.1), video="a")}, {"a": {"kim": shifted(1), "lee": shifted(-4)}})
    assert [(doubt.kind, doubt.rater) for doubt in doubts] == [("starts early", "lee"), ("ends early", "lee")]


def test_a_video_that_one_person_labelled_says_nothing_of_raters(answers):
    assert late_raters({"a": answers(np.where(BOUT, 0.9, 0.1))}, {"a": {"kim": shifted(3)}}) == []


def test_a_video_whose_labels_come_early_is_named(answers):
    moves = {"a": -3, "b": 0, "c": 0, "d": 0}
    videos = [answers(np.where(BOUT, 0.9, 0.1), label=shifted(move, 5), video=name) for name, move in moves.items()]
    assert [(doubt.kind, doubt.video) for doubt in late_videos(videos)] == [("starts early", "a"), ("ends early", "a")]


def test_few_edges_say_nothing(answers):
    few = slice(0, 40 * (FEWEST - 1))
    videos = [answers(np.where(BOUT, 0.9, 0.1)[few], label=shifted(move)[few], video=name) for name, move in {"a": 3, "b": 0}.items()]
    assert late_videos(videos) == []


def test_one_video_has_no_others(answers):
    assert late_videos([answers(np.where(BOUT, 0.9, 0.1), label=shifted(3))]) == []
