"""What the overview saves, and what it finds."""

import json
import shutil
from pathlib import Path

import pytest

from ethocache.scoring.report.overview import Made, overview
from ethocache.scoring.report.rows import VideoRow
from ethocache.scoring.report.settings import ReportParams
from ethocache.scoring.report.writing import ASSETS, INDEX, _environment
from ethocache.scoring.review.queue import Queue

KEY = "ethocache-corrections:4f2a:m1"
SPAN = {"behaviour": "rearing", "start": 44, "stop": 47, "label": 0, "start_s": 1.76, "stop_s": 1.88}
KEPT = {"format": 1, "video": "m1", "frames": 60, "spans": [SPAN], "saved": [], "seen": []}


@pytest.fixture
def page(reader, tmp_path):
    """The overview of a project with two videos and no scores."""
    names = ("m1", "Straße Te\u0302te")
    rows = [VideoRow(name, "videos/x.html", {}, 2.4, True, False, [0.0], [None], [None], 0, 0) for name in names]
    made = Made("lstm", "mean_colour", ("rearing",), {}, {}, [])
    shown = overview(made, rows, 2, Queue((), 0.0, 0.0, 0.0), [], ReportParams())
    (tmp_path / INDEX).write_text(_environment().get_template(INDEX).render(project="4f2a", **shown), encoding="utf-8")
    shutil.copytree(ASSETS, tmp_path / "assets")
    page = reader.new_page()
    page.goto((tmp_path / INDEX).as_uri())
    return page


def test_what_one_file_of_all_corrections_says_is_noted_so_that_taking_it_back_is_said_by_the_next(page):
    page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [KEY, json.dumps(KEPT)])
    page.reload()
    with page.expect_download() as download:
        page.click("#save-all")
    assert "m1,rearing,44,47,0,60,1.760,1.880," in Path(download.value.path()).read_text(encoding="utf-8")
    assert json.loads(page.evaluate("key => localStorage.getItem(key)", KEY)) == KEPT | {"saved": [SPAN]}
    assert page.inner_text("#corrections-count") == "0" and page.is_disabled("#save-all"), "nothing that the file does not say"


def test_what_was_saved_and_then_taken_back_is_to_be_saved_again(page):
    back = SPAN | {"label": 1}
    for saved, spans, count in (([SPAN], [SPAN], "0"), ([SPAN], [back], "1"), ([SPAN, back], [SPAN], "1"), ([SPAN, back], [back], "0")):
        page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [KEY, json.dumps(KEPT | {"saved": saved, "spans": spans})])
        page.reload()
        assert page.inner_text("#corrections-count") == count, (saved, spans)


def test_neighbours_that_two_decisions_say_alike_are_saved_once_a_file_says_them_in_one_stretch(page):
    parts = [SPAN | {"stop": 46, "decision": 1}, SPAN | {"start": 46, "stop": 50, "decision": 2}]
    whole, gone_on = SPAN | {"stop": 50}, SPAN | {"start": 50, "stop": 52, "decision": 3}
    for saved, spans, count in (([whole], parts, "0"), ([whole], [*parts, gone_on], "1"), ([SPAN], parts, "1")):
        page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [KEY, json.dumps(KEPT | {"saved": saved, "spans": spans})])
        page.reload()
        assert page.inner_text("#corrections-count") == count, (saved, spans)


def test_what_one_decision_changed_in_two_behaviours_is_one_correction(page):
    spans = [SPAN, SPAN | {"behaviour": "grooming", "label": 1}, SPAN | {"start": 3, "stop": 9}]
    numbered = [span | {"decision": decision} for span, decision in zip(spans, (7, 7, 8), strict=True)]
    for kept in (numbered, spans):  # those that were kept before there were numbers count by their frames
        page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [KEY, json.dumps(KEPT | {"spans": kept})])
        page.reload()
        assert page.inner_text("#corrections-count") == page.inner_text("#corrections-badge") == "2"


def test_the_overview_says_which_labels_are_corrections_and_whether_labels_could_be_doubted():
    made = Made("lstm", "mean_colour", ("rearing",), {}, {}, [], {"m1": 2, "m2": 1}, False)
    shown = overview(made, [], 2, Queue((), 0.0, 0.0, 0.0), [], ReportParams())
    text = _environment().get_template(INDEX).render(project="4f2a", **shown)
    assert "Labels were corrected in 3 stretches of 2 videos (m1, m2); the lanes of labels mark where." in text
    assert "Not looked for: there is no model that never saw the labelled animals" in text
    made = Made("lstm", "mean_colour", ("rearing",), {}, {}, [])
    plain = _environment().get_template(INDEX).render(project="4f2a", **overview(made, [], 2, Queue((), 0.0, 0.0, 0.0), [], ReportParams()))
    assert "Labels were corrected" not in plain and "None found by models that never saw the animal." in plain


def test_a_full_browser_says_that_it_noted_nothing(page):
    page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [KEY, json.dumps(KEPT)])
    page.reload()
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('no room') } }")
    with page.expect_download():
        page.click("#save-all")
    assert page.inner_text("#corrections-note").startswith("This browser has no room left")


@pytest.mark.parametrize("words", ["straße", "TÊTE", "te\u0302te"])
def test_names_are_found_however_their_letters_are_written(page, words):
    page.fill("#search", words)
    assert page.inner_text("#found") == "1 video"
