"""What is written."""

import csv

import pytest

from ethocache.scoring.groups.tables import write_tables


@pytest.fixture
def rows(tmp_path):
    """Write a study's tables and return the rows of one as dicts."""

    def rows(study, name):
        write_tables(study, tmp_path)
        with (tmp_path / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    return rows


def test_every_video_and_every_animal_has_a_row(rows, studied, two_groups):
    study = studied(two_groups, within=["treatment"])
    video, animal = rows(study, "videos")[0], rows(study, "animals")[0]
    assert [video[name] for name in ("video", "animal", "genotype", "group", "within", "measured_by", "frames", "distance_cm")] == [
        "video of WT0", "WT0", "WT", "WT", "drug", "tags", "200", "5.000000",
    ]  # fmt: skip
    assert (video["grooming_fraction"], video["grooming_bouts_per_min"]) == ("0.200000", "60.000000")
    assert [animal[name] for name in ("animal", "group", "within", "videos", "grooming_count")] == ["HD0", "HD", "drug", "1", "20.000000"]


def test_a_part_that_is_called_group_itself_makes_groups_and_keeps_a_column(rows, studied, filmed):
    videos = [filmed(f"{name}{n}", 2 + n, group=name, box=str(n)) for name in ("control", "treated") for n in range(2)]
    row = rows(studied(videos, by=["box"]), "videos")[2]
    assert (row["own_group"], row["group"]) == ("treated", "0")
    row = rows(studied(videos, by=["group"]), "videos")[2]
    assert (row["own_group"], row["group"]) == ("treated", "treated")


def test_groups_have_means_with_intervals_and_adjusted_fractions(rows, studied, two_groups):
    table = {(row["group"], row["behaviour"], row["measure"]): row for row in rows(studied(two_groups), "groups")}
    row = table["WT", "grooming", "fraction"]
    assert (row["animals"], row["mean"]) == ("4", "0.350000") and float(row["low"]) < 0.35 < float(row["high"])
    assert float(row["adjusted"]) == pytest.approx((0.35 - 0.1) / 0.6, abs=1e-5)
    assert table["WT", "grooming", "count"]["adjusted"] == ""


def test_bouts_over_time_are_of_each_video_and_of_each_group(rows, studied, two_groups):
    first, second = rows(studied(two_groups), "over_time_videos")[:2]
    assert [first[name] for name in ("behaviour", "start_s", "stop_s", "bouts", "looked_s", "bouts_per_min")] == [
        "grooming", "0.000000", "10.000000", "10", "10.000000", "60.000000",
    ]  # fmt: skip
    assert second["start_s"] == "10.000000"
    group = rows(studied(two_groups), "over_time")[0]
    assert (group["group"], group["animals"], group["bouts_per_min"], group["low"]) == ("HD", "4", "60.000000", "60.000000")


def test_transitions_have_counts_and_the_mean_of_the_animals_probabilities(rows, studied, two_groups):
    table = {(row["group"], row["from"], row["to"]): row for row in rows(studied(two_groups), "transitions")}
    row = table["WT", "grooming", "no behaviour"]
    assert (row["animals"], row["count"], row["probability"], row["count_next"]) == ("4", "80", "1.000000", "")
    row = table["WT", "grooming", "rearing"]
    assert (row["count"], row["count_next"], row["probability_next"]) == ("0", "80", "1.000000")
    assert table["WT", "grooming", "grooming"]["count"] == ""
    assert rows(studied(two_groups), "transitions_videos")[0]["video"] == "video of WT0"


def test_comparisons_have_everything_that_a_paper_reports(rows, studied, two_groups):
    row = rows(studied(two_groups, control="WT"), "comparisons")[0]
    assert (row["behaviour"], row["measure"], row["first"], row["second"], row["animals_first"]) == (
        "grooming",
        "fraction",
        "WT",
        "HD",
        "4",
    )
    assert float(row["p"]) <= float(row["p_holm"]) and row["p_smallest"] == "0.028571"
    assert all(row[name] for name in row if name != "within")


def test_the_tagger_is_told_for_all_held_out_animals_and_for_each_group(rows, studied, two_groups):
    table = rows(studied(two_groups), "tagger")
    assert [(row["group"], row["animals"]) for row in table[:3]] == [("", "3"), ("HD", "0"), ("WT", "0")]
    assert (table[0]["recall"], table[0]["false_positive_rate"], table[0]["not_adjusted_because"]) == ("0.700000", "0.100000", "")


def test_tables_that_do_not_apply_are_not_there_and_not_left_from_an_earlier_run(rows, studied, two_groups, tmp_path):
    rows(studied(two_groups, by=["genotype", "treatment"]), "overall")
    rows(studied(two_groups, by=(), errors={}), "videos")
    assert not {"overall.csv", "comparisons.csv", "tagger.csv"} & {path.name for path in tmp_path.iterdir()}


def test_a_name_that_a_spreadsheet_would_run_gets_an_apostrophe(rows, studied, filmed):
    videos = [filmed(f"{n}", 2, video=f"=cmd{n}", genotype=("=1", "2")[n % 2]) for n in range(4)]
    row = rows(studied(videos), "videos")[0]
    assert (row["video"], row["group"]) == ("'=cmd0", "'=1")
