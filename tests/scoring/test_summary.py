import json
from dataclasses import replace

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.scoring.plots import write_plots
from ethocache.scoring.settings import EvaluateParams
from ethocache.scoring.summary import in_words, score

QUICK = EvaluateParams(resamples=100)
KEYS = {
    "accuracy", "accuracy_never", "average_precision", "average_precision_high", "average_precision_low", "banos_continuity",
    "banos_detection", "banos_overlap", "banos_timing", "bout_f1_10", "bout_f1_25", "bout_f1_50", "bout_f1_random", "bout_f1_tolerance",
    "bouts", "bouts_correlation", "bouts_error", "bouts_predicted", "calibration_error", "edit", "f1", "f1_chance", "f1_high", "f1_low",
    "f1_random", "fn", "fp", "offset_bias_s", "offset_error_s", "onset_bias_s", "onset_error_s", "precision", "prevalence", "recall",
    "seconds", "seconds_correlation", "seconds_error", "seconds_predicted", "tn", "tp",
}  # fmt: skip


def test_the_names_are_fixed_sorted_and_whole_numbers_where_things_are_counted(simulated):
    metrics = score(simulated(4), QUICK)
    assert list(metrics) == ["data", "grooming", "macro", "rearing"]
    assert set(metrics["grooming"]) == KEYS
    assert set(metrics["macro"]) == KEYS | {"behaviours"}
    assert all(list(block) == sorted(block) for block in metrics.values())
    assert all(isinstance(metrics["grooming"][key], int) for key in ("tp", "fp", "fn", "tn", "bouts", "bouts_predicted"))
    assert metrics["data"] == {"animals": 4, "animals_seen": 0, "folds": 4, "frames": 1200, "videos": 4}
    json.dumps(metrics, allow_nan=False)


def test_two_bouts_one_found_and_one_false_alarm(drawn):
    metrics = score([drawn("v", grooming=("..##...##.", "..##.#....")), drawn("w", grooming=("..........", ".........."))], QUICK)
    block = metrics["grooming"]
    assert (block["tp"], block["fp"], block["fn"], block["tn"]) == (2, 1, 2, 15)
    assert (block["bouts"], block["bouts_predicted"], block["seconds"], block["seconds_predicted"]) == (2, 2, 0.4, 0.3)
    assert (block["precision"], block["recall"], block["f1"]) == (0.6667, 0.5, 0.5714)
    assert (block["accuracy"], block["accuracy_never"], block["prevalence"]) == (0.85, 0.8, 0.2)
    assert (block["bout_f1_10"], block["bout_f1_25"], block["bout_f1_50"]) == (0.5, 0.5, 0.5)
    assert block["edit"] == 1  # the same number of events in both videos
    assert (block["f1_chance"], block["f1_random"]) == (0.3333, 0.2)
    assert block["bout_f1_tolerance"] == 1  # the false alarm is 0.2 and 0.3 s too early for the other, which is near enough
    assert (block["banos_detection"], block["banos_overlap"]) == (0.5, 0.3333)
    assert (block["bouts_error"], block["seconds_error"]) == (0, 0.05)
    assert (block["onset_error_s"], block["offset_error_s"]) == (0, 0)  # of the one that was found
    assert "bouts_correlation" not in block  # two points always lie on a line


def test_perfect_tags_score_one_everywhere(drawn):
    block = score([drawn("v", grooming=("..##...##.", "..##...##."))], QUICK)["grooming"]
    perfect = (
        "accuracy", "average_precision", "banos_continuity", "banos_detection", "banos_overlap", "banos_timing", "bout_f1_10", "bout_f1_25",
        "bout_f1_50", "bout_f1_tolerance", "edit", "f1", "precision", "recall",
    )  # fmt: skip
    assert [block[key] for key in perfect] == [1] * len(perfect)


def test_bouts_of_two_videos_are_never_joined(drawn):
    block = score([drawn("v", grooming=("...##", "...##")), drawn("w", grooming=("##...", "##..."))], QUICK)["grooming"]
    assert block["bouts"] == block["bouts_predicted"] == 2


def test_frames_nobody_looked_at_count_nowhere(drawn):
    whole = score([drawn("v", grooming=("..##.#", ".##.##"))], QUICK)["grooming"]
    partly = score([drawn("v", grooming=("..##.#????", ".##.######"))], QUICK)["grooming"]
    assert partly == whole


def test_a_bout_is_cut_where_nobody_looked(drawn):
    block = score([drawn("v", grooming=("##??##.", "#######"))], QUICK)["grooming"]
    assert (block["bouts"], block["bouts_predicted"], block["seconds_predicted"]) == (2, 2, 0.5)


def test_behaviours_are_scored_on_the_frames_somebody_looked_at_for_each(drawn):
    metrics = score([drawn("v", grooming=("##..", "##.."), rearing=("??#.", "###."))], QUICK)
    assert metrics["grooming"]["tp"] + metrics["grooming"]["tn"] == 4
    assert (metrics["rearing"]["tp"], metrics["rearing"]["fp"]) == (1, 0)
    assert metrics["data"]["frames"] == 4


def test_a_behaviour_no_labelled_frame_shows_has_counts_but_no_score_and_is_not_in_the_mean(drawn):
    metrics = score([drawn("v", grooming=("##..", "##.."), rearing=("....", "#..."))], QUICK)
    assert set(metrics["rearing"]) == {
        "accuracy", "accuracy_never", "bouts", "bouts_error", "bouts_predicted", "calibration_error", "fn", "fp", "prevalence", "seconds",
        "seconds_error", "seconds_predicted", "tn", "tp",
    }  # fmt: skip
    assert metrics["macro"]["behaviours"] == 1
    assert metrics["macro"]["f1"] == 1


def test_a_behaviour_that_is_never_tagged_halves_the_mean(drawn):
    metrics = score([drawn("v", grooming=("##..", "##.."), rearing=("..##", "...."))], QUICK)
    assert (metrics["rearing"]["precision"], metrics["rearing"]["f1"], metrics["rearing"]["bout_f1_10"]) == (0, 0, 0)
    assert metrics["macro"]["f1"] == metrics["macro"]["banos_continuity"] == 0.5
    assert metrics["macro"]["tp"] == 2
    assert "onset_error_s" not in metrics["macro"]  # a mean over the others would look better than it is


def test_labels_without_any_behaviour_leave_an_empty_mean(drawn):
    metrics = score([drawn("v", grooming=("....", "#..."))], QUICK)
    assert metrics["macro"] == {"behaviours": 0}


def test_a_behaviour_nobody_looked_for_has_counts_of_zero(drawn):
    block = score([drawn("v", grooming=("##..", "##.."), rearing=("????", "##.."))], QUICK)["rearing"]
    assert block == dict.fromkeys(("bouts", "bouts_predicted", "fn", "fp", "seconds", "seconds_predicted", "tn", "tp"), 0)


def test_videos_nobody_looked_at_are_not_counted(drawn):
    metrics = score([drawn("v", grooming=("##..", "##..")), drawn("w", grooming=("????", "##.."))], QUICK)
    assert metrics["data"] == {"animals": 1, "animals_seen": 0, "folds": 1, "frames": 4, "videos": 1}


def test_no_predictions_give_zeros_and_no_score():
    assert score([], QUICK) == {"data": {"animals": 0, "animals_seen": 0, "folds": 0, "frames": 0, "videos": 0}}


def test_the_interval_holds_the_score_and_is_the_same_twice(simulated):
    predictions = simulated(5)
    metrics = score(predictions, QUICK)
    for name in ("grooming", "rearing", "macro"):
        for key in ("f1", "average_precision"):
            low, point, high = (metrics[name][f"{key}{end}"] for end in ("_low", "", "_high"))
            assert low <= point <= high
            assert low < high
    assert score(predictions[::-1], QUICK) == metrics
    assert score(predictions, EvaluateParams(resamples=100, seed=1)) != metrics


def test_fewer_than_three_animals_give_no_interval(simulated):
    assert "f1_low" not in score(simulated(2), QUICK)["grooming"]
    assert "f1_low" not in score(simulated(2), QUICK)["macro"]


def test_six_videos_of_two_animals_are_two_animals(simulated):
    predictions = [replace(prediction, animal=f"a{number % 2}") for number, prediction in enumerate(simulated(6))]
    metrics = score(predictions, QUICK)
    assert metrics["data"]["animals"] == 2
    assert "f1_low" not in metrics["grooming"]


def test_a_behaviour_shown_by_one_animal_of_four_still_has_an_interval(drawn):
    shown = [drawn("a", grooming=("##..", "#..."))]
    metrics = score([*shown, *(drawn(name, grooming=("....", "..#.")) for name in "bcd")], QUICK)
    assert metrics["grooming"]["f1_low"] <= metrics["grooming"]["f1"] <= metrics["grooming"]["f1_high"]


def test_predictions_of_other_behaviours_are_refused(drawn):
    with pytest.raises(InputError, match=r"predictions of v are for grooming, those of w for rearing: train again"):
        score([drawn("v", grooming=("#.", "#.")), drawn("w", rearing=("#.", "#."))], QUICK)


def test_a_video_predicted_twice_is_refused(drawn):
    with pytest.raises(InputError, match="the video v is predicted twice"):
        score([drawn("v", grooming=("#.", "#."))] * 2, QUICK)


@pytest.mark.parametrize("name", ["macro", "data"])
def test_a_behaviour_with_a_name_of_the_report_is_refused(drawn, name):
    with pytest.raises(InputError, match=f"a behaviour cannot be named '{name}'"):
        score([drawn("v", **{name: ("#.", "#.")})], QUICK)


def test_tags_that_start_two_tenths_of_a_second_late_and_end_in_time_are_told_so(drawn):
    block = score([drawn("v", grooming=("..#####...#####..", "....###.....###..")), drawn("w", grooming=(".#####.", "...###."))], QUICK)
    block = block["grooming"]
    assert (block["onset_bias_s"], block["onset_error_s"]) == (0.2, 0.2)
    assert (block["offset_bias_s"], block["offset_error_s"]) == (0, 0)


def test_the_tolerance_is_that_of_the_settings(drawn):
    late = [drawn("v", grooming=(".######.", "...####."))]
    found = {seconds: score(late, EvaluateParams(tolerance_s=seconds))["grooming"]["bout_f1_tolerance"] for seconds in (0.1, 0.2)}
    assert found == {0.1: 0, 0.2: 1}


def test_counts_of_three_videos_that_rise_together_correlate_though_all_are_too_high(drawn):
    marks = (("#.......", "#.#....."), ("#.#.....", "#.#.#..."), ("#.#.#...", "#.#.#.#."))
    block = score([drawn(name, grooming=pair) for name, pair in zip("abc", marks, strict=True)], QUICK)["grooming"]
    assert (block["bouts_correlation"], block["bouts_error"]) == (1, 1)
    assert (block["seconds_correlation"], block["seconds_error"]) == (1, 0.1)


def test_exclusive_tags_are_scored_as_the_model_gives_them(drawn):
    prediction = replace(drawn("v", grooming=("##..", "##..")), exclusive=True, threshold=np.array([0.99], dtype=np.float32))
    assert score([prediction], QUICK)["grooming"]["f1"] == 1


def test_the_scores_in_words_stand_beside_chance(drawn):
    predictions = [drawn(name, grooming=("##..", "##..")) for name in "abc"]
    expected = "3 videos of 3 animals, macro average precision 1.00 (1.00-1.00), chance 0.50; F1 1.00 (1.00-1.00), chance 0.67"
    assert in_words(score(predictions, QUICK)) == expected
    assert in_words(score(predictions[:1], QUICK)) == "1 video of 1 animal, macro average precision 1.00, chance 0.50; F1 1.00, chance 0.67"


def test_what_people_agree_on_stands_in_words_beside_it(drawn):
    metrics = score([drawn("a", grooming=("##..", "##.."))], QUICK)
    people = {"macro": {"animals": ["a"], "behaviours": 1, "f1_model": 0.5, "f1_raters": 0.667}}
    line = "; F1 of people among themselves 0.67, of the model with them 0.50 (1 animal)"
    assert in_words(metrics, people) == in_words(metrics) + line
    assert in_words(metrics, {}) == in_words(metrics, {"macro": {"animals": ["a"], "behaviours": 0}}) == in_words(metrics)


def test_without_predictions_the_words_claim_nothing():
    assert in_words(score([], QUICK)).startswith("no honest score")


def test_animals_on_which_settings_were_searched_are_not_scored(simulated):
    predictions = simulated(5)
    searched = [replace(prediction, seen=number < 2) for number, prediction in enumerate(predictions)]
    metrics = score(searched, QUICK)
    assert metrics["data"] == {"animals": 3, "animals_seen": 2, "folds": 3, "frames": 900, "videos": 3}
    rest = score(predictions[2:], QUICK)
    assert {name: block for name, block in metrics.items() if name != "data"} == {n: block for n, block in rest.items() if n != "data"}
    assert in_words(metrics).endswith("; 2 animals not scored, as the head's settings were searched on them")


def test_where_settings_were_searched_on_all_animals_there_is_no_score_and_a_way_out(simulated, tmp_path):
    searched = [replace(prediction, seen=True) for prediction in simulated(3)]
    metrics = score(searched, QUICK)
    assert metrics == {"data": {"animals": 0, "animals_seen": 3, "folds": 0, "frames": 0, "videos": 0}}
    assert in_words(metrics) == (
        "no honest score: the head's settings were searched on all 3 labelled animals; label more, or search again with some kept out: "
        "ethocache tune --keep-out 0.25"
    )
    write_plots(searched, metrics, tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv"}
