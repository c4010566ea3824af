from dataclasses import replace

from ethocache.scoring.standings import HEADER, Cost, Standing, changes, front, in_words, ranked, rows, table


def standing(name: str, score: float | None, seconds: float | None) -> Standing:
    macro = (
        {} if score is None else {"average_precision": score, "average_precision_low": score - 0.1, "average_precision_high": score + 0.1}
    )
    return Standing(name, "lstm", "resnet18", macro, Cost(480.0, 30.0, seconds, 12.0))


BEST, CHEAP, BEATEN, UNTIMED, UNSCORED = (
    standing("best", 0.8, 60.0), standing("cheap", 0.7, 10.0), standing("beaten", 0.75, 70.0),
    standing("untimed", 0.9, None), standing("unscored", None, 1.0),
)  # fmt: skip


def test_on_the_front_is_what_no_other_beats_in_score_and_seconds():
    assert front([BEST, CHEAP, BEATEN, UNTIMED, UNSCORED]) == [True, True, False, False, False]


def test_two_that_are_alike_do_not_push_each_other_off_the_front_but_equal_score_in_more_time_does():
    assert front([BEST, standing("again", 0.8, 60.0), standing("slow", 0.8, 61.0)]) == [True, True, False]


def test_the_best_stands_first_and_those_without_a_score_last():
    assert ranked([UNSCORED, CHEAP, UNTIMED, BEST]) == [UNTIMED, BEST, CHEAP, UNSCORED]


def test_the_sentence_names_the_front():
    said = in_words(ranked([CHEAP, UNSCORED, BEST, BEATEN]))
    assert said == "3 scored, best first by macro average precision; no other scores as much in less time than (*) best, cheap"
    assert in_words([UNTIMED]) == "1 scored, best first by macro average precision"


def test_the_table_stars_the_front_and_leaves_what_is_not_known_open():
    lines = [line.split() for line in table([BEST, BEATEN, UNSCORED]).splitlines()]
    assert lines[1] == ["*", "best", "lstm", "resnet18", "0.800", "(0.70-0.90)", "-", "480.0", "30.0", "60.0", "12.0"]
    assert lines[2][0] == "beaten"
    assert lines[3] == ["unscored", "lstm", "resnet18", "-", "-", "480.0", "30.0", "1.0", "12.0"]


def test_a_row_for_a_file_has_a_cell_for_every_column():
    row = dict(zip(HEADER, next(rows([BEST])), strict=True))
    assert (row["experiment"], row["average_precision"], row["f1"], row["seconds"], row["front"]) == ("best", 0.8, None, 60.0, 1)


def test_a_cost_is_added_up_over_the_stages_and_empty_without_any():
    stages = {
        "crop": {"seconds": 3.0, "bytes": 1e6, "frames_per_second": 1700.0},
        "extract": {"seconds": 10.0, "bytes": 2e6, "frames_per_second": 480.0},
        "train": {"seconds": 30.0, "bytes": 3e6, "frames_per_second": 13000.0},
    }
    assert Cost.of(stages) == Cost(480.0, 30.0, 43.0, 6.0)
    assert Cost.of(None) == Cost()


def test_what_an_experiment_has_otherwise_is_told():
    usual = {"head": "lstm", "train.epochs": 40, "decide.smoothing": "auto", "old": 1}
    assert changes(usual, usual) == ""
    assert changes(usual | {"train.epochs": 3, "head": "tcn"}, usual) == "train.epochs=3"
    other = {"head": "lstm", "train.epochs": 40, "decide.smoothing": "été", "train.noise": None}
    assert changes(other, usual) == "decide.smoothing=été, old=-, train.noise=null"
    assert changes({}, usual) == "", "nobody knows what it was made with"


def test_the_settings_stand_last_in_the_table_and_begin_alike():
    several = [
        replace(standing("one", 0.5, 10.0), changes="train.epochs=3"),
        replace(standing("two", 0.4, 9.0), changes="crop.margin_px=4"),
    ]
    header, *lines = table(several).splitlines()
    assert [line[header.index("settings") :] for line in lines] == ["train.epochs=3", "crop.margin_px=4"]
