import csv
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from dvc_render.vega import VegaRenderer
from PIL import Image

from ethocache.scoring.plots import write_plots
from ethocache.scoring.settings import EvaluateParams
from ethocache.scoring.summary import score

TEMPLATES = Path(__file__).parents[2] / ".dvc" / "plots"
PICTURES = ("pr", "confusion", "ethogram")
HOSTILE = ("<b>$x$_", "_x $\\frac{1}$", 'rearing, "wall"', "Grooming: très long nom sans aucune raison de l'être", "名前", "x" * 70)


def plot(predictions, folder):
    write_plots(predictions, score(predictions, EvaluateParams(resamples=100)), folder)
    return folder


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def plots(simulated, tmp_path_factory):
    return plot(simulated(4), tmp_path_factory.mktemp("plots"))


def test_every_picture_is_written_as_svg_and_png(plots):
    assert {path.name for path in plots.iterdir()} == {f"{name}.{kind}" for name in PICTURES for kind in ("svg", "png")} | {
        "pr.csv",
        "confusion.csv",
    }
    for name in PICTURES:
        ElementTree.parse(plots / f"{name}.svg")  # whole XML
        with Image.open(plots / f"{name}.png") as picture:
            assert np.asarray(picture.convert("L")).std() > 5  # something is drawn


def test_the_same_predictions_give_the_same_bytes_later(simulated, plots, tmp_path):
    time.sleep(1.1)
    again = plot(simulated(4), tmp_path)
    assert {path.name: path.read_bytes() for path in plots.iterdir()} == {path.name: path.read_bytes() for path in again.iterdir()}


def test_the_curve_table_is_thin_and_reaches_every_behaviour(plots):
    rows = read(plots / "pr.csv")
    assert {row["behaviour"] for row in rows} == {"grooming", "rearing"}
    assert len(rows) <= 400
    assert [float(row["recall"]) for row in rows if row["behaviour"] == "grooming"][-1] == 1


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


def test_more_videos_than_fit_are_named_as_such(drawn, tmp_path):
    folder = plot([drawn(f"v{number:03d}", grooming=("#.", "#.")) for number in range(41)], tmp_path)
    assert "(the first 40 of 41 videos)" in (folder / "ethogram.svg").read_text()


def test_without_predictions_there_are_tables_with_a_header_only(tmp_path):
    plot([], tmp_path)
    assert (tmp_path / "pr.csv").read_text() == "behaviour,recall,precision,threshold,prevalence\n"
    assert (tmp_path / "confusion.csv").read_text() == "labelled,tagged,frames\n"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("table", "template", "axes"),
    [("pr", "precision_recall", ("recall", "precision")), ("confusion", "confusion_frames", ("tagged", "labelled"))],
)
def test_dvc_fills_our_templates_with_our_tables(plots, table, template, axes):
    rows = [{**row, "rev": "workspace"} for row in read(plots / f"{table}.csv")]
    chart = VegaRenderer(rows, table, template=f"{template}.json", template_dir=str(TEMPLATES), x=axes[0], y=axes[1], title="a title")
    filled = chart.get_filled_template()
    assert filled["data"]["values"] == rows
    assert "DVC_METRIC" not in str({key: value for key, value in filled.items() if key != "data"})
