"""How the overview fits phones and paper."""

import shutil
from pathlib import Path

import pytest
from browsers import a_reader

from ethocache.scoring.report.captions import Picture
from ethocache.scoring.report.cards import MACRO, MEASURES
from ethocache.scoring.report.overview import Made, overview
from ethocache.scoring.report.rows import VideoRow
from ethocache.scoring.report.settings import ReportParams
from ethocache.scoring.report.writing import ASSETS, INDEX, _environment
from ethocache.scoring.review.doubts import Doubt
from ethocache.scoring.review.moments import Moment
from ethocache.scoring.review.queue import Queue

NAMES = ("grooming", "mid_rearing", "wall_rearing")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 500" width="900" height="500"/>'
PICTURES = [Picture(f"p{number}.svg", f"Picture {number}", "What it shows, in a sentence or two. " * 3) for number in range(7)]


@pytest.fixture
def written(tmp_path):
    """The overview of a project like the demo, with nine videos and all that a page can hold."""
    about = {"genotype": "HD", "treatment": "ChR2", "animal": "04"}
    seconds = [11.8, 5.7, 4.7]
    rows = [VideoRow(f"HD_ChR2_{n:02d}", "videos/x.html", about, 60.0, True, True, seconds, seconds, seconds, 3, 1) for n in range(9)]
    block = {key: 0.5 for measures in MEASURES.values() for key in measures} | {"f1_low": 0.4, "f1_high": 0.6}
    made = Made("lstm", "mean_colour", NAMES, dict.fromkeys((MACRO, *NAMES), block), {}, PICTURES)
    why = "uncertain; start or end of a tagged bout; no labels"
    moments = [Moment(rows[n % 9].id, "wall_rearing", 100 * n, 100 * n + 40, 10.0 * n, 10.0 * n + 4, 5.3, 0.5, why) for n in range(65)]
    detail = "labelled grooming; the model says no"
    doubts = [Doubt("labelled", rows[0].id, "grooming", "", 9, 20, 0.9, 2, 0.99, detail=detail) for _ in range(7)]
    shown = overview(made, rows, 9, Queue(tuple(moments), 185.0, 205.0, 0.9), doubts, ReportParams())
    (tmp_path / INDEX).write_text(_environment().get_template(INDEX).render(project="4f2a", **shown), encoding="utf-8")
    shutil.copytree(ASSETS, tmp_path / "assets")
    (tmp_path / "plots").mkdir()
    for picture in PICTURES:
        (tmp_path / "plots" / picture.file).write_text(SVG)
    return tmp_path / INDEX


def test_on_a_phone_a_table_that_goes_on_sideways_says_so_and_nothing_is_hidden(browser, written):
    with a_reader(browser, width=360) as reader:
        page = reader.new_page()
        page.goto(written.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        hints = page.locator(".sideways:visible").all_inner_texts()
        assert hints == ["More columns at the right: slide the table sideways →"] * 2, "the list of videos, and all numbers"
        assert page.locator(".wide.goes-on").count() == 2
        assert page.locator(".plain td.why").first.is_visible()
        named = "getComputedStyle(document.querySelector('[data-name^=frames]'), '::before').content"
        assert page.evaluate(named) == '"frames wrong: "'
        videos = page.locator(".wide:has(.videos)")
        left = page.locator(".videos tbody th").first.bounding_box()["x"]
        videos.evaluate("wide => (wide.scrollLeft = 1e6)")
        page.wait_for_timeout(100)
        assert page.locator(".videos tbody th").first.bounding_box()["x"] == left, "the name of the video stays"
        assert page.locator(".wide.goes-on").count() == 1, "nothing more at the right"


def test_on_a_laptop_nothing_is_said_of_columns_that_are_all_there(browser, written):
    with a_reader(browser) as reader:
        page = reader.new_page()
        page.goto(written.as_uri())
        assert page.locator(".sideways:visible").count() == 0 and page.locator(".wide.goes-on").count() == 0


def test_on_paper_a_project_like_the_demo_takes_four_pages(browser, written, tmp_path):
    with a_reader(browser) as reader:
        page = reader.new_page()
        page.goto(written.as_uri())
        page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
        assert Path(tmp_path / "page.pdf").read_bytes().count(b"/Type /Page\n") <= 4
