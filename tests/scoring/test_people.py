"""People beside each other, and the model beside each of them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.label_table import LabelTable
from ethocache.dataset.labels import LabelSnapshot, write_snapshot
from ethocache.dataset.predictions import fill_predictions
from ethocache.dataset.training_curves import write_curves
from ethocache.scoring.people import compare_people
from ethocache.stages.evaluate import evaluate

MARKS = {"#": 1, ".": 0, "?": -1}


def table(*columns):
    names = ("grooming", "rearing")[: len(columns)]
    return LabelTable(names, np.array([[MARKS[mark] for mark in column] for column in columns], np.int8).T)


def test_two_people_and_the_model_are_compared_on_the_frames_at_which_both_looked(drawn):
    predictions = [drawn("v", animal="m1", grooming=(".##...", ".####."))]
    people = compare_people(predictions, {"v": {"Bo": table(".##..?"), "Al": table("..##..")}})
    block = people["grooming"]
    assert list(block["raters"]) == ["Al, Bo"]
    assert block["raters"]["Al, Bo"] == {
        "animals": ["m1"], "bout_f1_50": 0, "f1": 0.5, "frames": 5, "kappa": 0.1667, "offset_error_s": 0.1, "onset_error_s": 0.1,
        "videos": 1,
    }  # fmt: skip
    assert (block["model"]["Al"]["f1"], block["model"]["Al"]["frames"]) == (0.6667, 6)
    assert (block["model"]["Bo"]["f1"], block["model"]["Bo"]["frames"]) == (0.6667, 5)
    assert people["macro"] == {"animals": ["m1"], "behaviours": 1, "f1_model": 0.6667, "f1_raters": 0.5}
    json.dumps(people, allow_nan=False)


def test_counts_that_rise_together_correlate_over_three_videos(drawn):
    marks = ("#.....", "#.#...", "#.#.#.")
    predictions = [drawn(name, grooming=(said, said)) for name, said in zip("abc", marks, strict=True)]
    raters = {name: {"Al": table(said), "Bo": table(said[::-1])} for name, said in zip("abc", marks, strict=True)}
    block = compare_people(predictions, raters)["grooming"]
    assert block["raters"]["Al, Bo"]["bouts_correlation"] == 1
    assert block["model"]["Al"]["bouts_correlation"] == 1
    assert block["model"]["Al"]["videos"] == 3


def test_each_pair_stands_on_the_animals_that_both_of_it_labelled(drawn):
    predictions = [drawn(name, grooming=("##..", "##..")) for name in "abc"]
    said = {rater: table("##..") for rater in ("Al", "Bo", "Cy")}
    block = compare_people(predictions, {"a": said, "b": {"Al": said["Al"], "Bo": said["Bo"]}, "c": {"Al": said["Al"]}})["grooming"]
    assert {pair: row["animals"] for pair, row in block["raters"].items()} == {"Al, Bo": ["a", "b"], "Al, Cy": ["a"], "Bo, Cy": ["a"]}
    assert {rater: row["animals"] for rater, row in block["model"].items()} == {"Al": ["a", "b"], "Bo": ["a", "b"], "Cy": ["a"]}


def test_people_who_never_labelled_the_same_video_have_no_row(drawn):
    predictions = [drawn(name, grooming=("##..", "##..")) for name in "ab"]
    said = table("##..")
    block = compare_people(predictions, {"a": {"Al": said, "Bo": said}, "b": {"Cy": said, "Di": said}})["grooming"]
    assert list(block["raters"]) == ["Al, Bo", "Cy, Di"]


def test_animals_on_which_settings_were_searched_are_left_out(drawn):
    predictions = [drawn(name, grooming=("##..", "##..")) for name in "ab"]
    raters = {name: {"Al": table("##.."), "Bo": table("#...")} for name in "ab"}
    people = compare_people([replace(predictions[0], seen=True), predictions[1]], raters)
    assert people["grooming"]["raters"]["Al, Bo"]["animals"] == people["macro"]["animals"] == ["b"]
    assert compare_people([replace(prediction, seen=True) for prediction in predictions], raters) == {}


def test_a_behaviour_that_nobody_marks_has_no_f1_and_is_not_in_the_mean(drawn):
    people = compare_people(
        [drawn("v", grooming=("##..", "##.."), rearing=("....", "...."))], {"v": {"Al": table("##..", "...."), "Bo": table("##..", "....")}}
    )
    assert people["rearing"]["raters"]["Al, Bo"] == {"animals": ["v"], "frames": 4, "videos": 1}
    assert people["macro"] == {"animals": ["v"], "behaviours": 1, "f1_model": 1, "f1_raters": 1}


def test_where_nobody_marks_anything_there_is_no_mean(drawn):
    people = compare_people([drawn("v", grooming=("....", "...."))], {"v": {"Al": table("...."), "Bo": table("....")}})
    assert people["macro"] == {"animals": ["v"], "behaviours": 0}


def test_without_several_people_there_is_nothing_to_compare(drawn):
    predictions = [drawn("v", grooming=("##..", "##.."))]
    assert compare_people(predictions, {}) == compare_people(predictions, {"v": {}}) == compare_people([], {}) == {}


def test_labels_of_a_file_that_names_nobody_are_those_of_somebody_not_named(drawn):
    block = compare_people([drawn("v", grooming=("##..", "##.."))], {"v": {"": table("##.."), "Al": table("##..")}})["grooming"]
    assert (list(block["raters"]), list(block["model"])) == (["not named, Al"], ["not named", "Al"])


def test_labels_that_are_not_of_what_was_predicted_are_refused(drawn):
    with pytest.raises(
        InputError,
        match=r"v: expected labels by 'Bo' of 4 frames and grooming, as were predicted, found 3 frames and grooming; run 'dvc repro'",
    ):
        compare_people([drawn("v", grooming=("##..", "##.."))], {"v": {"Al": table("##.."), "Bo": table("##.")}})


@pytest.fixture
def project(drawn, tmp_path, monkeypatch):
    """A folder with what `evaluate` reads; returns a function that gives the videos these raters, and evaluates."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("evaluate: {resamples: 100}\n")
    fill_predictions(tmp_path / "data/predictions", [drawn(name, grooming=("##..", "##..")) for name in "ab"])
    write_curves(tmp_path / "data/curves/training.csv", [])

    def run(**raters):
        for name in "ab":
            tables = {rater: table(marks) for rater, marks in raters.items()}
            write_snapshot(tmp_path / f"data/labels/{name}.json", LabelSnapshot(table("##.."), tables), "s")
        return evaluate(), json.loads((tmp_path / "metrics/people.json").read_text())

    return run


def test_evaluate_writes_how_far_people_agree_and_says_it(project):
    said, people = project(Al="##..", Bo="#...")
    assert said.endswith("; F1 of people among themselves 0.67, of the model with them 0.83 (2 animals)")
    assert people["grooming"]["model"]["Al"]["f1"] == 1
    assert people["macro"] == {"animals": ["a", "b"], "behaviours": 1, "f1_model": 0.8333, "f1_raters": 0.6667}


def test_evaluate_writes_an_empty_file_where_one_person_labelled(project):
    said, people = project(Al="##..")
    assert people == {} and "people" not in said
