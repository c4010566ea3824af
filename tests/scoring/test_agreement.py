"""What people agree on. Cohen 1960; https://en.wikipedia.org/wiki/Cohen%27s_kappa for the example."""

import csv
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pipeline import SHARED
from sklearn.metrics import cohen_kappa_score, f1_score

from ethocache.common.errors import InputError
from ethocache.dataset.label_table import LabelTable
from ethocache.dataset.predictions import Prediction
from ethocache.dataset.videos import frames_in
from ethocache.scoring.agreement import Agreement, agreement, between_raters
from ethocache.scoring.people import compare_people

THREE_RATERS = SHARED / "oft_raters/AllLabDataOFT_final.csv"
MARKS = {"#": 1, ".": 0, "?": -1}


def drawn(marks):
    return np.array([MARKS[mark] for mark in marks], np.int8)


def repeated(**counts):
    """Two raters who both say yes, both no, ... in so many frames."""
    pairs = {"both": "##", "first": "#.", "second": ".#", "neither": ".."}
    one, other = ("".join(pairs[name][rater] * count for name, count in counts.items()) for rater in (0, 1))
    return drawn(one), drawn(other)


def test_twenty_both_fifteen_neither_and_fifteen_apart_of_fifty_is_a_kappa_of_two_fifths():
    found = agreement(*repeated(both=20, first=5, second=10, neither=15))
    assert found == Agreement(frames=50, agreed=0.7, kappa=pytest.approx(0.4), f1=pytest.approx(40 / 55))


def test_frames_that_either_did_not_look_at_do_not_count():
    assert agreement(drawn("##..??#"), drawn("#.#.#.?")) == agreement(drawn("##.."), drawn("#.#."))


@pytest.mark.parametrize("marks", ["....", "####"])
def test_where_both_say_the_same_of_every_frame_there_is_no_kappa(marks):
    found = agreement(drawn(marks), drawn(marks))
    assert (found.agreed, found.kappa, found.f1) == (1, None, 1 if "#" in marks else None)


def test_where_one_rater_never_varies_kappa_is_zero():
    assert agreement(drawn("...."), drawn("##..")) == Agreement(4, 0.5, 0, 0)


@pytest.mark.parametrize(("one", "other"), [("", ""), ("??..", "##??")])
def test_without_a_frame_that_both_looked_at_nothing_is_known(one, other):
    assert agreement(drawn(one), drawn(other)) == Agreement(0, None, None, None)


def test_raters_of_other_frames_are_refused():
    expected = r"expected the labels of two raters for the same frames, found \(2,\) and \(3,\); are they of one video\?"
    with pytest.raises(InputError, match=expected):
        agreement(drawn("##"), drawn("##."))
    with pytest.raises(InputError, match=r"found \(1, 2\) and \(1, 2\)"):
        agreement(drawn("##")[None], drawn("##")[None])


def test_each_pair_of_raters_is_compared_once_whatever_their_order():
    found = between_raters({"Cy": drawn("##.."), "Al": drawn("##.."), "Bo": drawn("....")})
    assert {pair: kappa.kappa for pair, kappa in found.items()} == {("Al", "Bo"): 0, ("Al", "Cy"): 1, ("Bo", "Cy"): 0}
    assert between_raters({"Al": drawn("#.")}) == {}


columns = hnp.arrays(np.int8, st.tuples(st.just(2), st.integers(1, 60)), elements=st.integers(-1, 1))


@settings(max_examples=100, deadline=None)
@given(columns)
@example(np.ones((2, 3), np.int8))
def test_kappa_and_f1_are_those_of_scikit_learn_over_the_frames_that_both_looked_at(raters):
    one, other = raters
    found = agreement(one, other)
    assert found == agreement(other, one)
    one, other = raters[:, (raters >= 0).all(axis=0)]
    assert found.frames == len(one)
    if found.frames:
        assert found.agreed == pytest.approx((one == other).mean())
    if found.kappa is None:
        assert len(np.unique(np.concatenate([one, other]))) < 2
    else:
        assert found.kappa == pytest.approx(cohen_kappa_score(one, other))
    if found.f1 is None:
        assert not (one | other).any()
    else:
        assert found.f1 == pytest.approx(f1_score(one, other))


FPS = 25
SCORED_S = 602  # the last bout of all ends at 601.7 s
CEILING = {"Grooming": (0.67, 0.73), "Supported": (0.85, 0.89), "Unsupported": (0.68, 0.75)}  # people's kappa, to two digits


def bouts_of_three_raters():
    """Behaviour -> rater -> video -> bouts (s), as the file of the three raters has them."""
    found = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    with THREE_RATERS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            if row["type"] in CEILING:
                found[row["type"]][row["Experimenter"]][row["DLCFile"]].append((float(row["from"]), float(row["to"])))
    return found


def marked(bouts, time_s):
    column = np.zeros(len(time_s), np.int8)
    for start_s, stop_s in bouts:
        column[frames_in(time_s, start_s, stop_s)] = 1
    return column


needs_three_raters = pytest.mark.skipif(
    not THREE_RATERS.is_file(), reason="the labels of three raters are not beside the repository (../shared/data/oft_raters)"
)


@needs_three_raters
def test_three_people_agree_on_twenty_real_videos_as_far_as_is_known():
    labels = bouts_of_three_raters()
    videos = sorted({video for raters in labels.values() for bouts in raters.values() for video in bouts})
    time_s = np.arange(SCORED_S * FPS) / FPS
    assert len(videos) == 20
    for behaviour, (low, high) in CEILING.items():
        columns = {rater: np.concatenate([marked(bouts[video], time_s) for video in videos]) for rater, bouts in labels[behaviour].items()}
        found = between_raters(columns)
        assert len(found) == 3
        for pair, scores in found.items():
            assert low <= round(scores.kappa, 2) <= high, (behaviour, pair, scores)


KNOWN = {  # the same three people: lowest and highest pair
    "Grooming": {"f1": (0.68, 0.74), "bout_f1_50": (0.43, 0.54), "bouts_correlation": (0.32, 0.72), "onset_error_s": (0.18, 0.24)},
    "Supported": {"f1": (0.88, 0.91), "bout_f1_50": (0.90, 0.94), "bouts_correlation": (0.94, 0.96), "onset_error_s": (0.12, 0.16)},
    "Unsupported": {"f1": (0.71, 0.78), "bout_f1_50": (0.69, 0.79), "bouts_correlation": (0.93, 0.94), "onset_error_s": (0.12, 0.16)},
}


@pytest.fixture(scope="module")
def three_people():
    """What three people say of twenty real videos, and a model that says what one of them does."""
    labels = bouts_of_three_raters()
    time_s = np.arange(SCORED_S * FPS) / FPS
    videos = sorted({video for raters in labels.values() for bouts in raters.values() for video in bouts})
    people = sorted({rater for raters in labels.values() for rater in raters})
    said = {}
    for video in videos:
        columns = {rater: [marked(labels[name][rater][video], time_s) for name in CEILING] for rater in people}
        said[video] = {rater: LabelTable(tuple(CEILING), np.stack(column, axis=1)) for rater, column in columns.items()}
    half = np.full(len(CEILING), 0.5, np.float32)
    model = {video: tables[people[0]].values for video, tables in said.items()}
    about = ("fold", tuple(CEILING))
    predictions = [Prediction(name, name, *about, tag.astype(np.float32), tag, tag, time_s, half, False) for name, tag in model.items()]
    return people, compare_people(predictions, said)


@needs_three_raters
def test_bouts_counts_and_edges_of_three_people_agree_as_far_as_is_known(three_people):
    _, found = three_people
    frame_s = 1 / FPS
    for behaviour, ranges in KNOWN.items():
        rows = found[behaviour]["raters"]
        assert len(rows) == 3 and all(len(row["animals"]) == row["videos"] == 20 for row in rows.values())
        for name, (low, high) in ranges.items():
            leeway = frame_s if name == "onset_error_s" else 0.01  # edges lie on frames here; the others were rounded
            values = [row[name] for row in rows.values()]
            assert low - leeway - 1e-9 <= min(values) and max(values) <= high + leeway + 1e-9, (behaviour, name, values)
        low, high = CEILING[behaviour]
        assert all(low <= round(row["kappa"], 2) <= high for row in rows.values())


@needs_three_raters
def test_a_model_that_says_what_one_person_does_agrees_with_the_others_as_that_person_does(three_people):
    people, found = three_people
    first, *others = people
    for block in (found[behaviour] for behaviour in CEILING):
        assert block["model"][first]["f1"] == block["model"][first]["bout_f1_50"] == 1
        assert all(block["model"][other] == block["raters"][f"{first}, {other}"] for other in others)
