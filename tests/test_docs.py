"""What the documentation shows is true: examples of labels are read as the format that they stand under, pictures are drawn anew."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from ethocache.dataset.formats import FORMATS, recognise
from ethocache.dataset.labels import LabelParams

DOCS = Path(__file__).parents[1] / "docs"
TEXT = (DOCS / "labels.md").read_text(encoding="utf-8")
NAMES = ("grooming", "rearing", "Grooming", "Rearing mig", "Rearing paret", "Attack", "Sniffing", "social", "aggression", "other")
SETTINGS = {
    "clip_table": {"columns": {"video": "clip", "behaviour": "class"}},
    "merged_csv": {"columns": {"video": "Vídeo"}},
    "boris_project": {"point_s": 0.2},
    "boris_events": {"point_s": 0.2},
    "boris_bouts": {"point_s": 0.2},
}


def examples() -> dict[str, str]:
    """Format -> the first block below the heading that names it."""
    found = re.findall(r"^(?:#+ |\*\*)[^\n]*\(`(\w+)`\).*?^```\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    return dict(found)


def test_every_format_has_an_example_of_about_ten_lines_and_a_line_in_the_table():
    assert set(examples()) == set(FORMATS)
    assert all(7 <= len(text.splitlines()) <= 16 for text in examples().values())
    assert set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)) >= set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_the_example_is_read(tmp_path, name):
    path = tmp_path / "example"
    path.write_text(examples()[name], encoding="utf-8")
    meaning = LabelParams(**SETTINGS.get(name, {})).meaning(NAMES)
    assert recognise(path, meaning) == name
    assert FORMATS[name].read(path, meaning)


def test_every_setting_of_labels_is_explained():
    told = set(re.findall(r"^\| `(\w+):", TEXT, re.MULTILINE))
    assert told == set(LabelParams.model_fields)


def test_the_pictures_are_what_their_scripts_draw(tmp_path):
    shutil.copy2(DOCS / "flow.py", tmp_path)
    subprocess.run([sys.executable, tmp_path / "flow.py"], check=True)
    assert (tmp_path / "flow.svg").read_bytes() == (DOCS / "flow.svg").read_bytes()
    subprocess.run([sys.executable, DOCS / "metrics_pictures.py", tmp_path / "metrics"], check=True)
    drawn, kept = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in (tmp_path / "metrics", DOCS / "metrics"))
    assert drawn == kept


def test_the_page_of_the_metrics_shows_every_picture_of_them():
    shown = re.findall(r"!\[[^\]]+\]\(metrics/([^)]+)\)", (DOCS / "metrics.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(path.name for path in (DOCS / "metrics").iterdir())
    for path in (DOCS / "metrics").iterdir():
        assert path.stat().st_size < 30_000
        assert ElementTree.parse(path).getroot().findtext("{*}title"), path.name


@pytest.mark.parametrize("path", sorted((DOCS / "metrics").iterdir()), ids=lambda path: path.stem)
def test_words_of_a_picture_stay_within_it_in_a_wide_font_too(path):
    root = ElementTree.parse(path).getroot()
    for text in filter(lambda text: text.text, root.findall("{*}text")):
        font = FontProperties(family="DejaVu Sans", weight=text.get("font-weight", "normal"))
        long = TextPath((0, 0), text.text, float(text.get("font-size")), prop=font).get_extents().x1
        start = float(text.get("x")) - long * {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor")]
        assert start >= 0 and start + long <= float(root.get("width")), (start + long, text.text)


def test_the_picture_of_edges_tells_errors_from_biases():
    words = " ".join(ElementTree.parse(DOCS / "metrics" / "edges.svg").getroot().itertext())
    assert "offset_error_s: how far off, whichever way: the median of 0.3 and 1.0 s = 0.65 s" in words
    assert "offset_bias_s: how much later, with its sign: the median of −0.3 and +1.0 s = +0.35 s" in words
    assert "found" not in words
