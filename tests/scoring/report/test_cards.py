from dataclasses import replace

from ethocache.scoring.report.cards import MEASURES, cards_of, score_table
from ethocache.scoring.summary import score


def test_a_card_holds_score_interval_chance_and_people(simulated):
    metrics = score(simulated(4))
    people = {"grooming": {"raters": {"kim, lee": {"f1": 0.6}, "kim, mo": {"f1": 0.8}}}, "macro": {"f1_raters": 0.7}}
    mean, grooming, rearing = cards_of(metrics, people, ("grooming", "rearing"))
    f1, precision, accuracy = grooming.scales
    block = metrics["grooming"]
    assert (f1.value, f1.low, f1.high, f1.chance) == (block["f1"], block["f1_low"], block["f1_high"], block["f1_chance"])
    assert precision.chance == block["prevalence"]
    assert (accuracy.value, accuracy.chance) == (block["accuracy"], block["accuracy_never"])
    assert round(f1.people, 6) == 0.7 and mean.scales[0].people == 0.7 and rearing.scales[0].people is None
    assert f"{block['bouts']:.0f} bouts" in grooming.facts


def test_without_scores_there_are_no_cards_and_no_table(simulated):
    metrics = score([])
    assert cards_of(metrics, {}, ("grooming",)) == []
    assert not any(score_table(metrics, []).values())


def test_every_number_of_the_metrics_stands_in_the_table(simulated):
    metrics = score(simulated(4))
    named = {key for measures in MEASURES.values() for key in measures}
    assert {key.removesuffix("_low").removesuffix("_high") for key in metrics["grooming"]} == named
    rows = {row.key: row for rows in score_table(metrics, ["macro", "grooming"]).values() for row in rows}
    block = metrics["grooming"]
    assert rows["f1"].cells[1] == f"{block['f1']:.2f} ({block['f1_low']:.2f}–{block['f1_high']:.2f})"
    assert rows["tp"].cells[1] == f"{block['tp']:.0f}"


def test_what_does_not_exist_is_a_dash():
    table = score_table({"a": {"f1": 0.5}, "b": {"accuracy": 0.5}}, ["a", "b"])
    assert [row.cells for row in table["Frames"]] == [("0.50", "–"), ("–", "0.50")]


def test_a_behaviour_that_nobody_looked_for_has_a_card_that_says_so(prediction):
    of_both = [prediction(name) for name in ("m1", "m2", "m3")]
    metrics = score([replace(one, label=one.label * [1, 0] - [0, 1]) for one in of_both])
    (_, grooming, rearing) = cards_of(metrics, {}, ("grooming", "rearing"))
    assert "labelled" in grooming.facts
    assert rearing.facts == "Nobody looked for it in a video that could be scored"
    assert [one.value for one in rearing.scales] == [None, None, None]
