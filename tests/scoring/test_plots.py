import csv
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from dvc_render.vega import VegaRenderer
from PIL import Image

from ethocache.dataset.training_curves import FINAL, FOLD, TrainingCurve, write_curves
from ethocache.scoring.pictures import colour_of
from ethocache.scoring.plots import ALL_FOLDS, COLUMNS, FOLD_POINTS, write_plots
from ethocache.scoring.settings import EvaluateParams
from ethocache.scoring.summary import score

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / ".dvc" / "plots"
PICTURES = (*COLUMNS, "ethogram", "training")
HOSTILE = ("<b>$x$_", "_x $\\frac{1}$", 'rearing, "wall"', "Grooming: très long nom sans aucune raison de l'être", "名前", "x" * 70)


CURVES = (
    TrainingCurve("lstm", FOLD, "a00", (0.7, 0.4, 0.3), (0.2, 0.6, 0.5), 2),
    TrainingCurve("lstm", FOLD, "a01", (0.6, 0.5), (0.3, 0.4), 2),
    TrainingCurve("lstm", FINAL, "", (0.65, 0.45), (None, None), 2),
)


def plot(predictions, folder, curves=CURVES):
    write_plots(predictions, score(predictions, EvaluateParams(resamples=100)), folder, curves)
    return folder


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def plots(simulated, tmp_path_factory):
    return plot(simulated(4), tmp_path_factory.mktemp("plots"))


def test_every_picture_is_written_as_svg_and_png(plots):
    pictures = {f"{name}.{kind}" for name in PICTURES for kind in ("svg", "png")}
    assert {path.name for path in plots.iterdir()} == pictures | {f"{name}.csv" for name in COLUMNS}
    for name in PICTURES:
        ElementTree.parse(plots / f"{name}.svg")  # whole XML
        with Image.open(plots / f"{name}.png") as picture:
            assert np.asarray(picture.convert("L")).std() > 5  # something is drawn


def test_the_same_predictions_give_the_same_bytes_later(simulated, plots, tmp_path):
    time.sleep(1.1)
    again = plot(simulated(4), tmp_path)
    assert {path.name: path.read_bytes() for path in plots.iterdir()} == {path.name: path.read_bytes() for path in again.iterdir()}


def test_the_curve_table_is_thin_and_holds_every_behaviour_and_fold(plots):
    rows = read(plots / "pr.csv")
    assert {(row["behaviour"], row["fold"]) for row in rows} == {
        (behaviour, fold) for behaviour in ("grooming", "rearing") for fold in (ALL_FOLDS, "f00", "f01", "f02", "f03")
    }
    assert len(rows) <= 2 * (200 + 4 * FOLD_POINTS)
    assert [float(row["recall"]) for row in rows if (row["behaviour"], row["fold"]) == ("grooming", ALL_FOLDS)][-1] == 1


def test_each_folds_curve_is_of_its_own_animals(drawn, tmp_path):
    right, wrong = ("##..", "##.."), ("##..", "..##")
    plot([drawn("v", fold="one", grooming=right), drawn("w", fold="two", grooming=wrong), drawn("x", fold="two", grooming=wrong)], tmp_path)
    precision = {(row["fold"], row["recall"]): float(row["precision"]) for row in read(tmp_path / "pr.csv")}
    assert precision[("one", "1.0000")] == 1
    assert precision[("two", "1.0000")] == 0.5
    assert len([line for line in (tmp_path / "pr.csv").read_text().splitlines() if ",one," in line]) == 1


def strokes(svg, colour):
    """How many lines of a picture have a behaviour's colour."""
    return svg.count(f"stroke: {colour.lower()}")


def test_a_thin_line_is_drawn_for_every_fold_that_shows_the_behaviour(drawn, tmp_path):
    shown, absent = ("##..", "#.#."), ("....", "#...")
    videos = [drawn("v", fold="one", grooming=shown), drawn("w", fold="two", grooming=shown), drawn("x", fold="three", grooming=absent)]
    three = strokes((plot(videos, tmp_path / "three") / "pr.svg").read_text(), colour_of(0))
    one = strokes((plot([replace(video, fold="one") for video in videos], tmp_path / "one") / "pr.svg").read_text(), colour_of(0))
    assert three - one == 2
    assert "thin lines" not in (tmp_path / "one/pr.svg").read_text()


def test_the_reliability_table_says_how_often_frames_show_what_they_are_given(drawn, tmp_path):
    plot([drawn("v", grooming=("###..????", "#####.###")), drawn("w", grooming=("...", "..."))], tmp_path)
    assert read(tmp_path / "reliability.csv") == [
        {"behaviour": "grooming", "probability": "0.1000", "frequency": "0.0000", "frames": "3"},
        {"behaviour": "grooming", "probability": "0.9000", "frequency": "0.6000", "frames": "5"},
    ]
    assert "calibration error 0.225" in (tmp_path / "reliability.svg").read_text()  # (3 x 0.1 + 5 x 0.3) / 8


def test_the_tables_of_videos_hold_what_a_study_reports(drawn, tmp_path):
    videos = [drawn("w", animal="b", grooming=("##.##", "##...")), drawn("v", animal="a", grooming=("##???", "#.###"))]
    plot([*videos, drawn("x", grooming=("?????", "#####"))], tmp_path)
    assert read(tmp_path / "counts.csv") == [
        {"behaviour": "grooming", "video": "v", "animal": "a", "labelled": "1", "tagged": "1"},
        {"behaviour": "grooming", "video": "w", "animal": "b", "labelled": "2", "tagged": "1"},
    ]
    seconds = [(row["video"], row["labelled"], row["tagged"]) for row in read(tmp_path / "durations.csv")]
    assert seconds == [("v", "0.200", "0.100"), ("w", "0.400", "0.200")]
    assert "together 3 bouts labelled, 2 tagged" in (tmp_path / "counts.svg").read_text()
    assert "together 0.6 s labelled, 0.3 tagged" in (tmp_path / "durations.svg").read_text()


def test_videos_with_the_same_counts_are_one_dot_with_their_number(drawn, tmp_path):
    svg = (plot([drawn(f"v{number}", grooming=("#.", "#.")) for number in range(12)], tmp_path) / "counts.svg").read_text()
    assert "<!-- 12 -->" in svg


def test_the_picture_of_the_training_has_a_row_for_each_network(simulated, tmp_path):
    second = [replace(curve, network="tcn, $seed$ <1>") for curve in CURVES]
    one = (plot(simulated(3), tmp_path) / "training.svg").read_text()
    two = (plot(simulated(3), tmp_path, (*CURVES, *second)) / "training.svg").read_text()
    assert strokes(one, colour_of(0)) == strokes(two, colour_of(0)) == strokes(two, colour_of(1)) == 4
    assert strokes(one, colour_of(1)) == 0
    assert "tcn, $seed$ &lt;1&gt;" in two
    assert "final model: 2 epochs" in two


def test_a_training_that_nobody_is_left_out_of_still_has_its_losses(tmp_path):
    plot([], tmp_path, CURVES[2:])
    assert "no other animal was there to score it on" in (tmp_path / "training.svg").read_text()


def test_the_confusion_table_has_a_row_for_every_pair(plots):
    rows = read(plots / "confusion.csv")
    assert len(rows) == 9
    assert rows[-1]["labelled"] == rows[-1]["tagged"] == "no behaviour"
    assert sum(int(row["frames"]) for row in rows) >= 1200


def test_names_are_drawn_as_they_are_written(simulated, tmp_path):
    folder = plot(simulated(3, frames=60, behaviours=HOSTILE), tmp_path)
    assert {row["behaviour"] for row in read(folder / "pr.csv")} == set(HOSTILE)
    text = (folder / "pr.svg").read_text(encoding="utf-8")
    assert "&lt;b&gt;$x$_" in text
    assert "<b>" not in text


@pytest.mark.parametrize("count", [1, 12])
def test_nothing_is_cut_off_at_the_edges(simulated, tmp_path, count):
    names = tuple(f"a rather long behaviour name {number}" for number in range(count))
    folder = plot([replace(p, video=f"{p.video} with a long file name indeed") for p in simulated(3, 60, behaviours=names)], tmp_path)
    for name in PICTURES:
        with Image.open(folder / f"{name}.png") as picture:
            pixels = np.asarray(picture.convert("L"))
        edges = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
        assert all((edge == 255).all() for edge in edges), name


def test_a_behaviour_no_labelled_frame_shows_has_an_empty_panel(drawn, tmp_path):
    folder = plot([drawn(name, grooming=("#..", "#.."), rearing=("...", ".#.")) for name in "abc"], tmp_path)
    assert "no labelled frame shows it" in (folder / "pr.svg").read_text()
    assert {row["behaviour"] for row in read(folder / "pr.csv")} == {"grooming"}


def test_a_behaviour_that_nobody_looked_for_says_so(drawn, tmp_path):
    folder = plot([drawn(name, grooming=("#.", "#."), rearing=("??", ".#")) for name in "abc"], tmp_path)
    for name in ("reliability", "durations", "counts"):
        assert "nobody looked for it" in (folder / f"{name}.svg").read_text()
        assert [row["behaviour"] for row in read(folder / f"{name}.csv") if row["behaviour"] == "rearing"] == []


def test_exclusive_behaviours_are_drawn_too(simulated, tmp_path):
    made = [replace(p, exclusive=True, tag=p.tag * [[1, 0]], label=(p.label * [[1, 0]]).astype(np.int8)) for p in simulated(3, frames=60)]
    made = [replace(p, tag=p.tag.astype(np.int8)) for p in made]
    assert {path.stem for path in plot(made, tmp_path).glob("*.svg")} == set(PICTURES)


def test_all_videos_are_drawn_on_as_many_pages_as_they_need(drawn, tmp_path):
    plot([drawn(f"v{number:03d}", grooming=("#.", "#.")) for number in range(81)], tmp_path)
    texts = [(tmp_path / f"ethogram{page}.svg").read_text() for page in ("", "_2", "_3")]
    assert all(f"(page {number} of 3)" in text for number, text in enumerate(texts, 1))
    assert [text.count("<!-- v0") for text in texts] == [27, 27, 27]
    plot([drawn("v", grooming=("#.", "#."))], tmp_path)
    assert not list(tmp_path.glob("ethogram_*")), "those of an earlier run are gone"
    assert "page" not in (tmp_path / "ethogram.svg").read_text()


def test_pictures_of_200_videos_are_no_larger_than_a_person_can_look_at(drawn, tmp_path):
    folder = plot([drawn(f"v{number:03d}", fold=f"f{number % 12}", grooming=("#.#", "##.")) for number in range(200)], tmp_path)
    for path in folder.glob("*.png"):
        with Image.open(path) as picture:
            assert max(picture.size) < 3500, path.name
    assert sum(path.stat().st_size for path in folder.iterdir()) < 6e6


def test_without_predictions_there_are_tables_with_a_header_only(tmp_path):
    plot([], tmp_path, ())
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        f"{name}.csv": ",".join(columns) + "\n" for name, columns in COLUMNS.items()
    }


def listed():
    """Table, and what dvc.yaml says of drawing it."""
    return [next(iter(item.items())) for item in yaml.safe_load((ROOT / "dvc.yaml").read_text())["plots"]]


def test_dvc_is_told_of_every_table():
    assert {path for path, _ in listed()} == {f"plots/{name}.csv" for name in COLUMNS} | {"data/curves/training.csv"}
    assert {f"{look['template']}.json" for _, look in listed()} == {path.name for path in TEMPLATES.iterdir()}


@pytest.mark.parametrize(("table", "look"), listed(), ids=[path for path, _ in listed()])
def test_dvc_fills_our_templates_with_our_tables(plots, tmp_path, table, look):
    write_curves(tmp_path / "training.csv", CURVES)
    path = plots / Path(table).name if table.startswith("plots") else tmp_path / "training.csv"
    rows = [{**row, "rev": "workspace"} for row in read(path)]
    assert {look["x"], look["y"]} <= set(rows[0])
    chart = VegaRenderer(rows, table, **{**look, "template": f"{look['template']}.json", "template_dir": str(TEMPLATES)})
    filled = chart.get_filled_template()
    assert filled["data"]["values"] == rows
    assert "DVC_METRIC" not in str({key: value for key, value in filled.items() if key != "data"})
