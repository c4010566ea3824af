"""How the page fits screens and paper, and how much it holds."""

import base64
from pathlib import Path

import numpy as np
import pytest
from browsers import DEMANDED, a_browser, a_reader
from report_pages import behaviour, video, write_page
from report_reading import click, frame_of, mouse, place_of

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def long_video(frames=18000):
    """Ten minutes at 30 frames per second, of four behaviours that change often."""
    rng = np.random.default_rng(0)
    behaviours = []
    for b, colour in enumerate(("#332288", "#CC6677", "#117733", "#DDAA33")):
        edges = np.sort(rng.choice(frames, 800, replace=False))
        labels = edges.reshape(-1, 2).tolist()
        tags = [(start + 2, stop + 3) for start, stop in labels if stop - start > 4 and stop + 3 < frames]
        behaviours.append(behaviour(f"behaviour {b}", colour, labels, tags, frames))
    return video(behaviours, np.arange(frames) / 30, fps=30.0)


def test_a_session_without_pictures_has_its_lanes_alone(opened):
    page = opened(mouse(media=None))
    assert page.locator("#no-video").is_visible() and not page.locator("video").is_visible()
    assert not page.locator("[data-do=play]").is_visible()
    click(page, 33, "tags", 1)
    assert (frame_of(page), page.inner_text("#time")) == (33, "0:01.320")
    page.keyboard.press("Space")
    assert page.inner_text("#said") == "There is no video to play here."


def test_where_no_model_answered_there_is_no_probability_and_no_disagreement(opened):
    told = mouse(queue=[], doubts=[])
    for one in told["behaviours"]:
        one |= {"tags": [], "threshold": None, "probability": base64.b64encode(bytes([255] * 60)).decode()}
    page = opened(told)
    assert page.inner_text("#of-disagreement") == "0" and page.locator(".probability").all_text_contents() == ["–", "–"]
    page.keyboard.press("n")
    assert page.inner_text("#said") == "No disagreement in this video."


def test_a_page_without_its_data_says_which_file_is_missing(browser, tmp_path):
    page_file = write_page(tmp_path, mouse())
    page_file.with_suffix(".js").unlink()
    with a_reader(browser, forgiven="net::ERR_FILE_NOT_FOUND") as reader:
        page = reader.new_page()
        page.goto(page_file.as_uri())
        assert page.inner_text("#said") == "The data of this video is not here: the file m1.js should lie beside this page."


def test_data_of_another_version_is_refused(browser, tmp_path):
    with a_reader(browser, forgiven="another version of ethocache") as reader:
        page = reader.new_page()
        page.goto(write_page(tmp_path, mouse() | {"format": 2}).as_uri())
        assert page.inner_text("#said").startswith("This page is of another version of ethocache than its data")


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(browser, tmp_path, width):
    names = ["a behaviour with a name that is much too long for any screen", "rearing", *(f"behaviour {b}" for b in range(8))]
    behaviours = [behaviour(name, "#332288", [(10, 20)], [(12, 22)], 60) for name in names]
    with a_reader(browser, width=width) as reader:
        page = reader.new_page()
        page.goto(write_page(tmp_path, mouse(behaviours=behaviours, queue=[], doubts=[])).as_uri())
        assert page.evaluate(WIDER) == 0


def test_a_finger_seeks_selects_and_decides_on_a_phone(browser, tmp_path):
    with a_reader(browser, width=360, height=640, has_touch=True, is_mobile=True) as reader:
        page = reader.new_page()
        page.goto(write_page(tmp_path, mouse()).as_uri())
        page.locator("#slider canvas.moving").tap(position=place_of(page, 31, "labels", 1))
        assert frame_of(page) == 31
        page.locator("[data-do=not-shown]").tap()
        assert page.inner_text("#said") == "rearing is not shown, frames 30 to 35"
        page.locator("[data-do=next-disagreement]").tap()
        assert frame_of(page) == 44
        assert page.evaluate(WIDER) == 0


def test_two_fingers_zoom_into_what_is_between_them(browser, tmp_path):
    with a_reader(browser, width=360, height=640, has_touch=True, is_mobile=True) as reader:
        page = reader.new_page()
        page.goto(write_page(tmp_path, mouse()).as_uri())
        box = page.locator("#slider canvas.moving").bounding_box()
        touch = reader.new_cdp_session(page)
        for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80), ("touchEnd", None)):
            fingers = [] if apart is None else [box["x"] + box["width"] / 2 + side * apart for side in (-1, 1)]
            points = [{"x": x, "y": box["y"] + 60, "id": number} for number, x in enumerate(fingers)]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        view = page.evaluate("(({fromS, toS}) => [fromS, toS])(window.ethocachePage.ethogram.view)")
        assert view[1] - view[0] == pytest.approx(1.2, rel=0.05)
        assert sum(view) / 2 == pytest.approx(1.2, abs=0.1)


def test_the_strip_moves_the_window_and_the_video(opened):
    page = opened(mouse())
    for _ in range(2):
        page.keyboard.press("z")
    box = page.locator("canvas.strip").bounding_box()
    page.mouse.click(box["x"] + 0.76 * box["width"], box["y"] + 5)
    assert frame_of(page) == 45
    view = page.evaluate("(({fromS, toS}) => [fromS, toS])(window.ethocachePage.ethogram.view)")
    assert view == pytest.approx([1.524, 2.124], abs=0.01)


def test_without_a_browser_tests_are_skipped_or_fail_where_they_are_demanded(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.delenv(DEMANDED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no chromium on this machine: pages of the report"), a_browser():
        pass
    monkeypatch.setenv(DEMANDED, "1")
    with pytest.raises(pytest.fail.Exception, match=f"no chromium on this machine, and {DEMANDED} demands"), a_browser():
        pass


def test_paper_shows_all_of_the_ethogram_and_a_caption_instead_of_controls(opened, tmp_path):
    page = opened(mouse())
    for _ in range(3):
        page.keyboard.press("z")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("#caption").is_visible() and not page.locator(".transport").is_visible() and not page.locator(".panel").is_visible()
    assert page.inner_text("#caption").startswith("Ethogram of m1 (videos/m1.mp4): 60 frames, 0:02.4 at about 25.0 frames a second.")
    assert page.evaluate("window.ethocachePage.ethogram.view.spanS") == pytest.approx(2.4)
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("window.ethocachePage.ethogram.view.spanS") == pytest.approx(0.48)
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    assert Path(tmp_path / "page.pdf").read_bytes().count(b"/Type /Page\n") == 1


def test_ten_minutes_are_opened_and_stepped_through(opened):
    page = opened(long_video())
    assert page.inner_text("#frames") == "of 18000"
    page.keyboard.press("n")
    first = frame_of(page)
    for _ in range(20):
        page.keyboard.press("n")
    assert frame_of(page) > first > 0
    page.keyboard.press("End")
    page.keyboard.press("f")
    assert frame_of(page) == 17999
    ink = "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size"
    assert page.locator("canvas.still").evaluate(ink) > 20
