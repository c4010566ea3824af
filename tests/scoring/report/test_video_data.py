import base64
import json
from dataclasses import replace

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.label_table import LabelTable
from ethocache.scoring.pictures import colour_of
from ethocache.scoring.report.told import FINAL, NOBODY, SEARCHED, UNSEEN, told_by_people, told_by_prediction, told_by_tags
from ethocache.scoring.report.video_data import NO_ANSWER, as_script, video_data
from ethocache.scoring.review.doubts import Doubt
from ethocache.scoring.review.moments import Moment
from ethocache.scoring.review.wrongness import Answers

LINKS = {"previous": None, "next": None, "next_moment": None}


def data_of(told, **changes):
    return video_data(told, **{"media": None, "moments": [], "doubts": [], "links": LINKS} | changes)


def test_spans_are_half_open_and_frames_nobody_looked_at_are_in_none_of_them(record, prediction):
    data = data_of(told_by_prediction(record(), prediction()))
    grooming, rearing = data["behaviours"]
    assert (grooming["labels"], grooming["looked"], grooming["tags"]) == ([[2, 5]], [[0, 10]], [[3, 7]])
    assert (rearing["labels"], rearing["looked"], rearing["tags"]) == ([], [[0, 5]], [])
    assert (data["labelled"], data["judged_by"], data["frames"], data["fps"]) == (True, UNSEEN, 10, 10.0)
    assert [one["threshold"] for one in data["behaviours"]] == [0.41, 0.5]
    assert [one["colour"] for one in data["behaviours"]] == [colour_of(0), colour_of(1)]


def test_labels_that_a_file_corrected_are_told_of_each_behaviour(record, prediction):
    corrected = np.zeros((10, 2), bool)
    corrected[1:4, 0] = True
    told = replace(told_by_prediction(record(), prediction()), corrected=corrected)
    assert [one["corrected"] for one in data_of(told)["behaviours"]] == [[[1, 4]], []]
    assert [one["corrected"] for one in data_of(told_by_prediction(record(), prediction()))["behaviours"]] == [[], []]


def test_a_page_knows_whose_frames_it_has_where_several_cameras_film(record, prediction):
    told = told_by_prediction(record(), prediction())
    assert "view" not in data_of(told)
    assert data_of(replace(told, record=replace(told.record, view="top")))["view"] == "top"


def test_times_and_probabilities_come_back_from_their_bytes(record, prediction):
    data = data_of(told_by_prediction(record(), prediction()))
    assert np.frombuffer(base64.b64decode(data["time_s"]), "<f8").tolist() == prediction().time_s.tolist()
    bytes_ = np.frombuffer(base64.b64decode(data["behaviours"][0]["probability"]), np.uint8)
    assert bytes_.tolist() == [64, 64, 64, 254, 254, 254, 254, 64, 64, 64]


def test_of_exclusive_behaviours_no_threshold_is_shown_and_searched_animals_are_named_so(record, prediction):
    data = data_of(told_by_prediction(record(), prediction(seen=True, exclusive=True)))
    assert [one["threshold"] for one in data["behaviours"]] == [None, None]
    assert (data["exclusive"], data["judged_by"]) == (True, SEARCHED)


def answers(probability=0.5):
    return Answers(
        "m1", ("grooming",), np.arange(10) / 10, np.full((10, 1), probability), np.ones((10, 1), np.int8), -np.ones((10, 1), np.int8)
    )


def test_a_tagged_video_has_no_labels_and_is_judged_by_the_final_model(record):
    data = data_of(told_by_tags(record(), answers(), np.array([0.3])))
    (grooming,) = data["behaviours"]
    assert (data["labelled"], data["judged_by"]) == (False, FINAL)
    assert (grooming["labels"], grooming["looked"], grooming["tags"], grooming["threshold"]) == ([], [], [[0, 10]], 0.3)


def test_an_edited_table_of_tags_is_refused(record):
    with pytest.raises(InputError, match=r"data/tags/m1\.csv: expected probabilities from 0 to 1 and tags 0 or 1, found others; delete it"):
        told_by_tags(record(), answers(1.5), None)


def test_without_a_model_the_labels_stand_alone_and_no_probability_is_claimed(record):
    labels = LabelTable(("grooming",), np.eye(10, 1, dtype=np.int8))
    data = data_of(told_by_people(record(), ("grooming",), np.arange(10) / 10, labels, False))
    (grooming,) = data["behaviours"]
    assert (data["labelled"], data["judged_by"], grooming["labels"], grooming["tags"]) == (True, NOBODY, [[0, 1]], [])
    assert set(base64.b64decode(grooming["probability"])) == {NO_ANSWER}


def test_labels_of_another_number_of_frames_are_refused(record):
    labels = LabelTable(("grooming",), np.zeros((9, 1), np.int8))
    with pytest.raises(InputError, match=r"m1: expected labels of 10 frames and 1 behaviours, found \(9, 1\); run 'dvc repro' first"):
        told_by_people(record(), ("grooming",), np.arange(10) / 10, labels, False)


def test_moments_keep_their_rank_and_doubts_of_whole_videos_have_no_place(record, prediction):
    moment = Moment("m1", "rearing", 1, 4, 0.1, 0.4, 1.234, 1.0, "uncertain")
    data = data_of(
        told_by_prediction(record(), prediction()), moments=[(7, moment)], doubts=[Doubt("starts late", "m1", "", detail="0.2 s")]
    )
    assert data["queue"] == [{"behaviour": "rearing", "start": 1, "stop": 4, "why": "uncertain", "wrong_frames": 1.23, "rank": 7}]
    assert data["doubts"] == [{"behaviour": "", "start": None, "stop": None, "kind": "starts late", "sureness": None, "detail": "0.2 s"}]


def test_no_name_can_end_the_script_and_every_name_comes_back(record, prediction):
    name = "</script><script>alert('é\u2028')"
    script = as_script(data_of(told_by_prediction(record(name), prediction())))
    assert "<" not in script and script.isascii()
    assert json.loads(script.removeprefix("ethocacheVideo(").removesuffix(");\n"))["id"] == name
